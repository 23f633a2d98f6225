//! Days and times as RFC 3339 text.

use crate::wire::calendar::{DAY_MILLIS, date_of};

/// Appends a day as `2024-01-31`.
pub(super) fn push_date(days: i32, out: &mut Vec<u8>) {
    let (year, month, day) = date_of(days);
    let mut text = *b"0000-00-00";
    put_digits(&mut text[0..4], year);
    put_digits(&mut text[5..7], month);
    put_digits(&mut text[8..10], day);
    out.extend_from_slice(&text);
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
    push_date(days, out);
    let mut text = *b"T00:00:00.000Z";
    put_digits(&mut text[1..3], in_day / 3_600_000);
    put_digits(&mut text[4..6], in_day / 60_000 % 60);
    put_digits(&mut text[7..9], in_day / 1_000 % 60);
    put_digits(&mut text[10..13], in_day % 1_000);
    out.extend_from_slice(&text);
}

/// Writes a number's last digits, as many as there are places.
fn put_digits(places: &mut [u8], number: i32) {
    let mut rest = number.unsigned_abs();
    for place in places.iter_mut().rev() {
        *place = b"0123456789"[(rest % 10) as usize];
        rest /= 10;
    }
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
            prop_assert_eq!(value::date(&written(|out| push_date(days, out))), Some(days));
            prop_assert_eq!(value::date_time(&written(|out| push_time(millis, out))), Some(millis));
        }
    }
}
