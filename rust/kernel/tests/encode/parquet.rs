//! Parquet: a general reader finds in a file what an Arrow stream of the same rows holds.

use std::collections::BTreeSet;

use ::parquet::basic::Compression as Codec;
use ::parquet::file::metadata::RowGroupMetaData;
use ::parquet::file::reader::{FileReader, SerializedFileReader};
use arrow_array::cast::AsArray;
use arrow_array::types::UInt16Type;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::DataType;
use segue_kernel::wire::{BlockFormat, Compression, ExportRequest};

use crate::account::{rows, schema};
use crate::arrow::batches;
use crate::history::{History, version};
use crate::readers::{file_of, parquet};
use crate::{COMPRESSIONS, export, request, whole};

/// What a reader sees in a cell, whatever the numbers of options.
fn shown(array: &ArrayRef, row: usize) -> Option<String> {
    array.is_valid(row).then(|| match array.data_type() {
        DataType::Dictionary(_, _) => {
            let dictionary = array.as_dictionary::<UInt16Type>();
            let names = dictionary.values().as_string::<i32>();
            names.value(dictionary.keys().value(row).into()).to_owned()
        }
        _ => format!("{:?}", array.slice(row, 1)),
    })
}

/// Every column with what is seen in each of its rows.
fn seen(batches: &[RecordBatch]) -> Vec<(String, Vec<Option<String>>)> {
    let Some(first) = batches.first() else {
        return Vec::new();
    };
    let schema = first.schema();
    let columns = schema.fields().iter().enumerate().map(|(position, field)| {
        let arrays = batches.iter().map(|batch| batch.column(position));
        let cells = arrays.flat_map(|array| (0..array.len()).map(|row| shown(array, row)));
        (format!("{field:?}"), cells.collect())
    });
    columns.collect()
}

#[test]
fn files_read_by_a_general_reader_are_what_streams_hold() {
    let schema = schema();
    for (n_rows, erased) in [(0, 0), (1, 0), (1, 1), (5_000, 3), (16_384, 0), (20_000, 7)] {
        let version = version(&rows(n_rows, 5), &(0..erased).collect(), History::Sealed);
        for compression in COMPRESSIONS {
            let of = |format| ExportRequest {
                compression: if format == BlockFormat::Parquet {
                    compression
                } else {
                    Compression::None
                },
                changed_from_millis: Some(0),
                include_removed: true,
                ..request(format)
            };
            let file = whole(&export(&version, &schema, of(BlockFormat::Parquet)));
            let stream = batches(whole(&export(&version, &schema, of(BlockFormat::ArrowIpc))));
            let file = parquet(&file);
            assert_eq!(
                file.iter().map(RecordBatch::num_rows).sum::<usize>(),
                n_rows
            );
            assert!(
                seen(&file) == seen(&stream),
                "{n_rows} rows, {compression:?}"
            );
        }
    }
}

#[test]
fn a_file_without_rows_has_its_columns() {
    let schema = schema();
    let version = version(&[], &BTreeSet::new(), History::Sealed);
    let file = whole(&export(&version, &schema, request(BlockFormat::Parquet)));
    let reader = SerializedFileReader::new(file_of(&file)).expect("a file");
    let metadata = reader.metadata().file_metadata();
    assert_eq!(metadata.num_rows(), 0);
    assert_eq!(metadata.schema_descr().num_columns(), 2);
    assert_eq!(reader.num_row_groups(), 0);
}

#[test]
fn each_block_is_a_row_group_that_fits_a_message_and_the_last_has_the_footer() {
    let schema = schema();
    let version = version(&rows(40_000, 6), &BTreeSet::new(), History::Sealed);
    for (compression, codec) in COMPRESSIONS
        .into_iter()
        .zip(["UNCOMPRESSED", "GZIP", "ZSTD"])
    {
        let export = export(
            &version,
            &schema,
            ExportRequest {
                compression,
                ..request(BlockFormat::Parquet)
            },
        );
        let (mut at, mut file, mut counts) = (0, Vec::new(), Vec::new());
        while let Some(block) = export.read_raw(at).expect("the end of a block") {
            assert!(block.data.len() < 4 << 20);
            file.extend(block.data);
            counts.push(i64::from(block.row_count));
            at = block.next_offset;
        }
        let reader = SerializedFileReader::new(file_of(&file)).expect("a file");
        let groups = reader.metadata().row_groups();
        assert_eq!(
            groups
                .iter()
                .map(RowGroupMetaData::num_rows)
                .collect::<Vec<_>>(),
            counts
        );
        assert!(counts.len() >= 3 && counts.iter().sum::<i64>() == 40_000);
        let codec_of = |codec: Codec| format!("{codec:?}");
        let mut columns = groups.iter().flat_map(RowGroupMetaData::columns);
        assert!(columns.all(|column| codec_of(column.compression()).starts_with(codec)));
    }
}
