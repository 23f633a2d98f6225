//! All events of an account.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, MutexGuard};

use super::batch::EventBatch;
use super::block::EventBlock;
use super::dictionary::Dictionary;
use super::ids::{EventIds, Shards};
use super::run::{Placed, Run};
use super::values::Stored;
use crate::column::{self, Blocks};

/// Events of one type. A clone shares blocks and texts.
#[derive(Debug, Clone, Default)]
pub struct TypeEvents {
    /// Texts by number of the property.
    pub(crate) dictionaries: Vec<Option<Dictionary>>,
    pub(crate) blocks: Blocks<EventBlock>,
}

impl TypeEvents {
    /// Events of a block of rows; `None` when there never were any.
    pub fn block(&self, block: usize) -> Option<&EventBlock> {
        column::get(&self.blocks, block)
    }

    /// Texts of a property; `None` when no event ever had one.
    pub fn dictionary(&self, property: usize) -> Option<&Dictionary> {
        self.dictionaries.get(property)?.as_ref()
    }

    /// The same texts with other events, in blocks that ascend.
    pub(super) fn with_blocks(&self, blocks: impl Iterator<Item = (usize, EventBlock)>) -> Self {
        let mut places: Blocks<EventBlock> = Blocks::new();
        for (number, block) in blocks {
            places.resize(number, None);
            places.push(Some(Arc::new(block)));
        }
        Self {
            dictionaries: self.dictionaries.clone(),
            blocks: places,
        }
    }

    /// All runs.
    pub(super) fn runs(&self) -> impl Iterator<Item = &Run> {
        self.blocks.iter().flatten().flat_map(|block| block.runs())
    }

    fn open_block(&mut self, block: usize) -> &mut EventBlock {
        if self.blocks.len() <= block {
            self.blocks.resize(block + 1, None);
        }
        Arc::make_mut(self.blocks[block].get_or_insert_default())
    }

    /// Takes out the events of ascending rows of blocks and calls a function with the hash of each one's id.
    fn remove_rows(&mut self, rows: &[(usize, &[u16])], mut removed: impl FnMut(u64)) {
        let mut gone_codes: BTreeMap<usize, BTreeSet<u32>> = BTreeMap::new();
        for &(block, rows) in rows {
            let Some(Some(block)) = self.blocks.get_mut(block) else {
                continue;
            };
            Arc::make_mut(block).remove_rows(rows, |run, at| {
                run.id_hash(at).into_iter().for_each(&mut removed);
                for (property, values) in run.properties.iter().enumerate() {
                    if let Some(codes) = values.as_ref().and_then(u32::of) {
                        gone_codes.entry(property).or_default().insert(codes[at]);
                    }
                }
            });
        }
        for (property, codes) in gone_codes {
            self.forget_texts(property, codes);
        }
    }

    /// Blanks those of some texts that no event has any more: they may be personal.
    ///
    /// # Cost
    /// One pass over the codes of the property.
    fn forget_texts(&mut self, property: usize, mut codes: BTreeSet<u32>) {
        for values in self.runs().filter_map(|run| run.values(property)) {
            for code in u32::of(values).into_iter().flat_map(|codes| codes.iter()) {
                codes.remove(code);
            }
        }
        codes.remove(&u32::ABSENT);
        if let Some(Some(dictionary)) = self.dictionaries.get_mut(property) {
            dictionary.blank(&codes.into_iter().collect::<Vec<_>>());
        }
    }

    fn memory_bytes(&self) -> usize {
        let dictionaries = self.dictionaries.iter().flatten();
        let blocks = self.blocks.iter().flatten();
        dictionaries.map(Dictionary::memory_bytes).sum::<usize>()
            + blocks.map(|block| block.memory_bytes()).sum::<usize>()
    }
}

/// Events by the code of their type.
#[derive(Debug, Clone, Default)]
pub(crate) struct Types(BTreeMap<u16, Arc<TypeEvents>>);

impl Types {
    /// All runs.
    pub(super) fn runs(&self) -> impl Iterator<Item = &Run> {
        self.0.values().flat_map(|events| events.runs())
    }
}

/// All events of an account at one version. A clone shares everything.
#[derive(Debug, Clone)]
pub struct Events {
    types: Types,
    count: usize,
    ids: Arc<EventIds>,
}

impl Events {
    /// Takes stored events. The index of their ids is made when it is first needed.
    pub(crate) fn from_types(types: impl IntoIterator<Item = (u16, TypeEvents)>) -> Self {
        let types = types
            .into_iter()
            .map(|(code, events)| (code, Arc::new(events)));
        let types = Types(types.collect());
        Self {
            count: types.runs().map(Run::len).sum(),
            ids: Arc::new(EventIds::of(types.clone())),
            types,
        }
    }

    /// Number of events.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Events of a type; `None` when there never were any.
    pub fn of_type(&self, code: u16) -> Option<&TypeEvents> {
        self.types.0.get(&code).map(|events| &**events)
    }

    /// Codes of types with their events, ascending.
    pub fn types(&self) -> impl Iterator<Item = (u16, &TypeEvents)> {
        self.types.0.iter().map(|(&code, events)| (code, &**events))
    }

    /// The index of event ids, for the one writer. Made when it is missing, which takes a pass over all events.
    pub(crate) fn ids(&self) -> MutexGuard<'_, Shards> {
        self.ids.lock()
    }

    /// Stores events of a batch that a commit of a tick records; their ids are in the index.
    ///
    /// # Cost
    /// Sorts them; then one small run for each type, block and bucket, merged into those that are there.
    pub(crate) fn store(&mut self, batch: &EventBatch, mut placed: Vec<Placed>, tick_millis: i64) {
        placed.sort_unstable();
        self.count += placed.len();
        for of_type in placed.chunk_by(|a, b| a.type_code == b.type_code) {
            let events = self.types.0.entry(of_type[0].type_code).or_default();
            let events = Arc::make_mut(events);
            let bucket_of = |placed: &Placed| (placed.block, placed.bucket);
            for of_bucket in of_type.chunk_by(|a, b| bucket_of(a) == bucket_of(b)) {
                let run = Run::new(of_bucket, batch, tick_millis, &mut events.dictionaries);
                let block = events.open_block(of_bucket[0].block.into());
                block.add(of_bucket[0].bucket, run);
            }
        }
    }

    /// Whether a row of a block has events of any type.
    pub(crate) fn has_events(&self, block: usize, row: u16) -> bool {
        let blocks = self.types().filter_map(|(_, events)| events.block(block));
        blocks
            .flat_map(EventBlock::runs)
            .any(|run| !run.of_row(row).is_empty())
    }

    /// Takes out the events of ascending rows of blocks, and their ids.
    pub(crate) fn remove_rows(&mut self, rows: &[(usize, &[u16])]) {
        let mut ids = self.ids.lock();
        for events in self.types.0.values_mut() {
            Arc::make_mut(events).remove_rows(rows, |id| {
                ids.remove(id);
                self.count -= 1;
            });
        }
    }

    /// Bytes of events, texts and index; mapped ones count as nothing.
    pub(crate) fn memory_bytes(&self) -> usize {
        let types = self.types.0.values();
        types.map(|events| events.memory_bytes()).sum::<usize>() + self.ids.memory_bytes()
    }
}

impl Default for Events {
    fn default() -> Self {
        Self::from_types([])
    }
}
