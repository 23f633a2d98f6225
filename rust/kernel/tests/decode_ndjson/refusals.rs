//! Each problem of a line has its place and its reason, and leaves nothing of the record behind.

use segue_kernel::batch::RecordReason as R;
use segue_kernel::wire::DecodeOptions;

use crate::shop::{ids, problems};
use crate::{read, read_with};

/// Reads lines, each with the same good id and the problems that are expected of it.
fn check(cases: &[(&str, &[(&str, R)])]) {
    let lines = cases
        .iter()
        .map(|(members, _)| format!("{{\"profile_id\":\"p\",{members}}}\n"));
    let batch = read(lines.collect::<String>());
    let expected: Vec<_> = (1..)
        .zip(cases)
        .flat_map(|(n, (_, of_line))| {
            of_line
                .iter()
                .map(move |(path, reason)| (n, *path, *reason))
        })
        .collect();
    assert_eq!(problems(&batch), expected);
    assert_eq!(
        (batch.n_rows(), batch.columns.len(), batch.members.len()),
        (0, 0, 0)
    );
    assert!(
        batch
            .exceptions
            .iter()
            .all(|exception| !exception.message.contains("Pink"))
    );
}

#[test]
fn values_of_another_form_are_refused_where_they_stand() {
    check(&[
        (r#""emails":"a@b.se""#, &[("emails", R::TypeMismatch)]),
        (r#""emails":null"#, &[("emails", R::TypeMismatch)]),
        (r#""emails":["a@b.se"]"#, &[("emails[0]", R::TypeMismatch)]),
        (
            r#""phones":[{"value":46701234567}]"#,
            &[("phones[0].value", R::TypeMismatch)],
        ),
        (
            r#""emails":[{"type":"work"}]"#,
            &[("emails[0].value", R::TypeMismatch)],
        ),
        (
            r#""emails":[{"value":"a@b.se","of":1}]"#,
            &[("emails[0].of", R::FieldUnknown)],
        ),
        (r#""locale":["sv"]"#, &[("locale", R::TypeMismatch)]),
        (r#""name":"Pink""#, &[("name", R::TypeMismatch)]),
        (
            r#""name":{"full_name":{"a":[1]}}"#,
            &[("name.full_name", R::TypeMismatch)],
        ),
        (
            r#""name":{"nick":"Pink"}"#,
            &[("name.nick", R::FieldUnknown)],
        ),
        (r#""latitude":"59""#, &[("latitude", R::TypeMismatch)]),
        (r#""latitude":90.5"#, &[("latitude", R::NumberInvalid)]),
        (r#""fields":[]"#, &[("fields", R::TypeMismatch)]),
        (
            r#""fields":{"Age":{"a":1}}"#,
            &[("fields[Age]", R::TypeMismatch)],
        ),
        (
            r#""fields":{"Age":1e999}"#,
            &[("fields[Age]", R::NumberInvalid)],
        ),
        (
            r#""fields":{"City":1}"#,
            &[("fields[City]", R::TypeMismatch)],
        ),
        (
            r#""fields":{"Born":19000}"#,
            &[("fields[Born]", R::TypeMismatch)],
        ),
        (
            r#""fields":{"Likes":["Red",1]}"#,
            &[("fields[Likes]", R::TypeMismatch)],
        ),
        (
            r#""fields":{"Likes":["Red","Pink"]}"#,
            &[("fields[Likes]", R::OptionUnknown)],
        ),
    ]);
}

#[test]
fn places_and_marks_of_another_form_are_refused_where_they_stand() {
    check(&[
        (
            r#""memberships":["club"]"#,
            &[("memberships", R::TypeMismatch)],
        ),
        (
            r#""memberships":{"club":null}"#,
            &[("memberships[club]", R::TypeMismatch)],
        ),
        (
            r#""memberships":{"nobody":{}}"#,
            &[("memberships[nobody]", R::ListUnknown)],
        ),
        (
            r#""memberships":{"club":{"state":1}}"#,
            &[("memberships[club].state", R::TypeMismatch)],
        ),
        (
            r#""memberships":{"club":{"state":"Pink"}}"#,
            &[("memberships[club].state", R::OptionUnknown)],
        ),
        (
            r#""memberships":{"club":{"joined_at":"2024"}}"#,
            &[("memberships[club].joined_at", R::DateInvalid)],
        ),
        (
            r#""memberships":{"club":{"fields":1}}"#,
            &[("memberships[club].fields", R::TypeMismatch)],
        ),
        (
            r#""memberships":{"club":{"since":1}}"#,
            &[("memberships[club].since", R::FieldUnknown)],
        ),
        (r#""tags":"vip""#, &[("tags", R::TypeMismatch)]),
        (r#""tags":[1]"#, &[("tags[0]", R::TypeMismatch)]),
        (r#""tags":["nobody"]"#, &[("tags[nobody]", R::TagUnknown)]),
        (r#""topics":[["sport"]]"#, &[("topics[0]", R::TypeMismatch)]),
        (
            r#""topics":[{"topic":"sport","state":true}]"#,
            &[("topics[sport]", R::TypeMismatch)],
        ),
        (
            r#""topics":[{"topic":"sport"}]"#,
            &[("topics[sport]", R::TypeMismatch)],
        ),
        (
            r#""consents":[{"state":"Given"}]"#,
            &[("consents[0].consent_type", R::TypeMismatch)],
        ),
        (
            r#""consents":[{"topic":"sms","consent_type":"sms","state":"Given"}]"#,
            &[("consents[0].topic", R::FieldUnknown)],
        ),
        (r#""removed":true"#, &[("removed", R::RecordInvalid)]),
        (r#""removed":"yes""#, &[("removed", R::TypeMismatch)]),
        (r#""Shoe":[[{"a":{}}],null]"#, &[("Shoe", R::FieldUnknown)]),
        (
            r#""fields":{"Shoe":{}}"#,
            &[("fields[Shoe]", R::FieldUnknown)],
        ),
    ]);
}

#[test]
fn what_stands_twice_is_refused_in_either_spelling() {
    check(&[
        (r#""profileId":"p""#, &[("profile_id", R::Duplicate)]),
        (
            r#""created_at":1,"created_at":1"#,
            &[("created_at", R::Duplicate)],
        ),
        (r#""emails":[],"emails":[]"#, &[("emails", R::Duplicate)]),
        (r#""fields":{},"fields":{}"#, &[("fields", R::Duplicate)]),
        (
            r#""fields":{"Age":1,"age":null}"#,
            &[("fields[Age]", R::Duplicate)],
        ),
        (
            r#""fields":{"Age":null,"\u0041ge":1}"#,
            &[("fields[Age]", R::Duplicate)],
        ),
        (
            r#""name":{"suffix":null,"suffix":null}"#,
            &[("name.suffix", R::Duplicate)],
        ),
        (
            r#""emails":[{"value":"","value":""}]"#,
            &[("emails[0].value", R::Duplicate)],
        ),
        (
            r#""memberships":{"club":{},"club":{}}"#,
            &[("memberships[club]", R::Duplicate)],
        ),
        (
            r#""memberships":{"club":{"joined_at":null,"joinedAt":null}}"#,
            &[("memberships[club].joined_at", R::Duplicate)],
        ),
        (
            r#""topics":[{"topic":"sport","topic":"sport","state":null}]"#,
            &[("topics[0].topic", R::Duplicate)],
        ),
        (
            r#""tags":["vip"],"removed_tags":["vip"]"#,
            &[("removed_tags[vip]", R::Duplicate)],
        ),
    ]);
}

#[test]
fn every_problem_of_a_line_is_told_at_once() {
    check(&[(
        r#""phones":[{"value":"1"}],"shoe":45,"fields":{"Age":"x","Born":true},"latitude":91,"tags":[0]"#,
        &[
            ("phones[0].value", R::PhoneInvalid),
            ("shoe", R::FieldUnknown),
            ("fields[Age]", R::NumberInvalid),
            ("fields[Born]", R::TypeMismatch),
            ("latitude", R::NumberInvalid),
            ("tags[0]", R::TypeMismatch),
        ],
    )]);
}

#[test]
fn lines_that_are_no_objects_are_problems_of_their_records() {
    let lines = [
        ("p", "", R::RecordInvalid),
        ("[1]", "", R::TypeMismatch),
        ("null", "", R::TypeMismatch),
        ("{}", "profile_id", R::ProfileIdMissing),
        (r#"{"profile_id":null}"#, "profile_id", R::ProfileIdMissing),
        (r#"{"profile_id":""}"#, "profile_id", R::ProfileIdMissing),
        (r#"{"profile_id":7}"#, "profile_id", R::TypeMismatch),
        (r#"{"profile_id":"\u0000"}"#, "profile_id", R::TextInvalid),
        (r#"{"profile_id":"\ud800"}"#, "", R::RecordInvalid),
        (r#"{"profile_id":"p"} {}"#, "", R::RecordInvalid),
        (r#"{"profile_id":"p",}"#, "", R::RecordInvalid),
        (r#"{"profile_id":"p""#, "", R::RecordInvalid),
        (r#"{"profile_id":"p","latitude":01}"#, "", R::RecordInvalid),
        (r#"{"profile_id":"p","latitude":NaN}"#, "", R::RecordInvalid),
    ];
    let text: Vec<&str> = lines.iter().map(|(line, ..)| *line).collect();
    let expected = (1..).zip(&lines);
    let expected: Vec<_> = expected
        .map(|(n, (_, path, reason))| (n, *path, *reason))
        .collect();
    assert_eq!(problems(&read(text.join("\n"))), expected);
}

#[test]
fn what_is_nested_deep_is_refused_however_deep() {
    let options = DecodeOptions {
        ignore_unknown_fields: true,
        ..DecodeOptions::default()
    };
    let line = |depth| {
        format!(
            "{{\"profile_id\":\"p\",\"x\":{}{}}}",
            "[".repeat(depth),
            "]".repeat(depth)
        )
    };
    let problem_count = |line: String| {
        read_with(line.as_bytes(), &options)
            .unwrap()
            .exceptions
            .len()
    };
    assert_eq!(
        [1, 63, 64, 1 << 20].map(|depth| problem_count(line(depth))),
        [0, 0, 1, 1]
    );
    assert_eq!(
        problems(&read("[".repeat(1 << 20))),
        [(1, "", R::TypeMismatch), (1, "", R::RecordInvalid)]
    );
}

#[test]
fn bytes_that_are_not_text_are_told_where_they_stand() {
    let city = b"{\"profile_id\":\"a\",\"fields\":{\"City\":\"\xff\"}}\n";
    let passed_over = b"{\"profile_id\":\"b\",\"created_at\":\"\xff\"}\n";
    let no_json = b"\xff\xff\n";
    let batch = read([&city[..], passed_over, no_json, b"{\"profile_id\":\"c\"}"].concat());
    let expected = [
        (1, "fields[City]", R::TextInvalid),
        (2, "", R::TextInvalid),
        (3, "", R::RecordInvalid),
        (3, "", R::TextInvalid),
    ];
    assert_eq!(problems(&batch), expected);
    assert_eq!(ids(&batch), ["c"]);
}

#[test]
fn blocks_that_are_no_text_are_refused_whole() {
    let refusal = |data: &[u8]| {
        read_with(data, &DecodeOptions::default())
            .unwrap_err()
            .to_string()
    };
    let utf16: Vec<u8> = "{\"profile_id\":\"a\"}"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert!(refusal(&utf16).contains("UTF-16"));
    assert!(refusal(&[b"\xff\xfe", &*utf16].concat()).contains("UTF-16"));
    assert!(refusal(b"\x1f\x8b\x08\0\0\0\0\0\0\xff\n\xab\xcd").contains("no text"));
}

#[test]
fn unknown_members_are_passed_over_when_they_are_to_be_ignored() {
    let options = DecodeOptions {
        ignore_unknown_fields: true,
        ..DecodeOptions::default()
    };
    let line = r#"{"x":[{"y":[]},"z"],"profile_id":"a","x":1e999,"fields":{"Shoe":{}},"name":{"nick":1},"emails":[{"value":"a@b.se","of":1}],"tags":["nobody"],"memberships":{"club":{"since":[1]}}}"#;
    let batch = read_with(line.as_bytes(), &options).unwrap();
    assert_eq!(
        (problems(&batch), ids(&batch)),
        (vec![], vec!["a".to_owned()])
    );
}
