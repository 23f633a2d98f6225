use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::{Arena, Originals, PlainText};
use crate::bitmap::{RowSet, to_row};
use crate::buffer::Buffer;

/// Most distinct texts of a dictionary: each costs a search step, as much as 1/16 of the rows at most.
pub(super) const DICTIONARY_MAX: usize = 4_096;

/// Texts of a block as codes of distinct texts.
///
/// Texts are distinct as they were given, so two codes may have the same folded text. Code 0 is the empty text, which absent rows have.
#[derive(Debug, Clone)]
pub struct DictionaryText {
    pub(super) codes: Buffer<u16>,
    pub(super) values: Arena,
    /// By code instead of by row.
    pub(super) originals: Originals,
}

impl DictionaryText {
    /// Takes stored parts as they are.
    pub(crate) fn from_parts(codes: Buffer<u16>, values: Arena, originals: Originals) -> Self {
        Self {
            codes,
            values,
            originals,
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
        &self.values
    }

    /// The text of a code as it is compared.
    pub fn value(&self, code: u16) -> &[u8] {
        self.values.get(usize::from(code))
    }

    /// The text of a code as it was given.
    pub fn original(&self, code: u16) -> &[u8] {
        self.originals.get(code).unwrap_or_else(|| self.value(code))
    }

    /// Texts as they were given, by code, where that differs.
    pub(crate) fn originals(&self) -> &Originals {
        &self.originals
    }

    /// Makes a dictionary; `None` when there are too many distinct texts or it would not be smaller.
    pub(super) fn from_plain(plain: &PlainText, presence: &RowSet) -> Option<Self> {
        let mut codes = vec![0; plain.len()];
        let mut found = Distinct::new();
        for row in presence {
            codes[usize::from(row)] =
                found.code(plain.original(row), || plain.texts.get(usize::from(row)))?;
        }
        let Distinct {
            values, originals, ..
        } = found;
        let dictionary = Self {
            codes: codes.into(),
            values,
            originals,
        };
        let plain_bytes = plain.texts.size_bytes() + plain.originals.size_bytes();
        (dictionary.size_bytes() < plain_bytes).then_some(dictionary)
    }

    pub(super) fn to_plain(&self) -> PlainText {
        let mut plain = PlainText::default();
        for (row, &code) in self.codes.iter().enumerate() {
            plain.texts.push(self.value(code));
            if let Some(original) = self.originals.get(code) {
                plain.originals.push(to_row(row), original);
            }
        }
        plain
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.codes.memory_bytes() + self.values.memory_bytes() + self.originals.memory_bytes()
    }

    fn size_bytes(&self) -> usize {
        size_of_val(&*self.codes) + self.values.size_bytes() + self.originals.size_bytes()
    }
}

/// Distinct texts with their codes, in order of appearance.
pub(super) struct Distinct<'a> {
    codes: HashMap<&'a [u8], u16, FixedState>,
    pub(super) values: Arena,
    pub(super) originals: Originals,
}

impl<'a> Distinct<'a> {
    pub(super) fn new() -> Self {
        let mut values = Arena::default();
        values.push(b"");
        let codes = HashMap::from_iter([(&b""[..], 0)]);
        Self {
            codes,
            values,
            originals: Originals::default(),
        }
    }

    /// The distinct texts of a dictionary, with their codes.
    pub(super) fn of(dictionary: &'a DictionaryText) -> Self {
        let texts = dictionary.values.len();
        Self {
            codes: (0..texts)
                .map(to_row)
                .map(|code| (dictionary.original(code), code))
                .collect(),
            values: dictionary.values.clone(),
            originals: dictionary.originals.clone(),
        }
    }

    /// The code of a text, new when it is; `None` when there is no room for another.
    pub(super) fn code(
        &mut self,
        original: &'a [u8],
        folded: impl FnOnce() -> &'a [u8],
    ) -> Option<u16> {
        if let Some(&code) = self.codes.get(original) {
            return Some(code);
        }
        if self.values.len() == DICTIONARY_MAX {
            return None;
        }
        let code = to_row(self.values.len());
        self.codes.insert(original, code);
        let folded = folded();
        self.values.push(folded);
        if folded != original {
            self.originals.push(code, original);
        }
        Some(code)
    }
}
