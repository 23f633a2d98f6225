//! What a place on a list brings with it: a state, the time of joining, the time of becoming active.

use super::placement::Placement;
use super::version::{Columns, code};
use crate::batch::{Batch, BatchColumn, BatchMembers, BatchValues};
use crate::schema::ColumnId;

/// Code of the state `ACTIVE`.
const ACTIVE: u16 = 0;

/// The values that places on lists bring with them, beside those of the batch.
///
/// A row without a state, stored or given, becomes active. A row that was not on the list joins at `tick_millis`, and a row that becomes
/// active does so at `tick_millis`, unless the batch says otherwise.
pub(super) fn implied(
    stored: &Columns,
    batch: &Batch,
    placement: &Placement,
    tick_millis: i64,
) -> Vec<BatchColumn> {
    let mut columns = Vec::new();
    for members in &batch.members {
        let Additions {
            active,
            joined_at,
            active_at,
        } = Additions::of(stored, batch, members, placement);
        let list = &members.list;
        let states = BatchValues::MultiSelectOne(vec![ACTIVE; active.len()]);
        columns.push(BatchColumn {
            column: list.state(),
            rows: active,
            values: states,
            cleared: vec![],
        });
        columns.push(constant_time(list.joined_at(), joined_at, tick_millis));
        columns.push(constant_time(list.active_at(), active_at, tick_millis));
    }
    columns
}

/// One time for each of some batch rows.
pub(super) fn constant_time(column: ColumnId, rows: Vec<u32>, millis: i64) -> BatchColumn {
    let values = BatchValues::DateTime(vec![millis; rows.len()]);
    BatchColumn {
        column,
        rows,
        values,
        cleared: Vec::new(),
    }
}

/// Batch rows, ascending, that get a value which the batch does not give.
#[derive(Default)]
struct Additions {
    active: Vec<u32>,
    joined_at: Vec<u32>,
    active_at: Vec<u32>,
}

impl Additions {
    fn of(stored: &Columns, batch: &Batch, members: &BatchMembers, placement: &Placement) -> Self {
        let list = &members.list;
        let mut states = Given::of(batch, list.state());
        let mut joined_at = Given::of(batch, list.joined_at());
        let mut active_at = Given::of(batch, list.active_at());
        let stored = stored.get(list.state());
        let mut additions = Self::default();
        for &row in &members.rows {
            let before = code(stored, placement.row(row)).filter(|_| !states.clears(row));
            let given = states.code(row);
            let after = given.or(before).unwrap_or(ACTIVE);
            if before.is_none() && given.is_none() {
                additions.active.push(row);
            }
            if before.is_none() && !joined_at.says(row) {
                additions.joined_at.push(row);
            }
            if after == ACTIVE && before != Some(ACTIVE) && !active_at.says(row) {
                additions.active_at.push(row);
            }
        }
        additions
    }
}

/// What a batch says of a column, asked for ascending rows.
struct Given<'a> {
    column: Option<&'a BatchColumn>,
    /// How far the rows with a value have been passed.
    rows_passed: usize,
    /// How far the cleared rows have been passed.
    cleared_passed: usize,
}

impl<'a> Given<'a> {
    fn of(batch: &'a Batch, column: ColumnId) -> Self {
        Self {
            column: batch.columns.iter().find(|given| given.column == column),
            rows_passed: 0,
            cleared_passed: 0,
        }
    }

    /// The option given to a row.
    fn code(&mut self, row: u32) -> Option<u16> {
        let given = self.column?;
        let BatchValues::MultiSelectOne(codes) = &given.values else {
            return None;
        };
        Some(codes[find(&given.rows, &mut self.rows_passed, row)?])
    }

    /// Whether a row loses the value it has.
    fn clears(&mut self, row: u32) -> bool {
        let cleared = self.column.map_or(&[][..], |given| &given.cleared);
        find(cleared, &mut self.cleared_passed, row).is_some()
    }

    /// Whether a row is given a value or loses the one it has.
    fn says(&mut self, row: u32) -> bool {
        let rows = self.column.map_or(&[][..], |given| &given.rows);
        find(rows, &mut self.rows_passed, row).is_some() || self.clears(row)
    }
}

/// The position of a row among ascending ones, looked for behind those passed before.
fn find(rows: &[u32], passed: &mut usize, row: u32) -> Option<usize> {
    let smaller = |other: &&u32| **other < row;
    *passed += rows[*passed..].iter().take_while(smaller).count();
    (rows.get(*passed) == Some(&row)).then_some(*passed)
}
