//! Which event ids there are, and with which content.
//!
//! Belongs to the one writer of a table: readers never ask. So it is not part of what versions share, and holds what the last commit made
//! of it.

use std::fmt;
use std::sync::{Mutex, MutexGuard, OnceLock};

use super::store::Types;
use crate::table::prefetch::prefetch;

/// Parts of the index, each of which grows by itself, so that no commit waits for the whole to be moved.
const SHARDS: usize = 64;

/// Slots of the smallest part.
const FIRST_SLOTS: usize = 16;

/// A slot without an id.
const FREE: u64 = 0;

/// The index of an account's events. Made from the stored events when it is first needed.
pub(super) struct EventIds {
    made: OnceLock<Mutex<Shards>>,
    source: Mutex<Option<Types>>,
}

impl EventIds {
    /// The index of stored events.
    pub(super) fn of(types: Types) -> Self {
        Self {
            made: OnceLock::new(),
            source: Mutex::new(Some(types)),
        }
    }

    /// Makes the index unless it is made, and takes it for reading and writing.
    ///
    /// # Panics
    /// When an earlier writer panicked.
    pub(super) fn lock(&self) -> MutexGuard<'_, Shards> {
        let made = self.made.get_or_init(|| {
            let source = self.source.lock().expect(NOT_POISONED).take();
            let mut shards = Shards::default();
            for run in source.iter().flat_map(Types::runs) {
                for (id, content) in run.hashes() {
                    shards.insert(id, content);
                }
            }
            Mutex::new(shards)
        });
        made.lock().expect(NOT_POISONED)
    }

    /// Bytes of memory; nothing before the index is made.
    pub(super) fn memory_bytes(&self) -> usize {
        let made = self.made.get();
        made.map_or(0, |made| made.lock().expect(NOT_POISONED).memory_bytes())
    }
}

const NOT_POISONED: &str = "a writer of events panicked; the account must be loaded again";

impl fmt::Debug for EventIds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("EventIds").finish_non_exhaustive()
    }
}

/// Contents by event id, in parts.
#[derive(Debug)]
pub(crate) struct Shards(Vec<Slots>);

impl Default for Shards {
    fn default() -> Self {
        Self(
            std::iter::repeat_with(Slots::default)
                .take(SHARDS)
                .collect(),
        )
    }
}

impl Shards {
    /// Starts loading the slots of an id.
    #[inline]
    pub(crate) fn prefetch(&self, id: u64) {
        let slots = &self.0[shard_of(id)];
        if let Some(slot) = slots.ids.get(slots.home(id)) {
            prefetch(slot);
        }
    }

    /// The content that an id was entered with.
    #[inline]
    pub(crate) fn get(&self, id: u64) -> Option<u32> {
        self.0[shard_of(id)].get(id)
    }

    /// Enters an id, or gives it another content.
    #[inline]
    pub(crate) fn insert(&mut self, id: u64, content: u32) {
        self.0[shard_of(id)].insert(id, content);
    }

    /// Takes an id out.
    pub(crate) fn remove(&mut self, id: u64) {
        self.0[shard_of(id)].remove(id);
    }

    fn memory_bytes(&self) -> usize {
        let slots = self.0.iter().map(|slots| slots.ids.len()).sum::<usize>();
        slots * (size_of::<u64>() + size_of::<u32>())
    }
}

/// The lowest bits choose the part, the highest ones the place in it.
fn shard_of(id: u64) -> usize {
    usize::try_from(id % SHARDS as u64).expect("below the number of parts")
}

/// Open addressing with linear probing; 12 bytes a slot.
#[derive(Debug, Default)]
struct Slots {
    /// The place of an id grows with it, so that growing is one pass through memory.
    ids: Vec<u64>,
    contents: Vec<u32>,
    used: usize,
}

impl Slots {
    fn get(&self, id: u64) -> Option<u32> {
        let at = self.find(id)?;
        (self.ids[at] == id).then(|| self.contents[at])
    }

    fn insert(&mut self, id: u64, content: u32) {
        if (self.used + 1) * 5 > self.ids.len() * 4 {
            self.grow();
        }
        let at = self.find(id).expect("there are slots");
        self.used += usize::from(self.ids[at] == FREE);
        self.ids[at] = id;
        self.contents[at] = content;
    }

    fn remove(&mut self, id: u64) {
        let Some(mut hole) = self.find(id).filter(|&at| self.ids[at] == id) else {
            return;
        };
        let mut next = self.after(hole);
        while self.ids[next] != FREE {
            let first = self.home(self.ids[next]);
            if self.distance(first, next) >= self.distance(hole, next) {
                self.ids[hole] = self.ids[next];
                self.contents[hole] = self.contents[next];
                hole = next;
            }
            next = self.after(next);
        }
        self.ids[hole] = FREE;
        self.used -= 1;
    }

    /// The slot of an id, or the free one where it would be entered; `None` in an empty table.
    #[inline]
    fn find(&self, id: u64) -> Option<usize> {
        let mut at = self.home(id);
        while ![id, FREE].contains(self.ids.get(at)?) {
            at = self.after(at);
        }
        Some(at)
    }

    fn grow(&mut self) {
        let grown = (self.ids.len() / 2 * 3).max(FIRST_SLOTS);
        let ids = std::mem::replace(&mut self.ids, vec![FREE; grown]);
        let contents = std::mem::replace(&mut self.contents, vec![0; grown]);
        for (id, content) in ids.into_iter().zip(contents).filter(|&(id, _)| id != FREE) {
            let at = self.find(id).expect("there are slots");
            self.ids[at] = id;
            self.contents[at] = content;
        }
    }

    #[inline]
    fn home(&self, id: u64) -> usize {
        let scaled = (u128::from(id) * self.ids.len() as u128) >> 64;
        usize::try_from(scaled).expect("below the number of slots")
    }

    #[inline]
    fn after(&self, at: usize) -> usize {
        if at + 1 == self.ids.len() { 0 } else { at + 1 }
    }

    /// Steps forward from one slot to another.
    fn distance(&self, from: usize, to: usize) -> usize {
        if to >= from {
            to - from
        } else {
            to + self.ids.len() - from
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ids_are_found_after_any_growth_and_removal(
            steps in prop::collection::vec(
                (prop_oneof![1..40_u64, (1..40_u64).prop_map(|low| low << 58 | low), u64::MAX - 640..=u64::MAX], 0..9_u32, any::<bool>()),
                0..1_500,
            ),
        ) {
            let mut shards = Shards::default();
            let mut model = HashMap::new();
            for (id, content, is_removed) in steps {
                if is_removed {
                    shards.remove(id);
                    model.remove(&id);
                } else {
                    shards.insert(id, content);
                    model.insert(id, content);
                }
                prop_assert_eq!(shards.get(id), model.get(&id).copied());
            }
            for (&id, &content) in &model {
                prop_assert_eq!(shards.get(id), Some(content));
            }
            prop_assert_eq!(shards.0.iter().map(|slots| slots.used).sum::<usize>(), model.len());
        }
    }
}
