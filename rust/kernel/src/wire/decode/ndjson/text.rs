//! Texts: where they end, and what their escapes stand for.

const ONES: u64 = u64::MAX / 255;
const HIGHS: u64 = ONES << 7;

/// A text without its escapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unescaped {
    /// Its bytes in the room it was written to.
    pub(super) length: usize,
    /// Where in the line its closing quote has been passed.
    pub(super) end: usize,
}

/// What is wrong, and where in the line.
type Wrong = (&'static str, usize);

/// Bytes before the first quote, backslash or control character: eight at a time, then one by one.
#[inline]
pub(super) fn plain_prefix(bytes: &[u8]) -> usize {
    let mut length = 0;
    while let Some((word, _)) = bytes[length..].split_first_chunk::<8>() {
        let found = special_bits(u64::from_le_bytes(*word));
        if found != 0 {
            return length + found.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    let is_special = |&byte: &u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    let rest = &bytes[length..];
    length + rest.iter().position(is_special).unwrap_or(rest.len())
}

/// The high bit of the first of eight bytes that is a quote, a backslash or a control character, and perhaps of bytes behind it.
///
/// A byte borrows from the one behind it only when it is found itself, so no bit before the first is wrong.
#[inline]
const fn special_bits(word: u64) -> u64 {
    const fn zero(word: u64) -> u64 {
        word.wrapping_sub(ONES) & !word
    }
    let quote = zero(word ^ (ONES * b'"' as u64));
    let backslash = zero(word ^ (ONES * b'\\' as u64));
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (quote | backslash | control) & HIGHS
}

/// What is wrong with a text in which a byte stands that is not plain, or no byte more.
pub(super) const fn cut_short(byte: Option<u8>) -> &'static str {
    match byte {
        Some(_) => "a control character stands in a text",
        None => "a text does not end",
    }
}

/// Writes the text that starts behind a quote into a room that is at least as long as the line.
pub(super) fn unescape(line: &[u8], start: usize, room: &mut [u8]) -> Result<Unescaped, Wrong> {
    let (mut at, mut length) = (start, 0);
    loop {
        let plain = plain_prefix(&line[at..]);
        if plain > 0 {
            room[length..length + plain].copy_from_slice(&line[at..at + plain]);
        }
        length += plain;
        at += plain;
        match line.get(at) {
            Some(b'"') => {
                return Ok(Unescaped {
                    length,
                    end: at + 1,
                });
            }
            Some(b'\\') => {
                let (character, end) = escape(line, at)?;
                length += character.encode_utf8(&mut room[length..]).len();
                at = end;
            }
            other => return Err((cut_short(other.copied()), at)),
        }
    }
}

/// The character of the escape that begins at some place, and where it ends.
fn escape(line: &[u8], at: usize) -> Result<(char, usize), Wrong> {
    let character = match line.get(at + 1) {
        Some(b'u') => return numbered(line, at),
        Some(&same @ (b'"' | b'\\' | b'/')) => char::from(same),
        Some(b'n') => '\n',
        Some(b't') => '\t',
        Some(b'r') => '\r',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        _ => return Err(("there is no such escape", at)),
    };
    Ok((character, at + 2))
}

/// The same for a character by its number, which may take two escapes.
fn numbered(line: &[u8], at: usize) -> Result<(char, usize), Wrong> {
    let first = unit(line, at)?;
    if let Some(character) = char::from_u32(first) {
        return Ok((character, at + 6));
    }
    let is_pair = first < 0xDC00 && line.get(at + 6..at + 8) == Some(b"\\u");
    let second = if is_pair { unit(line, at + 6)? } else { 0 };
    if !(0xDC00..0xE000).contains(&second) {
        return Err(("half of a surrogate pair stands alone", at));
    }
    let number = 0x1_0000 + ((first - 0xD800) << 10 | (second - 0xDC00));
    match char::from_u32(number) {
        Some(character) => Ok((character, at + 12)),
        None => Err(("there is no such escape", at)),
    }
}

/// The number in an escape of four digits.
fn unit(line: &[u8], at: usize) -> Result<u32, Wrong> {
    let wrong = ("an escape has not four hexadecimal digits", at);
    let digits = line.get(at + 2..at + 6).ok_or(wrong)?;
    digits.iter().try_fold(0, |number, &digit| {
        let digit = char::from(digit).to_digit(16).ok_or(wrong)?;
        Ok(number << 4 | digit)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a general reader makes of a text behind its opening quote.
    fn general(text: &[u8]) -> Option<String> {
        let quoted = [b"\"", text].concat();
        let mut values = serde_json::Deserializer::from_slice(&quoted).into_iter::<String>();
        values.next()?.ok()
    }

    proptest! {
        #[test]
        fn the_prefix_ends_where_a_byte_is_special(bytes in prop::collection::vec(prop_oneof![12 => 0x20..=0xFF_u8, 1 => 0..0x25_u8, 1 => 0x58..0x60_u8], 0..40)) {
            let slow = bytes.iter().position(|&byte| byte < 0x20 || byte == b'"' || byte == b'\\');
            prop_assert_eq!(plain_prefix(&bytes), slow.unwrap_or(bytes.len()));
        }

        #[test]
        fn escapes_are_read_as_a_general_reader_does(text in r#"([a-zé]|\\["\\/bfnrtux]|\\u([dD][89a-fA-F]|[0-9a-fA-F]{2})[0-9a-fA-F]{2}|\\ud83d\\ude00){0,8}(")?"#) {
            let bytes = text.as_bytes();
            let mut room = vec![0; bytes.len()];
            let read = unescape(bytes, 0, &mut room).ok();
            let read = read.map(|read| String::from_utf8_lossy(&room[..read.length]).into_owned());
            prop_assert_eq!(read, general(bytes));
        }
    }
}
