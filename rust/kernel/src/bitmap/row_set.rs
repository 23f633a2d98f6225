use std::borrow::Cow;

use super::iter::{Bits, Rows, Source};
use super::{BLOCK_WORDS, DENSE_MIN, SPARSE_MAX, Words, count, place, to_row};
use crate::buffer::Buffer;
use crate::column::BLOCK_ROWS;

/// A set of rows of one block.
///
/// Takes nothing when it is empty or holds the first rows without a gap, 2 bytes a row below [`SPARSE_MAX`] rows, 8 KiB above. Its length
/// is kept, so counting is free.
#[derive(Debug, Clone)]
pub struct RowSet(Form);

/// How a set is stored.
#[derive(Debug, Clone)]
pub(crate) enum Form {
    /// The first rows of the block; 0 of them in an empty set.
    Prefix(u32),
    /// Ascending rows.
    Sparse(Buffer<u16>),
    /// Words of a block, with the number of bits set.
    Dense {
        /// Always [`BLOCK_WORDS`] of them.
        words: Buffer<u64>,
        /// Bits set.
        len: u32,
    },
}

impl RowSet {
    /// The set without rows.
    pub const fn new() -> Self {
        Self(Form::Prefix(0))
    }

    /// The first `n_rows` rows.
    ///
    /// # Panics
    /// When a block has fewer rows.
    pub fn full(n_rows: usize) -> Self {
        assert!(n_rows <= BLOCK_ROWS, "a block has {BLOCK_ROWS} rows");
        Self(Form::Prefix(to_len(n_rows)))
    }

    /// The rows whose bit is set.
    pub fn from_words(words: &Words) -> Self {
        let len = count(words);
        if is_prefix(words, len) {
            return Self(Form::Prefix(to_len(len)));
        }
        if len < SPARSE_MAX {
            return Self(Form::Sparse(Bits::new(words).collect::<Vec<_>>().into()));
        }
        Self(Form::Dense {
            words: words.to_vec().into(),
            len: to_len(len),
        })
    }

    /// The rows of an ascending list without repeats.
    pub fn from_sorted(rows: &[u16]) -> Self {
        let mut set = Self::new();
        set.insert_sorted(rows);
        set
    }

    /// Takes a stored form as it is; `None` when words are not those of a block.
    pub(crate) fn from_form(form: Form) -> Option<Self> {
        let fits = match &form {
            Form::Prefix(len) => *len as usize <= BLOCK_ROWS,
            Form::Sparse(rows) => rows.len() <= BLOCK_ROWS,
            Form::Dense { words, len } => words.len() == BLOCK_WORDS && *len as usize <= BLOCK_ROWS,
        };
        fits.then_some(Self(form))
    }

    /// How the set is stored.
    pub(crate) fn form(&self) -> &Form {
        &self.0
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        match &self.0 {
            Form::Prefix(len) | Form::Dense { len, .. } => *len as usize,
            Form::Sparse(rows) => rows.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a row is in the set.
    pub fn contains(&self, row: u16) -> bool {
        match &self.0 {
            Form::Prefix(len) => u32::from(row) < *len,
            Form::Sparse(rows) => rows.binary_search(&row).is_ok(),
            Form::Dense { words, .. } => {
                let (word, bit) = place(row);
                words[word] & bit != 0
            }
        }
    }

    /// The rows, ascending.
    pub fn iter(&self) -> Rows<'_> {
        Rows(match &self.0 {
            Form::Prefix(len) => Source::Prefix(0..*len),
            Form::Sparse(rows) => Source::Sparse(rows.iter()),
            Form::Dense { words, .. } => Source::Dense(Bits::new(words)),
        })
    }

    /// Heap bytes.
    pub fn memory_bytes(&self) -> usize {
        match &self.0 {
            Form::Prefix(_) => 0,
            Form::Sparse(rows) => rows.memory_bytes(),
            Form::Dense { words, .. } => words.memory_bytes(),
        }
    }

    /// Gives spare heap memory back.
    pub fn shrink(&mut self) {
        if let Form::Sparse(rows) = &mut self.0 {
            rows.shrink();
        }
    }

    /// Sets the bits of the set's rows.
    pub fn or_into(&self, words: &mut Words) {
        match &self.0 {
            Form::Prefix(len) => {
                let (whole, mask) = split(*len);
                words[..whole].fill(u64::MAX);
                if mask != 0 {
                    words[whole] |= mask;
                }
            }
            Form::Sparse(rows) => set_bits(words, rows),
            Form::Dense { words: own, .. } => {
                words
                    .iter_mut()
                    .zip(&**own)
                    .for_each(|(word, own)| *word |= own);
            }
        }
    }

    /// Keeps only bits of the set's rows.
    pub fn and_into(&self, words: &mut Words) {
        match &self.0 {
            Form::Prefix(len) => {
                let (whole, mask) = split(*len);
                if mask != 0 {
                    words[whole] &= mask;
                }
                words[whole + usize::from(mask != 0)..].fill(0);
            }
            Form::Sparse(rows) => {
                let mut kept = [0; BLOCK_WORDS];
                for &row in &**rows {
                    let (word, bit) = place(row);
                    kept[word] |= words[word] & bit;
                }
                *words = kept;
            }
            Form::Dense { words: own, .. } => {
                words
                    .iter_mut()
                    .zip(&**own)
                    .for_each(|(word, own)| *word &= own);
            }
        }
    }

    /// Clears the bits of the set's rows.
    pub fn and_not_into(&self, words: &mut Words) {
        match &self.0 {
            Form::Prefix(len) => {
                let (whole, mask) = split(*len);
                words[..whole].fill(0);
                if mask != 0 {
                    words[whole] &= !mask;
                }
            }
            Form::Sparse(rows) => {
                for &row in &**rows {
                    let (word, bit) = place(row);
                    words[word] &= !bit;
                }
            }
            Form::Dense { words: own, .. } => {
                words
                    .iter_mut()
                    .zip(&**own)
                    .for_each(|(word, own)| *word &= !own);
            }
        }
    }

    /// The set as words.
    pub fn to_words(&self) -> Words {
        let mut words = [0; BLOCK_WORDS];
        self.or_into(&mut words);
        words
    }

    /// Adds a row; answers whether it was missing.
    pub fn insert(&mut self, row: u16) -> bool {
        let missing = !self.contains(row);
        if missing {
            self.insert_sorted(&[row]);
        }
        missing
    }

    /// Takes a row out; answers whether it was there.
    pub fn remove(&mut self, row: u16) -> bool {
        let there = self.contains(row);
        if there {
            self.remove_sorted(&[row]);
        }
        there
    }

    /// Adds ascending rows without repeats, whether or not they are there already.
    ///
    /// # Cost
    /// The rows given, and the rows stored once more when they are an array to which rows are added in between.
    pub fn insert_sorted(&mut self, rows: &[u16]) {
        let (Some(&first), Some(&last)) = (rows.first(), rows.last()) else {
            return;
        };
        match &mut self.0 {
            Form::Prefix(len) => {
                let gapless = usize::from(last - first) + 1 == rows.len();
                if gapless && u32::from(first) <= *len {
                    *len = (*len).max(u32::from(last) + 1);
                } else {
                    let len = *len;
                    self.0 = expand(len, rows.len());
                    self.insert_sorted(rows);
                }
            }
            Form::Sparse(stored) => {
                if rows.iter().all(|row| stored.binary_search(row).is_ok()) {
                    return;
                }
                insert_into_array(stored.make_mut(), rows);
                if stored.len() >= SPARSE_MAX {
                    let mut words = [0; BLOCK_WORDS];
                    set_bits(&mut words, stored);
                    *self = Self::from_words(&words);
                }
            }
            Form::Dense { words, len } => {
                let stored = words.make_mut();
                for &row in rows {
                    let (word, bit) = place(row);
                    let word = &mut stored[word];
                    *len += u32::from(*word & bit == 0);
                    *word |= bit;
                }
                if *len as usize == BLOCK_ROWS {
                    self.0 = Form::Prefix(*len);
                }
            }
        }
    }

    /// Takes ascending rows without repeats out, whether or not they are there.
    ///
    /// # Cost
    /// The rows given, and the rows stored when they are an array that has one of them.
    pub fn remove_sorted(&mut self, rows: &[u16]) {
        match &mut self.0 {
            Form::Prefix(len) => {
                let len = *len;
                let touched = rows.partition_point(|&row| u32::from(row) < len);
                let Some(&first) = rows[..touched].first() else {
                    return;
                };
                if usize::from(first) + touched == len as usize {
                    self.0 = Form::Prefix(u32::from(first));
                } else {
                    self.0 = expand(len, 0);
                    self.remove_sorted(&rows[..touched]);
                }
            }
            Form::Sparse(stored) => {
                let rows = within(rows, stored);
                let is_quick = rows.len() < stored.len() / 16;
                if is_quick && rows.iter().all(|row| stored.binary_search(row).is_err()) {
                    return;
                }
                let mut gone = rows.iter().copied().peekable();
                stored.make_mut().retain(|&row| {
                    while gone.next_if(|&other| other < row).is_some() {}
                    gone.peek() != Some(&row)
                });
                if stored.is_empty() {
                    *self = Self::new();
                }
            }
            Form::Dense { words, len } => {
                let stored = words.make_mut();
                for &row in rows {
                    let (word, bit) = place(row);
                    let word = &mut stored[word];
                    *len = len.saturating_sub(u32::from(*word & bit != 0));
                    *word &= !bit;
                }
                if (*len as usize) < DENSE_MIN {
                    *self = Self(Form::Sparse(Bits::new(words).collect::<Vec<_>>().into()));
                }
            }
        }
    }

    /// Takes ascending rows out except for others, and adds those others.
    pub fn assign(&mut self, rows: &[u16], with: &[u16]) {
        let is_direct = with.is_empty() || matches!(self.0, Form::Dense { .. });
        let rest = if is_direct {
            Cow::Borrowed(rows)
        } else {
            Cow::Owned(subtract(rows, with))
        };
        self.remove_sorted(&rest);
        self.insert_sorted(with);
    }
}

impl Default for RowSet {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for RowSet {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl Eq for RowSet {}

impl<'a> IntoIterator for &'a RowSet {
    type Item = u16;
    type IntoIter = Rows<'a>;

    fn into_iter(self) -> Rows<'a> {
        self.iter()
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "at most the rows of a block"
)]
fn to_len(n_rows: usize) -> u32 {
    n_rows as u32
}

/// Whole words of the first `len` rows, and the bits of the word after them.
fn split(len: u32) -> (usize, u64) {
    ((len / 64) as usize, (1 << (len % 64)) - 1)
}

fn is_prefix(words: &Words, len: usize) -> bool {
    let (whole, mask) = split(to_len(len));
    words[..whole].iter().all(|&word| word == u64::MAX) && (mask == 0 || words[whole] == mask)
}

fn set_bits(words: &mut Words, rows: &[u16]) {
    for &row in rows {
        let (word, bit) = place(row);
        words[word] |= bit;
    }
}

/// The first `len` rows in the form that takes `more` others.
fn expand(len: u32, more: usize) -> Form {
    if len as usize + more < SPARSE_MAX {
        return Form::Sparse((0..len as usize).map(to_row).collect::<Vec<_>>().into());
    }
    let mut words = [0; BLOCK_WORDS];
    RowSet(Form::Prefix(len)).or_into(&mut words);
    Form::Dense {
        words: words.to_vec().into(),
        len,
    }
}

/// Rows that are not in another ascending list.
fn subtract(rows: &[u16], others: &[u16]) -> Vec<u16> {
    let mut others = others.iter().copied().peekable();
    let mut rest = Vec::with_capacity(rows.len());
    rest.extend(rows.iter().copied().filter(|row| {
        while others.next_if(|other| other < row).is_some() {}
        others.peek() != Some(row)
    }));
    rest
}

/// The rows between the first and the last of others.
fn within<'a>(rows: &'a [u16], others: &[u16]) -> &'a [u16] {
    let (Some(first), Some(last)) = (others.first(), others.last()) else {
        return &[];
    };
    let start = rows.partition_point(|row| row < first);
    let end = rows.partition_point(|row| row <= last);
    rows.get(start..end).unwrap_or(&[])
}

fn insert_into_array(stored: &mut Vec<u16>, rows: &[u16]) {
    if stored.last() < rows.first() {
        stored.extend_from_slice(rows);
        return;
    }
    let mut merged = Vec::with_capacity(stored.len() + rows.len());
    let mut old = stored.iter().copied().peekable();
    for &row in rows {
        while let Some(before) = old.next_if(|&other| other < row) {
            merged.push(before);
        }
        old.next_if_eq(&row);
        merged.push(row);
    }
    merged.extend(old);
    *stored = merged;
}
