//! A page is a piece of everything in its order.

use std::collections::BTreeSet;

use segue_kernel::error::KernelError;
use segue_kernel::fold::fold;
use segue_kernel::rule::Plan;
use segue_kernel::schema::{ColumnId, Schema, builtin};
use segue_kernel::table::Table;
use segue_kernel::wire::{PageOf, PageOrder, PageRequest, encode_profile, page};

use crate::account::{Row, Value, rows, schema};
use crate::history::{History, version};
use crate::segue_v1::{self, ProfileBatch};

const ORDERS: [PageOrder; 3] = [PageOrder::Email, PageOrder::Name, PageOrder::Time];

const NEWS_ACTIVE_AT: ColumnId = 66;

fn request(order: PageOrder, descending: bool, limit: usize) -> PageRequest {
    PageRequest {
        order,
        descending,
        list: Some("news".to_owned()),
        active_from_millis: None,
        offset: 0,
        limit,
    }
}

fn everybody(schema: &Schema) -> Plan {
    Plan::compile(schema, br#"{"and": []}"#, 0).expect("a valid condition")
}

/// What a row is ordered by, absent first.
fn key(row: &Row, order: PageOrder) -> (Option<String>, Option<i64>) {
    let column = match order {
        PageOrder::Email => builtin::EMAIL,
        PageOrder::Name => builtin::FULL_NAME,
        PageOrder::Time => NEWS_ACTIVE_AT,
    };
    match row.get(&column) {
        Some(Value::Text(text)) => (Some(fold(text)), None),
        Some(Value::DateTime(millis)) => (None, Some(*millis)),
        _ => (None, None),
    }
}

/// Row numbers in order.
fn sorted(rows: &[Row], kept: impl Fn(usize) -> bool, request: &PageRequest) -> Vec<usize> {
    let mut numbers: Vec<usize> = (0..rows.len()).filter(|&row| kept(row)).collect();
    numbers.sort_by_cached_key(|&row| (key(&rows[row], request.order), row));
    if request.descending {
        numbers.reverse();
    }
    numbers
}

#[test]
fn pages_are_pieces_of_all_profiles_in_order() {
    let schema = schema();
    let rows = rows(66_000, 7);
    let erased = BTreeSet::from([0, 63, 64, 65_535, 65_999]);
    let version = version(&rows, &erased, History::Overwritten);
    for order in ORDERS {
        for descending in [false, true] {
            let request = request(order, descending, 50);
            let expected = sorted(&rows, |row| !erased.contains(&row), &request);
            for offset in [0, 50, 33_000, 65_960, 65_995, 70_000] {
                let request = PageRequest {
                    offset,
                    ..request.clone()
                };
                let (batch, total) = page(
                    &version,
                    &schema,
                    PageOf::Plan(&everybody(&schema)),
                    &request,
                )
                .expect("a list");
                let numbers = expected.iter().skip(offset).take(50);
                let profiles: Vec<_> = numbers
                    .map(|&row| {
                        let row = u32::try_from(row).expect("small");
                        segue_v1::read(&encode_profile(&version, &schema, row))
                    })
                    .collect();
                assert_eq!(total, expected.len());
                assert_eq!(segue_v1::read::<ProfileBatch>(&batch).profiles, profiles);
            }
        }
    }
}

#[test]
fn a_page_holds_only_members_active_since_a_time() {
    let schema = schema();
    let rows = rows(3_000, 8);
    let version = version(&rows, &BTreeSet::new(), History::Sealed);
    for from in [i64::MIN, 0, i64::MAX] {
        let request = PageRequest {
            active_from_millis: Some(from),
            ..request(PageOrder::Email, false, usize::MAX)
        };
        let is_active = |row: usize| key(&rows[row], PageOrder::Time).1 >= Some(from);
        let expected = sorted(&rows, is_active, &request);
        let (batch, total) = page(
            &version,
            &schema,
            PageOf::Plan(&everybody(&schema)),
            &request,
        )
        .expect("a list");
        let ids = segue_v1::read::<ProfileBatch>(&batch)
            .profiles
            .into_iter()
            .map(|one| one.profile_id);
        assert!(ids.eq(expected.iter().map(|row| format!("p{row:07}"))));
        assert_eq!(total, expected.len());
    }
}

#[test]
fn without_a_list_the_time_is_that_of_creation() {
    let schema = schema();
    let rows = rows(100, 9);
    let version = version(&rows, &BTreeSet::from([7]), History::Sealed);
    let request = PageRequest {
        list: None,
        active_from_millis: Some(1_700_000_000_003),
        ..request(PageOrder::Time, true, 3)
    };
    let (batch, total) = page(
        &version,
        &schema,
        PageOf::Plan(&everybody(&schema)),
        &request,
    )
    .expect("a page");
    let ids = segue_v1::read::<ProfileBatch>(&batch)
        .profiles
        .into_iter()
        .map(|one| one.profile_id);
    assert!(ids.eq(["p0000099", "p0000098", "p0000097"]));
    assert_eq!(total, 99);
    let later = PageRequest {
        active_from_millis: Some(1_700_000_000_004),
        ..request
    };
    let (batch, total) =
        page(&version, &schema, PageOf::Plan(&everybody(&schema)), &later).expect("a page");
    assert!(batch.is_empty());
    assert_eq!(total, 0);
}

#[test]
fn a_page_of_a_maintained_segment_is_that_of_its_plan() {
    let schema = schema();
    let table = Table::from_version(version(&rows(3_000, 5), &BTreeSet::new(), History::Sealed));
    let condition = br#"{"sample": {"percent": 30, "salt": "s"}}"#;
    let plan = Plan::compile(&schema, condition, 0).expect("a valid condition");
    table.maintain("sampled", plan.clone());
    let version = table.version();
    let request = request(PageOrder::Name, false, 100);
    let page_of = |of| page(&version, &schema, of, &request).expect("a list");
    let expected = page_of(PageOf::Plan(&plan));
    assert!(expected.1 > 100);
    assert_eq!(page_of(PageOf::Maintained("sampled")), expected);
    assert_eq!(page_of(PageOf::Maintained("unknown")).1, 0);
}

#[test]
fn a_list_that_is_not_there_is_refused() {
    let schema = schema();
    let version = version(&rows(1, 4), &BTreeSet::new(), History::Sealed);
    let request = PageRequest {
        list: Some("unknown".to_owned()),
        ..request(PageOrder::Email, false, 1)
    };
    let refused = page(
        &version,
        &schema,
        PageOf::Plan(&everybody(&schema)),
        &request,
    );
    assert!(matches!(
        refused,
        Err(KernelError::DefinitionInvalid { .. })
    ));
}
