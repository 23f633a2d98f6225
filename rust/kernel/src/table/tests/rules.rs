//! Write rules against the model.

use std::collections::HashSet;

use proptest::prelude::*;

use super::model::Model;
use super::records::{Record, any_record, batch_of};
use super::ruled::{Outcome, match_bys};
use crate::batch::{IdentifierKind, RecordReason};
use crate::schema::builtin;
use crate::table::{AppliedPart, MatchBy, Refresh, Table, WriteAction, WriteMode, WriteRules};

const MODES: [WriteMode; 4] = [
    WriteMode::Upsert,
    WriteMode::CreateOnly,
    WriteMode::UpdateOnly,
    WriteMode::SkipIfSet,
];

fn any_rules() -> impl Strategy<Value = WriteRules> {
    let action = prop_oneof![4 => Just(WriteAction::Add), 1 => Just(WriteAction::Delete)];
    let match_by = prop::sample::select(match_bys());
    let write_mode = prop::sample::select(MODES.to_vec());
    let flag = || prop::bool::weighted(0.3);
    let refresh = (flag(), flag(), flag()).prop_map(|(alternate_ids, contacts, groups)| Refresh {
        alternate_ids,
        contacts,
        groups,
        ..Refresh::default()
    });
    (action, match_by, write_mode, refresh, any::<bool>()).prop_map(
        |(action, match_by, write_mode, refresh, allow_prior_consents)| WriteRules {
            action,
            match_by,
            write_mode,
            refresh,
            allow_prior_consents,
            seed: [7; 16],
        },
    )
}

/// Records of few profiles, so that they collide; some without an id.
fn any_records(max: usize) -> impl Strategy<Value = Vec<Record>> {
    prop::collection::vec(any_record(5), 0..max)
}

fn without_ids(mut records: Vec<Record>, is_without: &[bool]) -> Vec<Record> {
    for (record, _) in records.iter_mut().zip(is_without).filter(|(_, it)| **it) {
        record.id.clear();
    }
    records
}

/// What the model says of a part of an import.
fn expected(
    model: &mut Model,
    records: &[Record],
    rules: &WriteRules,
    part: u32,
) -> (AppliedPart, HashSet<String>, Vec<(u32, RecordReason)>) {
    let (mut applied, mut ids, mut wrong) = (AppliedPart::default(), HashSet::new(), Vec::new());
    for (number, record) in (1..).zip(records) {
        match model.apply_by(record, rules, (part, number), 20) {
            Outcome::Applied(id, is_new) => {
                applied.applied += 1;
                applied.created += usize::from(is_new);
                ids.insert(id);
            }
            Outcome::NotHonored => applied.not_honored += 1,
            Outcome::Wrong(reason) => wrong.push((number, reason)),
        }
    }
    (applied, ids, wrong)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn records_are_applied_as_if_one_after_the_other(
        stored in any_records(8),
        erased in 0..5_u8,
        rules in any_rules(),
        parts in prop::collection::vec((any_records(12), prop::collection::vec(any::<bool>(), 12)), 0..3),
    ) {
        let (table, mut model) = (Table::new(), Model::default());
        table.apply(&[&batch_of(&stored)], 1, 10).unwrap();
        model.apply(&stored, 10);
        let erased = format!("p{erased}");
        table.erase(&[&erased], 2, 12);
        model.erase(&[erased], 12);

        let mut transaction = table.begin(20, rules.clone());
        let (mut written, mut created) = (HashSet::new(), 0);
        for (part, (records, is_without)) in (1..).zip(parts) {
            let records = match rules.match_by {
                MatchBy::ProfileId => records,
                MatchBy::Identifier { .. } => without_ids(records, &is_without),
            };
            let mut applied = transaction.apply(&batch_of(&records), part).unwrap();
            let (counts, ids, wrong) = expected(&mut model, &records, &rules, part);
            let exceptions = std::mem::take(&mut applied.exceptions);
            let found: Vec<_> = exceptions.iter().map(|it| (it.record_number, it.reason)).collect();
            prop_assert_eq!(found, wrong);
            prop_assert_eq!(&applied, &counts);
            written.extend(ids);
            created += counts.created;
        }
        let done = transaction.commit(3);
        prop_assert_eq!((done.written, done.created), (written.len(), created));
        model.assert_equals(&table.version());
        model.assert_finds(&table.version());
    }

    #[test]
    fn any_split_of_records_into_batches_gives_the_same_table(
        records in any_records(24),
        rules in any_rules(),
        cuts in prop::collection::btree_set(0..24_usize, 0..6),
    ) {
        let mut model = Model::default();
        expected(&mut model, &records, &rules, 1);
        let ends: Vec<usize> = cuts.into_iter().filter(|&cut| cut < records.len()).chain([records.len()]).collect();
        for ends in [vec![records.len()], ends] {
            let table = Table::new();
            let mut transaction = table.begin(20, rules.clone());
            let mut start = 0;
            for end in ends {
                transaction.apply(&batch_of(&records[start..end]), 1).unwrap();
                start = end;
            }
            transaction.commit(1);
            model.assert_equals(&table.version());
        }
    }

    #[test]
    fn a_slice_of_a_batch_is_the_batch_of_those_records(records in any_records(12), ends in any::<[prop::sample::Index; 2]>()) {
        let mut ends = ends.map(|end| end.index(records.len() + 1));
        ends.sort_unstable();
        let [start, end] = ends.map(|end| u32::try_from(end).unwrap());
        let mut expected = batch_of(&records[ends[0]..ends[1]]);
        expected.record_numbers = (start + 1..=end).collect();
        let whole = batch_of(&records);
        let mut slice = whole.slice(start..end);
        let within = whole.cuts.iter().filter(|&&cut| cut > start && cut < end);
        prop_assert_eq!(&slice.cuts, &within.map(|cut| cut - start).collect::<Vec<_>>());
        slice.cuts.clone_from(&expected.cuts);
        prop_assert_eq!(slice, expected);
    }
}

fn by_email() -> WriteRules {
    WriteRules {
        match_by: MatchBy::Identifier {
            kind: IdentifierKind::Email,
            of_type: None,
        },
        ..WriteRules::default()
    }
}

#[test]
fn addresses_that_profiles_swap_within_a_block_are_followed() {
    let table = Table::new();
    let stored = [Record::new("a").email("a@x"), Record::new("b").email("b@x")];
    table.apply(&[&batch_of(&stored)], 1, 10).unwrap();
    let moving = |from: &str, to: &str| {
        let mut record = Record::new("").email(from);
        record.identifiers[0].extend(Record::new("").email(to).identifiers[0].clone());
        record.identifiers[0][0].kind = "old".into();
        record
    };
    // The second record of each pair finds who has its address only once the first is written.
    let records = [
        moving("a@x", "c@x"),
        Record::new("")
            .email("c@x")
            .with(64, super::Value::Text("was a".into())),
        moving("B@X", "a@x"),
        Record::new("").email("a@x"),
    ];
    let mut transaction = table.begin(20, by_email());
    let applied = transaction.apply(&batch_of(&records), 1).unwrap();
    transaction.commit(2);
    assert_eq!((applied.applied, applied.created), (3, 0));
    let [ambiguous] = &applied.exceptions[..] else {
        panic!("one record finds two profiles: {applied:?}");
    };
    assert_eq!(
        (ambiguous.record_number, ambiguous.reason),
        (4, RecordReason::ProfileAmbiguous)
    );
    assert_eq!(table.find_by(IdentifierKind::Email, "a@x"), [0, 1]);
    let was_a = super::value(&table.version(), 64, 0);
    assert_eq!(was_a, Some(super::Value::Text("was a".into())));
}

#[test]
fn a_block_of_one_profile_alone_is_written_record_after_record() {
    let records: Vec<Record> = (0..10_000)
        .map(|number| {
            let number = f64::from(number);
            Record::new("p")
                .email("p@x")
                .joining()
                .with(65, super::Value::Number(number))
        })
        .collect();
    for rules in [WriteRules::default(), by_email()] {
        let table = Table::new();
        let mut transaction = table.begin(10, rules);
        let applied = transaction.apply(&batch_of(&records), 1).unwrap();
        assert_eq!((applied.applied, applied.created), (10_000, 1));
        assert_eq!(transaction.commit(1).written, 1);
        let last = super::value(&table.version(), 65, 0);
        assert_eq!(last, Some(super::Value::Number(9_999.0)));
        assert!(super::value(&table.version(), builtin::EMAIL, 0).is_some());
    }
}
