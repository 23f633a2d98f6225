//! CSV becomes the same batches as an Arrow stream of the texts that a slow reader finds in it.

#![expect(clippy::unwrap_used)]

mod shop;

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_ipc::writer::StreamWriter;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use segue_kernel::batch::{Batch, BatchValues, RecordReason as R};
use segue_kernel::error::{KernelError, Result};
use segue_kernel::schema::Schema;
use segue_kernel::table::Table;
use segue_kernel::wire::{BlockFormat, Compression, DecodeOptions, Export, ExportRequest, decode};
use shop::{ACCOUNT_FIELDS, MARK_COLUMNS, NEWSLETTER_FIELDS, column, ids, problems, schema, texts};

fn read_with(data: &[u8], options: &DecodeOptions) -> Result<Batch> {
    decode(&schema(), BlockFormat::Csv, data, options)
}

fn read(data: impl AsRef<[u8]>) -> Batch {
    read_with(data.as_ref(), &DecodeOptions::default()).unwrap()
}

fn problem_of(data: impl AsRef<[u8]>) -> String {
    match read_with(data.as_ref(), &DecodeOptions::default()) {
        Err(KernelError::BlockInvalid { problem, .. }) => problem,
        other => panic!("refused as a block was expected, not {other:?}"),
    }
}

/// A line as a slow reader sees it: its cells, and whether quotes stand in the wrong place.
type Line = (Vec<String>, bool);

/// Reads a table one character after the other.
fn slow_lines(text: &str) -> Vec<Line> {
    let chars: Vec<char> = text.chars().collect();
    let mut lines = Vec::new();
    let (mut cells, mut at) = (Vec::new(), 0);
    let at_char = |at: usize| chars.get(at).copied();
    // How many characters end a line there: LF, CR LF, or a CR whose LF was cut off.
    let end_length = |at: usize| match (at_char(at), at_char(at + 1)) {
        (Some('\n'), _) | (Some('\r'), None) => 1,
        (Some('\r'), Some('\n')) => 2,
        _ => 0,
    };
    let is_end = |at: usize| at >= chars.len() || end_length(at) > 0;
    while at < chars.len() {
        if cells.is_empty() && is_end(at) {
            at += end_length(at);
            continue;
        }
        let (mut cell, mut is_bad) = (String::new(), false);
        if at_char(at) == Some('"') {
            at += 1;
            loop {
                match (at_char(at), at_char(at + 1)) {
                    (Some('"'), Some('"')) => {
                        cell.push('"');
                        at += 2;
                    }
                    (Some('"'), _) => {
                        at += 1;
                        break;
                    }
                    (Some(char), _) => {
                        cell.push(char);
                        at += 1;
                    }
                    (None, _) => {
                        is_bad = true;
                        break;
                    }
                }
            }
            is_bad |= !is_end(at) && at_char(at) != Some(',');
        } else {
            while !is_end(at) && at_char(at) != Some(',') && at_char(at) != Some('"') {
                cell.extend(at_char(at));
                at += 1;
            }
            is_bad = at_char(at) == Some('"');
        }
        if is_bad {
            while at_char(at).is_some_and(|char| char != '\n') {
                at += 1;
            }
            at += 1;
            lines.push((std::mem::take(&mut cells), true));
            continue;
        }
        cells.push(cell);
        if is_end(at) {
            lines.push((std::mem::take(&mut cells), false));
        } else if at + 1 == chars.len() {
            cells.push(String::new());
            lines.push((std::mem::take(&mut cells), false));
        }
        at += end_length(at).max(1);
    }
    lines
}

/// The text that was written as a cell.
fn undefused(cell: &str) -> &str {
    let bare = cell.trim_start_matches('\'');
    let may_run = match bare.strip_prefix(['+', '-']) {
        Some(rest) => rest.is_empty() || !rest.bytes().all(|byte| byte.is_ascii_digit()),
        None => bare.starts_with(['=', '@', '\t', '\r']),
    };
    if may_run && bare.len() < cell.len() {
        &cell[1..]
    } else {
        cell
    }
}

/// The same as an Arrow stream, in which bad lines have a longitude that is no number.
fn stream_of(lines: &[Line], names: &[&str]) -> Vec<u8> {
    let is_bad = |(cells, is_bad): &Line| *is_bad || cells.len() != names.len();
    let cell = |line: &Line, position: usize| {
        let text = undefused(line.0.get(position)?);
        (!text.is_empty() && (position == 0 || !is_bad(line))).then(|| text.to_owned())
    };
    let mut columns: Vec<(&str, ArrayRef)> = Vec::new();
    for (position, name) in names.iter().enumerate() {
        let texts: StringArray = lines.iter().map(|line| cell(line, position)).collect();
        columns.push((name, Arc::new(texts)));
    }
    let marks: StringArray = lines
        .iter()
        .map(|line| is_bad(line).then_some("bad"))
        .collect();
    columns.push(("longitude", Arc::new(marks)));
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    );
    let batch = batch.unwrap();
    let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

/// A table of any text below a header.
fn body() -> impl Strategy<Value = String> {
    let parts = [
        "p1", "p2", "p3", "p4", ",", ",", ",", ",", "\n", "\n", "\r\n", "\r", "\"", "\"", "\"\"",
        "\",\"", "'", "=", "-", "å", "1", " ",
    ];
    let line = (
        0..9_u8,
        select(vec!["", "Malmö", "\"a \"\"b\"\",\n\"", "'=1"]),
        select(vec!["", "SE", "\"\""]),
    )
        .prop_map(|(id, city, country)| format!("p{id},{city},{country}\n"));
    let noise = vec(select(parts.to_vec()), 0..12).prop_map(|parts| parts.concat());
    vec(prop_oneof![3 => line, 1 => noise], 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn a_slow_reader_finds_the_same(body in body()) {
        let names = ["profile_id", "City", "country"];
        let lines = slow_lines(&body);
        let batch = read(format!("{}\n{body}", names.join(",")));
        let stream = stream_of(&lines, &names);
        let mut expected =
            decode(&schema(), BlockFormat::ArrowIpc, &stream, &DecodeOptions::default()).unwrap();
        // Of a bad line only the id is told.
        let is_bad = |number: u32| expected.exceptions.iter()
            .any(|it| it.record_number == number && it.field_path == "longitude");
        let wanted: Vec<_> = problems(&expected).into_iter()
            .filter(|(number, _, reason)| !is_bad(*number) || *reason != R::ProfileIdMissing)
            .map(|(number, path, reason)| match path {
                "longitude" => (number, "", R::RecordInvalid),
                _ => (number, path, reason),
            })
            .collect();
        prop_assert_eq!(problems(&batch), wanted);
        expected.exceptions.clone_from(&batch.exceptions);
        prop_assert_eq!(batch, expected);
    }

    #[test]
    fn any_bytes_are_read_or_refused(body in vec(any::<u8>(), 0..60), is_headed: bool) {
        let header: &[u8] = if is_headed { b"profile_id,Age,emails,Likes\n" } else { b"" };
        let _ = read_with(&[header, &body].concat(), &DecodeOptions::default());
    }
}

#[test]
fn cells_are_the_text_forms_of_their_columns() {
    let batch = read(concat!(
        "\u{feff}profile_id,Age,Vip,Born,Seen,Level,Likes,/City,tag:vip,newsletter/City,latitude,created_at\r\n",
        "p1,-1.5e3,yes,2024-02-29,2024-02-29T12:00Z,red,Red; Green,\"Lund, \"\"S\"\"\",true,Oslo,59.5,whatever\r\n",
        "\r\n",
        "p2,,\"\",,,,\"[\"\"Blå\"\",\"\"Red\"\"]\",'=1+1,no,,,",
    ));
    assert_eq!(problems(&batch), []);
    assert_eq!(ids(&batch), ["p1", "p2"]);
    assert_eq!(texts(&batch, ACCOUNT_FIELDS), ["Lund, \"S\"", "=1+1"]);
    assert_eq!(texts(&batch, NEWSLETTER_FIELDS), ["Oslo"]);
    let age = column(&batch, ACCOUNT_FIELDS + 1).unwrap();
    assert_eq!(age.values, BatchValues::Number(vec![-1_500.0]));
    assert_eq!((&*age.rows, &*age.cleared), (&[0][..], &[][..]));
    assert_eq!(
        column(&batch, ACCOUNT_FIELDS + 6).unwrap().values,
        BatchValues::MultiSelectMany {
            codes: vec![0, 1, 0, 2],
            ends: vec![2, 4]
        }
    );
    assert_eq!(column(&batch, MARK_COLUMNS).unwrap().cleared, [1]);
}

#[test]
fn identifiers_are_the_array_of_ndjson() {
    let batch = read(concat!(
        "profile_id,email,emails,phone\n",
        "p1,a@b.se,\"[{\"\"value\"\":\"\"a@b.se\"\"},{\"\"value\"\":\"\"c@d.se\"\",\"\"type\"\":\"\"work\"\"}]\",+46 70 123 45 67\n",
        "p2,e@f.se,,\n",
        "p3,,a@b.se,\n",
        "p4,,\"[{\"\"value\"\":\"\"no\"\"}]\",'+1\n",
        "p5,,[1],070\n",
    ));
    assert_eq!(
        problems(&batch),
        [
            (3, "emails", R::TypeMismatch),
            (4, "emails[0].value", R::EmailInvalid),
            (4, "phone", R::PhoneInvalid),
            (5, "emails", R::TypeMismatch),
            (5, "phone", R::PhoneInvalid),
        ]
    );
    let [emails, phones, _] = &batch.identifiers;
    let typed: Vec<_> = emails.typed[0]
        .1
        .iter()
        .map(|it| (&*it.kind, &*it.value))
        .collect();
    assert_eq!(typed, [("", "a@b.se"), ("work", "c@d.se")]);
    assert_eq!(
        (emails.plain.get(0), phones.plain.get(0)),
        (&b"e@f.se"[..], &b"+46701234567"[..])
    );
}

#[test]
fn a_bad_line_is_a_problem_of_its_record_and_reading_goes_on() {
    let batch = read(concat!(
        "profile_id,City,latitude\n",
        "p1,Lund\n",
        "p2,Lund,1,2\n",
        "p3,a\"b,1\n",
        "p4,\"a\"b,1\n",
        "p5,Lund,91\n",
        "p6,Malmö,1\n",
        ",,\n",
        "p7,\"never closed,1\n",
        "p8,Lund,1\n",
    ));
    assert_eq!(
        problems(&batch),
        [
            (1, "", R::RecordInvalid),
            (2, "", R::RecordInvalid),
            (3, "", R::RecordInvalid),
            (4, "", R::RecordInvalid),
            (5, "latitude", R::NumberInvalid),
            (7, "profile_id", R::ProfileIdMissing),
            (8, "", R::RecordInvalid),
        ]
    );
    assert_eq!(
        (ids(&batch), batch.record_count),
        (vec!["p6".to_owned()], 8)
    );
    let told: Vec<&str> = batch.exceptions.iter().map(|it| &*it.profile_id).collect();
    assert_eq!(told, ["p1", "p2", "p3", "p4", "p5", "", "p7"]);
    assert!(
        batch.exceptions[0]
            .message
            .contains("2 cells where the header has 3")
    );
}

#[test]
fn text_that_is_not_utf_8_is_a_problem_of_its_record() {
    let batch = read(b"profile_id,City,Age\np1,\xff,\np2,Lund,\xff\n\xff,Lund,\n");
    assert_eq!(
        problems(&batch),
        [
            (1, "City", R::TextInvalid),
            (2, "Age", R::TextInvalid),
            (3, "profile_id", R::TextInvalid),
        ]
    );
}

#[test]
fn a_removal_is_refused_and_the_mark_of_other_rows_passed_over() {
    let batch = read("profile_id,removed\np1,false\np2,true\np3,\np4,maybe\n");
    assert_eq!(
        problems(&batch),
        [
            (2, "removed", R::RecordInvalid),
            (4, "removed", R::TypeMismatch)
        ]
    );
    assert_eq!(ids(&batch), ["p1", "p3"]);
}

#[test]
fn a_block_without_a_good_header_is_refused_as_a_whole() {
    for (data, part) in [
        (&b""[..], "header"),
        (b"\xef\xbb\xbf\r\n\n", "header"),
        (b"\xff\xfep\0r\0", "UTF-16"),
        (b"p\0r\0o\0", "UTF-16"),
        (b"profile_id;City\np1;Lund\n", "separate them by commas"),
        (b"profile_id\rp1\rp2", "LF or CR LF"),
        (b"profile_id,\"City\np1,Lund\n", "quotes"),
        (b"profile_id,Ci\"ty\n", "quotes"),
        (b"profile_id,\xff\n", "UTF-8"),
        (b"City,country\n", "profile_id"),
        (b"profile_id,City,City\n", "\"City\" stands twice"),
        (b"profile_id,City,/City\n", "means the same"),
        (b"profile_id,Shoe,club/Shoe\n", "\"club/Shoe\""),
    ] {
        let problem = problem_of(data);
        assert!(problem.contains(part), "{part}: {problem}");
    }
    let ignored = DecodeOptions {
        ignore_unknown_fields: true,
        ..DecodeOptions::default()
    };
    let batch = read_with(b"profile_id,Shoe,City\np1,\xff,Lund\n", &ignored).unwrap();
    assert_eq!(texts(&batch, ACCOUNT_FIELDS), ["Lund"]);
}

#[test]
fn a_block_of_bad_lines_is_refused_before_its_problems_fill_the_memory() {
    let data = format!("profile_id\n{}", "a,\n".repeat(205_000));
    assert!(problem_of(data).contains("send smaller blocks"));
}

#[test]
fn every_option_and_every_name_is_read_back() {
    let schema = Arc::new(
        Schema::from_json(
        r#"{"lists": [], "fields": [
            {"column": 64, "key": "=Sum", "type": "multi_select_many", "options": ["a", "b;c", " d", "[e", "-f", "'=g", "h,\"i\""]},
            {"column": 65, "key": "One", "type": "multi_select_one", "options": ["[x", "=y", "a;b"]},
            {"column": 66, "key": "'-", "type": "text"}
        ]}"#
        .as_bytes(),
    )
    .unwrap());
    let row = |n: usize, many: &[&str], one: &str| {
        let names = serde_json::to_string(many).unwrap().replace('"', "\"\"");
        format!("p{n},\"{names}\",{one},''=t\n")
    };
    let table = format!(
        "profile_id,'=Sum,One,''-\n{}{}{}{}",
        row(1, &["a", "b;c"], "[x"),
        row(2, &[" d", "[e"], "'=y"),
        row(3, &["-f", "a"], "a;b"),
        row(4, &["'=g", "h,\"i\""], ""),
    );
    let exported = |data: &[u8]| {
        let batch = decode(&schema, BlockFormat::Csv, data, &DecodeOptions::default()).unwrap();
        assert_eq!(problems(&batch), []);
        let table = Table::new();
        table.apply(&[&batch], 1, 3).unwrap();
        let request = ExportRequest {
            format: BlockFormat::Csv,
            list: None,
            compression: Compression::None,
            columns: None,
            events: None,
            changed_from_millis: None,
            plan_before: None,
            only: None,
            include_removed: false,
            block_bytes: 1 << 20,
        };
        let export = Export::new(table.version(), Arc::clone(&schema), None, request).unwrap();
        export.read_raw(0).unwrap().unwrap().data
    };
    let first = exported(table.as_bytes());
    assert_eq!(
        String::from_utf8_lossy(&first)
            .matches("\"\"b;c\"\"")
            .count(),
        1
    );
    assert_eq!(exported(&first), first);
}
