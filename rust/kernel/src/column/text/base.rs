use super::{Arena, DictionaryText, Originals, push_folded};
use crate::bitmap::to_row;
use crate::fold::has_ascii_uppercase;

/// Texts that are folded together when all of them are ASCII: so few that one that is not sends few the slow way.
const FOLDED_AT_ONCE: usize = 64;

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

    /// Appends rows.
    ///
    /// # Cost
    /// Copies of the texts. Texts of ASCII are folded many at once, others one by one.
    pub(super) fn extend(&mut self, texts: &[&[u8]], folds: bool) {
        if !folds {
            self.texts.extend(texts);
            return;
        }
        for texts in texts.chunks(FOLDED_AT_ONCE) {
            let (len, size_bytes) = (self.len(), self.texts.bytes().len());
            self.texts.extend(texts);
            let added = &self.texts.bytes()[size_bytes..];
            if !added.is_ascii() {
                self.texts.truncate(len);
                for text in texts {
                    self.push_folded(text);
                }
            } else if has_ascii_uppercase(added) {
                let differing = (len..)
                    .zip(texts)
                    .filter(|(_, text)| has_ascii_uppercase(text));
                let (rows, originals): (Vec<u16>, Vec<&[u8]>) =
                    differing.map(|(row, &text)| (to_row(row), text)).unzip();
                self.originals.extend(&rows, &originals);
                self.texts.make_ascii_lowercase(size_bytes);
            }
        }
    }

    fn push_folded(&mut self, text: &[u8]) {
        let row = to_row(self.len());
        if self.texts.push_with(|bytes| push_folded(text, true, bytes)) {
            self.originals.extend(&[row], &[text]);
        }
    }

    /// Appends absent rows until there are `len`.
    pub(super) fn pad(&mut self, len: usize) {
        self.texts.pad(len);
    }
}
