//! Numbers.

/// Digits of which every number is a whole number below 2⁵³.
const EXACT_DIGITS: usize = 15;

/// Powers of ten, each of them a double.
const POWERS: [f64; EXACT_DIGITS + 1] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
];

/// Reads the number that bytes begin with, and answers it with its length; one that is too large is infinite.
///
/// `None` when it is not written as JSON has it: a point and an exponent have digits behind them, and no needless 0 stands in front.
#[inline]
pub(super) fn read(bytes: &[u8]) -> Option<(f64, usize)> {
    let is_negative = bytes.first() == Some(&b'-');
    let start = usize::from(is_negative);
    let mut whole = 0;
    let point = digits(bytes, start, &mut whole);
    if point == start || (bytes[start] == b'0' && point > start + 1) {
        return None;
    }
    let mut end = point;
    let mut decimals = 0;
    if bytes.get(point) == Some(&b'.') {
        end = digits(bytes, point + 1, &mut whole);
        decimals = end - point - 1;
        if decimals == 0 {
            return None;
        }
    }
    let has_exponent = matches!(bytes.get(end), Some(b'e' | b'E'));
    if has_exponent || point - start + decimals > EXACT_DIGITS {
        return read_long(bytes, end, has_exponent);
    }
    // Both are doubles exactly, so the quotient is the nearest one.
    #[expect(clippy::cast_precision_loss, reason = "at most 15 digits")]
    let number = whole as f64 / POWERS[decimals];
    Some((if is_negative { -number } else { number }, end))
}

/// Goes over digits, which are appended to a number; it has no meaning once they are too many.
#[inline]
fn digits(bytes: &[u8], start: usize, number: &mut u64) -> usize {
    let mut at = start;
    while let Some(&digit @ b'0'..=b'9') = bytes.get(at) {
        *number = number
            .wrapping_mul(10)
            .wrapping_add(u64::from(digit - b'0'));
        at += 1;
    }
    at
}

/// Reads a number with many digits or an exponent, which begins at `end`.
fn read_long(bytes: &[u8], mut end: usize, has_exponent: bool) -> Option<(f64, usize)> {
    if has_exponent {
        let is_signed = matches!(bytes.get(end + 1), Some(b'+' | b'-'));
        let start = end + 1 + usize::from(is_signed);
        end = digits(bytes, start, &mut 0);
        if end == start {
            return None;
        }
    }
    let text = std::str::from_utf8(&bytes[..end]).ok()?;
    Some((text.parse().ok()?, end))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_are_read_as_a_general_reader_does(text in r"-?(0|[0-9]{1,20})(\.[0-9]{0,18})?([eE][+-]?[0-9]{0,2})?") {
            let general = serde_json::from_str::<f64>(&text).ok();
            let read = read(text.as_bytes()).filter(|&(_, length)| length == text.len());
            prop_assert_eq!(read.map(|(number, _)| number.to_bits()), general.map(f64::to_bits));
        }
    }

    #[test]
    fn what_is_too_large_is_infinite() {
        assert_eq!(read(b"-1e999,"), Some((f64::NEG_INFINITY, 6)));
        assert_eq!(read(b"1e-999]"), Some((0.0, 6)));
        assert_eq!(read(b"-0}"), Some((-0.0, 2)));
    }
}
