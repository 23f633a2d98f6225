//! Laws of maintained members: they are always those that an evaluation from scratch finds, and what watchers are told leads to them.

mod account;
mod blocks;
mod history;
mod laws;
mod mirror;

use std::collections::BTreeSet;

use segue_kernel::member::Position;
use segue_kernel::rule::Plan;
use segue_kernel::table::{RowId, Version};

/// Rows that satisfy a plan, from scratch, at the moment of a version's members.
fn found(plan: &Plan, version: &Version) -> BTreeSet<RowId> {
    found_at(plan, version, version.moment_millis())
}

fn found_at(plan: &Plan, version: &Version, moment: i64) -> BTreeSet<RowId> {
    plan.at(moment).evaluate(version).iter().collect()
}

/// Rows of a maintained segment's members.
fn members(version: &Version, segment: &str) -> BTreeSet<RowId> {
    let rows = 0..RowId::try_from(version.n_rows()).expect("few rows");
    let members: BTreeSet<_> = rows
        .filter(|&row| version.segments_of(row).contains(&segment))
        .collect();
    assert_eq!(version.member_count(segment), Some(members.len()));
    members
}

/// The position behind everything that a version shows.
fn position(version: &Version) -> Position {
    Position {
        revision: version.revision(),
        millis: version.moment_millis(),
    }
}
