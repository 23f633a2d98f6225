//! Laws of answers that change although nothing but time does.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::conditions::timed_condition;
use super::plan;
use super::profiles::{DATE_TIME, Profile, TEXT, profiles, version};
use crate::column::BLOCK_ROWS;
use crate::table::{RowId, Version};

/// Moments looked at after the first: more than windows and values of the tests reach.
const MOMENTS: i64 = 30;

fn flips(condition: &Value, version: &Version, block: usize, now: i64) -> Vec<i64> {
    let mut flips = vec![i64::MAX; BLOCK_ROWS];
    plan(condition).next_flips(version, block, now, &mut flips);
    flips
}

fn joined(date_time: i64) -> Version {
    let profile = Profile {
        date_time: Some(date_time),
        ..Profile::default()
    };
    version(&[(0, profile)])
}

fn within(from: Option<i64>, until: Option<i64>) -> Value {
    let window = json!({"from_offset": from, "until_offset": until});
    json!({"predicate": {"column": DATE_TIME, "op": "within", "window": window}})
}

proptest! {
    #[test]
    fn nothing_changes_before_the_next_flip(
        profiles in profiles(), condition in timed_condition(), now in -10_i64..10,
    ) {
        let version = version(&profiles);
        let plan = plan(&condition);
        for (row, _) in &profiles {
            let answer = plan.at(now).matches(&version, *row);
            let flip = plan.next_flip(&version, *row, now).unwrap_or(i64::MAX);
            prop_assert!(flip > now);
            for moment in now + 1..flip.min(now + MOMENTS) {
                prop_assert_eq!(plan.at(moment).matches(&version, *row), answer);
            }
        }
    }

    #[test]
    fn flips_of_a_block_are_those_of_its_rows(
        profiles in profiles(), condition in timed_condition(), now in -10_i64..10,
    ) {
        let version = version(&profiles);
        let plan = plan(&condition);
        let of_blocks: Vec<_> =
            (0..version.n_blocks()).map(|block| flips(&condition, &version, block, now)).collect();
        for (row, _) in &profiles {
            let (block, in_block) = (*row as usize / BLOCK_ROWS, *row as usize % BLOCK_ROWS);
            let expected = plan.next_flip(&version, *row, now).unwrap_or(i64::MAX);
            prop_assert_eq!(of_blocks[block][in_block], expected);
        }
    }

    #[test]
    fn the_next_change_is_the_first_other_answer(
        profiles in profiles(), condition in timed_condition(), now in -10_i64..10,
    ) {
        let version = version(&profiles);
        let plan = plan(&condition).at(now);
        for (row, _) in profiles.iter().take(20) {
            let answer = plan.matches(&version, *row);
            let expected = (now + 1..now + MOMENTS)
                .find(|&moment| plan.at(moment).matches(&version, *row) != answer);
            prop_assert_eq!(plan.next_change(&version, *row), expected);
        }
    }

    #[test]
    fn a_plan_that_is_not_timed_has_one_answer(
        profiles in profiles(), condition in timed_condition(), now in -10_i64..10,
    ) {
        let version = version(&profiles);
        let plan = plan(&condition);
        if !plan.is_timed() {
            prop_assert_eq!(plan.evaluate(&version), plan.at(now).evaluate(&version));
        }
    }
}

#[test]
fn only_moving_windows_are_timed() {
    let timed = |condition: &Value| plan(condition).is_timed();
    assert!(timed(&within(Some(-5), Some(0))));
    assert!(!timed(&within(None, None)));
    assert!(!timed(&within(Some(5), Some(5))));
    let fixed = json!({"from_millis": 0, "until_millis": null});
    assert!(!timed(
        &json!({"predicate": {"column": DATE_TIME, "op": "within", "window": fixed}})
    ));
    let folded_away = json!({"and": [within(Some(-5), None), {"or": []}]});
    assert!(!timed(&folded_away));
}

#[test]
fn changes_further_than_ten_years_ahead_are_not_told() {
    let year = 365 * 86_400_000;
    let version = joined(0);
    assert_eq!(
        plan(&within(Some(-9 * year), None)).next_change(&version, 0),
        Some(9 * year + 1)
    );
    assert_eq!(
        plan(&within(Some(-11 * year), None)).next_change(&version, 0),
        None
    );
}

#[test]
fn moments_at_the_ends_of_time_overflow_nothing() {
    let version = joined(i64::MAX);
    let ends = [i64::MIN, -1, 0, 1, i64::MAX];
    for now in ends {
        for (from, until) in ends
            .iter()
            .flat_map(|&from| ends.map(|until| (from, until)))
        {
            let plan = plan(&within(Some(from), Some(until))).at(now);
            plan.count(&version);
            plan.matches(&version, 0);
            assert!(
                plan.next_flip(&version, 0, now)
                    .is_none_or(|flip| flip > now)
            );
            plan.next_change(&version, 0);
        }
    }
}

#[test]
fn what_a_plan_depends_on_is_named_once() {
    let text = json!({"predicate": {"column": TEXT, "op": "provided"}});
    let near = json!({"near": {"latitude": 0, "longitude": 0, "radius_metres": 5}});
    let sample = json!({"sample": {"percent": 5, "salt": ""}});
    let never = json!({"predicate": {"column": 69, "op": "any_of", "codes": []}});
    let condition =
        json!({"or": [text, {"not": text}, near, sample, never, within(None, Some(0))]});
    assert_eq!(plan(&condition).columns(), [11, 12, TEXT, DATE_TIME]);
    assert_eq!(plan(&condition).event_types(), [] as [u16; 0]);
    let nothing: [RowId; 0] = [];
    assert_eq!(plan(&sample).columns(), nothing);
}
