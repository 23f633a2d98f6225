//! General readers of every format, for what all formats must agree on.

use std::fs::File;
use std::io::{Seek, Write};

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use segue_kernel::wire::BlockFormat;
use serde_json::Value as Json;

use crate::arrow::batches;
use crate::segue_v1::{self, ProfileBatch};

/// Ids in an export, and whether they stand for removals.
pub(crate) fn ids(format: BlockFormat, data: Vec<u8>) -> Vec<(String, bool)> {
    match format {
        BlockFormat::ProfileBatch => {
            let profiles = segue_v1::read::<ProfileBatch>(&data).profiles.into_iter();
            profiles
                .map(|profile| (profile.profile_id, profile.removed))
                .collect()
        }
        BlockFormat::ArrowIpc => batches(data).iter().flat_map(ids_of_batch).collect(),
        BlockFormat::Parquet => parquet(&data).iter().flat_map(ids_of_batch).collect(),
        BlockFormat::Ndjson => lines(&data).iter().map(id_of_object).collect(),
        BlockFormat::SubscribersJson => {
            let document = json(&data);
            let subscribers = document["data"]["subscribers"].as_array();
            subscribers
                .expect("a list")
                .iter()
                .map(id_of_object)
                .collect()
        }
        BlockFormat::Json => {
            let document = json(&data);
            let profiles = document["profiles"].as_object().expect("an object");
            let removed = |profile: &Json| profile.get("removed") == Some(&Json::Bool(true));
            profiles
                .iter()
                .map(|(id, profile)| (id.clone(), removed(profile)))
                .collect()
        }
        BlockFormat::Csv => {
            let table = csv(&data);
            let removed = table[0].iter().position(|name| name == "removed");
            let id_of = |cells: &Vec<String>| {
                let removed = removed.is_some_and(|removed| cells[removed] == "true");
                (cells[0].clone(), removed)
            };
            table[1..].iter().map(id_of).collect()
        }
    }
}

fn ids_of_batch(batch: &RecordBatch) -> Vec<(String, bool)> {
    let ids = batch.column_by_name("profile_id").expect("ids");
    let removed = batch.column_by_name("removed").map(AsArray::as_boolean);
    let ids = ids.as_string::<i32>().iter().enumerate();
    ids.map(|(row, id)| {
        let removed = removed.is_some_and(|removed| removed.value(row));
        (id.expect("an id").to_owned(), removed)
    })
    .collect()
}

fn id_of_object(object: &Json) -> (String, bool) {
    let id = object["profile_id"].as_str().expect("an id").to_owned();
    (id, object.get("removed") == Some(&Json::Bool(true)))
}

pub(crate) fn json(data: &[u8]) -> Json {
    serde_json::from_slice(data).expect("a document")
}

/// The objects of NDJSON.
pub(crate) fn lines(data: &[u8]) -> Vec<Json> {
    let lines = data.split_inclusive(|byte| *byte == b'\n');
    lines.map(json).collect()
}

/// The batches of a Parquet file.
pub(crate) fn parquet(data: &[u8]) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(file_of(data)).expect("a file");
    let batches = reader.build().expect("a reader");
    batches.map(|batch| batch.expect("a batch")).collect()
}

pub(crate) fn file_of(data: &[u8]) -> File {
    let mut file = tempfile::tempfile().expect("a temporary file");
    file.write_all(data).expect("room on the disk");
    file.rewind().expect("a file");
    file
}

/// Header and lines by RFC 4180, read byte by byte.
pub(crate) fn csv(data: &[u8]) -> Vec<Vec<String>> {
    let text = std::str::from_utf8(data).expect("UTF-8");
    let (mut lines, mut cells, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut rest = text.chars().peekable();
    while let Some(char) = rest.next() {
        match char {
            '"' => {
                assert!(cell.is_empty(), "quotes begin a cell");
                loop {
                    match rest.next().expect("quotes are closed") {
                        '"' if rest.next_if_eq(&'"').is_some() => cell.push('"'),
                        '"' => break,
                        other => cell.push(other),
                    }
                }
                assert!(matches!(rest.peek(), Some(',' | '\r')), "quotes end a cell");
            }
            ',' => cells.push(std::mem::take(&mut cell)),
            '\r' => {
                assert_eq!(rest.next(), Some('\n'), "lines end with CR LF");
                cells.push(std::mem::take(&mut cell));
                lines.push(std::mem::take(&mut cells));
            }
            '\n' => panic!("lines end with CR LF"),
            other => cell.push(other),
        }
    }
    assert!(
        cell.is_empty() && cells.is_empty(),
        "the last line is ended"
    );
    lines
}
