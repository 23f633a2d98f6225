//! Where the rows of a batch go, grouped by block.

use super::RowId;
use super::slots::lower_half;
use crate::column::BLOCK_ROWS;

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
        match &self.order {
            None => Runs::new(batch_rows.iter().map(|&i| self.row(i)).zip(0..)),
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
pub(super) fn row_id(block: usize, row: u16) -> RowId {
    RowId::try_from(block * BLOCK_ROWS + usize::from(row)).expect("tables number fewer rows")
}
