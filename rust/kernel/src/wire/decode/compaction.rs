//! Taking bad records out of all columns of a batch.

use crate::batch::{Batch, BatchColumn, BatchIdentifiers, BatchValues, Identifier, Texts};

/// New number of each row, or `GONE`.
type Renumbering = Vec<u32>;

const GONE: u32 = u32::MAX;

impl Batch {
    /// Removes rows with everything that was given for them and numbers the others anew.
    ///
    /// # Cost
    /// One pass over the batch.
    pub(super) fn remove_rows(&mut self, removed: &[u32]) {
        let renumbering = renumber(self.profile_ids.len(), removed);
        keep_texts(&mut self.profile_ids, &kept_positions(0.., &renumbering));
        for column in &mut self.columns {
            column.remove_rows(&renumbering);
        }
        for identifiers in &mut self.identifiers {
            identifiers.remove_rows(&renumbering);
        }
        for entries in &mut self.entries {
            renumber_typed(&mut entries.rows, &renumbering);
        }
        for members in &mut self.members {
            renumber_rows(&mut members.rows, &renumbering);
        }
        renumber_rows(&mut self.compose_name, &renumbering);
    }
}

impl BatchColumn {
    fn remove_rows(&mut self, renumbering: &Renumbering) {
        let kept = kept_positions(self.rows.iter().copied(), renumbering);
        renumber_rows(&mut self.rows, renumbering);
        renumber_rows(&mut self.cleared, renumbering);
        match &mut self.values {
            BatchValues::Text(texts) => keep_texts(texts, &kept),
            BatchValues::Number(values) => keep_values(values, &kept),
            BatchValues::Boolean(values) => keep_values(values, &kept),
            BatchValues::Date(values) => keep_values(values, &kept),
            BatchValues::DateTime(values) => keep_values(values, &kept),
            BatchValues::MultiSelectOne(codes) => keep_values(codes, &kept),
            BatchValues::MultiSelectMany { codes, ends } => keep_runs(codes, ends, &kept),
        }
    }
}

impl BatchIdentifiers {
    fn remove_rows(&mut self, renumbering: &Renumbering) {
        let kept = kept_positions(self.plain_rows.iter().copied(), renumbering);
        renumber_rows(&mut self.plain_rows, renumbering);
        keep_texts(&mut self.plain, &kept);
        renumber_typed(&mut self.typed, renumbering);
    }
}

fn renumber_typed(typed: &mut Vec<(u32, Vec<Identifier>)>, renumbering: &Renumbering) {
    typed.retain_mut(|(row, _)| {
        *row = renumbering[*row as usize];
        *row != GONE
    });
}

fn renumber(n_rows: usize, removed: &[u32]) -> Renumbering {
    let mut renumbering = vec![0; n_rows];
    for &row in removed {
        renumbering[row as usize] = GONE;
    }
    for (next, number) in (0..).zip(renumbering.iter_mut().filter(|number| **number != GONE)) {
        *number = next;
    }
    renumbering
}

/// Positions whose rows stay, ascending.
fn kept_positions(rows: impl IntoIterator<Item = u32>, renumbering: &Renumbering) -> Vec<usize> {
    rows.into_iter()
        .take(renumbering.len())
        .enumerate()
        .filter(|&(_, row)| renumbering[row as usize] != GONE)
        .map(|(position, _)| position)
        .collect()
}

fn renumber_rows(rows: &mut Vec<u32>, renumbering: &Renumbering) {
    rows.retain_mut(|row| {
        *row = renumbering[*row as usize];
        *row != GONE
    });
}

fn keep_values<T: Copy>(values: &mut Vec<T>, kept: &[usize]) {
    for (to, &from) in kept.iter().enumerate() {
        values[to] = values[from];
    }
    values.truncate(kept.len());
}

fn keep_texts(texts: &mut Texts, kept: &[usize]) {
    keep_runs(&mut texts.bytes, &mut texts.ends, kept);
}

/// Keeps some of the runs of values that lie one behind the other.
fn keep_runs<T: Copy>(values: &mut Vec<T>, ends: &mut Vec<u32>, kept: &[usize]) {
    let mut length = 0;
    for (to, &from) in kept.iter().enumerate() {
        let start = if from == 0 {
            0
        } else {
            ends[from - 1] as usize
        };
        let end = ends[from] as usize;
        values.copy_within(start..end, length);
        length += end - start;
        ends[to] = u32::try_from(length).expect("no longer than before");
    }
    values.truncate(length);
    ends.truncate(kept.len());
}
