//! Days and times as RFC 3339 text.

use crate::wire::calendar::{DAY_MILLIS, date_of};

/// The digits of every number below 100.
const PAIRS: [[u8; 2]; 100] = pairs();

/// Appends a day as `2024-01-31`.
pub(super) fn push_date(days: i32, out: &mut Vec<u8>) {
    out.extend_from_slice(&date(days));
}

/// Appends a time as `2024-01-31T12:00:00.123Z`.
pub(super) fn push_time(millis: i64, out: &mut Vec<u8>) {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "times are of years 1 to 9999, a day has fewer milliseconds"
    )]
    let (days, in_day) = (
        millis.div_euclid(DAY_MILLIS) as i32,
        millis.rem_euclid(DAY_MILLIS) as i32,
    );
    out.extend_from_slice(&date(days));
    out.extend_from_slice(&clock(in_day));
}

fn date(days: i32) -> [u8; 10] {
    let (year, month, day) = date_of(days);
    let ([y1, y2], [y3, y4]) = (pair(year / 100), pair(year));
    let ([m1, m2], [d1, d2]) = (pair(month), pair(day));
    [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2]
}

fn clock(in_day: i32) -> [u8; 14] {
    let seconds = in_day / 1_000;
    let [h1, h2] = pair(seconds / 3_600);
    let [m1, m2] = pair(seconds / 60 % 60);
    let [s1, s2] = pair(seconds % 60);
    let ([_, f1], [f2, f3]) = (pair(in_day % 1_000 / 100), pair(in_day));
    [
        b'T', h1, h2, b':', m1, m2, b':', s1, s2, b'.', f1, f2, f3, b'Z',
    ]
}

/// The last two digits of a number.
fn pair(number: i32) -> [u8; 2] {
    PAIRS[(number.unsigned_abs() % 100) as usize]
}

const fn pairs() -> [[u8; 2]; 100] {
    let mut pairs = [[b'0'; 2]; 100];
    let mut number = 0;
    let mut digits = 0_u8;
    while number < pairs.len() {
        pairs[number] = [b'0' + digits / 10, b'0' + digits % 10];
        number += 1;
        digits += 1;
    }
    pairs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::calendar::{FIRST_DAY, FIRST_MILLI, LAST_DAY, LAST_MILLI};
    use crate::wire::value;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).expect("digits")
    }

    #[test]
    fn times_before_1970_round_down_to_their_day() {
        for (millis, text) in [
            (-1, "1969-12-31T23:59:59.999Z"),
            (0, "1970-01-01T00:00:00.000Z"),
            (1_709_251_200_123, "2024-03-01T00:00:00.123Z"),
            (FIRST_MILLI, "0001-01-01T00:00:00.000Z"),
            (LAST_MILLI, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(written(|out| push_time(millis, out)), text);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(days in FIRST_DAY..=LAST_DAY, millis in FIRST_MILLI..=LAST_MILLI) {
            prop_assert_eq!(value::date(written(|out| push_date(days, out)).as_bytes()), Some(days));
            prop_assert_eq!(value::date_time(written(|out| push_time(millis, out)).as_bytes()), Some(millis));
        }
    }
}
