//! Range comparisons with 256-bit vectors.
#![expect(unsafe_code, reason = "vector loads take pointers")]

use std::arch::x86_64::{
    _CMP_GE_OQ, _CMP_LE_OQ, _mm256_and_pd, _mm256_and_si256, _mm256_castsi256_pd,
    _mm256_castsi256_ps, _mm256_cmp_pd, _mm256_cmpeq_epi16, _mm256_cmpgt_epi32, _mm256_cmpgt_epi64,
    _mm256_loadu_pd, _mm256_loadu_si256, _mm256_max_epu16, _mm256_min_epu16, _mm256_movemask_epi8,
    _mm256_movemask_pd, _mm256_movemask_ps, _mm256_or_si256, _mm256_packs_epi16,
    _mm256_permute4x64_epi64, _mm256_set1_epi16, _mm256_set1_epi32, _mm256_set1_epi64x,
    _mm256_set1_pd,
};

use super::scalar;

/// Defines the loop over words for one type; its mask of 64 values is inlined.
macro_rules! retain {
    ($retain:ident, $mask:ident, $value:ty) => {
        #[target_feature(enable = "avx2")]
        pub(super) fn $retain(values: &[$value], low: $value, high: $value, words: &mut [u64]) {
            let (chunks, rest) = values.as_chunks::<64>();
            let (whole, partial) = words.split_at_mut(chunks.len().min(words.len()));
            for (word, chunk) in whole.iter_mut().zip(chunks) {
                if *word != 0 {
                    *word &= $mask(chunk, low, high);
                }
            }
            scalar::retain(rest, low, high, partial);
        }
    };
}

retain!(retain_f64, mask_f64, f64);
retain!(retain_i64, mask_i64, i64);
retain!(retain_i32, mask_i32, i32);
retain!(retain_u16, mask_u16, u16);

#[inline]
#[target_feature(enable = "avx2")]
fn mask_f64(values: &[f64; 64], low: f64, high: f64) -> u64 {
    let (low, high) = (_mm256_set1_pd(low), _mm256_set1_pd(high));
    let mut mask = 0;
    for (i, lanes) in values.as_chunks::<4>().0.iter().enumerate() {
        // SAFETY: `lanes` is 4 doubles; the load needs no alignment.
        let value = unsafe { _mm256_loadu_pd(lanes.as_ptr()) };
        let inside = _mm256_and_pd(
            _mm256_cmp_pd::<_CMP_GE_OQ>(value, low),
            _mm256_cmp_pd::<_CMP_LE_OQ>(value, high),
        );
        mask |= bits(_mm256_movemask_pd(inside)) << (4 * i);
    }
    mask
}

#[inline]
#[target_feature(enable = "avx2")]
fn mask_i64(values: &[i64; 64], low: i64, high: i64) -> u64 {
    let (low, high) = (_mm256_set1_epi64x(low), _mm256_set1_epi64x(high));
    let mut outside = 0;
    for (i, lanes) in values.as_chunks::<4>().0.iter().enumerate() {
        // SAFETY: `lanes` is 256 bits; the load needs no alignment.
        let value = unsafe { _mm256_loadu_si256(lanes.as_ptr().cast()) };
        let out = _mm256_or_si256(
            _mm256_cmpgt_epi64(low, value),
            _mm256_cmpgt_epi64(value, high),
        );
        outside |= bits(_mm256_movemask_pd(_mm256_castsi256_pd(out))) << (4 * i);
    }
    !outside
}

#[inline]
#[target_feature(enable = "avx2")]
fn mask_i32(values: &[i32; 64], low: i32, high: i32) -> u64 {
    let (low, high) = (_mm256_set1_epi32(low), _mm256_set1_epi32(high));
    let mut outside = 0;
    for (i, lanes) in values.as_chunks::<8>().0.iter().enumerate() {
        // SAFETY: `lanes` is 256 bits; the load needs no alignment.
        let value = unsafe { _mm256_loadu_si256(lanes.as_ptr().cast()) };
        let out = _mm256_or_si256(
            _mm256_cmpgt_epi32(low, value),
            _mm256_cmpgt_epi32(value, high),
        );
        outside |= bits(_mm256_movemask_ps(_mm256_castsi256_ps(out))) << (8 * i);
    }
    !outside
}

#[inline]
#[target_feature(enable = "avx2")]
fn mask_u16(values: &[u16; 64], low: u16, high: u16) -> u64 {
    let (low, high) = (
        _mm256_set1_epi16(low.cast_signed()),
        _mm256_set1_epi16(high.cast_signed()),
    );
    let inside = |lanes: &[u16; 16]| {
        // SAFETY: `lanes` is 256 bits; the load needs no alignment.
        let value = unsafe { _mm256_loadu_si256(lanes.as_ptr().cast()) };
        _mm256_and_si256(
            _mm256_cmpeq_epi16(_mm256_max_epu16(value, low), value),
            _mm256_cmpeq_epi16(_mm256_min_epu16(value, high), value),
        )
    };
    let mut mask = 0;
    for (i, [front, back]) in values
        .as_chunks::<16>()
        .0
        .as_chunks::<2>()
        .0
        .iter()
        .enumerate()
    {
        // Packing works on halves of 128 bits; the permutation brings their quarters back into order.
        let packed = _mm256_packs_epi16(inside(front), inside(back));
        let ordered = _mm256_permute4x64_epi64::<0b11_01_10_00>(packed);
        mask |= bits(_mm256_movemask_epi8(ordered)) << (32 * i);
    }
    mask
}

/// Bits of a movemask, whose result is typed as signed.
fn bits(mask: i32) -> u64 {
    u64::from(mask.cast_unsigned())
}
