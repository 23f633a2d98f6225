//! Some rows of a batch that follow each other, as a batch of their own.

use std::ops::Range;

use super::{
    Batch, BatchColumn, BatchEntries, BatchIdentifiers, BatchMembers, BatchValues, Identifier,
    Texts,
};
use crate::schema::ColumnId;

impl Batch {
    /// What the batch says of a range of its rows, which are numbered anew from 0. Exceptions stay behind.
    ///
    /// # Cost
    /// In proportion to the rows of the range and the number of columns.
    ///
    /// # Panics
    /// When the batch has fewer rows.
    pub(crate) fn slice(&self, rows: Range<u32>) -> Self {
        let columns = self.columns.iter().map(|column| column.slice(&rows));
        let columns: Vec<_> = columns.filter(|column| !column.is_empty()).collect();
        let is_given = |consent: &ColumnId| columns.iter().any(|column| column.column == *consent);
        let consents = self.consents.iter().copied().filter(is_given).collect();
        let members = self.members.iter().map(|members| BatchMembers {
            list: members.list.clone(),
            rows: numbers_within(&members.rows, &rows),
        });
        let entries = self.entries.iter().map(|entries| BatchEntries {
            column: entries.column,
            rows: typed_within(&entries.rows, &rows),
        });
        let cuts = numbers_within(&self.cuts, &rows);
        Self {
            record_count: rows.end - rows.start,
            invalid_count: 0,
            exceptions: Vec::new(),
            profile_ids: self.profile_ids.slice(positions(&rows)),
            record_numbers: rows.clone().map(|row| self.record_number(row)).collect(),
            cuts: cuts.into_iter().filter(|&cut| cut > 0).collect(),
            columns,
            identifiers: self.identifiers.each_ref().map(|given| given.slice(&rows)),
            consents,
            entries: entries.filter(|entries| !entries.rows.is_empty()).collect(),
            members: members.filter(|members| !members.rows.is_empty()).collect(),
            compose_name: numbers_within(&self.compose_name, &rows),
        }
    }
}

impl BatchColumn {
    /// Whether nothing is said of any row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.cleared.is_empty()
    }

    fn slice(&self, rows: &Range<u32>) -> Self {
        Self {
            column: self.column,
            rows: numbers_within(&self.rows, rows),
            values: self.values.slice(positions_within(&self.rows, rows)),
            cleared: numbers_within(&self.cleared, rows),
        }
    }
}

impl BatchValues {
    fn slice(&self, positions: Range<usize>) -> Self {
        match self {
            Self::Text(texts) => Self::Text(texts.slice(positions)),
            Self::Number(values) => Self::Number(values[positions].to_vec()),
            Self::Boolean(values) => Self::Boolean(values[positions].to_vec()),
            Self::Date(values) => Self::Date(values[positions].to_vec()),
            Self::DateTime(values) => Self::DateTime(values[positions].to_vec()),
            Self::MultiSelectOne(codes) => Self::MultiSelectOne(codes[positions].to_vec()),
            Self::MultiSelectMany { codes, ends } => {
                let (codes, ends) = slice_runs(codes, ends, positions);
                Self::MultiSelectMany { codes, ends }
            }
        }
    }
}

impl BatchIdentifiers {
    /// Whether nothing is given for any row.
    pub fn is_empty(&self) -> bool {
        self.plain_rows.is_empty() && self.typed.is_empty()
    }

    fn slice(&self, rows: &Range<u32>) -> Self {
        Self {
            plain_rows: numbers_within(&self.plain_rows, rows),
            plain: self.plain.slice(positions_within(&self.plain_rows, rows)),
            typed: typed_within(&self.typed, rows),
        }
    }
}

impl Texts {
    /// The texts at some positions.
    ///
    /// # Panics
    /// When there are fewer.
    fn slice(&self, positions: Range<usize>) -> Self {
        let (bytes, ends) = slice_runs(&self.bytes, &self.ends, positions);
        Self { bytes, ends }
    }
}

fn positions(rows: &Range<u32>) -> Range<usize> {
    rows.start as usize..rows.end as usize
}

/// Where, in ascending rows, those of a range stand.
fn positions_within(all: &[u32], rows: &Range<u32>) -> Range<usize> {
    let start = all.partition_point(|&row| row < rows.start);
    start..start + all[start..].partition_point(|&row| row < rows.end)
}

/// The rows of a range among ascending ones, counted from its start.
fn numbers_within(all: &[u32], rows: &Range<u32>) -> Vec<u32> {
    let within = all[positions_within(all, rows)].iter();
    within.map(|row| row - rows.start).collect()
}

/// What ascending rows of a range were given, counted from its start.
fn typed_within(all: &[(u32, Vec<Identifier>)], rows: &Range<u32>) -> Vec<(u32, Vec<Identifier>)> {
    let first = all.partition_point(|(row, _)| *row < rows.start);
    let within = all[first..].iter().take_while(|(row, _)| *row < rows.end);
    within
        .map(|(row, given)| (row - rows.start, given.clone()))
        .collect()
}

/// Some of the runs of values that lie one behind the other.
fn slice_runs<T: Copy>(values: &[T], ends: &[u32], positions: Range<usize>) -> (Vec<T>, Vec<u32>) {
    let ends = &ends[..positions.end];
    let start = match positions.start {
        0 => 0,
        first => ends[first - 1],
    };
    let of_range = &ends[positions.start..];
    let end = of_range.last().copied().unwrap_or(start);
    (
        values[start as usize..end as usize].to_vec(),
        of_range.iter().map(|end| end - start).collect(),
    )
}
