//! Days of the year, whatever the year.

use crate::bitmap::Words;
use crate::column::PlainBlock;
use crate::wire::calendar::day_of;

use super::selection::retain_values;

/// Days after which the calendar repeats: 400 years.
const CYCLE_DAYS: usize = 146_097;

/// Years of one cycle.
const CYCLE_YEARS: std::ops::Range<i32> = 2000..2400;

/// Codes of days are below it.
const CODES_END: u16 = code(12, 31) + 1;

/// How a day of the year is written.
const fn code(month: u16, day: u16) -> u16 {
    month * 32 + day
}

/// Days of the year to be one of; never empty.
#[derive(Debug)]
pub(super) struct MonthDays {
    /// One bit for each day of a cycle; day 0 is 1970-01-01.
    words: Vec<u64>,
}

impl MonthDays {
    /// Prepares ranges of month * 32 + day, both ends included: outer `None` when an end is no day of a year or comes before its start,
    /// inner when there is no range.
    ///
    /// # Cost
    /// Up to a millisecond, for all days of the year.
    #[expect(
        clippy::option_option,
        reason = "a fault and an empty set are two answers"
    )]
    pub(super) fn new(ranges: &[(u16, u16)]) -> Option<Option<Self>> {
        let is_day = |code: u16| (1..=12).contains(&(code / 32)) && code & 31 != 0;
        let mut wanted = [false; CODES_END as usize];
        for &(first, last) in ranges {
            if !is_day(first) || !is_day(last) || first > last {
                return None;
            }
            wanted[usize::from(first)..=usize::from(last)].fill(true);
        }
        let mut days = Self {
            words: vec![0; CYCLE_DAYS.div_ceil(64)],
        };
        for (code, _) in (0..).zip(wanted).filter(|&(_, is_wanted)| is_wanted) {
            for day in CYCLE_YEARS.filter_map(|year| day_of(year, code / 32, code % 32)) {
                let bit = day_of_cycle(day);
                days.words[bit / 64] |= 1 << (bit % 64);
            }
        }
        Some((!ranges.is_empty()).then_some(days))
    }

    /// Whether a day is among them.
    #[inline]
    pub(super) fn contains(&self, days: i32) -> bool {
        let bit = day_of_cycle(days);
        self.words[bit / 64] >> (bit % 64) & 1 == 1
    }

    /// Keeps the bits of rows whose day is among them. About a nanosecond a row.
    pub(super) fn retain(&self, block: &PlainBlock<i32>, words: &mut Words) {
        block.presence().and_into(words);
        retain_values(block.values(), words, |days| self.contains(days));
    }
}

/// The number of a day in its cycle.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "a cycle is short, and a remainder of it not negative"
)]
fn day_of_cycle(days: i32) -> usize {
    days.rem_euclid(CYCLE_DAYS as i32) as usize
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used)]

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::bitmap::BLOCK_WORDS;
    use crate::wire::calendar::{FIRST_DAY, LAST_DAY, date_of};

    fn code_of(days: i32) -> u16 {
        let (_, month, day) = date_of(days);
        code(u16::try_from(month).unwrap(), u16::try_from(day).unwrap())
    }

    fn day() -> impl Strategy<Value = u16> {
        (1_u16..=12, 1_u16..=31).prop_map(|(month, day)| code(month, day))
    }

    proptest! {
        #[test]
        fn days_are_kept_as_their_dates_say(
            ranges in vec((day(), day()), 1..4),
            days in vec(prop_oneof![FIRST_DAY..=LAST_DAY, -800..800], 1..200),
        ) {
            let ranges: Vec<_> = ranges.into_iter().map(|(a, b)| (a.min(b), a.max(b))).collect();
            let wanted = MonthDays::new(&ranges).unwrap().unwrap();
            let rows: Vec<u16> = (0..).take(days.len()).collect();
            let mut block = PlainBlock::default();
            block.write(&rows, &days);
            let mut words = [u64::MAX; BLOCK_WORDS];
            wanted.retain(&block, &mut words);
            for (row, &day) in days.iter().enumerate() {
                let expected = ranges.iter().any(|(first, last)| (*first..=*last).contains(&code_of(day)));
                prop_assert_eq!(wanted.contains(day), expected);
                prop_assert_eq!(words[row / 64] >> (row % 64) & 1 == 1, expected);
            }
        }
    }

    #[test]
    fn every_day_of_all_years_is_one_of_all_days() {
        let all = MonthDays::new(&[(code(1, 1), code(12, 31))])
            .unwrap()
            .unwrap();
        assert!((FIRST_DAY..=LAST_DAY).all(|day| all.contains(day)));
        let leap = MonthDays::new(&[(code(2, 29), code(2, 29))])
            .unwrap()
            .unwrap();
        let count = (FIRST_DAY..=LAST_DAY)
            .filter(|&day| leap.contains(day))
            .count();
        assert_eq!(
            count,
            (1..=9999)
                .filter(|&year| day_of(year, 2, 29).is_some())
                .count()
        );
    }

    #[test]
    fn days_that_no_month_has_are_refused() {
        for range in [
            (0, 40),
            (33, 32),
            (code(12, 31), 416),
            (13 * 32 + 1, 13 * 32 + 2),
            (64, 70),
            (50, 40),
        ] {
            assert!(MonthDays::new(&[range]).is_none(), "{range:?}");
        }
        assert!(MonthDays::new(&[]).unwrap().is_none());
    }
}
