use super::Block;
use crate::bitmap::RowSet;

/// No row.
static NONE: RowSet = RowSet::new();

/// The set of rows of each option of a block.
#[derive(Debug, Clone, Default)]
pub struct OptionsBlock {
    /// Ascending codes; no set is empty.
    sets: Vec<(u16, RowSet)>,
    /// Rows with at least one option while there are several options; else empty, because the only set says it.
    union: RowSet,
}

impl OptionsBlock {
    /// Takes stored parts as they are: ascending codes.
    pub(crate) fn from_parts(sets: Vec<(u16, RowSet)>, presence: RowSet) -> Self {
        let mut block = Self {
            sets,
            union: presence,
        };
        block.close_union();
        block
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
        match self.sets.as_slice() {
            [] => &NONE,
            [(_, only)] => only,
            _ => &self.union,
        }
    }

    /// Makes the union what [`presence`](Self::presence) says, to be written to.
    fn open_union(&mut self) {
        if self.sets.len() < 2 {
            self.union = self.presence().clone();
        }
    }

    /// Gives the union up where the only set says the same.
    fn close_union(&mut self) {
        if self.sets.len() < 2 {
            self.union = RowSet::new();
        }
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
    /// The rows that had options, once for each option that the block holds, and the options given.
    pub fn write(&mut self, rows: &[u16], codes: &[u16], ends: &[u32]) {
        let mut keys = Vec::with_capacity(codes.len());
        let (mut given, mut absent) = (Vec::with_capacity(rows.len()), Vec::new());
        let mut start = 0;
        for (&row, &end) in rows.iter().zip(ends) {
            let of_row = &codes[start..end as usize];
            keys.extend(of_row.iter().map(|&code| key(code, row)));
            let list = if of_row.is_empty() {
                &mut absent
            } else {
                &mut given
            };
            list.push(row);
            start = end as usize;
        }
        self.replace(rows, keys);
        self.union.insert_sorted(&given);
        self.union.remove_sorted(&absent);
        self.close_union();
    }

    /// Gives one option to each of ascending rows without repeats, instead of those they had.
    ///
    /// # Cost
    /// That of adding rows to a set while the block holds no other option than the one given, as with tags; else as [`write`](Self::write).
    pub fn write_one(&mut self, rows: &[u16], codes: &[u16]) {
        match self.sets.as_mut_slice() {
            [(only, set)] if codes.iter().all(|code| code == only) => set.insert_sorted(rows),
            _ => {
                let keys = codes.iter().zip(rows);
                self.replace(rows, keys.map(|(&code, &row)| key(code, row)).collect());
                self.union.insert_sorted(rows);
                self.close_union();
            }
        }
    }

    /// Makes options of rows exactly those of keys, in any order, and leaves the union open.
    fn replace(&mut self, rows: &[u16], mut keys: Vec<u32>) {
        self.open_union();
        keys.sort_unstable();
        keys.dedup();
        let held: Vec<u16> = rows
            .iter()
            .copied()
            .filter(|&row| self.union.contains(row))
            .collect();
        let (codes, given): (Vec<u16>, Vec<u16>) = keys.into_iter().map(code_and_row).unzip();
        let mut from = 0;
        let mut groups: Vec<(u16, &[u16])> = Vec::new();
        for group in codes.chunk_by(|a, b| a == b) {
            groups.push((group[0], &given[from..from + group.len()]));
            from += group.len();
        }
        for (code, set) in &mut self.sets {
            let with = groups.binary_search_by_key(code, |group| group.0);
            set.assign(&held, with.map_or(&[], |position| groups[position].1));
        }
        for (code, with) in groups {
            if let Err(position) = self.find(code) {
                self.sets
                    .insert(position, (code, RowSet::from_sorted(with)));
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
        self.presence()
    }

    fn clear(&mut self, rows: &[u16]) {
        for (_, set) in &mut self.sets {
            set.remove_sorted(rows);
        }
        self.sets.retain(|(_, set)| !set.is_empty());
        self.union.remove_sorted(rows);
        self.close_union();
    }

    fn erase(&mut self, rows: &[u16]) {
        self.clear(rows);
    }

    fn seal(&mut self) {
        for (_, set) in &mut self.sets {
            set.shrink();
        }
        self.sets.shrink_to_fit();
        self.union.shrink();
    }

    fn memory_bytes(&self) -> usize {
        let sets = self
            .sets
            .iter()
            .map(|(_, set)| set.memory_bytes())
            .sum::<usize>();
        self.sets.capacity() * size_of::<(u16, RowSet)>() + sets + self.union.memory_bytes()
    }
}

/// A code and a row as a number that sorts by code first.
fn key(code: u16, row: u16) -> u32 {
    u32::from(code) << 16 | u32::from(row)
}

#[expect(clippy::cast_possible_truncation, reason = "both halves have 16 bits")]
fn code_and_row(key: u32) -> (u16, u16) {
    ((key >> 16) as u16, key as u16)
}
