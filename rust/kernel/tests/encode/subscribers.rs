//! The document of subscribers: the objects of NDJSON with the first address before them.

use std::collections::BTreeSet;

use proptest::prelude::*;
use segue_kernel::schema::builtin as b;
use segue_kernel::wire::{BlockFormat, ExportRequest};
use serde_json::{Value as Json, json};

use crate::account::{Row, Value, rows, schema};
use crate::history::{History, version};
use crate::readers::{json, lines};
use crate::{export, request, whole};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn subscribers_are_the_objects_of_ndjson_with_their_first_address(
        seed: u64, n_rows in 0..200_usize, erased in proptest::collection::btree_set(0..200_usize, 0..8), block_bytes in 1..20_000_usize,
    ) {
        let schema = schema();
        let erased: BTreeSet<usize> = erased.into_iter().filter(|row| *row < n_rows).collect();
        let version = version(&rows(n_rows, seed), &erased, History::Sealed);
        let of = |format| ExportRequest {
            block_bytes,
            changed_from_millis: Some(0),
            include_removed: true,
            ..request(format)
        };
        let mut expected = lines(&whole(&export(&version, &schema, of(BlockFormat::Ndjson))));
        for object in expected.iter_mut().filter_map(Json::as_object_mut) {
            let email = object.get("emails").map_or(Json::Null, |emails| emails[0]["value"].clone());
            object.insert("email".to_owned(), email);
        }
        let read = json(&whole(&export(&version, &schema, of(BlockFormat::SubscribersJson))));
        prop_assert_eq!(read, json!({"status": "SUCCESS", "data": {"count": n_rows, "subscribers": expected}}));
    }
}

#[test]
fn the_document_looks_as_the_documentation_says() {
    let schema = schema();
    let text = |text: &str| Value::Text(text.to_owned());
    let changed_at = (b::CHANGED_AT, Value::DateTime(1_709_251_200_123));
    let rows = [
        Row::from([
            (b::PROFILE_ID, text("p1")),
            (b::EMAIL, text("asa@example.com")),
            (b::GIVEN_NAME, text("Åsa")),
            changed_at.clone(),
        ]),
        Row::from([(b::PROFILE_ID, text("p2")), changed_at.clone()]),
        Row::from([(b::PROFILE_ID, text("p3")), changed_at]),
    ];
    let version = version(&rows, &BTreeSet::from([2]), History::Sealed);
    let changed = ExportRequest {
        columns: Some(vec![b::GIVEN_NAME]),
        changed_from_millis: Some(0),
        include_removed: true,
        ..request(BlockFormat::SubscribersJson)
    };
    let document = whole(&export(&version, &schema, changed));
    let expected = concat!(
        r#"{"status":"SUCCESS","data":{"count":3,"subscribers":["#,
        r#"{"email":"asa@example.com","profile_id":"p1","name":{"given_name":"Åsa"}},"#,
        r#"{"email":null,"profile_id":"p2"},{"email":null,"profile_id":"p3","removed":true}]}}"#,
    );
    assert_eq!(String::from_utf8(document).expect("UTF-8"), expected);
}

#[test]
fn without_rows_there_are_no_subscribers() {
    let schema = schema();
    let version = version(&[], &BTreeSet::new(), History::Sealed);
    let document = whole(&export(
        &version,
        &schema,
        request(BlockFormat::SubscribersJson),
    ));
    assert_eq!(
        document,
        br#"{"status":"SUCCESS","data":{"count":0,"subscribers":[]}}"#
    );
}
