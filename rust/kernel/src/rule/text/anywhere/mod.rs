//! Looking for a text anywhere in others.
//!
//! `scalar` says what is meant, and is as fast as reading where hits are rare; `avx2` takes the same time whatever is hit.

mod scalar;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(test)]
mod tests;

use super::Pattern;
use crate::bitmap::Words;
use crate::column::Arena;

/// Hits from which on a sweep is not worth its while any more: one in so many rows, after as many to begin with. A hit costs it 35 ns, a row
/// costs `avx2` some 2 ns more than reading does.
#[cfg(target_arch = "x86_64")]
const RARE_HIT_ROWS: usize = 16;

/// Keeps the bits of rows whose text has the pattern's needle, which is not empty, somewhere.
#[cfg_attr(
    target_arch = "x86_64",
    expect(
        unsafe_code,
        reason = "the processor is asked before its features are used"
    )
)]
pub(super) fn retain(pattern: &Pattern, texts: &Arena, words: &mut Words) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        let mut n_done = 0;
        if scalar::sweep_pays(texts, words) {
            n_done = scalar::sweep(pattern, texts, words, |hits, row| {
                hits <= RARE_HIT_ROWS + row / RARE_HIT_ROWS
            });
        }
        // SAFETY: the feature was found on this processor.
        return unsafe { avx2::retain(pattern, texts, words, n_done) };
    }
    scalar::retain(pattern, texts, words);
}
