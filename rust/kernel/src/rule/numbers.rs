//! Values among numbers.

use std::collections::HashSet;

use foldhash::fast::FixedState;
use serde_json::Number;

use crate::bitmap::Words;
use crate::column::{PlainBlock, PlainValue};

use super::selection::{retain_by_row, retain_values};
use super::sieve::Sieve;

/// A value that is looked for among others.
pub(super) trait Listed: PlainValue {
    /// The value of a number as written: outer `None` when it is none of this type, inner when no value can be equal to it.
    #[expect(
        clippy::option_option,
        reason = "a fault and a number out of reach are two answers"
    )]
    fn of_number(number: &Number) -> Option<Option<Self>>;

    /// A number that equal values have alike, and no others.
    fn key(self) -> u64;
}

impl Listed for f64 {
    fn of_number(number: &Number) -> Option<Option<Self>> {
        Some(number.as_f64())
    }

    /// Zero of either sign is one value.
    #[inline]
    fn key(self) -> u64 {
        (self + 0.0).to_bits()
    }
}

impl Listed for i64 {
    fn of_number(number: &Number) -> Option<Option<Self>> {
        number.as_i64().map(Some)
    }

    #[inline]
    fn key(self) -> u64 {
        self.cast_unsigned()
    }
}

impl Listed for i32 {
    fn of_number(number: &Number) -> Option<Option<Self>> {
        number.as_i64().map(|day| Self::try_from(day).ok())
    }

    #[inline]
    fn key(self) -> u64 {
        u64::from(self.cast_unsigned())
    }
}

/// Numbers to be equal to; never empty.
#[derive(Debug)]
pub(super) struct NumberSet<T> {
    /// Ascending.
    values: Vec<T>,
    /// What the same values have alike, and no others.
    keys: HashSet<u64, FixedState>,
    sieve: Sieve,
}

impl<T: Listed> NumberSet<T> {
    /// Prepares numbers: outer `None` when one is none of the type, inner when no value can be equal to any.
    #[expect(
        clippy::option_option,
        reason = "a fault and an empty set are two answers"
    )]
    pub(super) fn new(numbers: &[Number]) -> Option<Option<Self>> {
        let values: Option<Vec<Option<T>>> = numbers.iter().map(T::of_number).collect();
        let mut values: Vec<T> = values?.into_iter().flatten().collect();
        values.sort_unstable_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
        values.dedup();
        let keys: HashSet<_, _> = values.iter().map(|value| value.key()).collect();
        let sieve = Sieve::new(keys.iter().copied());
        Some((!values.is_empty()).then_some(Self {
            values,
            keys,
            sieve,
        }))
    }

    /// Whether a value is among them.
    pub(super) fn contains(&self, value: T) -> bool {
        self.keys.contains(&value.key())
    }

    /// Whether values between two others, both included, can be among them.
    pub(super) fn overlaps(&self, (lowest, highest): (T, T)) -> bool {
        let next = self.values.partition_point(|value| *value < lowest);
        self.values.get(next).is_some_and(|value| *value <= highest)
    }

    /// About the bytes that are read of a block; `None` when none of its values is among them.
    pub(super) fn cost(&self, block: &PlainBlock<T>) -> Option<usize> {
        self.overlaps(block.range()?)
            .then(|| size_of_val(block.values()))
    }

    /// Keeps the bits of rows whose value is among them.
    ///
    /// # Cost
    /// About a nanosecond a row, plus one look-up for each row that passes the sieve.
    pub(super) fn retain(&self, block: &PlainBlock<T>, words: &mut Words) {
        if !block.range().is_some_and(|range| self.overlaps(range)) {
            return words.fill(0);
        }
        block.presence().and_into(words);
        let values = block.values();
        retain_values(values, words, |value| self.sieve.passes(value.key()));
        retain_by_row(words, |row| self.contains(values[row]));
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used)]

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::bitmap::BLOCK_WORDS;

    fn numbers(json: &str) -> Vec<Number> {
        serde_json::from_str(json).unwrap()
    }

    fn kept<T: Listed>(set: &NumberSet<T>, values: &[T]) -> Vec<bool> {
        let rows: Vec<u16> = (0..).take(values.len()).collect();
        let mut block = PlainBlock::default();
        block.write(&rows, values);
        let mut words = [u64::MAX; BLOCK_WORDS];
        set.retain(&block, &mut words);
        assert!(
            words[values.len().div_ceil(64)..]
                .iter()
                .all(|&word| word == 0)
        );
        let bit = |row: usize| words[row / 64] >> (row % 64) & 1 == 1;
        (0..values.len()).map(bit).collect()
    }

    proptest! {
        #[test]
        fn days_are_kept_as_they_are_contained(
            wanted in vec(-40_i32..40, 1..60), values in vec(-50_i32..50, 0..200),
        ) {
            let set = NumberSet::<i32>::new(&numbers(&format!("{wanted:?}"))).unwrap().unwrap();
            let expected: Vec<bool> = values.iter().map(|value| wanted.contains(value)).collect();
            prop_assert_eq!(kept(&set, &values), expected.clone());
            let single: Vec<bool> = values.iter().map(|&value| set.contains(value)).collect();
            prop_assert_eq!(single, expected);
        }

        #[test]
        fn overlap_means_a_value_in_between(
            wanted in vec(-20_i64..20, 1..6), lowest in -20_i64..20, more in 0_i64..20,
        ) {
            let set = NumberSet::<i64>::new(&numbers(&format!("{wanted:?}"))).unwrap().unwrap();
            let expected = (lowest..=lowest + more).any(|value| wanted.contains(&value));
            prop_assert_eq!(set.overlaps((lowest, lowest + more)), expected);
        }
    }

    #[test]
    fn zero_of_either_sign_is_one_number() {
        let set = NumberSet::<f64>::new(&numbers("[-0.0, 1.5]"))
            .unwrap()
            .unwrap();
        assert_eq!(
            kept(&set, &[0.0, -0.0, 1.5, 1.0]),
            [true, true, true, false]
        );
    }

    #[test]
    fn numbers_out_of_reach_are_equal_to_nothing() {
        assert!(
            NumberSet::<i32>::new(&numbers("[4294967296]"))
                .unwrap()
                .is_none()
        );
        assert!(NumberSet::<i64>::new(&numbers("[0.5]")).is_none());
        assert!(NumberSet::<f64>::new(&[]).unwrap().is_none());
    }
}
