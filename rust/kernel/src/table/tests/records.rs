//! Records as the tests write them, and the batches they become.

use std::collections::{BTreeMap, HashSet};

use proptest::prelude::*;

use super::{CONSENT, Value, list};
use crate::batch::{
    Batch, BatchColumn, BatchEntries, BatchIdentifiers, BatchMembers, BatchValues, Identifier,
    Texts,
};
use crate::entry::{Address, ConsentAnswers, FormerAnswer, Preference, group};
use crate::schema::{ColumnId, builtin};

/// What a block says of one profile.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) id: String,
    /// Values given; `None` clears.
    pub(super) values: BTreeMap<ColumnId, Option<Value>>,
    pub(super) identifiers: [Vec<Identifier>; 3],
    /// Entries by collection, answers to consents excepted.
    pub(super) entries: BTreeMap<ColumnId, Vec<Identifier>>,
    /// What is said of the consent besides its state, where that is given.
    pub(super) answers: Option<ConsentAnswers>,
    pub(super) joins: bool,
    pub(super) compose_name: bool,
}

impl Record {
    pub(super) fn new(id: &str) -> Self {
        Self {
            id: id.into(),
            values: BTreeMap::new(),
            identifiers: Default::default(),
            entries: BTreeMap::new(),
            answers: None,
            joins: false,
            compose_name: false,
        }
    }

    pub(super) fn with(mut self, column: ColumnId, value: Value) -> Self {
        self.values.insert(column, Some(value));
        self
    }

    pub(super) fn email(mut self, address: &str) -> Self {
        self.identifiers[0].push(Identifier::new("", address));
        self
    }

    pub(super) fn joining(mut self) -> Self {
        self.joins = true;
        self
    }
}

/// Rows of a column with their values, and rows that lose theirs.
type Cells<'a> = (Vec<(u32, &'a Value)>, Vec<u32>);

/// Makes the batch that a decoder makes of records.
pub(super) fn batch_of(records: &[Record]) -> Batch {
    let mut batch = Batch {
        record_count: u32::try_from(records.len()).unwrap(),
        ..Batch::default()
    };
    let mut columns: BTreeMap<ColumnId, Cells<'_>> = BTreeMap::new();
    let mut entries: BTreeMap<ColumnId, Vec<(u32, Vec<Identifier>)>> = BTreeMap::new();
    let mut members = Vec::new();
    let mut run = HashSet::new();
    for (row, record) in (0..).zip(records) {
        if !run.insert(&record.id) {
            batch.cuts.push(row);
            run = HashSet::from([&record.id]);
        }
        batch.profile_ids.push(record.id.as_bytes());
        for (&column, value) in &record.values {
            let (given, cleared) = columns.entry(column).or_default();
            match value {
                Some(value) => given.push((row, value)),
                None => cleared.push(row),
            }
        }
        for (collection, given) in batch.identifiers.iter_mut().zip(&record.identifiers) {
            push_identifiers(collection, row, given);
        }
        for (&column, given) in &record.entries {
            entries
                .entry(column)
                .or_default()
                .push((row, given.clone()));
        }
        if let Some(answers) = &record.answers {
            let rows = entries.entry(builtin::CONSENT_ANSWERS).or_default();
            rows.push((row, vec![answers.pack(CONSENT)]));
        }
        if record.joins {
            members.push(row);
        }
        if record.compose_name {
            batch.compose_name.push(row);
        }
    }
    batch
        .consents
        .extend(columns.contains_key(&CONSENT).then_some(CONSENT));
    let entries = entries.into_iter();
    batch.entries = entries
        .map(|(column, rows)| BatchEntries { column, rows })
        .collect();
    batch.columns = columns
        .into_iter()
        .map(|(column, (given, cleared))| BatchColumn {
            column,
            rows: given.iter().map(|(row, _)| *row).collect(),
            values: values_of(column, &given),
            cleared,
        })
        .collect();
    if !members.is_empty() {
        batch.members.push(BatchMembers {
            list: list(),
            rows: members,
        });
    }
    batch
}

fn push_identifiers(collection: &mut BatchIdentifiers, row: u32, given: &[Identifier]) {
    match given {
        [] => {}
        [one] if *one == Identifier::new("", &one.value) && !one.value.is_empty() => {
            collection.plain_rows.push(row);
            collection.plain.push(one.value.as_bytes());
        }
        given => collection.typed.push((row, given.to_vec())),
    }
}

fn values_of(column: ColumnId, given: &[(u32, &Value)]) -> BatchValues {
    let mut values = empty_values(column);
    for (_, value) in given {
        match (&mut values, value) {
            (BatchValues::Text(texts), Value::Text(text)) => texts.push(text.as_bytes()),
            (BatchValues::Number(all), Value::Number(one)) => all.push(*one),
            (BatchValues::Boolean(all), Value::Boolean(one)) => all.push(*one),
            (BatchValues::Date(all), Value::Date(one)) => all.push(*one),
            (BatchValues::DateTime(all), Value::DateTime(one)) => all.push(*one),
            (BatchValues::MultiSelectOne(all), Value::One(one)) => all.push(*one),
            (BatchValues::MultiSelectMany { codes, ends }, Value::Many(many)) => {
                codes.extend(many);
                ends.push(u32::try_from(codes.len()).unwrap());
            }
            _ => unreachable!("a value of another kind"),
        }
    }
    values
}

fn empty_values(column: ColumnId) -> BatchValues {
    match column {
        65 => BatchValues::Number(vec![]),
        66 => BatchValues::Boolean(vec![]),
        67 => BatchValues::Date(vec![]),
        68 | 81 | 82 => BatchValues::DateTime(vec![]),
        69 | 80 | 83 => BatchValues::MultiSelectOne(vec![]),
        70 => BatchValues::MultiSelectMany {
            codes: vec![],
            ends: vec![],
        },
        _ => BatchValues::Text(Texts::default()),
    }
}

/// Columns that records of the tests fill, with a strategy for each.
fn any_value() -> impl Strategy<Value = (ColumnId, Option<Value>)> {
    let text = "[aAbÄß]{1,3}".prop_map(Value::Text);
    let cell = prop_oneof![
        (
            prop::sample::select(vec![
                builtin::GIVEN_NAME,
                builtin::FAMILY_NAME,
                builtin::COUNTRY,
                64
            ]),
            text
        ),
        (
            Just(65),
            (-3..3_i32).prop_map(|number| Value::Number(number.into()))
        ),
        (Just(66), any::<bool>().prop_map(Value::Boolean)),
        (Just(67), (-3..3_i32).prop_map(Value::Date)),
        (
            prop::sample::select(vec![68, 81, 82]),
            (-3..3_i64).prop_map(Value::DateTime)
        ),
        (Just(69), (0..3_u16).prop_map(Value::One)),
        (
            Just(70),
            prop::collection::btree_set(0..5_u16, 1..4)
                .prop_map(|it| Value::Many(it.into_iter().collect()))
        ),
    ];
    (cell, prop::bool::weighted(0.8))
        .prop_map(|((column, value), given)| (column, given.then_some(value)))
}

fn any_identifiers() -> impl Strategy<Value = Vec<Identifier>> {
    let value = prop_oneof![Just(""), Just("a@x"), Just("A@x"), Just("b@x"), Just("ä@x")];
    let standing = (prop::bool::weighted(0.7), prop::bool::weighted(0.2));
    let typed = prop::collection::btree_map("[hw]?", (value, standing), 0..3);
    prop_oneof![
        3 => Just(vec![]),
        2 => "[abc]@x".prop_map(|it| vec![Identifier::new("", &it)]),
        1 => typed.prop_map(|all| {
            let identifier = |(kind, (value, (is_active, is_primary))): (String, (&str, _))| Identifier { is_active, is_primary, ..Identifier::new(&kind, value) };
            all.into_iter().map(identifier).collect()
        }),
    ]
}

fn any_entries() -> impl Strategy<Value = BTreeMap<ColumnId, Vec<Identifier>>> {
    let address = |(kind, locality, is_active, is_primary): (String, _, _, _)| {
        let address = Address {
            kind: &kind,
            locality,
            is_active,
            is_primary,
            ..Address::default()
        };
        address.pack()
    };
    let flag = prop::bool::weighted;
    let addresses = prop::collection::btree_map(
        "[hw]?",
        (
            prop::sample::select(&["", "x", "y"][..]),
            flag(0.7),
            flag(0.2),
        ),
        1..3,
    );
    let addresses = addresses.prop_map(move |all| {
        let all = all.into_iter();
        all.map(|(kind, (locality, active, primary))| address((kind, locality, active, primary)))
            .collect()
    });
    let preferences = prop::collection::btree_map(
        (0..2_u16, "[ab]"),
        (prop::option::of(any::<bool>()), prop::option::of(0..3_i64)),
        1..3,
    );
    let preference = |((channel, filter), (is_wanted, stated_at_millis)): ((u16, String), _)| {
        let preference = Preference {
            channel,
            filter: &filter,
            is_wanted,
            stated_at_millis,
            ..Preference::default()
        };
        preference.pack()
    };
    let preferences =
        preferences.prop_map(move |all| all.into_iter().map(preference).collect::<Vec<_>>());
    let groups = prop::collection::btree_map("[ab]", flag(0.7), 1..3);
    let groups = groups.prop_map(|all| {
        let all = all.into_iter();
        all.map(|(name, is_in)| group(&name, is_in)).collect()
    });
    let entries = prop_oneof![
        addresses.prop_map(|all: Vec<_>| (builtin::ADDRESSES, all)),
        preferences.prop_map(|all| (builtin::PREFERENCES, all)),
        groups.prop_map(|all: Vec<_>| (builtin::GROUPS, all)),
    ];
    prop::collection::vec(entries, 0..3).prop_map(BTreeMap::from_iter)
}

fn any_answers() -> impl Strategy<Value = Option<ConsentAnswers>> {
    let former = (any::<bool>(), 0..3_u32, 0..9_i64);
    let former = former.prop_map(|(is_given, version, stated_at_millis)| FormerAnswer {
        is_given,
        version,
        stated_at_millis,
    });
    let former = prop_oneof![
        6 => prop::collection::vec(former.clone(), 0..2),
        1 => prop::collection::vec(former, 49..51),
    ];
    let answers = (0..3_u32, prop::option::of(0..3_i64), former);
    let answers = answers.prop_map(|(version, stated_at_millis, former)| ConsentAnswers {
        version,
        stated_at_millis,
        former,
    });
    prop::option::of(answers.prop_filter("says something", |answers| !answers.is_empty()))
}

/// A record of one of some profiles.
pub(super) fn any_record(profiles: u8) -> impl Strategy<Value = Record> {
    let values = prop::collection::btree_map(any::<u8>(), any_value(), 0..5);
    let identifiers = [any_identifiers(), any_identifiers(), any_identifiers()];
    let membership = (any::<bool>(), prop::option::of(0..3_u16));
    let entries = (any_entries(), any_answers());
    (
        0..profiles,
        values,
        identifiers,
        entries,
        membership,
        any::<bool>(),
    )
        .prop_map(
            |(id, values, identifiers, (entries, answers), (joins, state), compose_name)| {
                let mut values: BTreeMap<_, _> = values.into_values().collect();
                if let (true, Some(state)) = (joins, state) {
                    values.insert(list().state(), Some(Value::One(state)));
                }
                let has_state = matches!(values.get(&CONSENT), Some(Some(_)));
                Record {
                    id: format!("p{id}"),
                    values,
                    identifiers,
                    entries,
                    answers: answers.filter(|_| has_state),
                    joins,
                    compose_name,
                }
            },
        )
}

/// Records of one block: no id twice.
pub(super) fn any_block() -> impl Strategy<Value = Vec<Record>> {
    prop::collection::vec(any_record(24), 0..12).prop_map(|mut records| {
        let mut seen = HashSet::new();
        records.retain(|record| seen.insert(record.id.clone()));
        records
    })
}
