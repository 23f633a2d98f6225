use super::{Arena, DictionaryText, Originals, push_folded};
use crate::bitmap::to_row;

/// Texts of a block in a form that is fast to search.
#[derive(Debug, Clone)]
pub enum TextBase {
    /// All texts in row order.
    Plain(PlainText),
    /// A code a row: few distinct texts.
    Dictionary(DictionaryText),
}

impl TextBase {
    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Plain(plain) => plain.len(),
            Self::Dictionary(dictionary) => dictionary.codes().len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The text of a row as it is compared; empty where it is absent.
    pub fn folded(&self, row: u16) -> &[u8] {
        match self {
            Self::Plain(plain) => plain.texts.get(usize::from(row)),
            Self::Dictionary(dictionary) => dictionary.value(dictionary.code(row)),
        }
    }

    /// The text of a row as it was given; empty where it is absent.
    pub fn original(&self, row: u16) -> &[u8] {
        match self {
            Self::Plain(plain) => plain.original(row),
            Self::Dictionary(dictionary) => dictionary.original(dictionary.code(row)),
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        match self {
            Self::Plain(plain) => plain.texts.memory_bytes() + plain.originals.memory_bytes(),
            Self::Dictionary(dictionary) => dictionary.memory_bytes(),
        }
    }

    pub(super) fn shrink(&mut self) {
        if let Self::Plain(plain) = self {
            plain.texts.shrink();
            plain.originals.shrink();
        }
    }
}

impl Default for TextBase {
    fn default() -> Self {
        Self::Plain(PlainText::default())
    }
}

/// All texts of a block in row order, absent ones empty.
#[derive(Debug, Clone, Default)]
pub struct PlainText {
    pub(super) texts: Arena,
    pub(super) originals: Originals,
}

impl PlainText {
    /// Takes stored parts as they are.
    pub(crate) fn from_parts(texts: Arena, originals: Originals) -> Self {
        Self { texts, originals }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The texts as they are compared, one for each row.
    pub fn texts(&self) -> &Arena {
        &self.texts
    }

    /// Texts as they were given, where that differs.
    pub(crate) fn originals(&self) -> &Originals {
        &self.originals
    }

    /// The text of a row as it was given; empty where it is absent.
    #[inline]
    pub fn original(&self, row: u16) -> &[u8] {
        self.originals
            .get(row)
            .unwrap_or_else(|| self.texts.get(usize::from(row)))
    }

    /// Appends a row.
    pub(super) fn push(&mut self, text: &[u8], folds: bool) {
        let row = to_row(self.len());
        if self
            .texts
            .push_with(|bytes| push_folded(text, folds, bytes))
        {
            self.originals.push(row, text);
        }
    }

    /// Appends absent rows until there are `len`.
    pub(super) fn pad(&mut self, len: usize) {
        self.texts.pad(len);
    }
}
