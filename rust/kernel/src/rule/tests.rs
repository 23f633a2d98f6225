//! Laws of plans on random tables.
#![expect(clippy::unwrap_used)]

use std::sync::Arc;

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Plan, Selection};
use crate::bitmap::RowSet;
use crate::column::{BLOCK_ROWS, Block, Column, OptionsBlock, PlainBlock, PlainValue, TextBlock};
use crate::schema::{ColumnId, Schema};
use crate::snapshot::VersionParts;
use crate::table::{RowId, Version};

const TEXT: ColumnId = 64;
const NUMBER: ColumnId = 65;
const BOOLEAN: ColumnId = 66;
const DATE: ColumnId = 67;
const DATE_TIME: ColumnId = 68;
const ONE: ColumnId = 69;
const MANY: ColumnId = 70;

fn schema() -> Schema {
    let fields = [
        (TEXT, "text"),
        (NUMBER, "number"),
        (BOOLEAN, "boolean"),
        (DATE, "date"),
        (DATE_TIME, "date_time"),
        (ONE, "multi_select_one"),
        (MANY, "multi_select_many"),
    ]
    .map(|(column, kind)| json!({"column": column, "key": kind, "type": kind}));
    Schema::from_json(
        json!({"lists": [], "fields": fields})
            .to_string()
            .as_bytes(),
    )
    .unwrap()
}

/// Values of a profile; `None` everywhere is a profile of which nothing is known.
#[derive(Debug, Clone, Default)]
struct Profile {
    is_erased: bool,
    text: Option<String>,
    number: Option<f64>,
    boolean: Option<bool>,
    date: Option<i32>,
    date_time: Option<i64>,
    one: Option<u16>,
    many: Vec<u16>,
}

fn profile() -> impl Strategy<Value = Profile> {
    (
        prop::bool::weighted(0.1),
        weighted(0.8, "[abAB]{0,4}"),
        weighted(
            0.8,
            prop_oneof![Just(-0.0), Just(0.0), Just(1.5), -3.0..3.0],
        ),
        weighted(0.8, any::<bool>()),
        weighted(0.8, -3_i32..3),
        weighted(0.8, -3_i64..3),
        weighted(0.8, 0_u16..12),
        prop::collection::btree_set(0_u16..4, 0..3),
    )
        .prop_map(
            |(is_erased, text, number, boolean, date, date_time, one, many)| Profile {
                is_erased,
                text,
                number,
                boolean,
                date,
                date_time,
                one,
                many: many.into_iter().collect(),
            },
        )
}

/// Profiles at the ends of one to three blocks; in between stand rows without values, or blocks without anything.
fn profiles() -> impl Strategy<Value = Vec<(RowId, Profile)>> {
    let starts = prop::sample::select(&[
        [0, 100, 200],
        [0, 65_500, 131_000],
        [65_536, 65_610, 131_000],
        [10, 131_072, 131_150],
    ]);
    (starts, vec(profile(), 0..200)).prop_map(|(starts, profiles)| {
        let rows = (0..).map(|i: RowId| starts[(i / 70) as usize] + i % 70);
        rows.zip(profiles).collect()
    })
}

fn version(profiles: &[(RowId, Profile)]) -> Version {
    let n_rows = profiles.last().map_or(0, |(row, _)| *row as usize + 1);
    let live = (0..n_rows.div_ceil(BLOCK_ROWS)).map(|block| {
        let rows = in_block(profiles, block, |profile| {
            (!profile.is_erased).then_some(())
        });
        Arc::new(RowSet::from_sorted(&rows.0))
    });
    let plain = [
        (
            NUMBER,
            Column::Number(plain(profiles, n_rows, |profile| profile.number)),
        ),
        (
            DATE,
            Column::Date(plain(profiles, n_rows, |profile| profile.date)),
        ),
        (
            DATE_TIME,
            Column::DateTime(plain(profiles, n_rows, |profile| profile.date_time)),
        ),
        (
            ONE,
            Column::MultiSelectOne(plain(profiles, n_rows, |profile| profile.one)),
        ),
    ];
    let text = blocks(n_rows, |block| {
        let (rows, texts) = in_block(profiles, block, |profile| profile.text.as_ref());
        let mut block = TextBlock::folding();
        block.write(
            &rows,
            &texts.iter().map(|text| text.as_bytes()).collect::<Vec<_>>(),
        );
        block
    });
    let boolean = blocks(n_rows, |block| {
        let (rows, codes) = in_block(profiles, block, |profile| profile.boolean.map(u16::from));
        let mut block = OptionsBlock::default();
        block.write_one(&rows, &codes);
        block
    });
    let many = blocks(n_rows, |number| {
        let (rows, codes) = in_block(profiles, number, |profile| {
            Some(&profile.many).filter(|many| !many.is_empty())
        });
        let mut block = OptionsBlock::default();
        for (row, codes) in rows.into_iter().zip(codes) {
            block.write(&[row], codes, &[u32::try_from(codes.len()).unwrap()]);
        }
        block
    });
    let mut columns = vec![
        (TEXT, Column::Text(text)),
        (BOOLEAN, Column::Boolean(boolean)),
        (MANY, Column::MultiSelectMany(many)),
    ];
    columns.extend(plain);
    Version::from_parts(VersionParts {
        revision: 1,
        tick_millis: 3,
        n_rows,
        live: live.collect(),
        columns,
    })
}

fn blocks<B: Block>(n_rows: usize, block: impl Fn(usize) -> B) -> Vec<Option<Arc<B>>> {
    (0..n_rows.div_ceil(BLOCK_ROWS))
        .map(|number| {
            Some(block(number))
                .filter(|block| !block.presence().is_empty())
                .map(Arc::new)
        })
        .collect()
}

fn plain<T: PlainValue>(
    profiles: &[(RowId, Profile)],
    n_rows: usize,
    value: impl Fn(&Profile) -> Option<T>,
) -> Vec<Option<Arc<PlainBlock<T>>>> {
    blocks(n_rows, |number| {
        let (rows, values) = in_block(profiles, number, &value);
        let mut block = PlainBlock::default();
        block.write(&rows, &values);
        block
    })
}

fn in_block<'a, T>(
    profiles: &'a [(RowId, Profile)],
    block: usize,
    value: impl Fn(&'a Profile) -> Option<T>,
) -> (Vec<u16>, Vec<T>) {
    let there = profiles
        .iter()
        .filter(|(row, _)| *row as usize / BLOCK_ROWS == block);
    there
        .filter_map(|(row, profile)| {
            Some((
                u16::try_from(*row as usize % BLOCK_ROWS).unwrap(),
                value(profile)?,
            ))
        })
        .unzip()
}

fn predicate() -> impl Strategy<Value = Value> {
    let text = (
        "[aAb]{0,3}",
        prop::sample::select(&["equals", "contains", "starts_with", "ends_with"]),
    )
        .prop_map(|(text, op)| json!({"column": TEXT, "op": op, "text": text}));
    let range = (
        prop_oneof![
            (
                Just(NUMBER),
                weighted(0.7, bound(prop_oneof![Just(0.0), Just(1.5), -3.0..3.0])),
                weighted(0.7, bound(prop_oneof![Just(-0.0), -3.0..3.0]))
            ),
            (
                prop::sample::select(&[DATE, DATE_TIME]),
                weighted(0.7, bound(-4..4)),
                weighted(0.7, bound(-4..4))
            ),
        ],
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|((column, low, high), low_inclusive, high_inclusive)| {
            json!({"column": column, "op": "in_range", "low": low, "low_inclusive": low_inclusive,
                "high": high, "high_inclusive": high_inclusive})
        });
    let any_of = prop_oneof![
        (Just(BOOLEAN), vec(0_u16..2, 0..3)),
        (Just(ONE), vec(0_u16..12, 0..12)),
        (Just(MANY), vec(0_u16..5, 0..4)),
    ]
    .prop_map(|(column, codes)| json!({"column": column, "op": "any_of", "codes": codes}));
    let provided = (TEXT..=MANY).prop_map(|column| json!({"column": column, "op": "provided"}));
    prop_oneof![text, range, any_of, provided].prop_map(|predicate| json!({"predicate": predicate}))
}

fn bound<T: Into<Value> + std::fmt::Debug>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Value> {
    value.prop_map(Into::into)
}

fn condition() -> impl Strategy<Value = Value> {
    predicate().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|children| json!({"and": children})),
            vec(inner.clone(), 0..4).prop_map(|children| json!({"or": children})),
            inner.prop_map(|child| json!({"not": child})),
        ]
    })
}

/// The meaning of a condition, as slowly and plainly as it can be said.
fn holds(condition: &Value, profile: &Profile) -> bool {
    let all = |key: &str| condition[key].as_array().unwrap().iter();
    if condition.get("and").is_some() {
        all("and").all(|child| holds(child, profile))
    } else if condition.get("or").is_some() {
        all("or").any(|child| holds(child, profile))
    } else if let Some(child) = condition.get("not") {
        !holds(child, profile)
    } else {
        passes(&condition["predicate"], profile)
    }
}

fn passes(predicate: &Value, profile: &Profile) -> bool {
    let column = ColumnId::try_from(predicate["column"].as_u64().unwrap()).unwrap();
    let number = match column {
        NUMBER => profile.number,
        DATE => profile.date.map(f64::from),
        DATE_TIME => profile
            .date_time
            .map(|millis| f64::from(i32::try_from(millis).unwrap())),
        _ => None,
    };
    let codes = match column {
        BOOLEAN => profile.boolean.map(u16::from).into_iter().collect(),
        ONE => profile.one.into_iter().collect(),
        _ => profile.many.clone(),
    };
    let text = profile.text.as_ref().map(|text| text.to_lowercase());
    let operand = predicate["text"]
        .as_str()
        .unwrap_or_default()
        .to_lowercase();
    match predicate["op"].as_str().unwrap() {
        "provided" if column == TEXT => text.is_some(),
        "provided" => {
            number.is_some() || (matches!(column, BOOLEAN | ONE | MANY) && !codes.is_empty())
        }
        "equals" => text.is_some_and(|text| text == operand),
        "contains" => text.is_some_and(|text| text.contains(&operand)),
        "starts_with" => text.is_some_and(|text| text.starts_with(&operand)),
        "ends_with" => text.is_some_and(|text| text.ends_with(&operand)),
        "in_range" => number.is_some_and(|number| lies_in(predicate, number)),
        _ => predicate["codes"].as_array().unwrap().iter().any(|code| {
            codes
                .iter()
                .any(|own| u64::from(*own) == code.as_u64().unwrap())
        }),
    }
}

fn lies_in(predicate: &Value, value: f64) -> bool {
    let low = predicate["low"].as_f64().is_none_or(|low| {
        low < value || (low <= value && predicate["low_inclusive"].as_bool().unwrap())
    });
    let high = predicate["high"].as_f64().is_none_or(|high| {
        value < high || (value <= high && predicate["high_inclusive"].as_bool().unwrap())
    });
    low && high
}

fn plan(condition: &Value) -> Plan {
    Plan::compile(&schema(), condition.to_string().as_bytes(), 0).unwrap()
}

fn rows(condition: &Value, version: &Version) -> Vec<RowId> {
    plan(condition).evaluate(version).iter().collect()
}

proptest! {
    #[test]
    fn a_plan_selects_the_rows_for_which_its_condition_holds(
        profiles in profiles(), condition in condition(),
    ) {
        let version = version(&profiles);
        let expected: Vec<RowId> = profiles
            .iter()
            .filter(|(_, profile)| !profile.is_erased && holds(&condition, profile))
            .map(|(row, _)| *row)
            .collect();
        prop_assert_eq!(rows(&condition, &version), expected);
    }

    #[test]
    fn counting_and_matching_agree_with_evaluating(profiles in profiles(), condition in condition()) {
        let version = version(&profiles);
        let plan = plan(&condition);
        let selection = plan.evaluate(&version);
        prop_assert_eq!(plan.count(&version), selection.len());
        prop_assert_eq!(selection.is_empty(), selection.iter().next().is_none());
        prop_assert_eq!(selection.iter().count(), selection.len());
        for (row, _) in &profiles {
            for row in [row.saturating_sub(1), *row, row + 1] {
                prop_assert_eq!(plan.matches(&version, row), selection.contains(row), "row {}", row);
            }
        }
    }

    #[test]
    fn not_is_the_complement_over_live_rows(profiles in profiles(), condition in condition()) {
        let version = version(&profiles);
        let mut both = rows(&condition, &version);
        both.extend(rows(&json!({"not": condition}), &version));
        both.sort_unstable();
        prop_assert_eq!(both, rows(&json!({"and": []}), &version));
    }

    #[test]
    fn and_or_not_obey_de_morgan(profiles in profiles(), a in condition(), b in condition()) {
        let version = version(&profiles);
        let not_and = json!({"not": {"and": [a, b]}});
        let or_not = json!({"or": [{"not": a}, {"not": b}]});
        prop_assert_eq!(rows(&not_and, &version), rows(&or_not, &version));
    }

    #[test]
    fn and_is_the_intersection(profiles in profiles(), a in condition(), b in condition()) {
        let version = version(&profiles);
        let in_b = plan(&b).evaluate(&version);
        let expected: Vec<RowId> =
            rows(&a, &version).into_iter().filter(|row| in_b.contains(*row)).collect();
        prop_assert_eq!(rows(&json!({"and": [a, b]}), &version), expected.clone());
        prop_assert_eq!(rows(&json!({"and": [b, a]}), &version), expected);
    }
}

#[test]
fn the_empty_table_has_no_rows() {
    let empty = version(&[]);
    assert_eq!(
        plan(&json!({"and": []})).evaluate(&empty),
        Selection::default()
    );
    assert!(!plan(&json!({"and": []})).matches(&empty, 0));
}

#[test]
fn a_column_where_nothing_was_stored_is_absent_everywhere() {
    let version = version(&[(0, Profile::default()), (70_000, Profile::default())]);
    let predicate = json!({"predicate": {"column": 13, "op": "contains", "text": "@"}});
    assert_eq!(rows(&predicate, &version), [] as [RowId; 0]);
    assert_eq!(rows(&json!({"not": predicate}), &version), [0, 70_000]);
}

#[test]
fn every_edge_of_blocks_and_words_is_selected() {
    for last in [0, 62, 63, 64, 65_534, 65_535, 65_536] {
        let profile = Profile {
            number: Some(1.0),
            ..Profile::default()
        };
        let version = version(&[(last, profile)]);
        let condition = json!({"predicate": {"column": NUMBER, "op": "provided"}});
        assert_eq!(rows(&condition, &version), [last]);
    }
}

#[test]
fn constants_leave_nothing_to_evaluate() {
    let provided = json!({"predicate": {"column": TEXT, "op": "provided"}});
    let never = json!({"predicate": {"column": ONE, "op": "any_of", "codes": []}});
    let folded = |condition: Value| format!("{:?}", plan(&condition).tree.root);
    assert_eq!(
        folded(json!({"and": [{"and": []}, {"not": {"or": []}}]})),
        "And([])"
    );
    assert_eq!(folded(json!({"and": [provided, never]})), "Or([])");
    assert_eq!(folded(json!({"or": [provided, {"not": never}]})), "And([])");
    assert_eq!(
        folded(json!({"not": {"not": provided}})),
        folded(provided.clone())
    );
    assert_eq!(
        folded(json!({"and": [{"or": [provided]}]})),
        folded(provided.clone())
    );
    let flat = folded(json!({"or": [provided, {"or": [provided, provided]}]}));
    assert_eq!(flat.matches("Or").count(), 1);
}

#[test]
fn ops_must_fit_their_columns() {
    let problem = |predicate: Value| {
        let json = json!({"predicate": predicate}).to_string();
        Plan::compile(&schema(), json.as_bytes(), 0)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        problem(json!({"column": NUMBER, "op": "contains", "text": "1"})),
        "condition is not valid: contains does not fit column 65, Number"
    );
    assert_eq!(
        problem(json!({"column": TEXT, "op": "any_of", "codes": [1]})),
        "condition is not valid: any_of does not fit column 64, Text"
    );
    assert_eq!(
        problem(json!({"column": 15, "op": "provided"})),
        "condition is not valid: provided does not fit column 15, Identifiers"
    );
    assert_eq!(
        problem(json!({"column": 999, "op": "provided"})),
        "condition is not valid: column 999 is not in the schema"
    );
    let half = json!({"column": DATE, "op": "in_range", "low": 0.5, "low_inclusive": true,
        "high": null, "high_inclusive": true});
    assert_eq!(
        problem(half),
        "condition is not valid: a bound of column 67, Date, is not a whole number"
    );
}
