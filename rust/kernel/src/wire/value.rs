//! The text forms of values.
//!
//! | type | forms |
//! | --- | --- |
//! | Number | `42`, `-0.5`, `1e3`: finite, without spaces |
//! | Boolean | `true`, `false`, `yes`, `no`, `1`, `0`, in any case |
//! | Date | `2024-01-31` |
//! | `DateTime` | RFC 3339, as `2024-01-31T12:00:00.5+01:00`; a space may stand for `T`; without a zone it is UTC, without seconds or time they are 0 |
//! | `MultiSelectMany` | names of options with `;` between, spaces around them ignored |
//!
//! Empty text is a value of no type: it clears.

use super::calendar;

/// Between the options of a `MultiSelectMany` in text form.
pub const OPTION_SEPARATOR: u8 = b';';

/// Reads a finite number in decimal form.
pub fn number(text: &[u8]) -> Option<f64> {
    let is_decimal =
        |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E');
    let decimal = text.iter().all(is_decimal).then_some(text)?;
    let number: f64 = std::str::from_utf8(decimal).ok()?.parse().ok()?;
    number.is_finite().then_some(number)
}

/// Reads a truth value.
pub fn boolean(text: &[u8]) -> Option<bool> {
    let is = |word: &str| text.eq_ignore_ascii_case(word.as_bytes());
    if is("true") || is("1") || is("yes") {
        Some(true)
    } else if is("false") || is("0") || is("no") {
        Some(false)
    } else {
        None
    }
}

/// Reads a date of years 1 to 9999 as days since 1970-01-01.
pub fn date(text: &[u8]) -> Option<i32> {
    match text {
        [year @ .., b'-', m1, m2, b'-', d1, d2] if year.len() == 4 => {
            calendar::day_of(digits(year)?, digits(&[*m1, *m2])?, digits(&[*d1, *d2])?)
        }
        _ => None,
    }
}

/// Reads a time of years 1 to 9999 as milliseconds since 1970 UTC; finer fractions are cut off.
pub fn date_time(text: &[u8]) -> Option<i64> {
    let (day, time) = text.split_at_checked(10)?;
    let midnight = i64::from(date(day)?) * calendar::DAY_MILLIS;
    let millis = match time {
        [] => 0,
        [b'T' | b't' | b' ', clock @ ..] => clock_with_zone(clock)?,
        _ => return None,
    };
    Some(midnight + millis).filter(|&millis| calendar::is_time(millis))
}

/// Reads `12:00`, `12:00:00` or `12:00:00.5`, and a zone, as milliseconds since midnight UTC.
fn clock_with_zone(clock: &[u8]) -> Option<i64> {
    let [h1, h2, b':', m1, m2, rest @ ..] = clock else {
        return None;
    };
    let minutes = hours_and_minutes([*h1, *h2], [*m1, *m2])?;
    let (seconds, rest) = match rest {
        [b':', s1, s2, rest @ ..] => (digits(&[*s1, *s2]).filter(|&s| s < 60)?, rest),
        _ => (0, rest),
    };
    let (fraction, zone) = match rest {
        [b'.', rest @ ..] if clock.get(5) == Some(&b':') => fraction_millis(rest)?,
        _ => (0, rest),
    };
    let ahead = zone_minutes(zone)?;
    Some(i64::from((minutes - ahead) * 60 + seconds) * 1_000 + fraction)
}

/// Reads the digits after the point, and returns what follows them.
fn fraction_millis(text: &[u8]) -> Option<(i64, &[u8])> {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if length == 0 {
        return None;
    }
    let (fraction, rest) = text.split_at(length);
    let digit = |position: usize| {
        fraction
            .get(position)
            .map_or(0, |digit| i64::from(digit - b'0'))
    };
    Some((digit(0) * 100 + digit(1) * 10 + digit(2), rest))
}

/// Minutes that a zone is ahead of UTC.
fn zone_minutes(zone: &[u8]) -> Option<i32> {
    match zone {
        [] | [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let minutes = hours_and_minutes([*h1, *h2], [*m1, *m2])?;
            Some(if *sign == b'+' { minutes } else { -minutes })
        }
        _ => None,
    }
}

fn hours_and_minutes(hours: [u8; 2], minutes: [u8; 2]) -> Option<i32> {
    let (hours, minutes) = (digits(&hours)?, digits(&minutes)?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

/// Reads at most four digits.
fn digits(text: &[u8]) -> Option<i32> {
    text.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit()
            .then(|| number * 10 + i32::from(byte - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_plain_finite_decimals() {
        assert_eq!(number(b"42"), Some(42.0));
        assert_eq!(number(b"-0.5e-3"), Some(-0.5e-3));
        for wrong in [
            "",
            " 1",
            "1 ",
            "inf",
            "NaN",
            "-Infinity",
            "1e999",
            "0x10",
            "1,5",
            "1_000",
            "--1",
            "e",
        ] {
            assert_eq!(number(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn truth_has_three_spellings_in_any_case() {
        for (text, value) in [
            ("true", true),
            ("YES", true),
            ("1", true),
            ("False", false),
            ("no", false),
            ("0", false),
        ] {
            assert_eq!(boolean(text.as_bytes()), Some(value));
        }
        for wrong in ["", "t", "y", "on", "2", "true "] {
            assert_eq!(boolean(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn dates_need_all_their_digits() {
        assert_eq!(date(b"1970-01-02"), Some(1));
        assert_eq!(date(b"0001-01-01"), Some(calendar::FIRST_DAY));
        for wrong in [
            "",
            "2024-1-31",
            "2024-02-30",
            "0000-01-01",
            "12024-01-01",
            "2024/01/31",
            "2024-01-3é",
        ] {
            assert_eq!(date(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn times_may_leave_out_zone_seconds_and_clock() {
        for (text, millis) in [
            ("1970-01-01", 0),
            ("1970-01-01T00:01", 60_000),
            ("1970-01-01 00:00:01", 1_000),
            ("1970-01-01t00:00:00.5z", 500),
            ("1970-01-01T00:00:00.1239Z", 123),
            ("1970-01-01T01:00:00+01:30", -1_800_000),
            ("1969-12-31T23:59-01:00", 3_540_000),
            ("9999-12-31T23:59:59.999Z", calendar::LAST_MILLI),
        ] {
            assert_eq!(date_time(text.as_bytes()), Some(millis), "{text}");
        }
        for wrong in [
            "",
            "1970-01-01T",
            "1970-01-01T24:00",
            "1970-01-01T00:60",
            "1970-01-01T00:00:60",
            "1970-01-01T00:00.5",
            "1970-01-01T00:00:00.",
            "1970-01-01T00:00:00+1:00",
            "1970-01-01T00:00:00+24:00",
            "0001-01-01T00:00:00+00:01",
            "9999-12-31T23:59:00-00:01",
            "1970-01-0é",
        ] {
            assert_eq!(date_time(wrong.as_bytes()), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(text: Vec<u8>) {
            let _ = (number(&text), boolean(&text), date(&text), date_time(&text));
        }

        #[test]
        fn every_written_date_is_read_back(days in calendar::FIRST_DAY..=calendar::LAST_DAY) {
            let (year, month, day) = calendar::date_of(days);
            prop_assert_eq!(date(format!("{year:04}-{month:02}-{day:02}").as_bytes()), Some(days));
        }
    }
}
