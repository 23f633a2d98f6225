//! A hash table from 32-bit hashes to rows: linear probing over 8-byte slots.
//!
//! Holds neither keys nor removals. An entry is a hint: whoever follows it compares the key with the columns, so entries of values that
//! were replaced, and of rows that were rolled back, cost time and never an answer. Chosen by measurement (`facts`: 34 ns a key with
//! prefetching, half as much again on the first load of 5 M rows as a general table whose growth shows).

use std::collections::{BTreeSet, HashMap};

use super::RowId;
use super::prefetch::prefetch;

/// A slot without an entry; its row is one that no table numbers.
const EMPTY: u64 = u64::MAX;

/// Slots of the smallest table.
const FIRST_SLOTS: usize = 64;

/// Entries of one hash in the slots. Those of a key that many rows share go elsewhere, or every insertion would walk all of them.
const MAX_RUN: usize = 16;

/// Rows by hash, as a multimap.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    /// Hash in the upper half, row in the lower; the place of a hash grows with it, so growing is one pass through memory.
    entries: Vec<u64>,
    used: usize,
    /// Further rows of hashes that have [`MAX_RUN`] entries in the slots.
    crowded: HashMap<u32, BTreeSet<RowId>>,
}

impl Slots {
    /// Number of entries.
    pub(crate) fn len(&self) -> usize {
        self.used + self.crowded.values().map(BTreeSet::len).sum::<usize>()
    }

    /// Bytes of memory.
    pub(crate) fn memory_bytes(&self) -> usize {
        let crowded = self.len() - self.used;
        size_of_val(self.entries.as_slice()) + crowded * size_of::<RowId>()
    }

    /// Starts loading the slots of a hash.
    #[inline]
    pub(crate) fn prefetch(&self, hash: u32) {
        if let Some(slot) = self.entries.get(self.home(hash)) {
            prefetch(slot);
        }
    }

    /// Makes room, so that `additional` insertions find a free slot.
    pub(crate) fn reserve(&mut self, additional: usize) {
        let needed = self.used + additional;
        if needed * 5 <= self.entries.len() * 4 {
            return;
        }
        let grown = (self.entries.len() / 2 * 3)
            .max(needed / 4 * 5)
            .max(FIRST_SLOTS);
        let full = std::mem::replace(&mut self.entries, vec![EMPTY; grown]);
        for slot in full.into_iter().filter(|&slot| slot != EMPTY) {
            let mut at = self.home(hash_of(slot));
            while self.entries[at] != EMPTY {
                at = self.after(at);
            }
            self.entries[at] = slot;
        }
    }

    /// Adds an entry unless it is there. Needs room, see [`reserve`](Self::reserve).
    #[inline]
    pub(crate) fn insert(&mut self, hash: u32, row: RowId) {
        let entry = u64::from(hash) << 32 | u64::from(row);
        let mut at = self.home(hash);
        let mut run = 0;
        loop {
            let slot = self.entries[at];
            if slot == EMPTY {
                self.entries[at] = entry;
                self.used += 1;
                return;
            }
            if slot == entry {
                return;
            }
            if hash_of(slot) == hash {
                run += 1;
                if run == MAX_RUN {
                    self.crowded.entry(hash).or_default().insert(row);
                    return;
                }
            }
            at = self.after(at);
        }
    }

    /// Rows entered for a hash.
    #[inline]
    pub(crate) fn candidates(&self, hash: u32) -> impl Iterator<Item = RowId> {
        Candidates {
            slots: self,
            hash,
            at: self.home(hash),
            run: 0,
        }
        .chain(self.crowded.get(&hash).into_iter().flatten().copied())
    }

    #[inline]
    fn home(&self, hash: u32) -> usize {
        let scaled = (u64::from(hash) * self.entries.len() as u64) >> 32;
        usize::try_from(scaled).expect("below the number of slots")
    }

    #[inline]
    fn after(&self, at: usize) -> usize {
        if at + 1 == self.entries.len() {
            0
        } else {
            at + 1
        }
    }
}

fn hash_of(slot: u64) -> u32 {
    (slot >> 32) as u32
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
pub(crate) fn lower_half(slot: u64) -> u32 {
    slot as u32
}

/// Walks the slots of one hash.
struct Candidates<'a> {
    slots: &'a Slots,
    hash: u32,
    at: usize,
    run: usize,
}

impl Iterator for Candidates<'_> {
    type Item = RowId;

    #[inline]
    fn next(&mut self) -> Option<RowId> {
        while self.run < MAX_RUN {
            let slot = *self.slots.entries.get(self.at)?;
            if slot == EMPTY {
                return None;
            }
            self.at = self.slots.after(self.at);
            if hash_of(slot) == self.hash {
                self.run += 1;
                return Some(lower_half(slot));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows_of(slots: &Slots, hash: u32) -> BTreeSet<RowId> {
        slots.candidates(hash).collect()
    }

    #[test]
    fn an_empty_table_has_no_candidates() {
        assert_eq!(Slots::default().candidates(7).count(), 0);
    }

    #[test]
    fn a_hash_shared_by_many_rows_stays_cheap_and_complete() {
        let mut slots = Slots::default();
        for row in 0..10_000 {
            slots.reserve(1);
            slots.insert(u32::MAX, row);
            slots.insert(u32::MAX, row);
        }
        assert_eq!(slots.len(), 10_000);
        assert_eq!(rows_of(&slots, u32::MAX), (0..10_000).collect());
        assert!(slots.entries.len() < 200);
    }

    proptest! {
        #[test]
        fn every_entry_is_found_after_any_growth(
            entries in prop::collection::vec((prop_oneof![0..50_u32, any::<u32>(), u32::MAX - 5..=u32::MAX], 0..500_u32), 0..2_000),
            step in 1..100_usize,
        ) {
            let mut slots = Slots::default();
            let mut model: HashMap<u32, BTreeSet<RowId>> = HashMap::new();
            for chunk in entries.chunks(step) {
                slots.reserve(chunk.len());
                for &(hash, row) in chunk {
                    slots.insert(hash, row);
                    model.entry(hash).or_default().insert(row);
                }
            }
            prop_assert_eq!(slots.len(), model.values().map(BTreeSet::len).sum::<usize>());
            for (&hash, rows) in &model {
                prop_assert_eq!(&rows_of(&slots, hash), rows);
                prop_assert_eq!(slots.candidates(hash).count(), rows.len());
            }
        }
    }
}
