use std::ops::Range;

use crate::buffer::Buffer;
use crate::column::BLOCK_ROWS;

/// Texts from which on a block is expected to become full.
const MANY_ROWS: usize = BLOCK_ROWS / 8;

/// Texts one behind the other, and where each starts.
#[derive(Debug, Clone, Default)]
pub struct Arena {
    /// Start of each text, and the end of the last; nothing when there is none.
    offsets: Buffer<u32>,
    bytes: Buffer<u8>,
}

impl Arena {
    /// Takes stored parts as they are.
    pub(crate) fn from_parts(offsets: Buffer<u32>, bytes: Buffer<u8>) -> Self {
        Self { offsets, bytes }
    }

    /// Number of texts.
    pub fn len(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Start of each text in [`bytes`](Self::bytes), and the end of the last: one more than there are texts, nothing when there is none.
    pub fn offsets(&self) -> &[u32] {
        &self.offsets
    }

    /// All texts without separators.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// A text; empty behind the last, and where a mapped file is damaged.
    #[inline]
    pub fn get(&self, position: usize) -> &[u8] {
        let Some(&[start, end]) = self.offsets.get(position..position + 2) else {
            return &[];
        };
        self.bytes.get(start as usize..end as usize).unwrap_or(&[])
    }

    /// Appends a text.
    pub(super) fn push(&mut self, text: &[u8]) {
        self.push_with(|bytes| bytes.extend_from_slice(text));
    }

    /// Appends texts.
    pub(super) fn extend(&mut self, texts: &[&[u8]]) {
        self.make_room(texts.len(), texts.iter().map(|text| text.len()).sum());
        let (bytes, offsets) = (self.bytes.make_mut(), self.offsets.make_mut());
        if offsets.is_empty() {
            offsets.push(0);
        }
        for text in texts {
            bytes.extend_from_slice(text);
            offsets.push(offset(bytes.len()));
        }
    }

    /// Makes room for texts of some bytes; when there are many already, for all that the block will have if it goes on like this: growing
    /// by doubling would copy most of it twice.
    fn make_room(&mut self, n_texts: usize, n_bytes: usize) {
        let len = self.len() + n_texts;
        let (bytes, offsets) = (self.bytes.make_mut(), self.offsets.make_mut());
        let needed = bytes.len() + n_bytes;
        if (MANY_ROWS..BLOCK_ROWS).contains(&len) && bytes.capacity() < needed {
            let expected = needed * BLOCK_ROWS / len;
            bytes.reserve_exact(expected + expected / 16 - bytes.len());
            offsets.reserve_exact(BLOCK_ROWS + 1 - offsets.len());
        }
        bytes.reserve(n_bytes);
        offsets.reserve(n_texts + 1);
    }

    /// Takes the texts from a position on away.
    pub(super) fn truncate(&mut self, len: usize) {
        if let Some(&end) = self.offsets.get(len) {
            self.offsets.make_mut().truncate(len + 1);
            self.bytes.make_mut().truncate(end as usize);
        }
    }

    /// Makes capital letters of ASCII small, from a byte on.
    pub(super) fn make_ascii_lowercase(&mut self, from: usize) {
        self.bytes.make_mut()[from..].make_ascii_lowercase();
    }

    /// Appends what a function appends to the bytes; answers what it answers.
    pub(super) fn push_with<R>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> R) -> R {
        let bytes = self.bytes.make_mut();
        let answer = write(bytes);
        let end = offset(bytes.len());
        let offsets = self.offsets.make_mut();
        if offsets.is_empty() {
            offsets.push(0);
        }
        offsets.push(end);
        answer
    }

    /// Appends empty texts until there are `len`.
    pub(super) fn pad(&mut self, len: usize) {
        if len > self.len() {
            let end = offset(self.bytes.len());
            self.offsets.make_mut().resize(len + 1, end);
        }
    }

    /// Appends texts of another arena; those behind its last are empty.
    pub(super) fn extend_from(&mut self, other: &Self, range: Range<usize>) {
        let target = self.len() + range.len();
        let stored = range.start.min(other.len())..range.end.min(other.len());
        if let Some(&[first, ref ends @ ..]) = other.offsets.get(stored.start..=stored.end) {
            let last = ends.last().copied().unwrap_or(first);
            let bytes = self.bytes.make_mut();
            let start = offset(bytes.len());
            bytes.extend_from_slice(
                other
                    .bytes
                    .get(first as usize..last as usize)
                    .unwrap_or(&[]),
            );
            offset(bytes.len());
            let offsets = self.offsets.make_mut();
            if offsets.is_empty() {
                offsets.push(0);
            }
            // Offsets of a damaged file may lie anywhere, also after this: `get` checks them.
            offsets.extend(
                ends.iter()
                    .map(|end| end.wrapping_sub(first).wrapping_add(start)),
            );
        }
        self.pad(target);
    }

    /// Heap bytes.
    pub fn memory_bytes(&self) -> usize {
        self.offsets.memory_bytes() + self.bytes.memory_bytes()
    }

    /// Bytes of the texts and offsets themselves.
    pub(super) fn size_bytes(&self) -> usize {
        size_of_val(&*self.offsets) + self.bytes.len()
    }

    pub(super) fn reserve(&mut self, texts: usize, bytes: usize) {
        self.offsets.make_mut().reserve_exact(texts + 1);
        self.bytes.make_mut().reserve_exact(bytes);
    }

    pub(super) fn shrink(&mut self) {
        self.offsets.shrink();
        self.bytes.shrink();
    }
}

/// A position among the bytes of a block.
///
/// # Panics
/// From 4 GiB on.
pub(super) fn offset(position: usize) -> u32 {
    u32::try_from(position).expect("texts of a block are smaller than 4 GiB")
}
