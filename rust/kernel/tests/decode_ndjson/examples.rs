//! What lines mean, one by one.

use segue_kernel::batch::{BatchValues, Identifier, RecordReason as R};
use segue_kernel::schema::builtin as b;

use crate::read;
use crate::shop::{ACCOUNT_FIELDS, CLUB, CLUB_FIELDS, MARK_COLUMNS, column, ids, problems, texts};

fn cleared(batch: &segue_kernel::batch::Batch, id: u32) -> Vec<u32> {
    column(batch, id).map_or_else(Vec::new, |column| column.cleared.clone())
}

#[test]
fn a_block_without_a_line_is_an_empty_batch() {
    for empty in ["", "\n", " \r\n\t\n", "\u{feff}"] {
        assert_eq!((read(empty).record_count, read(empty).n_rows()), (0, 0));
    }
}

#[test]
fn lines_are_counted_without_the_empty_ones_and_the_last_needs_no_end() {
    let text =
        "\u{feff}{\"profile_id\":\"a\"}\r\n\r\n  \n{\"profile_id\":1}\n \t{\"profile_id\" : \"b\"}";
    let batch = read(text);
    assert_eq!(problems(&batch), [(2, "profile_id", R::TypeMismatch)]);
    assert_eq!(
        (batch.record_count, ids(&batch)),
        (3, vec!["a".to_owned(), "b".to_owned()])
    );
}

#[test]
fn every_part_of_a_line_lands_in_its_column() {
    let batch = read(
        r#"{"profile_id":"p1","emails":[{"value":"a@b.se","type":"work"},{"value":null}],"name":{"family_name":"Å\u00e5"},"longitude":-18.25,"fields":{"vip":false,"Born":"2000-02-29","Level":"red"},"memberships":{"club":{"state":"Bounced","joined_at":"1970-01-01T00:00:00.005Z","consent_to_track":"No","fields":{"Likes":["Blå","Red"]}}},"tags":["vip"],"topics":[{"state":"Unsubscribed","topic":"sport"}],"consents":[{"consent_type":"sms","state":"given"}],"created_at":"2024-03-01T00:00:00.123Z","changed_at":null,"removed":false}"#,
    );
    assert_eq!(
        (problems(&batch), ids(&batch)),
        (vec![], vec!["p1".to_owned()])
    );
    let identifier = Identifier::new;
    assert_eq!(
        batch.identifiers[0].typed,
        [(0, vec![identifier("work", "a@b.se"), identifier("", "")])]
    );
    assert_eq!(
        (texts(&batch, b::FAMILY_NAME), &*batch.compose_name),
        (vec!["Åå".to_owned()], &[0][..])
    );
    let value = |id| column(&batch, id).map(|column| column.values.clone());
    assert_eq!(value(b::LONGITUDE), Some(BatchValues::Number(vec![-18.25])));
    assert_eq!(
        value(ACCOUNT_FIELDS + 2),
        Some(BatchValues::Boolean(vec![false]))
    );
    assert_eq!(
        value(ACCOUNT_FIELDS + 3),
        Some(BatchValues::Date(vec![11_016]))
    );
    assert_eq!(
        value(ACCOUNT_FIELDS + 5),
        Some(BatchValues::MultiSelectOne(vec![0]))
    );
    assert_eq!(value(CLUB), Some(BatchValues::MultiSelectOne(vec![3])));
    assert_eq!(value(CLUB + 1), Some(BatchValues::DateTime(vec![5])));
    assert_eq!(value(CLUB + 3), Some(BatchValues::MultiSelectOne(vec![1])));
    let likes = BatchValues::MultiSelectMany {
        codes: vec![0, 2],
        ends: vec![2],
    };
    assert_eq!(value(CLUB_FIELDS + 6), Some(likes));
    for (mark, state) in [(0, true), (1, false), (2, true)] {
        assert_eq!(
            value(MARK_COLUMNS + mark),
            Some(BatchValues::Boolean(vec![state]))
        );
    }
    assert_eq!(value(b::CREATED_AT), None);
}

#[test]
fn null_clears_and_absence_keeps() {
    let batch = read(
        r#"{"profile_id":"p1","locale":null,"latitude":null,"name":null,"fields":{"City":null,"Likes":[],"Age":""},"memberships":{"club":{"joined_at":null}},"topics":[{"topic":"sport","state":null}],"removed_tags":["new"]}"#,
    );
    assert_eq!(problems(&batch), []);
    let name_and_others = (b::NAME_PREFIX..=b::FULL_NAME).chain([b::LOCALE, b::LATITUDE]);
    let of_fields = [0, 1, 6].map(|field| ACCOUNT_FIELDS + field);
    let others = [CLUB + 1, MARK_COLUMNS + 1, MARK_COLUMNS + 3];
    let expected: Vec<u32> = name_and_others.chain(of_fields).chain(others).collect();
    for &id in &expected {
        assert_eq!(cleared(&batch, id), [0], "{id}");
    }
    assert_eq!(batch.columns.len(), expected.len());
}

#[test]
fn a_name_is_made_anew_only_when_the_whole_is_not_given() {
    let batch = read(concat!(
        r#"{"profile_id":"a","name":{"given_name":"A","full_name":"B"}}"#,
        "\n",
        r#"{"profile_id":"b","name":{"given_name":null}}"#,
        "\n",
        r#"{"profile_id":"c","name":{"full_name":"","prefix":"Dr"}}"#,
        "\n",
        r#"{"profile_id":"d","name":{"prefix":"Dr"}}"#,
    ));
    assert_eq!(
        (problems(&batch), &*batch.compose_name),
        (vec![], &[1, 2][..])
    );
}
