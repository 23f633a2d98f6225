//! The texts of a property, each once, by code.

use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, RwLock};

use foldhash::fast::RandomState;

use crate::batch::Texts;
use crate::table::slots::Slots;

/// Texts of a part of a dictionary: what a writer copies at most.
pub(crate) const PART_TEXTS: usize = 1 << 10;

/// Texts by code. Texts are only ever added; a clone shares everything.
#[derive(Clone)]
pub struct Dictionary {
    parts: Vec<Arc<Texts>>,
    index: Arc<Index>,
}

/// From texts to codes, for whoever adds some. Shared by all versions: an entry says where a text may be, the version's texts say whether
/// it is there.
struct Index {
    /// Tells dictionaries apart whose codes mean different texts.
    lineage: u64,
    hasher: RandomState,
    slots: OnceLock<RwLock<Slots>>,
}

impl Index {
    fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self {
            lineage: NEXT.fetch_add(1, Ordering::Relaxed),
            hasher: RandomState::default(),
            slots: OnceLock::new(),
        }
    }

    fn hash(&self, text: &[u8]) -> u32 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(text);
        (hasher.finish() >> 32) as u32
    }
}

impl Dictionary {
    /// Takes parts of [`PART_TEXTS`] texts each, the last of as many or fewer.
    pub(crate) fn from_parts(parts: Vec<Arc<Texts>>) -> Self {
        Self {
            parts,
            index: Arc::new(Index::new()),
        }
    }

    /// Its parts.
    pub(crate) fn parts(&self) -> &[Arc<Texts>] {
        &self.parts
    }

    /// Number of texts; codes are below it.
    pub fn len(&self) -> usize {
        self.parts
            .last()
            .map_or(0, |last| (self.parts.len() - 1) * PART_TEXTS + last.len())
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// A number that only dictionaries share whose codes mean the same texts, as far as both have them.
    pub fn lineage(&self) -> u64 {
        self.index.lineage
    }

    /// The text of a code; `None` for one that is not its own.
    pub fn text(&self, code: u32) -> Option<&[u8]> {
        let part = self.parts.get(code as usize / PART_TEXTS)?;
        let at = code as usize % PART_TEXTS;
        (at < part.len()).then(|| part.get(at))
    }

    /// The code of a text, which is added when it is new. Only for the one writer.
    ///
    /// # Panics
    /// When there would be 2^32 texts.
    pub(super) fn code_of(&mut self, text: &[u8]) -> u32 {
        let hash = self.index.hash(text);
        let found = self.find(hash, text);
        found.unwrap_or_else(|| {
            let code = u32::try_from(self.len()).expect("fewer than 2^32 texts");
            self.push(text);
            let mut slots = self.slots().write().expect(NOT_POISONED);
            slots.reserve(1);
            slots.insert(hash, code);
            code
        })
    }

    fn find(&self, hash: u32, text: &[u8]) -> Option<u32> {
        let slots = self.slots().read().expect(NOT_POISONED);
        slots
            .candidates(hash)
            .find(|&code| self.text(code) == Some(text))
    }

    fn slots(&self) -> &RwLock<Slots> {
        self.index.slots.get_or_init(|| {
            let mut slots = Slots::default();
            slots.reserve(self.len());
            // Empty texts mostly stand for blanked ones, whose codes are not given again.
            for (code, text) in (0..).zip(self.texts()).filter(|(_, text)| !text.is_empty()) {
                slots.insert(self.index.hash(text), code);
            }
            RwLock::new(slots)
        })
    }

    /// All texts in the order of their codes.
    pub fn texts(&self) -> impl Iterator<Item = &[u8]> {
        self.texts_from(0)
    }

    /// The texts of a code and those after it.
    pub fn texts_from(&self, code: usize) -> impl Iterator<Item = &[u8]> {
        let parts = self.parts.iter().skip(code / PART_TEXTS);
        let texts = parts.flat_map(|part| (0..part.len()).map(|at| part.get(at)));
        texts.skip(code % PART_TEXTS)
    }

    fn push(&mut self, text: &[u8]) {
        if self
            .parts
            .last()
            .is_none_or(|last| last.len() == PART_TEXTS)
        {
            self.parts.push(Arc::default());
        }
        let last = self.parts.last_mut().expect("one was pushed");
        Arc::make_mut(last).push(text);
    }

    /// Puts the empty text in the places of ascending codes that no event has any more.
    ///
    /// # Cost
    /// Copies the parts that hold them.
    pub(super) fn blank(&mut self, codes: &[u32]) {
        for of_part in codes.chunk_by(|a, b| *a as usize / PART_TEXTS == *b as usize / PART_TEXTS) {
            let number = of_part[0] as usize / PART_TEXTS;
            let Some(part) = self.parts.get_mut(number) else {
                continue;
            };
            let mut kept = Texts::default();
            for (code, at) in (0..).skip(number * PART_TEXTS).zip(0..part.len()) {
                let is_blanked = of_part.binary_search(&code).is_ok();
                kept.push(if is_blanked { &[] } else { part.get(at) });
            }
            *part = Arc::new(kept);
        }
    }

    /// Bytes of memory.
    pub(super) fn memory_bytes(&self) -> usize {
        let texts = self.parts.iter();
        let texts = texts.map(|part| part.bytes.capacity() + 4 * part.ends.capacity());
        let slots = self.index.slots.get();
        let slots = slots.map_or(0, |slots| slots.read().expect(NOT_POISONED).memory_bytes());
        texts.sum::<usize>() + slots
    }
}

const NOT_POISONED: &str = "a writer of events panicked; the account must be loaded again";

impl Default for Dictionary {
    fn default() -> Self {
        Self::from_parts(Vec::new())
    }
}

/// Shows the number of texts only: they may be personal.
impl fmt::Debug for Dictionary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Dictionary({} texts)", self.len())
    }
}
