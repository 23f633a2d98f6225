//! What the readers of flat formats share: identifiers from two columns, and what follows the last record.

use std::ops::RangeInclusive;

use super::builder::Builder;
use super::given::{Given, boolean};
use super::identifier::GivenIdentifier;
use super::layout::ValueColumn;
use super::problem::{Place, Problem};
use crate::batch::{Batch, IdentifierKind};
use crate::schema::{ColumnId, List, builtin};
use crate::wire::value;

/// Collections of identifiers.
pub(super) const COLLECTIONS: [IdentifierKind; 3] = [
    IdentifierKind::Email,
    IdentifierKind::Phone,
    IdentifierKind::AlternateId,
];

/// Adds the value of the flat column to a row's identifiers.
///
/// A value that stands in the nested column as well is taken once, so that exports can be imported again.
pub(super) fn add_flat<'a>(given: &mut Vec<GivenIdentifier<'a>>, value: &'a [u8]) {
    if given.iter().all(|other| other.value != value) {
        given.insert(0, GivenIdentifier::new(None, &[], value));
    }
}

/// Stores a row's value, or reports why it cannot be.
#[inline]
pub(super) fn store(
    builder: &mut Builder,
    column: &ValueColumn,
    row: u32,
    given: Given,
    place: Place,
) {
    let degrees = match (column.coordinate_limit, given) {
        (Some(limit), Given::Number(degrees)) => Some((degrees, limit)),
        (Some(limit), Given::Text(text)) => value::number(text).map(|degrees| (degrees, limit)),
        _ => None,
    };
    match degrees {
        Some((degrees, limit)) => {
            builder.store_coordinate(&column.target, row, degrees, limit, place);
        }
        None => builder.store(&column.target, row, given, place),
    }
    if let Some(members) = column.members {
        builder.members[members].rows.push(row);
    }
}

/// Reports a row that exports mark as a removal: imports remove nothing.
pub(super) fn report_removal(builder: &mut Builder, row: u32, given: Given) {
    let problem = match given {
        Given::Null | Given::Text([]) => return,
        given => match boolean(given) {
            Ok(false) => return,
            Ok(true) => Problem::Removal,
            Err(problem) => problem,
        },
    };
    builder.report(row, Place::Named("removed"), problem);
}

/// Ends a block whose records all join a list.
pub(super) fn finish(mut builder: Builder, list: Option<&List>, row_count: u32) -> Batch {
    if let Some(list) = list {
        let slot = builder.members_slot(list);
        builder.members[slot].rows = (0..row_count).collect();
    }
    for members in &mut builder.members {
        members.rows.sort_unstable();
        members.rows.dedup();
    }
    builder.compose_name = rows_with_composed_names(&builder, row_count);
    builder.finish(row_count)
}

/// Rows that say something of the given, middle or family name and nothing of the whole, or clear the whole.
fn rows_with_composed_names(builder: &Builder, row_count: u32) -> Vec<u32> {
    let mut is_composed = vec![false; row_count as usize];
    let of = |ids: RangeInclusive<ColumnId>| {
        let columns = builder.columns.iter();
        columns.filter(move |column| ids.contains(&column.column))
    };
    for column in of(builtin::GIVEN_NAME..=builtin::FAMILY_NAME) {
        for &row in column.rows.iter().chain(&column.cleared) {
            is_composed[row as usize] = true;
        }
    }
    for column in of(builtin::FULL_NAME..=builtin::FULL_NAME) {
        for &row in &column.rows {
            is_composed[row as usize] = false;
        }
        for &row in &column.cleared {
            is_composed[row as usize] = true;
        }
    }
    (0..row_count)
        .filter(|&row| is_composed[row as usize])
        .collect()
}
