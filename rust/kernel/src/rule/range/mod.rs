//! Which of a block's values lie in a range: one bit a row, with the widest vectors the processor has.
//!
//! [`scalar`] says what is meant; the others are faster and equal. The choice is made at run time, so that one build runs everywhere.

mod bounds;
mod scalar;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(test)]
mod tests;

pub(super) use bounds::{Bound, Bounds, Overlap};

/// A value that ranges are asked of.
pub(super) trait Ranged: Copy + PartialOrd {
    /// Keeps the bits of rows whose value lies in `low..=high`; words that are empty already are not read.
    ///
    /// `words[i]` belongs to `values[64 * i..]`; rows behind the last value lose their bit. What stands where a value is absent may say
    /// yes or no: the caller has taken those rows out, or does so afterwards.
    fn retain_in_range(values: &[Self], low: Self, high: Self, words: &mut [u64]);
}

/// Chooses among the variants of one type.
macro_rules! ranged {
    ($value:ty, $retain:ident) => {
        impl Ranged for $value {
            #[cfg_attr(
                target_arch = "x86_64",
                expect(
                    unsafe_code,
                    reason = "the processor is asked before its features are used"
                )
            )]
            fn retain_in_range(values: &[Self], low: Self, high: Self, words: &mut [u64]) {
                #[cfg(target_arch = "x86_64")]
                {
                    if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw") {
                        // SAFETY: both features were found on this processor.
                        return unsafe { avx512::$retain(values, low, high, words) };
                    }
                    if is_x86_feature_detected!("avx2") {
                        // SAFETY: the feature was found on this processor.
                        return unsafe { avx2::$retain(values, low, high, words) };
                    }
                }
                scalar::retain(values, low, high, words);
            }
        }
    };
}

ranged!(f64, retain_f64);
ranged!(i64, retain_i64);
ranged!(i32, retain_i32);
ranged!(u16, retain_u16);
