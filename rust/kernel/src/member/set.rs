//! The members of a segment, as a version has them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::dirty::Dirty;
use crate::bitmap::{BLOCK_WORDS, RowSet, Words};
use crate::rule::Selection;
use crate::table::{RowId, Version, block_and_row, row_id};

/// Members of every maintained segment. A clone shares everything.
#[derive(Debug, Clone)]
pub(crate) struct Members {
    /// Numbers of the segments by key.
    pub(super) numbers: Arc<BTreeMap<Arc<str>, u32>>,
    /// Their members by number.
    pub(super) sets: Arc<BTreeMap<u32, Arc<MemberSet>>>,
    /// The moment of all of them.
    pub(super) moment: i64,
}

impl Default for Members {
    /// No segment, at a moment before all others.
    fn default() -> Self {
        Self {
            numbers: Arc::default(),
            sets: Arc::default(),
            moment: i64::MIN,
        }
    }
}

impl Members {
    fn of(&self, segment: &str) -> Option<&MemberSet> {
        self.sets.get(self.numbers.get(segment)?).map(|set| &**set)
    }

    /// Bytes of memory; sets shared with other versions count in each.
    pub(crate) fn memory_bytes(&self) -> usize {
        let blocks = self.sets.values().flat_map(|set| &set.blocks);
        blocks
            .map(|block| block.memory_bytes() + size_of_val(block))
            .sum()
    }
}

impl Version {
    /// Number of a maintained segment's members; `None` when it is not maintained.
    pub fn member_count(&self, segment: &str) -> Option<usize> {
        self.members.of(segment).map(|set| set.len)
    }

    /// Writes one bit for each row of a block: whether it is a member of a maintained segment.
    pub(crate) fn members_into(&self, segment: &str, block: usize, words: &mut Words) {
        words.fill(0);
        let set = self.members.of(segment);
        if let Some(rows) = set.and_then(|set| set.blocks.get(block)) {
            rows.or_into(words);
        }
    }

    /// Keys of the maintained segments that a row is a member of, ascending.
    pub fn segments_of(&self, row: RowId) -> Vec<&str> {
        let numbers = self.members.numbers.iter();
        numbers
            .filter(|(_, number)| {
                let set = self.members.sets.get(number);
                set.is_some_and(|set| set.contains(row))
            })
            .map(|(key, _)| &**key)
            .collect()
    }

    /// The moment of the maintained members, milliseconds since 1970 UTC: with the revision, the position from which on watchers see what
    /// this version does not show. The least there is before anything was maintained or committed.
    pub fn moment_millis(&self) -> i64 {
        self.members.moment
    }
}

/// Rows of a segment's members.
#[derive(Debug, Clone, Default)]
pub(super) struct MemberSet {
    blocks: Vec<Arc<RowSet>>,
    len: usize,
}

/// Rows that entered a set and rows that left it, ascending.
#[derive(Debug, Default)]
pub(super) struct Difference {
    pub(super) entered: Vec<RowId>,
    pub(super) left: Vec<RowId>,
}

impl Difference {
    fn note(&mut self, row: RowId, entered: bool) {
        let rows = if entered {
            &mut self.entered
        } else {
            &mut self.left
        };
        rows.push(row);
    }

    pub(super) fn len(&self) -> usize {
        self.entered.len() + self.left.len()
    }
}

impl MemberSet {
    /// Takes over what an evaluation found.
    pub(super) fn new(selection: &Selection) -> Self {
        let set = |words: &Option<Box<Words>>| match words {
            Some(words) => Arc::new(RowSet::from_words(words)),
            None => Arc::default(),
        };
        let blocks: Vec<Arc<RowSet>> = selection.blocks.iter().map(set).collect();
        let len = blocks.iter().map(|block| block.len()).sum();
        Self { blocks, len }
    }

    pub(super) fn contains(&self, row: RowId) -> bool {
        let (block, row) = block_and_row(row);
        self.blocks.get(block).is_some_and(|set| set.contains(row))
    }

    /// What has to happen to these members to become others.
    pub(super) fn difference(&self, other: &Self) -> Difference {
        let mut difference = Difference::default();
        for block in 0..self.blocks.len().max(other.blocks.len()) {
            let words = |set: &Self| {
                set.blocks
                    .get(block)
                    .map_or([0; BLOCK_WORDS], |set| set.to_words())
            };
            let (before, after) = (words(self), words(other));
            let only = |some: &Words, others: &Words| {
                let mut only = *some;
                only.iter_mut()
                    .zip(others)
                    .for_each(|(word, other)| *word &= !other);
                let rows = RowSet::from_words(&only);
                rows.iter()
                    .map(|row| row_id(block, row))
                    .collect::<Vec<_>>()
            };
            difference.entered.extend(only(&after, &before));
            difference.left.extend(only(&before, &after));
        }
        difference
    }

    /// What has to happen for exactly those of the dirty rows to be members whose bit is set.
    pub(super) fn difference_of(&self, dirty: &Dirty<'_>, is_member: &[u64]) -> Difference {
        let was_member = dirty.bits_in(|block| self.blocks.get(block).map(|set| &**set));
        let mut difference = Difference::default();
        for (word, (&before, &after)) in was_member.iter().zip(is_member).enumerate() {
            let mut differing = before ^ after;
            while differing != 0 {
                let bit = differing.trailing_zeros() as usize;
                differing &= differing - 1;
                let row = dirty.rows()[word * 64 + bit];
                difference.note(row, after >> bit & 1 == 1);
            }
        }
        difference
    }

    /// Takes rows in that are no members, and others out that are.
    pub(super) fn apply(&mut self, difference: &Difference) {
        self.for_each_block(&difference.left, RowSet::remove_sorted);
        self.for_each_block(&difference.entered, RowSet::insert_sorted);
        self.len = self.len + difference.entered.len() - difference.left.len();
    }

    fn for_each_block(&mut self, rows: &[RowId], write: impl Fn(&mut RowSet, &[u16])) {
        let rows: Vec<(usize, u16)> = rows.iter().map(|&row| block_and_row(row)).collect();
        for of_block in rows.chunk_by(|a, b| a.0 == b.0) {
            let block = of_block[0].0;
            if self.blocks.len() <= block {
                self.blocks.resize(block + 1, Arc::default());
            }
            let rows: Vec<u16> = of_block.iter().map(|&(_, row)| row).collect();
            write(Arc::make_mut(&mut self.blocks[block]), &rows);
        }
    }
}
