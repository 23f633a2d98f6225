//! A row at a time, 32 places at once.
//!
//! What is done for a row hardly depends on whether it has the text, so that no branch is mispredicted and reads of several rows overlap.
#![expect(unsafe_code, reason = "loads by pointer, checked once a row")]

use std::arch::x86_64::{
    __m256i, _MM_HINT_T0, _mm_prefetch, _mm256_and_si256, _mm256_cmpeq_epi8, _mm256_loadu_si256,
    _mm256_movemask_epi8, _mm256_set1_epi8,
};

use super::super::probe::{PROBE_BYTES, first_bytes, last_bytes};
use super::super::{Pattern, TextTest};
use crate::bitmap::Words;
use crate::column::Arena;

/// Places that are looked at together.
const PLACES: usize = 32;

/// Words between the one that is looked at and the one whose texts are asked for.
const WORDS_AHEAD: usize = 4;

/// Standing rows of a word from which on their texts are read one behind the other anyway.
const CLOSE_ROWS: u32 = 20;

/// A needle, spread for comparison.
struct Needle<'a> {
    pattern: &'a Pattern,
    len: usize,
    /// Positions of its first, middle and last byte, and the byte in every lane.
    samples: [(usize, __m256i); 3],
    /// Its first and last eight bytes, or all of them and zeros.
    head: u64,
    tail: u64,
    /// The bytes of both that are its own.
    mask: u64,
    /// Where the last eight begin.
    tail_position: usize,
    /// Bytes from a row's start on that are read, its own or others'.
    readable: usize,
}

/// Keeps the bits of rows whose text has the needle, which is not empty, somewhere; words before `first_word` stay as they are.
///
/// # Cost
/// About three nanoseconds a row, wherever the needle is found; rows with more than 32 places are searched again when it is not among
/// them.
#[target_feature(enable = "avx2")]
pub(super) fn retain(pattern: &Pattern, texts: &Arena, words: &mut Words, first_word: usize) {
    let needle = Needle::new(pattern);
    let (offsets, bytes) = (texts.offsets(), texts.bytes());
    let last_readable = bytes.len().checked_sub(needle.readable);
    for i in first_word..words.len() {
        if let Some(&ahead) = words.get(i + WORDS_AHEAD) {
            prefetch(ahead, offsets, bytes, 64 * (i + WORDS_AHEAD));
        }
        let rows = offsets.get(64 * i..).unwrap_or_default();
        let (mut left, mut found) = (words[i], 0);
        while left != 0 {
            let row = left.trailing_zeros() as usize;
            left &= left - 1;
            let Some(&[start, end]) = rows.get(row..row + 2) else {
                break;
            };
            let (start, end) = (start as usize, end as usize);
            let holds = if last_readable.is_some_and(|last| start <= last) {
                // SAFETY: at least `needle.readable` bytes follow `start`.
                unsafe { needle.is_between(bytes, start, end) }
            } else {
                needle.is_in(bytes, start, end)
            };
            found |= u64::from(holds) << row;
        }
        words[i] = found;
    }
}

/// Asks for the texts of a word's standing rows, when they are too far apart for the processor to see them coming.
#[inline]
fn prefetch(standing: u64, offsets: &[u32], bytes: &[u8], first: usize) {
    if standing.count_ones() >= CLOSE_ROWS {
        return;
    }
    let mut left = standing;
    while left != 0 {
        let row = left.trailing_zeros() as usize;
        left &= left - 1;
        if let Some(text) = offsets
            .get(first + row)
            .and_then(|&start| bytes.get(start as usize))
        {
            // SAFETY: a hint about an address that is there.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(text).cast()) };
        }
    }
}

impl<'a> Needle<'a> {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn new(pattern: &'a Pattern) -> Self {
        let bytes = pattern.needle();
        let len = bytes.len();
        let sample = |position: usize| (position, _mm256_set1_epi8(bytes[position].cast_signed()));
        let head = first_bytes(bytes, 0);
        let is_short = len < PROBE_BYTES;
        Self {
            pattern,
            len,
            samples: [sample(0), sample(len / 2), sample(len - 1)],
            head,
            tail: if is_short {
                head
            } else {
                last_bytes(bytes, len)
            },
            mask: if is_short {
                (1 << (8 * len)) - 1
            } else {
                u64::MAX
            },
            tail_position: len.saturating_sub(PROBE_BYTES),
            readable: PLACES + len + PROBE_BYTES,
        }
    }

    /// Whether the needle stands in the bytes from `start` to `end`.
    ///
    /// # Safety
    /// At least `self.readable` bytes follow `start`.
    #[expect(
        clippy::needless_bitwise_bool,
        reason = "a branch would be mispredicted"
    )]
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn is_between(&self, bytes: &[u8], start: usize, end: usize) -> bool {
        let n_places = (end + 1).saturating_sub(start + self.len);
        // SAFETY: the caller vouches for `start`.
        let text = unsafe { bytes.as_ptr().add(start) };
        // SAFETY: a sample lies below `len`, so that the load ends below `readable`.
        let agree = |(position, byte): (usize, __m256i)| unsafe {
            _mm256_cmpeq_epi8(_mm256_loadu_si256(text.add(position).cast()), byte)
        };
        let [first, middle, last] = self.samples.map(agree);
        let all = _mm256_movemask_epi8(_mm256_and_si256(_mm256_and_si256(first, middle), last));
        let inside = (1_u64 << n_places.min(PLACES)) - 1;
        let places = u64::from(all.cast_unsigned()) & inside;
        let place = places.trailing_zeros() as usize % PLACES;
        // SAFETY: `place` lies below 32 and both positions at most at `len`, so that the loads end below `readable`.
        let (head, tail) = unsafe {
            let at = text.add(place);
            (
                at.cast::<u64>().read_unaligned(),
                at.add(self.tail_position).cast::<u64>().read_unaligned(),
            )
        };
        let differs = ((head.to_le() ^ self.head) | (tail.to_le() ^ self.tail)) & self.mask;
        let found = (places != 0) & (differs == 0);
        let is_settled = (places & places.wrapping_sub(1) == 0) & (n_places <= PLACES) | found;
        if is_settled && self.len <= 2 * PROBE_BYTES {
            found
        } else {
            self.is_in(bytes, start, end)
        }
    }

    /// The same for rows at the end of the arena, long ones, and those where samples agree more than once.
    #[cold]
    fn is_in(&self, bytes: &[u8], start: usize, end: usize) -> bool {
        bytes
            .get(start..end)
            .is_some_and(|text| self.pattern.matches(text))
    }
}
