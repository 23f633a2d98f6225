//! Range comparisons with 512-bit vectors, whose comparisons give masks.
#![expect(unsafe_code, reason = "vector loads take pointers")]

use std::arch::x86_64::{
    _CMP_GE_OQ, _CMP_LE_OQ, _mm512_cmp_pd_mask, _mm512_cmpge_epi32_mask, _mm512_cmpge_epi64_mask,
    _mm512_cmpge_epu16_mask, _mm512_loadu_epi16, _mm512_loadu_epi32, _mm512_loadu_epi64,
    _mm512_loadu_pd, _mm512_mask_cmp_pd_mask, _mm512_mask_cmple_epi32_mask,
    _mm512_mask_cmple_epi64_mask, _mm512_mask_cmple_epu16_mask, _mm512_set1_epi16,
    _mm512_set1_epi32, _mm512_set1_epi64, _mm512_set1_pd,
};

use super::scalar;

/// Defines the loop over words for one type; its mask of 64 values is inlined.
macro_rules! retain {
    ($retain:ident, $mask:ident, $value:ty) => {
        #[target_feature(enable = "avx512f,avx512bw")]
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
#[target_feature(enable = "avx512f,avx512bw")]
fn mask_f64(values: &[f64; 64], low: f64, high: f64) -> u64 {
    let (low, high) = (_mm512_set1_pd(low), _mm512_set1_pd(high));
    let mut mask = 0;
    for (i, lanes) in values.as_chunks::<8>().0.iter().enumerate() {
        // SAFETY: `lanes` is 8 doubles; the load needs no alignment.
        let value = unsafe { _mm512_loadu_pd(lanes.as_ptr()) };
        let above = _mm512_cmp_pd_mask::<_CMP_GE_OQ>(value, low);
        let inside = _mm512_mask_cmp_pd_mask::<_CMP_LE_OQ>(above, value, high);
        mask |= u64::from(inside) << (8 * i);
    }
    mask
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn mask_i64(values: &[i64; 64], low: i64, high: i64) -> u64 {
    let (low, high) = (_mm512_set1_epi64(low), _mm512_set1_epi64(high));
    let mut mask = 0;
    for (i, lanes) in values.as_chunks::<8>().0.iter().enumerate() {
        // SAFETY: `lanes` is 512 bits; the load needs no alignment.
        let value = unsafe { _mm512_loadu_epi64(lanes.as_ptr()) };
        let inside = _mm512_mask_cmple_epi64_mask(_mm512_cmpge_epi64_mask(value, low), value, high);
        mask |= u64::from(inside) << (8 * i);
    }
    mask
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn mask_i32(values: &[i32; 64], low: i32, high: i32) -> u64 {
    let (low, high) = (_mm512_set1_epi32(low), _mm512_set1_epi32(high));
    let mut mask = 0;
    for (i, lanes) in values.as_chunks::<16>().0.iter().enumerate() {
        // SAFETY: `lanes` is 512 bits; the load needs no alignment.
        let value = unsafe { _mm512_loadu_epi32(lanes.as_ptr()) };
        let inside = _mm512_mask_cmple_epi32_mask(_mm512_cmpge_epi32_mask(value, low), value, high);
        mask |= u64::from(inside) << (16 * i);
    }
    mask
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn mask_u16(values: &[u16; 64], low: u16, high: u16) -> u64 {
    let (low, high) = (
        _mm512_set1_epi16(low.cast_signed()),
        _mm512_set1_epi16(high.cast_signed()),
    );
    let mut mask = 0;
    for (i, lanes) in values.as_chunks::<32>().0.iter().enumerate() {
        // SAFETY: `lanes` is 512 bits; the load needs no alignment.
        let value = unsafe { _mm512_loadu_epi16(lanes.as_ptr().cast()) };
        let inside = _mm512_mask_cmple_epu16_mask(_mm512_cmpge_epu16_mask(value, low), value, high);
        mask |= u64::from(inside) << (32 * i);
    }
    mask
}
