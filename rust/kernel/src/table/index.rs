//! From identifiers to rows.
//!
//! Indexes are shared by all versions of a table and by its open transaction, and only ever grow: an entry says where a key may be, the
//! columns of the reader's version say whether it is there. So nothing has to be undone when a value is replaced or a transaction rolled
//! back. Entries that no reader needs any more go when an index is built anew.

use std::borrow::Cow;
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, RwLock, RwLockReadGuard};

use foldhash::quality::RandomState;

use super::identifiers::{KINDS, columns_of, is_held, values_of};
use super::placement::row_id;
use super::prefetch::AHEAD;
use super::slots::Slots;
use super::version::{Columns, text};
use super::{IdentifierKind, RowId};
use crate::column::Column;
use crate::fold;
use crate::schema::builtin;

/// Entries below which an index is never looked through for outdated ones.
const MIN_REBUILT: usize = 1 << 16;

/// Rows entered at a time when an index is built.
const BUILD_ROWS: usize = 1 << 12;

/// Rows by the hash of one kind of key.
#[derive(Default)]
pub(super) struct Index {
    /// Seeded for each index, so that nobody can choose keys that collide.
    hasher: RandomState,
    slots: RwLock<Slots>,
    /// Entries after the index was last built anew.
    built_len: AtomicUsize,
}

impl Index {
    pub(super) fn hash(&self, key: &[u8]) -> u32 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(key);
        (hasher.finish() >> 32) as u32
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, Slots> {
        self.slots.read().expect(NOT_POISONED)
    }

    /// Enters rows with the hashes of their keys.
    pub(super) fn insert(&self, entries: &[(u32, RowId)]) {
        insert_into(&mut self.slots.write().expect(NOT_POISONED), entries);
    }

    fn replace(&self, slots: Slots) {
        self.built_len.store(slots.len(), Ordering::Relaxed);
        *self.slots.write().expect(NOT_POISONED) = slots;
    }
}

const NOT_POISONED: &str = "a writer of the index panicked";

/// The indexes of a table.
pub(super) struct Indexes {
    made: OnceLock<Made>,
    source: Mutex<Option<Columns>>,
}

#[derive(Default)]
struct Made {
    profile_ids: Index,
    identifiers: [Index; 3],
}

impl Indexes {
    /// Indexes of the values in some columns; made when they are first used.
    pub(super) fn of(columns: Columns) -> Self {
        Self {
            made: OnceLock::new(),
            source: Mutex::new(Some(columns)),
        }
    }

    /// Makes the indexes unless they are made. Others who need them wait.
    pub(super) fn make(&self) {
        self.made();
    }

    fn made(&self) -> &Made {
        self.made.get_or_init(|| {
            let source = self
                .source
                .lock()
                .expect("nothing panics while it is held")
                .take();
            let made = Made::default();
            if let Some(columns) = source {
                made.build_profile_ids(&columns);
                for kind in KINDS {
                    made.identifiers[kind as usize].replace(made.build(kind, &columns));
                }
            }
            made
        })
    }

    /// The index of profile ids.
    pub(super) fn profile_ids(&self) -> &Index {
        &self.made().profile_ids
    }

    /// The index of one kind of identifier; its keys are [`key_of`] the values.
    pub(super) fn identifiers(&self, kind: IdentifierKind) -> &Index {
        &self.made().identifiers[kind as usize]
    }

    /// The row of a profile id among the first `n_rows`, erased or not.
    pub(super) fn find_profile(&self, columns: &Columns, n_rows: usize, id: &str) -> Option<RowId> {
        let index = self.profile_ids();
        let ids = columns.get(builtin::PROFILE_ID)?;
        index
            .read()
            .candidates(index.hash(id.as_bytes()))
            .find(|&row| (row as usize) < n_rows && text(Some(ids), row) == Some(id))
    }

    /// Rows that hold an identifier, ascending.
    pub(super) fn find_identifier(
        &self,
        columns: &Columns,
        kind: IdentifierKind,
        value: &str,
    ) -> Vec<RowId> {
        let index = self.identifiers(kind);
        let key = key_of(kind, value.as_bytes());
        let mut rows: Vec<RowId> = index.read().candidates(index.hash(&key)).collect();
        rows.sort_unstable();
        rows.dedup();
        rows.retain(|&row| is_held(columns, kind, None, row, &key));
        rows
    }

    /// Builds those indexes anew, beside the old ones, of which most entries are outdated in the current version.
    pub(super) fn rebuilt(&self, columns: &Columns) -> Vec<(IdentifierKind, Slots)> {
        let Some(made) = self.made.get() else {
            return Vec::new();
        };
        let is_outdated = |kind: &IdentifierKind| {
            let index = &made.identifiers[*kind as usize];
            let len = index.read().len();
            let bound = MIN_REBUILT.max(2 * index.built_len.load(Ordering::Relaxed));
            len > bound && len > 2 * rows_with_value(columns, *kind)
        };
        let kinds = KINDS.into_iter().filter(is_outdated);
        kinds
            .map(|kind| (kind, made.build(kind, columns)))
            .collect()
    }

    /// Puts rebuilt indexes in their places.
    pub(super) fn replace(&self, rebuilt: Vec<(IdentifierKind, Slots)>) {
        for (kind, slots) in rebuilt {
            self.identifiers(kind).replace(slots);
        }
    }

    /// Bytes of memory; nothing before the indexes are made.
    pub(super) fn memory_bytes(&self) -> usize {
        let Some(made) = self.made.get() else {
            return 0;
        };
        let others: usize = made
            .identifiers
            .iter()
            .map(|index| index.read().memory_bytes())
            .sum();
        made.profile_ids.read().memory_bytes() + others
    }
}

impl Made {
    fn build_profile_ids(&self, columns: &Columns) {
        let index = &self.profile_ids;
        index.replace(build(columns.get(builtin::PROFILE_ID), |id| index.hash(id)));
    }

    fn build(&self, kind: IdentifierKind, columns: &Columns) -> Slots {
        let index = &self.identifiers[kind as usize];
        let [first, _, more] = columns_of(kind);
        let hash = |value: &[u8]| index.hash(&key_of(kind, value));
        let mut slots = build(columns.get(first), hash);
        for (row, others) in values_of(columns.get(more)) {
            let entries: Vec<_> = others
                .iter()
                .map(|other| (hash(other.value.as_bytes()), row))
                .collect();
            insert_into(&mut slots, &entries);
        }
        slots
    }
}

/// The form of an identifier that is compared.
pub(super) fn key_of(kind: IdentifierKind, value: &[u8]) -> Cow<'_, [u8]> {
    if kind != IdentifierKind::Email || fold::is_folded(value) {
        return Cow::Borrowed(value);
    }
    let mut folded = Vec::with_capacity(value.len());
    fold::fold_into(&String::from_utf8_lossy(value), &mut folded);
    Cow::Owned(folded)
}

fn build(column: Option<&Column>, hash: impl Fn(&[u8]) -> u32) -> Slots {
    let mut slots = Slots::default();
    let Some(Column::Text(blocks) | Column::ExactText(blocks)) = column else {
        return slots;
    };
    let present = blocks
        .iter()
        .flatten()
        .map(|block| block.presence().len())
        .sum();
    slots.reserve(present);
    let mut entries = Vec::with_capacity(BUILD_ROWS);
    for (number, block) in blocks.iter().enumerate() {
        let Some(block) = block else { continue };
        for row in block.presence() {
            entries.push((
                hash(block.original(row).unwrap_or_default()),
                row_id(number, row),
            ));
            if entries.len() == BUILD_ROWS {
                insert_into(&mut slots, &entries);
                entries.clear();
            }
        }
    }
    insert_into(&mut slots, &entries);
    slots
}

fn insert_into(slots: &mut Slots, entries: &[(u32, RowId)]) {
    slots.reserve(entries.len());
    for (i, &(hash, row)) in entries.iter().enumerate() {
        if let Some(&(ahead, _)) = entries.get(i + AHEAD) {
            slots.prefetch(ahead);
        }
        slots.insert(hash, row);
    }
}

fn rows_with_value(columns: &Columns, kind: IdentifierKind) -> usize {
    let with_value = |id| {
        let column = columns.get(id)?;
        Some(
            (0..column.n_blocks())
                .filter_map(|block| Some(column.presence(block)?.len()))
                .sum::<usize>(),
        )
    };
    columns_of(kind).into_iter().filter_map(with_value).sum()
}
