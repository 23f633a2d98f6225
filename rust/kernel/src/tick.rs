//! The grid of the change clock (seed 000).

use crate::error::{KernelError, Result};

/// The first millisecond of year 1.
pub const MIN_MILLIS: i64 = -62_135_596_800_000;

/// The last millisecond of year 9999.
pub const MAX_MILLIS: i64 = 253_402_300_799_999;

/// Moves a time to the next tick of the change clock, strictly above it.
///
/// Takes and returns milliseconds since 1970-01-01T00:00:00Z, negative before it.
///
/// # Rule
/// Ticks end in 3, 7 or 0: 000–002 → 003, 003–006 → 007, 007–009 → 010; the carry runs through seconds to years.
///
/// # Errors
/// [`KernelError::TimeOutOfRange`] when the time or its tick lies outside of years 1 to 9999.
///
/// # Source
/// Seed 000 (bulk export, `lastdatetime`).
pub fn next_tick(millis: i64) -> Result<i64> {
    tick_above(millis).ok_or(KernelError::TimeOutOfRange { row: 0 })
}

/// Moves each time to the next tick strictly above it, as [`next_tick`] does.
///
/// # Errors
/// [`KernelError::TimeOutOfRange`] names the first row at fault.
///
/// # Cost
/// One pass, no allocation besides the result.
pub fn next_ticks(millis: &[i64]) -> Result<Vec<i64>> {
    millis
        .iter()
        .enumerate()
        .map(|(row, &time)| tick_above(time).ok_or(KernelError::TimeOutOfRange { row }))
        .collect()
}

fn tick_above(millis: i64) -> Option<i64> {
    let years = MIN_MILLIS..=MAX_MILLIS;
    if !years.contains(&millis) {
        return None;
    }
    let last_digit = millis.rem_euclid(10);
    let tick_digit = match last_digit {
        0..=2 => 3,
        3..=6 => 7,
        _ => 10,
    };
    Some(millis - last_digit + tick_digit).filter(|tick| years.contains(tick))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    /// The rule as the seed words it: go on until the last digit is 3, 7 or 0.
    fn next_tick_by_counting(millis: i64) -> i64 {
        (millis + 1..millis + 11)
            .find(|time| [0, 3, 7].contains(&time.rem_euclid(10)))
            .unwrap()
    }

    #[test]
    fn every_millisecond_of_a_second_goes_to_its_tick() {
        for start in [0, 1_700_000_000_000, -1_000, -2_208_988_800_000] {
            for millis in start..start + 1_000 {
                assert_eq!(next_tick(millis), Ok(next_tick_by_counting(millis)));
            }
        }
    }

    #[test]
    fn the_carry_runs_into_the_next_year() {
        let last_of_1999 = 946_684_799_999;
        assert_eq!(next_tick(last_of_1999 - 3), Ok(last_of_1999 - 2));
        assert_eq!(next_tick(last_of_1999 - 2), Ok(last_of_1999 + 1));
        assert_eq!(next_tick(last_of_1999), Ok(last_of_1999 + 1));
    }

    #[test]
    fn times_before_1970_move_forward_too() {
        assert_eq!(next_tick(-1), Ok(0));
        assert_eq!(next_tick(-3), Ok(0));
        assert_eq!(next_tick(-4), Ok(-3));
        assert_eq!(next_tick(-7), Ok(-3));
        assert_eq!(next_tick(-8), Ok(-7));
        assert_eq!(next_tick(-10), Ok(-7));
        assert_eq!(next_tick(-11), Ok(-10));
    }

    #[test]
    fn years_1_and_9999_are_the_ends() {
        let out = Err(KernelError::TimeOutOfRange { row: 0 });
        assert_eq!(next_tick(MIN_MILLIS), Ok(MIN_MILLIS + 3));
        assert_eq!(next_tick(MIN_MILLIS - 1), out);
        assert_eq!(next_tick(MAX_MILLIS - 3), Ok(MAX_MILLIS - 2));
        assert_eq!(next_tick(MAX_MILLIS - 2), out);
        assert_eq!(next_tick(i64::MAX), out);
        assert_eq!(next_tick(i64::MIN), out);
    }

    #[test]
    fn a_column_names_its_first_row_at_fault() {
        assert_eq!(next_ticks(&[]), Ok(vec![]));
        assert_eq!(
            next_ticks(&[0, MAX_MILLIS, i64::MIN]),
            Err(KernelError::TimeOutOfRange { row: 1 })
        );
    }

    proptest! {
        #[test]
        fn ticks_are_strictly_above_and_never_turn_back(
            first in MIN_MILLIS..MAX_MILLIS - 10,
            second in MIN_MILLIS..MAX_MILLIS - 10,
        ) {
            let (low, high) = (first.min(second), first.max(second));
            let ticks = next_ticks(&[low, high]).unwrap();
            prop_assert!(low < ticks[0] && ticks[0] <= low + 4);
            prop_assert!(ticks[0] <= ticks[1]);
        }
    }
}
