//! Values among options.

use std::ops::RangeInclusive;

use crate::bitmap::{BLOCK_WORDS, Words};

use super::range::Ranged;
use super::selection::retain_values;

/// Most runs that are compared one after the other; beyond, codes are looked up in a table.
/// Guarded by `benches/rules.rs`, `codes/*`.
const RUNS_MAX: usize = 8;

/// Option codes asked for; never empty.
#[derive(Debug)]
pub(super) struct CodeSet {
    codes: Vec<u16>,
    /// The same codes as runs of neighbours, ascending.
    runs: Vec<RangeInclusive<u16>>,
}

impl CodeSet {
    /// Takes codes in any order; `None` when there is none.
    pub(super) fn new(codes: &[u16]) -> Option<Self> {
        let mut codes = codes.to_vec();
        codes.sort_unstable();
        codes.dedup();
        let runs: Vec<_> = codes
            .chunk_by(|&code, &next| code + 1 == next)
            .filter_map(|run| Some(*run.first()?..=*run.last()?))
            .collect();
        (!codes.is_empty()).then_some(Self { codes, runs })
    }

    /// Its codes, ascending.
    pub(super) fn codes(&self) -> &[u16] {
        &self.codes
    }

    /// Whether a code is among them.
    pub(super) fn contains(&self, code: u16) -> bool {
        self.codes.binary_search(&code).is_ok()
    }

    /// Whether codes between two others, both included, can be among them.
    pub(super) fn overlaps(&self, (lowest, highest): (u16, u16)) -> bool {
        let next = self.codes.partition_point(|&code| code < lowest);
        self.codes.get(next).is_some_and(|&code| code <= highest)
    }

    /// Keeps the bits of rows whose code is among them; rows behind the last value lose theirs.
    pub(super) fn retain(&self, values: &[u16], words: &mut Words) {
        match self.runs.as_slice() {
            [run] => u16::retain_in_range(values, *run.start(), *run.end(), words),
            runs if runs.len() <= RUNS_MAX => {
                let mut found = Box::new([0; BLOCK_WORDS]);
                for run in runs {
                    let mut part = Box::new(*words);
                    u16::retain_in_range(values, *run.start(), *run.end(), part.as_mut_slice());
                    found
                        .iter_mut()
                        .zip(part.iter())
                        .for_each(|(word, part)| *word |= part);
                }
                *words = *found;
            }
            _ => self.retain_by_table(values, words),
        }
    }

    fn retain_by_table(&self, values: &[u16], words: &mut Words) {
        let mut wanted = vec![false; usize::from(u16::MAX) + 1];
        for &code in &self.codes {
            wanted[usize::from(code)] = true;
        }
        retain_values(values, words, |code| wanted[usize::from(code)]);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used)]

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn codes_are_kept_as_they_are_contained(
            codes in vec(prop_oneof![0_u16..40, any::<u16>()], 1..40),
            values in vec(prop_oneof![0_u16..40, any::<u16>()], 0..300),
            word in any::<u64>(),
        ) {
            let set = CodeSet::new(&codes).unwrap();
            let mut words = [word; BLOCK_WORDS];
            set.retain(&values, &mut words);
            for row in 0..BLOCK_WORDS * 64 {
                let wanted = values.get(row).is_some_and(|value| codes.contains(value));
                let expected = wanted && word >> (row % 64) & 1 == 1;
                prop_assert_eq!(words[row / 64] >> (row % 64) & 1 == 1, expected);
            }
        }

        #[test]
        fn overlap_means_a_code_in_between(
            codes in vec(0_u16..20, 1..6), lowest in 0_u16..20, more in 0_u16..20,
        ) {
            let set = CodeSet::new(&codes).unwrap();
            let expected = (lowest..=lowest + more).any(|code| set.contains(code));
            prop_assert_eq!(set.overlaps((lowest, lowest + more)), expected);
        }
    }

    #[test]
    fn neighbours_make_one_run() {
        let set = CodeSet::new(&[7, 5, 6, 6, 9, u16::MAX]).unwrap();
        assert_eq!(set.runs, [5..=7, 9..=9, u16::MAX..=u16::MAX]);
        assert!(CodeSet::new(&[]).is_none());
    }
}
