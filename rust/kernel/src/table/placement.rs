//! Where the rows of a batch go, grouped by block.

use super::RowId;
use super::slots::lower_half;
use crate::column::BLOCK_ROWS;

/// Rows that are fewer than the batch's by this factor are sorted by themselves, not picked from all of them: sorting a row takes about ten
/// times as long as passing one over. Not tuned by measurement.
const FEW_PARTS: usize = 16;

/// The table's row of each batch row. No row stands twice.
pub(super) struct Placement {
    rows: Vec<RowId>,
    /// Batch rows in order of their table rows; `None` when that is the order they have.
    order: Option<Vec<u32>>,
    all: Runs,
}

/// Rows of one block, ascending, with the positions of their values.
pub(super) struct Run<'a> {
    pub(super) block: usize,
    pub(super) rows: &'a [u16],
    pub(super) positions: &'a [u32],
}

/// Rows with positions of values, grouped by block.
#[derive(Default)]
pub(super) struct Runs {
    rows: Vec<u16>,
    positions: Vec<u32>,
    /// Each block with the end of its rows.
    ends: Vec<(usize, usize)>,
}

impl Placement {
    pub(super) fn new(rows: Vec<RowId>) -> Self {
        let order = (!rows.is_sorted()).then(|| {
            let mut keyed: Vec<u64> = (0..)
                .zip(&rows)
                .map(|(i, &row)| u64::from(row) << 32 | i)
                .collect();
            keyed.sort_unstable();
            keyed.into_iter().map(lower_half).collect::<Vec<u32>>()
        });
        let all = match &order {
            None => Runs::new(rows.iter().copied().zip(0..)),
            Some(order) => Runs::new(order.iter().map(|&i| (rows[i as usize], i))),
        };
        Self { rows, order, all }
    }

    /// Number of batch rows.
    pub(super) fn n_rows(&self) -> usize {
        self.rows.len()
    }

    /// The table's row of a batch row.
    pub(super) fn row(&self, batch_row: u32) -> RowId {
        self.rows[batch_row as usize]
    }

    /// All table rows, ascending.
    pub(super) fn sorted_rows(&self) -> Vec<RowId> {
        match &self.order {
            None => self.rows.clone(),
            Some(order) => order.iter().map(|&i| self.rows[i as usize]).collect(),
        }
    }

    /// Groups some batch rows, ascending, whose values stand at the same positions.
    pub(super) fn runs(&self, batch_rows: &[u32]) -> Runs {
        let keyed = batch_rows.iter().map(|&i| self.row(i)).zip(0..);
        match &self.order {
            None => Runs::new(keyed),
            Some(_) if batch_rows.len() < self.rows.len() / FEW_PARTS => {
                let mut keyed: Vec<(RowId, u32)> = keyed.collect();
                keyed.sort_unstable();
                Runs::new(keyed.into_iter())
            }
            Some(order) => {
                let mut positions = vec![u32::MAX; self.rows.len()];
                for (position, &i) in (0..).zip(batch_rows) {
                    positions[i as usize] = position;
                }
                let given = order.iter().map(|&i| (self.row(i), positions[i as usize]));
                Runs::new(given.filter(|&(_, position)| position != u32::MAX))
            }
        }
    }

    /// Calls a function with the runs of some batch rows; those of all rows are made once.
    pub(super) fn for_each_run(&self, batch_rows: &[u32], write: impl FnMut(Run<'_>)) {
        if batch_rows.len() == self.rows.len() {
            self.all.iter().for_each(write);
        } else if !batch_rows.is_empty() {
            self.runs(batch_rows).iter().for_each(write);
        }
    }
}

impl Runs {
    /// Groups ascending rows with their positions.
    fn new(rows: impl Iterator<Item = (RowId, u32)>) -> Self {
        let mut runs = Self::default();
        for (row, position) in rows {
            let (block, row) = block_and_row(row);
            match runs.ends.last_mut() {
                Some((last, end)) if *last == block => *end += 1,
                _ => runs.ends.push((block, runs.rows.len() + 1)),
            }
            runs.rows.push(row);
            runs.positions.push(position);
        }
        runs
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Run<'_>> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|&(_, end)| end));
        starts.zip(&self.ends).map(|(start, &(block, end))| Run {
            block,
            rows: &self.rows[start..end],
            positions: &self.positions[start..end],
        })
    }
}

impl Run<'_> {
    /// The values of the run, in its order: those given where they lie in order already, else copied to `scratch`.
    pub(super) fn pick<'a, T: Copy>(&self, values: &'a [T], scratch: &'a mut Vec<T>) -> &'a [T] {
        let first = self.positions[0] as usize;
        if (first..)
            .zip(self.positions)
            .all(|(expected, &position)| position as usize == expected)
        {
            return &values[first..first + self.positions.len()];
        }
        scratch.clear();
        scratch.extend(
            self.positions
                .iter()
                .map(|&position| values[position as usize]),
        );
        scratch
    }
}

/// The block of a row, and its number there.
pub(crate) fn block_and_row(row: RowId) -> (usize, u16) {
    (row as usize / BLOCK_ROWS, (row & 0xFFFF) as u16)
}

/// The row of a block's row.
///
/// # Panics
/// When no table numbers that many rows.
pub(crate) fn row_id(block: usize, row: u16) -> RowId {
    RowId::try_from(block * BLOCK_ROWS + usize::from(row)).expect("tables number fewer rows")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::subsequence;

    use super::*;

    /// Table rows of a batch in any order, and some of its rows.
    fn placed() -> impl Strategy<Value = (Vec<RowId>, Vec<u32>)> {
        let rows = prop::collection::btree_set(0..200_000_u32, 0..100);
        let shuffled = rows.prop_map(Vec::from_iter).prop_shuffle();
        shuffled.prop_flat_map(|rows| {
            let all: Vec<u32> = (0..).take(rows.len()).collect();
            let some = subsequence(all, 0..=rows.len() / 2);
            (Just(rows), some)
        })
    }

    proptest! {
        #[test]
        fn runs_hold_the_given_rows_in_the_order_of_the_table((rows, given) in placed(), few in 0..8_usize) {
            for given in [&given[..], &given[..given.len().min(few)]] {
                let mut expected: Vec<(RowId, u32)> = given.iter().map(|&i| rows[i as usize]).zip(0..).collect();
                expected.sort_unstable();
                let runs = Placement::new(rows.clone()).runs(given);
                let found: Vec<(RowId, u32)> = runs
                    .iter()
                    .flat_map(|run| {
                        let rows = run.rows.iter().map(move |&row| row_id(run.block, row));
                        rows.zip(run.positions.iter().copied()).collect::<Vec<_>>()
                    })
                    .collect();
                prop_assert_eq!(found, expected);
            }
        }
    }
}
