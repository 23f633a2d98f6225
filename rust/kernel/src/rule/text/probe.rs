//! Looking for a text at the start or the end of others, or as the whole: eight bytes at each end and the length, without branches; only
//! patterns longer than both are compared as a whole.

use crate::bitmap::Words;
use crate::column::Arena;

use super::{Pattern, Place, TextTest, retain_by_row};

/// Bytes that are compared at once.
pub(super) const PROBE_BYTES: usize = size_of::<u64>();

/// Standing rows of a word from which on all of its rows are looked at, without asking which ones stand.
const MANY_ROWS: u32 = 16;

/// What a text must have at its end that is probed.
pub(super) struct Probe {
    wanted: u64,
    mask: u64,
    shortest: usize,
    longest: usize,
}

/// Keeps the bits of rows whose text holds the pattern, at any place but [`Place::Anywhere`].
///
/// # Cost
/// One or two nanoseconds a row. A start or end of up to sixteen bytes is compared as a whole by its first and its last eight, which may
/// overlap; other patterns of more than eight cost a comparison more for each row that agrees in these, or in the first eight and the length.
pub(super) fn retain(pattern: &Pattern, texts: &Arena, words: &mut Words) {
    let (bytes, needle) = (texts.bytes(), pattern.needle());
    let probe = Probe::new(pattern);
    let overhang = needle.len().saturating_sub(PROBE_BYTES);
    match pattern.place {
        Place::End if overhang > 0 => {
            let front = first_bytes(needle, 0);
            retain_likely(texts, words, |start, end| {
                probe.agrees(end.saturating_sub(start), last_bytes(bytes, end))
                    & (first_bytes(bytes, end.saturating_sub(needle.len())) == front)
            });
        }
        Place::End => retain_likely(texts, words, |start, end| {
            probe.agrees(end.saturating_sub(start), last_bytes(bytes, end))
        }),
        Place::Start if overhang > 0 => {
            let back = last_bytes(needle, needle.len());
            retain_likely(texts, words, |start, end| {
                probe.agrees(end.saturating_sub(start), first_bytes(bytes, start))
                    & (first_bytes(bytes, start + overhang) == back)
            });
        }
        _ => retain_likely(texts, words, |start, end| {
            probe.agrees(end.saturating_sub(start), first_bytes(bytes, start))
        }),
    }
    if overhang > PROBE_BYTES || overhang > 0 && pattern.place == Place::Whole {
        retain_by_row(words, |row| pattern.matches(texts.get(row)));
    }
}

impl Probe {
    pub(super) fn new(pattern: &Pattern) -> Self {
        let needle = pattern.needle();
        let n_probed = needle.len().min(PROBE_BYTES);
        let (probed, mask) = if pattern.place == Place::End {
            (
                last_bytes(needle, needle.len()),
                u64::MAX.checked_shl(unprobed_bits(n_probed)),
            )
        } else {
            (
                first_bytes(needle, 0),
                u64::MAX.checked_shr(unprobed_bits(n_probed)),
            )
        };
        let mask = mask.unwrap_or(0);
        let longest = if pattern.place == Place::Whole {
            needle.len()
        } else {
            usize::MAX
        };
        Self {
            wanted: probed & mask,
            mask,
            shortest: needle.len(),
            longest,
        }
    }

    #[expect(
        clippy::needless_bitwise_bool,
        reason = "a branch would be mispredicted"
    )]
    #[inline]
    pub(super) fn agrees(&self, len: usize, probed: u64) -> bool {
        (self.shortest <= len) & (len <= self.longest) & (probed & self.mask == self.wanted)
    }
}

/// Bits of eight bytes of which only some are looked at.
#[expect(clippy::cast_possible_truncation, reason = "at most 64")]
pub(super) fn unprobed_bits(n_probed: usize) -> u32 {
    8 * (PROBE_BYTES - n_probed) as u32
}

/// Eight bytes from a position on, the first lowest; zeros behind the last.
#[inline]
pub(super) fn first_bytes(bytes: &[u8], start: usize) -> u64 {
    let rest = bytes.get(start..).unwrap_or_default();
    match rest.first_chunk() {
        Some(probed) => u64::from_le_bytes(*probed),
        None => rest
            .iter()
            .rev()
            .fold(0, |probed, &byte| probed << 8 | u64::from(byte)),
    }
}

/// Eight bytes up to a position, the last highest; zeros before the first.
#[inline]
pub(super) fn last_bytes(bytes: &[u8], end: usize) -> u64 {
    let front = bytes.get(..end).unwrap_or_default();
    match front.last_chunk() {
        Some(probed) => u64::from_le_bytes(*probed),
        None => front
            .iter()
            .fold(0, |probed, &byte| probed >> 8 | u64::from(byte) << 56),
    }
}

/// Keeps the bits of rows whose start and end in the bytes agree.
pub(super) fn retain_likely(
    texts: &Arena,
    words: &mut Words,
    agrees: impl Fn(usize, usize) -> bool,
) {
    let offsets = texts.offsets();
    for (word, first) in words.iter_mut().zip((0..).step_by(64)) {
        if *word == 0 {
            continue;
        }
        let rows = offsets.get(first..).unwrap_or_default();
        match rows.first_chunk::<65>() {
            Some(rows) if word.count_ones() >= MANY_ROWS => {
                *word &= rows.windows(2).zip(0..).fold(0, |mask, (row, bit)| {
                    mask | u64::from(agrees(row[0] as usize, row[1] as usize)) << bit
                });
            }
            _ => retain_by_row(std::slice::from_mut(word), |row| {
                match rows.get(row..row + 2) {
                    Some(&[start, end]) => agrees(start as usize, end as usize),
                    _ => false,
                }
            }),
        }
    }
}
