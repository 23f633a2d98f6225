use super::Block;
use crate::bitmap::RowSet;

/// The set of rows of each option of a block.
#[derive(Debug, Clone, Default)]
pub struct OptionsBlock {
    /// Ascending codes; no set is empty.
    sets: Vec<(u16, RowSet)>,
    presence: RowSet,
}

impl OptionsBlock {
    /// Takes stored parts as they are: ascending codes.
    pub(crate) fn from_parts(sets: Vec<(u16, RowSet)>, presence: RowSet) -> Self {
        Self { sets, presence }
    }

    /// Rows that have an option; `None` when no row has.
    pub fn with_option(&self, code: u16) -> Option<&RowSet> {
        self.find(code).ok().map(|position| &self.sets[position].1)
    }

    /// The options that a row has, with their rows: ascending codes.
    pub fn options(&self) -> impl Iterator<Item = (u16, &RowSet)> {
        self.sets.iter().map(|(code, rows)| (*code, rows))
    }

    /// Rows with at least one option.
    pub fn presence(&self) -> &RowSet {
        &self.presence
    }

    /// Appends the options of a row, ascending.
    pub fn codes_into(&self, row: u16, codes: &mut Vec<u16>) {
        codes.extend(
            self.options()
                .filter(|(_, rows)| rows.contains(row))
                .map(|(code, _)| code),
        );
    }

    /// Replaces the options of ascending rows without repeats. A row without any becomes absent.
    ///
    /// - `codes`: the options of all rows one behind the other;
    /// - `ends`: the end of each row's options in `codes`, one for each row.
    ///
    /// # Cost
    /// The rows, once for each option that the block holds or that is given.
    pub fn write(&mut self, rows: &[u16], codes: &[u16], ends: &[u32]) {
        let mut pairs = Vec::with_capacity(codes.len());
        let (mut given, mut absent) = (Vec::with_capacity(rows.len()), Vec::new());
        let mut start = 0;
        for (&row, &end) in rows.iter().zip(ends) {
            let of_row = &codes[start..end as usize];
            pairs.extend(of_row.iter().map(|&code| (code, row)));
            let list = if of_row.is_empty() {
                &mut absent
            } else {
                &mut given
            };
            list.push(row);
            start = end as usize;
        }
        self.replace(rows, pairs);
        self.presence.insert_sorted(&given);
        self.presence.remove_sorted(&absent);
    }

    /// Gives one option to each of ascending rows without repeats, instead of those they had.
    pub fn write_one(&mut self, rows: &[u16], codes: &[u16]) {
        self.replace(
            rows,
            codes.iter().copied().zip(rows.iter().copied()).collect(),
        );
        self.presence.insert_sorted(rows);
    }

    fn replace(&mut self, rows: &[u16], mut pairs: Vec<(u16, u16)>) {
        pairs.sort_unstable();
        pairs.dedup();
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for (code, set) in &mut self.sets {
            with.clear();
            let start = pairs.partition_point(|pair| pair.0 < *code);
            with.extend(
                pairs[start..]
                    .iter()
                    .take_while(|pair| pair.0 == *code)
                    .map(|pair| pair.1),
            );
            subtract(rows, &with, &mut without);
            set.remove_sorted(&without);
            set.insert_sorted(&with);
        }
        for group in pairs.chunk_by(|a, b| a.0 == b.0) {
            if let Err(position) = self.find(group[0].0) {
                with.clear();
                with.extend(group.iter().map(|pair| pair.1));
                self.sets
                    .insert(position, (group[0].0, RowSet::from_sorted(&with)));
            }
        }
        self.sets.retain(|(_, set)| !set.is_empty());
    }

    fn find(&self, code: u16) -> Result<usize, usize> {
        self.sets.binary_search_by_key(&code, |(code, _)| *code)
    }
}

impl Block for OptionsBlock {
    fn presence(&self) -> &RowSet {
        &self.presence
    }

    fn clear(&mut self, rows: &[u16]) {
        for (_, set) in &mut self.sets {
            set.remove_sorted(rows);
        }
        self.sets.retain(|(_, set)| !set.is_empty());
        self.presence.remove_sorted(rows);
    }

    fn erase(&mut self, rows: &[u16]) {
        self.clear(rows);
    }

    fn seal(&mut self) {
        for (_, set) in &mut self.sets {
            set.shrink();
        }
        self.sets.shrink_to_fit();
        self.presence.shrink();
    }

    fn memory_bytes(&self) -> usize {
        let sets = self
            .sets
            .iter()
            .map(|(_, set)| set.memory_bytes())
            .sum::<usize>();
        self.sets.capacity() * size_of::<(u16, RowSet)>() + sets + self.presence.memory_bytes()
    }
}

/// Rows that are not in another ascending list.
fn subtract(rows: &[u16], others: &[u16], rest: &mut Vec<u16>) {
    rest.clear();
    let mut others = others.iter().copied().peekable();
    rest.extend(
        rows.iter()
            .copied()
            .filter(|row| others.next_if_eq(row).is_none()),
    );
}
