use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::{Arena, PlainText};
use crate::bitmap::{BLOCK_WORDS, RowSet, Runs, to_row};
use crate::buffer::Buffer;
use crate::column::BLOCK_ROWS;

/// Most distinct texts of a dictionary: each costs a search step, as much as 1/16 of the rows at most.
pub(super) const DICTIONARY_MAX: usize = 4_096;

/// Texts after which a dictionary is given up when hardly one stood there before: makes the attempt cheap for columns of distinct texts.
const SAMPLE_ROWS: usize = 1_024;

/// Texts of a block as codes of distinct texts.
///
/// Texts are distinct as they were given, so two codes may have the same folded text. Code 0 is the empty text, which absent rows have.
#[derive(Debug, Clone)]
pub struct DictionaryText {
    codes: Buffer<u16>,
    values: Values,
}

/// Distinct texts.
#[derive(Debug, Clone, Default)]
struct Values {
    folded: Arena,
    /// As they were given, one for each code; nothing when all are the same as the folded ones.
    originals: Arena,
}

impl DictionaryText {
    /// Takes stored parts as they are.
    pub(crate) fn from_parts(codes: Buffer<u16>, folded: Arena, originals: Arena) -> Self {
        Self {
            codes,
            values: Values { folded, originals },
        }
    }

    /// The code of each row.
    pub fn codes(&self) -> &[u16] {
        &self.codes
    }

    /// The code of a row; 0 behind the last.
    pub fn code(&self, row: u16) -> u16 {
        self.codes.get(usize::from(row)).copied().unwrap_or(0)
    }

    /// The texts as they are compared, one for each code.
    pub fn values(&self) -> &Arena {
        &self.values.folded
    }

    /// The text of a code as it is compared.
    pub fn value(&self, code: u16) -> &[u8] {
        self.values.folded.get(usize::from(code))
    }

    /// The text of a code as it was given.
    pub fn original(&self, code: u16) -> &[u8] {
        self.values.original(usize::from(code))
    }

    /// The texts as they were given, one for each code; nothing when all are the same as the folded ones.
    pub(crate) fn originals(&self) -> &Arena {
        &self.values.originals
    }

    /// Makes a dictionary; `None` when there are too many distinct texts or it would not be smaller.
    pub(super) fn from_plain(plain: &PlainText, presence: &RowSet) -> Option<Self> {
        let mut codes = vec![0; plain.len()];
        let mut distinct = Distinct::default();
        distinct.code(b"", b"")?;
        for (n_seen, row) in presence.iter().enumerate() {
            if n_seen == SAMPLE_ROWS && distinct.values.folded.len() > SAMPLE_ROWS * 15 / 16 {
                return None;
            }
            let folded = plain.texts.get(usize::from(row));
            codes[usize::from(row)] = distinct.code(plain.original(row), folded)?;
        }
        let dictionary = Self {
            codes: codes.into(),
            values: distinct.values,
        };
        let plain_bytes = plain.texts.size_bytes() + plain.originals.size_bytes();
        (dictionary.size_bytes() < plain_bytes).then_some(dictionary)
    }

    pub(super) fn to_plain(&self) -> PlainText {
        let mut plain = PlainText::default();
        for (row, &code) in self.codes.iter().enumerate() {
            plain.texts.push(self.value(code));
            if self.original(code) != self.value(code) {
                plain
                    .originals
                    .extend(&[to_row(row)], &[self.original(code)]);
            }
        }
        plain
    }

    /// The same texts with those of some rows changed, `len` rows in all, and without values that no present row has.
    ///
    /// Changes are rows with their folded and original texts. Answers `None` when there are too many distinct texts.
    pub(super) fn changed<'a>(
        &'a self,
        changes: impl Iterator<Item = (u16, &'a [u8], &'a [u8])>,
        presence: &RowSet,
        len: usize,
    ) -> Option<Self> {
        let mut codes = self.codes.to_vec();
        codes.resize(len, 0);
        let mut distinct = Distinct::of(&self.values);
        for (row, folded, original) in changes {
            codes[usize::from(row)] = distinct.code(original, folded)?;
        }
        let mut absent = [u64::MAX; BLOCK_WORDS];
        presence.and_not_into(&mut absent);
        for run in Runs::new(&absent) {
            codes[run.start.min(len)..run.end.min(len)].fill(0);
        }
        let values = distinct.values.retain_used(&mut codes);
        Some(Self {
            codes: codes.into(),
            values,
        })
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let Values { folded, originals } = &self.values;
        self.codes.memory_bytes() + folded.memory_bytes() + originals.memory_bytes()
    }

    fn size_bytes(&self) -> usize {
        let Values { folded, originals } = &self.values;
        size_of_val(&*self.codes) + folded.size_bytes() + originals.size_bytes()
    }
}

impl Values {
    fn original(&self, code: usize) -> &[u8] {
        if self.originals.is_empty() {
            self.folded.get(code)
        } else {
            self.originals.get(code)
        }
    }

    fn push(&mut self, original: &[u8], folded: &[u8]) {
        if self.originals.is_empty() && original != folded {
            self.originals = self.folded.clone();
        }
        if original != folded || !self.originals.is_empty() {
            self.originals.push(original);
        }
        self.folded.push(folded);
    }

    /// The values that codes name, which are changed to fit.
    fn retain_used(self, codes: &mut [u16]) -> Self {
        let mut used = vec![false; BLOCK_ROWS];
        used[0] = true;
        for &code in &*codes {
            used[usize::from(code)] = true;
        }
        if used[..self.folded.len()].iter().all(|&used| used) {
            return self;
        }
        let mut kept = Self::default();
        let mut new_codes = vec![0; BLOCK_ROWS];
        for code in (0..self.folded.len()).filter(|&code| used[code]) {
            new_codes[code] = to_row(kept.folded.len());
            kept.push(self.original(code), self.folded.get(code));
        }
        for code in codes {
            *code = new_codes[usize::from(*code)];
        }
        kept
    }
}

/// Distinct texts with their codes, in order of appearance.
#[derive(Default)]
struct Distinct<'a> {
    codes: HashMap<&'a [u8], u16, FixedState>,
    values: Values,
}

impl<'a> Distinct<'a> {
    fn of(values: &'a Values) -> Self {
        let codes = (0..values.folded.len()).map(|code| (values.original(code), to_row(code)));
        Self {
            codes: codes.collect(),
            values: values.clone(),
        }
    }

    /// The code of a text, new when it is; `None` when there is no room for another.
    fn code(&mut self, original: &'a [u8], folded: &'a [u8]) -> Option<u16> {
        if let Some(&code) = self.codes.get(original) {
            return Some(code);
        }
        if self.values.folded.len() == DICTIONARY_MAX {
            return None;
        }
        let code = to_row(self.values.folded.len());
        self.codes.insert(original, code);
        self.values.push(original, folded);
        Some(code)
    }
}
