//! Which rows go out: those of a plan, those that changed, and removals.

use std::collections::BTreeSet;
use std::sync::Arc;

use segue_kernel::error::KernelError;
use segue_kernel::rule::{MatchValuesBuilder, Plan};
use segue_kernel::schema::Schema;
use segue_kernel::table::Version;
use segue_kernel::wire::{BlockFormat, Export, ExportRequest};
use serde_json::Value as Json;

use crate::account::{Row, Value, rows, schema};
use crate::arrow::batches;
use crate::history::{History, version};
use crate::readers;
use crate::segue_v1::{self, Profile, ProfileBatch};
use crate::{FORMATS, request, whole};

/// Tick of the first hundredth of the rows; each further hundredth is 10 ms later.
const FIRST_TICK: i64 = 1_700_000_000_003;

const VIP: &str = r#"{"predicate": {"column": 82, "op": "any_of", "codes": [1]}}"#;

fn plan(schema: &Schema) -> Plan {
    Plan::compile(schema, VIP.as_bytes(), 0).expect("a valid condition")
}

fn is_vip(row: &Row) -> bool {
    row.get(&82) == Some(&Value::Boolean(true))
}

/// Ids that go out, and those of them that go out as removals.
fn sent(
    version: &Version,
    schema: &Arc<Schema>,
    plan: Option<&Plan>,
    changed_from_millis: Option<i64>,
    include_removed: bool,
) -> Vec<(String, bool)> {
    let of = |format| {
        let request = ExportRequest {
            changed_from_millis,
            include_removed,
            ..request(format)
        };
        Export::new(version.clone(), Arc::clone(schema), plan, request).expect("a valid request")
    };
    let profiles = segue_v1::read::<ProfileBatch>(&whole(&of(BlockFormat::ProfileBatch))).profiles;
    let sent: Vec<_> = profiles
        .iter()
        .map(|profile| (profile.profile_id.clone(), profile.removed))
        .collect();
    let only_id = |id: &String, removed| Profile {
        profile_id: id.clone(),
        removed,
        ..Default::default()
    };
    for profile in profiles.iter().filter(|profile| profile.removed) {
        assert_eq!(*profile, only_id(&profile.profile_id, true));
    }
    assert_eq!(sent_as_lines(whole(&of(BlockFormat::Ndjson))), sent);
    assert_eq!(
        sent_as_columns(whole(&of(BlockFormat::ArrowIpc)), include_removed),
        sent
    );
    if sent.len() < 3_000 {
        for format in FORMATS {
            assert_eq!(readers::ids(format, whole(&of(format))), sent, "{format:?}");
        }
    }
    assert_eq!(of(BlockFormat::Ndjson).row_count(), sent.len() as u64);
    sent
}

fn sent_as_lines(data: Vec<u8>) -> Vec<(String, bool)> {
    let text = String::from_utf8(data).expect("UTF-8");
    let lines = text
        .lines()
        .map(|line| serde_json::from_str::<Json>(line).expect("an object"));
    lines
        .map(|line| {
            let removed = line.get("removed") == Some(&Json::Bool(true));
            assert!(!removed || line.as_object().is_some_and(|line| line.len() == 2));
            (
                line["profile_id"].as_str().expect("an id").to_owned(),
                removed,
            )
        })
        .collect()
}

fn sent_as_columns(stream: Vec<u8>, include_removed: bool) -> Vec<(String, bool)> {
    use arrow_array::Array;
    use arrow_array::cast::AsArray;
    let mut sent = Vec::new();
    for batch in batches(stream) {
        let ids = batch
            .column_by_name("profile_id")
            .expect("ids")
            .as_string::<i32>();
        let marks = batch.column_by_name("removed");
        assert_eq!(marks.is_some(), include_removed);
        for (row, id) in ids.iter().enumerate() {
            let removed = marks.is_some_and(|marks| marks.as_boolean().value(row));
            let values = batch
                .columns()
                .iter()
                .filter(|column| column.is_valid(row))
                .count();
            assert!(
                !removed || values == 2,
                "a removal has its id and its mark alone"
            );
            sent.push((id.expect("an id").to_owned(), removed));
        }
    }
    sent
}

fn id(number: usize) -> String {
    format!("p{number:07}")
}

#[test]
fn all_rows_that_are_not_erased_go_out() {
    let schema = schema();
    let erased = BTreeSet::from([0, 5, 63, 64, 4_096, 4_999]);
    let version = version(&rows(5_000, 1), &erased, History::Sealed);
    let expected: Vec<_> = (0..5_000)
        .filter(|row| !erased.contains(row))
        .map(|row| (id(row), false))
        .collect();
    assert_eq!(sent(&version, &schema, None, None, false), expected);
}

#[test]
fn rows_of_a_plan_go_out() {
    let schema = schema();
    let rows = rows(5_000, 2);
    let version = version(&rows, &BTreeSet::new(), History::Sealed);
    let vips = (0..5_000).filter(|&row| is_vip(&rows[row]));
    let expected: Vec<_> = vips.map(|row| (id(row), false)).collect();
    assert_eq!(
        sent(&version, &schema, Some(&plan(&schema)), None, false),
        expected
    );
}

#[test]
fn changed_rows_go_out_and_with_them_removals_when_asked_for() {
    let schema = schema();
    let rows = rows(70_000, 3);
    let erased = BTreeSet::from([0, 98, 99, 199, 69_999]);
    let version = version(&rows, &erased, History::Sealed);
    // Few changes of a block are asked one by one, many by the block.
    for hundredth in [99, 98, 50, 0] {
        let tick = FIRST_TICK + i64::try_from(hundredth).expect("small") * 10;
        let changed = || (0..70_000).filter(|row| row % 100 >= hundredth);
        for plan in [None, Some(plan(&schema))] {
            let stays =
                |row: &usize| !erased.contains(row) && (plan.is_none() || is_vip(&rows[*row]));
            let kept: Vec<_> = changed()
                .filter(stays)
                .map(|row| (id(row), false))
                .collect();
            assert_eq!(
                sent(&version, &schema, plan.as_ref(), Some(tick), false),
                kept
            );
            let all: Vec<_> = changed().map(|row| (id(row), !stays(&row))).collect();
            assert_eq!(
                sent(&version, &schema, plan.as_ref(), Some(tick), true),
                all
            );
        }
    }
    assert_eq!(
        sent(&version, &schema, None, Some(FIRST_TICK + 1_000), true),
        []
    );
}

#[test]
fn rows_that_enter_or_leave_by_another_plan_are_part_of_an_increment() {
    let schema = schema();
    let rows = rows(70_000, 5);
    let erased = BTreeSet::from([1, 98, 99, 65_535, 65_536]);
    let version = version(&rows, &erased, History::Sealed);
    let plan_of = |of_vips| {
        if of_vips {
            plan(&schema)
        } else {
            Plan::compile(&schema, br#"{"and": []}"#, 0).expect("a valid condition")
        }
    };
    let is_member =
        |of_vips: bool, row: usize| !erased.contains(&row) && (!of_vips || is_vip(&rows[row]));
    for (before, after, has_plan) in [
        (false, true, true),
        (true, false, true),
        (true, false, false),
        (true, true, true),
    ] {
        let differs = |row: &usize| is_member(before, *row) != is_member(after, *row);
        let expected: Vec<_> = (0..70_000)
            .filter(|row| row % 100 >= 98 || differs(row))
            .map(|row| (id(row), !is_member(after, row)))
            .collect();
        for include_removed in [true, false] {
            let request = ExportRequest {
                changed_from_millis: Some(FIRST_TICK + 980),
                plan_before: Some(plan_of(before)),
                include_removed,
                ..request(BlockFormat::ProfileBatch)
            };
            let after = plan_of(after);
            let after = has_plan.then_some(&after);
            let export = Export::new(version.clone(), Arc::clone(&schema), after, request);
            let profiles =
                segue_v1::read::<ProfileBatch>(&whole(&export.expect("a valid request"))).profiles;
            let sent = profiles
                .into_iter()
                .map(|one| (one.profile_id, one.removed));
            let expected = expected.iter().filter(|one| include_removed || !one.1);
            assert!(sent.eq(expected.cloned()));
        }
    }
}

#[test]
fn what_an_export_is_limited_to_leaves_others_out_even_as_removals() {
    let schema = schema();
    let rows = rows(70_000, 6);
    let erased = BTreeSet::from([1, 98, 99, 65_535, 65_536]);
    let version = version(&rows, &erased, History::Sealed);
    let wanted = |row: usize| row.is_multiple_of(7) || (65_500..66_600).contains(&row) || row == 98;
    let ids: Vec<String> = (0..70_000).filter(|&row| wanted(row)).map(id).collect();
    let mut values = MatchValuesBuilder::new(1).expect("profile ids");
    for id in &ids {
        values.push(Some(id));
    }
    let values = values.finish().expect("not too many");
    let listed = br#"{"identified": {"by": "profile_id", "type": null}}"#;
    let only = Plan::compile_with(&schema, listed, 0, Some(&values)).expect("a valid condition");
    let everybody = Plan::compile(&schema, br#"{"and": []}"#, 0).expect("a valid condition");
    let vips = plan(&schema);
    let ids_of = |plan: Option<&Plan>, request: ExportRequest| {
        let export = Export::new(version.clone(), Arc::clone(&schema), plan, request);
        let data = whole(&export.expect("a valid request"));
        let profiles = segue_v1::read::<ProfileBatch>(&data).profiles.into_iter();
        profiles
            .map(|one| (one.profile_id, one.removed))
            .collect::<Vec<_>>()
    };
    let ways = [None, Some(98), Some(0)].into_iter().flat_map(|hundredth| {
        let from = hundredth.map(|hundredth| FIRST_TICK + hundredth * 10);
        [(from, None), (from, Some(everybody.clone()))]
    });
    for (changed_from_millis, plan_before) in ways {
        for (plan, include_removed) in [(None, true), (Some(&vips), true), (Some(&vips), false)] {
            let all = ExportRequest {
                changed_from_millis,
                plan_before: plan_before.clone(),
                include_removed,
                ..request(BlockFormat::ProfileBatch)
            };
            let limited = ExportRequest {
                only: Some(only.clone()),
                ..all.clone()
            };
            let mut expected = ids_of(plan, all);
            expected.retain(|(id, _)| ids.binary_search(id).is_ok());
            assert_eq!(ids_of(plan, limited), expected);
        }
    }
}

#[test]
fn a_list_that_is_not_in_the_schema_is_refused() {
    let schema = schema();
    let version = version(&rows(1, 4), &BTreeSet::new(), History::Sealed);
    for format in FORMATS {
        let request = ExportRequest {
            list: Some("unknown".to_owned()),
            ..request(format)
        };
        let export = Export::new(version.clone(), Arc::clone(&schema), None, request);
        assert!(matches!(
            export.err(),
            Some(KernelError::DefinitionInvalid { .. })
        ));
    }
}
