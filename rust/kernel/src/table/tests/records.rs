//! Records as the tests write them, and the batches they become.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Value, list};
use crate::batch::{
    Batch, BatchColumn, BatchIdentifiers, BatchMembers, BatchValues, Identifier, Texts,
};
use crate::schema::{ColumnId, builtin};

/// What a block says of one profile.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) id: String,
    /// Values given; `None` clears.
    pub(super) values: BTreeMap<ColumnId, Option<Value>>,
    pub(super) identifiers: [Vec<Identifier>; 3],
    pub(super) joins: bool,
    pub(super) compose_name: bool,
}

impl Record {
    pub(super) fn new(id: &str) -> Self {
        Self {
            id: id.into(),
            values: BTreeMap::new(),
            identifiers: Default::default(),
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

/// Makes the batch that a decoder makes of records with distinct ids.
pub(super) fn batch_of(records: &[Record]) -> Batch {
    let mut batch = Batch {
        record_count: u32::try_from(records.len()).unwrap(),
        ..Batch::default()
    };
    let mut columns: BTreeMap<ColumnId, Cells<'_>> = BTreeMap::new();
    let mut members = Vec::new();
    for (row, record) in (0..).zip(records) {
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
        if record.joins {
            members.push(row);
        }
        if record.compose_name {
            batch.compose_name.push(row);
        }
    }
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

fn any_record() -> impl Strategy<Value = Record> {
    let values = prop::collection::btree_map(any::<u8>(), any_value(), 0..5);
    let identifiers = [any_identifiers(), any_identifiers(), any_identifiers()];
    let membership = (any::<bool>(), prop::option::of(0..3_u16));
    (0..24_u8, values, identifiers, membership, any::<bool>()).prop_map(
        |(id, values, identifiers, (joins, state), compose_name)| {
            let mut values: BTreeMap<_, _> = values.into_values().collect();
            if let (true, Some(state)) = (joins, state) {
                values.insert(list().state(), Some(Value::One(state)));
            }
            Record {
                id: format!("p{id}"),
                values,
                identifiers,
                joins,
                compose_name,
            }
        },
    )
}

/// Records of one block: no id twice.
pub(super) fn any_block() -> impl Strategy<Value = Vec<Record>> {
    prop::collection::vec(any_record(), 0..12).prop_map(|mut records| {
        let mut seen = std::collections::HashSet::new();
        records.retain(|record| seen.insert(record.id.clone()));
        records
    })
}
