//! Parts of JSON: texts, numbers, names, and ends of what they stand in.

use super::ready::push_text;

/// From here on not every whole number is a double.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// Writes a finite number: the shortest text that reads back the same.
pub(super) fn push_number(number: f64, out: &mut Vec<u8>) {
    let is_whole = number.fract() == 0.0 && number.abs() < WHOLE_MAX;
    if is_whole && (number != 0.0 || number.is_sign_positive()) {
        #[expect(clippy::cast_possible_truncation, reason = "whole and below 2⁵³")]
        let whole = number as i64;
        out.extend_from_slice(itoa::Buffer::new().format(whole).as_bytes());
    } else {
        out.extend_from_slice(ryu::Buffer::new().format_finite(number).as_bytes());
    }
}

/// Writes a text in quotes.
pub(super) fn push_string(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text;
    loop {
        let plain = plain_prefix(rest);
        push_text(out, &rest[..plain]);
        let Some(&byte) = rest.get(plain) else { break };
        push_escaped(byte, out);
        rest = &rest[plain + 1..];
    }
    out.push(b'"');
}

/// Bytes before the first that must be escaped: eight at a time, then one by one.
fn plain_prefix(bytes: &[u8]) -> usize {
    let mut length = 0;
    while let Some((word, _)) = bytes[length..].split_first_chunk::<8>() {
        if has_escape(u64::from_le_bytes(*word)) {
            break;
        }
        length += 8;
    }
    let rest = &bytes[length..];
    length
        + rest
            .iter()
            .position(|&byte| must_escape(byte))
            .unwrap_or(rest.len())
}

const fn must_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Whether one of eight bytes must be escaped.
const fn has_escape(word: u64) -> bool {
    const ONES: u64 = u64::MAX / 255;
    const HIGHS: u64 = ONES << 7;
    const fn has_zero(word: u64) -> u64 {
        word.wrapping_sub(ONES) & !word
    }
    let quote = has_zero(word ^ (ONES * b'"' as u64));
    let backslash = has_zero(word ^ (ONES * b'\\' as u64));
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (quote | backslash | control) & HIGHS != 0
}

fn push_escaped(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        _ => {
            const DIGITS: &[u8; 16] = b"0123456789abcdef";
            out.extend_from_slice(b"\\u00");
            out.push(DIGITS[usize::from(byte >> 4)]);
            out.push(DIGITS[usize::from(byte & 15)]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// Comma, name and colon.
pub(super) fn named(name: &str) -> Vec<u8> {
    let mut head = vec![b','];
    push_string(name.as_bytes(), &mut head);
    head.push(b':');
    head
}

/// Ends an array whose elements each begin with a comma; that of the first is where the array begins.
pub(super) fn close_array(start: usize, out: &mut Vec<u8>) {
    match out.get_mut(start) {
        Some(comma) => *comma = b'[',
        None => out.push(b'['),
    }
    out.push(b']');
}

/// Ends an object whose members each begin with a comma; that of the first is where the object begins.
pub(super) fn close_object(start: usize, out: &mut Vec<u8>) {
    match out.get_mut(start) {
        Some(comma) => *comma = b'{',
        None => out.push(b'{'),
    }
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    proptest! {
        #[test]
        fn any_text_is_read_back(text in "[\\x00-\\x7f]{0,40}|\\PC{0,20}") {
            let json = written(|out| push_string(text.as_bytes(), out));
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }

        #[test]
        fn any_finite_number_is_read_back(number in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL | proptest::num::f64::ZERO) {
            let json = written(|out| push_number(number, out));
            let read: f64 = json.parse().unwrap();
            prop_assert_eq!(read.to_bits(), number.to_bits());
            prop_assert!(serde_json::from_str::<f64>(&json).is_ok());
        }
    }

    #[test]
    fn whole_numbers_have_no_point() {
        for (number, text) in [
            (0.0, "0"),
            (-0.0, "-0.0"),
            (42.0, "42"),
            (-7.0, "-7"),
            (9_007_199_254_740_991.0, "9007199254740991"),
            (1e16, "1e16"),
            (0.5, "0.5"),
            (1e-7, "1e-7"),
        ] {
            assert_eq!(written(|out| push_number(number, out)), text);
        }
    }

    #[test]
    fn control_characters_are_escaped_at_every_position_of_a_word() {
        for at in 0..20 {
            for byte in [0_u8, 0x08, 0x0c, b'\n', 0x1f, b'"', b'\\'] {
                let mut text = "x".repeat(20);
                text.replace_range(at..=at, std::str::from_utf8(&[byte]).unwrap());
                let json = written(|out| push_string(text.as_bytes(), out));
                assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
            }
        }
    }
}
