//! Taking records out of all columns of a batch.

use super::{Batch, BatchColumn, BatchIdentifiers, BatchValues, Identifier, Texts};

/// New number of each row, or `GONE`.
type Renumbering = Vec<u32>;

const GONE: u32 = u32::MAX;

impl Batch {
    /// Removes rows with everything that was given for them and numbers the others anew.
    ///
    /// # Cost
    /// One pass over the batch.
    ///
    /// # Panics
    /// When the batch has cuts: rows are taken out before those are looked for, or of a single run.
    pub(crate) fn remove_rows(&mut self, removed: &[u32]) {
        assert!(self.cuts.is_empty(), "a batch without cuts");
        if removed.is_empty() {
            return;
        }
        let renumbering = renumber(self.profile_ids.len(), removed);
        self.record_numbers = (0..)
            .zip(&renumbering)
            .filter(|(_, number)| **number != GONE)
            .map(|(row, _)| self.record_number(row))
            .collect();
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
    /// Clears all rows of a batch of which nothing is said.
    pub(crate) fn clear_others(&mut self, n_rows: u32) {
        let mut said = vec![false; n_rows as usize];
        for &row in self.rows.iter().chain(&self.cleared) {
            said[row as usize] = true;
        }
        let all = (0..n_rows).zip(&said);
        let others = all.filter(|(_, said)| !**said).map(|(row, _)| row);
        self.cleared.extend(others);
        self.cleared.sort_unstable();
    }

    /// Keeps what is said of some rows; their numbers stay.
    pub(crate) fn retain(&mut self, is_kept: impl Fn(u32) -> bool) {
        let of_rows = self.rows.iter().enumerate();
        let kept: Vec<usize> = of_rows
            .filter(|(_, row)| is_kept(**row))
            .map(|(position, _)| position)
            .collect();
        if kept.len() < self.rows.len() {
            keep_values(&mut self.rows, &kept);
            self.values.keep(&kept);
        }
        self.cleared.retain(|&row| is_kept(row));
    }

    fn remove_rows(&mut self, renumbering: &Renumbering) {
        let kept = kept_positions(self.rows.iter().copied(), renumbering);
        renumber_rows(&mut self.rows, renumbering);
        renumber_rows(&mut self.cleared, renumbering);
        self.values.keep(&kept);
    }
}

impl BatchValues {
    /// Keeps the values at ascending positions.
    fn keep(&mut self, kept: &[usize]) {
        match self {
            Self::Text(texts) => keep_texts(texts, kept),
            Self::Number(values) => keep_values(values, kept),
            Self::Boolean(values) => keep_values(values, kept),
            Self::Date(values) => keep_values(values, kept),
            Self::DateTime(values) => keep_values(values, kept),
            Self::MultiSelectOne(codes) => keep_values(codes, kept),
            Self::MultiSelectMany { codes, ends } => keep_runs(codes, ends, kept),
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
