#![cfg_attr(
    target_arch = "x86_64",
    expect(
        unsafe_code,
        reason = "the processor is asked before its features are used"
    )
)]

use std::fmt::Debug;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::{Ranged, scalar};

type Retain<T> = unsafe fn(&[T], T, T, &mut [u64]);

/// Sizes around words and vectors; a block's own edges are covered by the tests of plans.
const SIZES: [usize; 12] = [0, 1, 7, 8, 31, 63, 64, 65, 127, 128, 129, 1_000];

/// Every variant this processor has.
macro_rules! variants {
    ($retain:ident) => {{
        #[allow(unused_mut)]
        let mut variants: Vec<Retain<_>> = vec![Ranged::retain_in_range];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") {
                variants.push(super::avx2::$retain);
            }
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw") {
                variants.push(super::avx512::$retain);
            }
        }
        variants
    }};
}

fn naive<T: Ranged>(values: &[T], low: T, high: T, words: &mut [u64]) {
    for (i, word) in words.iter_mut().enumerate() {
        for bit in 0..64 {
            let inside = values
                .get(64 * i + bit)
                .is_some_and(|value| low <= *value && *value <= high);
            if !inside {
                *word &= !(1 << bit);
            }
        }
    }
}

fn check<T: Ranged + Debug>(
    variants: &[Retain<T>],
    values: &[T],
    (low, high): (T, T),
    standing: &[u64],
) -> TestCaseResult {
    let mut expected = standing.to_vec();
    naive(values, low, high, &mut expected);
    let mut specified = standing.to_vec();
    scalar::retain(values, low, high, &mut specified);
    prop_assert_eq!(&specified, &expected);
    for variant in variants {
        let mut found = standing.to_vec();
        // SAFETY: `variants` holds only what this processor has.
        unsafe { variant(values, low, high, &mut found) };
        prop_assert_eq!(&found, &expected);
    }
    Ok(())
}

/// Values with a bound among them often, and more words than values.
fn case<T: Debug + Clone + 'static>(
    value: impl Strategy<Value = T> + Clone + 'static,
) -> impl Strategy<Value = (Vec<T>, (T, T), Vec<u64>)> {
    let word = prop_oneof![Just(0), Just(u64::MAX), any::<u64>()];
    (
        proptest::sample::select(&SIZES[..]),
        value.clone(),
        value.clone(),
    )
        .prop_flat_map(move |(n, low, high)| {
            let near =
                prop_oneof![3 => value.clone(), 1 => Just(low.clone()), 1 => Just(high.clone())];
            (
                vec(near, n),
                Just((low, high)),
                vec(word.clone(), n.div_ceil(64) + 1),
            )
        })
}

proptest! {
    #[test]
    fn doubles_are_compared_as_specified(
        (values, bounds, words) in case(prop_oneof![
            4 => -3.0..3.0,
            2 => proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL,
            2 => proptest::sample::select(&[
                0.0, -0.0, 1.0, f64::MIN, f64::MAX, f64::MIN_POSITIVE, f64::NEG_INFINITY, f64::INFINITY,
            ][..]),
        ])
    ) {
        check(&variants!(retain_f64), &values, bounds, &words)?;
    }

    #[test]
    fn times_are_compared_as_specified(
        (values, bounds, words) in case(prop_oneof![
            any::<i64>(), -3_i64..3, proptest::sample::select(&[i64::MIN, i64::MAX][..]),
        ])
    ) {
        check(&variants!(retain_i64), &values, bounds, &words)?;
    }

    #[test]
    fn days_are_compared_as_specified(
        (values, bounds, words) in case(prop_oneof![
            any::<i32>(), -3_i32..3, proptest::sample::select(&[i32::MIN, i32::MAX][..]),
        ])
    ) {
        check(&variants!(retain_i32), &values, bounds, &words)?;
    }

    #[test]
    fn codes_are_compared_as_specified(
        (values, bounds, words) in case(prop_oneof![
            any::<u16>(), 0_u16..3, proptest::sample::select(&[0x7FFF, 0x8000, u16::MAX][..]),
        ])
    ) {
        check(&variants!(retain_u16), &values, bounds, &words)?;
    }
}

#[test]
fn zero_of_either_sign_is_one_value() {
    let mut words = [u64::MAX];
    f64::retain_in_range(
        &[0.0, -0.0, 0.0_f64.next_up(), (-0.0_f64).next_down()],
        -0.0,
        0.0,
        &mut words,
    );
    assert_eq!(words, [0b0011]);
}
