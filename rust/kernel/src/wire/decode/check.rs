//! What text, e-mail addresses and phone numbers must look like.

use std::borrow::Cow;

use super::problem::Problem;

/// Most bytes of a profile id.
pub(super) const MAX_PROFILE_ID_BYTES: usize = 255;
/// Most bytes of the value of an identifier.
pub(super) const MAX_IDENTIFIER_BYTES: usize = 256;
/// Most bytes of the type of an identifier.
pub(super) const MAX_IDENTIFIER_TYPE_BYTES: usize = 100;

/// Most bytes of an e-mail address before the `@` (RFC 5321, 4.5.3.1.1).
const MAX_LOCAL_PART_BYTES: usize = 64;
/// Most bytes of a label of a domain (RFC 1035, 2.3.4).
const MAX_LABEL_BYTES: usize = 63;

/// A one in each byte.
pub(super) const ONES: u64 = 0x0101_0101_0101_0101;
/// The high bit of each byte.
pub(super) const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Checks that bytes are UTF-8 without U+0000 and not too many.
#[inline]
pub(super) fn text(bytes: &[u8], max_bytes: usize) -> Result<(), Problem> {
    if bytes.len() > max_bytes {
        return Err(Problem::TooLong {
            bytes: bytes.len(),
            max_bytes,
        });
    }
    if is_plain(bytes) || is_utf8_without_nul(bytes) {
        Ok(())
    } else {
        Err(Problem::NotText)
    }
}

#[inline(never)]
fn is_utf8_without_nul(bytes: &[u8]) -> bool {
    !bytes.contains(&0) && simdutf8::basic::from_utf8(bytes).is_ok()
}

/// Whether all bytes are of U+0001 to U+007F: eight at a time, the last eight overlapping those before.
#[inline]
fn is_plain(bytes: &[u8]) -> bool {
    let Some(last) = bytes.last_chunk() else {
        return is_short_plain(bytes);
    };
    let (words, _) = bytes.as_chunks();
    words
        .iter()
        .fold(strange_bits(*last), |bits, word| bits | strange_bits(*word))
        == 0
}

/// The same for fewer than eight bytes: four at a time, the last four overlapping the first.
#[inline]
fn is_short_plain(bytes: &[u8]) -> bool {
    match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => {
            let [first, last] = [first, last].map(|half| u32::from_le_bytes(*half));
            strange_bits((u64::from(first) << 32 | u64::from(last)).to_le_bytes()) == 0
        }
        _ => bytes.iter().all(|byte| (0x01..0x80).contains(byte)),
    }
}

/// Zero if and only if none of eight bytes is 0 or above 0x7F: only they have a high bit, or borrow one when 1 is taken from them.
#[inline]
const fn strange_bits(bytes: [u8; 8]) -> u64 {
    let word = u64::from_le_bytes(bytes);
    (word.wrapping_sub(ONES) | word) & HIGHS
}

/// Checks an e-mail address that passed [`text`].
///
/// # Rule
/// As the HTML standard has it (input type `email`), with letters beyond ASCII on both sides as well (RFC 6531) and at most 64 bytes
/// before the `@`: no quoted parts, no comments, no address literals.
pub(super) fn email(address: &[u8]) -> Result<(), Problem> {
    let Some(at) = memchr::memchr(b'@', address) else {
        return Err(Problem::NotEmail);
    };
    let (local, domain) = (&address[..at], &address[at + 1..]);
    let is_local = (1..=MAX_LOCAL_PART_BYTES).contains(&local.len())
        && local.iter().all(|&byte| CLASSES[usize::from(byte)] != 0);
    if is_local && domain.split(|&byte| byte == b'.').all(is_label) {
        Ok(())
    } else {
        Err(Problem::NotEmail)
    }
}

fn is_label(label: &[u8]) -> bool {
    (1..=MAX_LABEL_BYTES).contains(&label.len())
        && !label.starts_with(b"-")
        && !label.ends_with(b"-")
        && label
            .iter()
            .all(|&byte| CLASSES[usize::from(byte)] == IN_DOMAIN)
}

/// May stand before the `@` only.
const IN_LOCAL: u8 = 1;
/// May stand on both sides of the `@`.
const IN_DOMAIN: u8 = 2;

/// Where each byte may stand in an e-mail address; 0 for nowhere.
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let local = b".!#$%&'*+/=?^_`{|}~";
    let mut i = 0;
    while i < local.len() {
        classes[local[i] as usize] = IN_LOCAL;
        i += 1;
    }
    let mut byte = 0_u8;
    loop {
        if byte == b'-' || byte.is_ascii_alphanumeric() || !byte.is_ascii() {
            classes[byte as usize] = IN_DOMAIN;
        }
        if byte == u8::MAX {
            break classes;
        }
        byte += 1;
    }
};

/// Checks a phone number and brings it into the form in which it is stored: `+` and digits.
///
/// # Rule
/// E.164: `+`, then 7 to 15 digits of which the first is not 0. Spaces, dots, dashes and parentheses between them fall away.
pub(super) fn phone(number: &[u8]) -> Result<Cow<'_, [u8]>, Problem> {
    if is_e164(number) {
        return Ok(Cow::Borrowed(number));
    }
    let bare: Vec<u8> = number
        .iter()
        .copied()
        .filter(|byte| !matches!(byte, b' ' | b'.' | b'-' | b'(' | b')'))
        .collect();
    if is_e164(&bare) {
        Ok(Cow::Owned(bare))
    } else {
        Err(Problem::NotPhone)
    }
}

fn is_e164(number: &[u8]) -> bool {
    match number {
        [b'+', digits @ ..] => {
            (7..=15).contains(&digits.len())
                && digits[0] != b'0'
                && digits.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn plain_text_is_ascii_without_nul(bytes in prop::collection::vec(prop_oneof![8 => 1..0x80_u8, 1 => any::<u8>()], 0..40)) {
            prop_assert_eq!(is_plain(&bytes), bytes.iter().all(|&byte| byte != 0 && byte < 0x80));
        }

        #[test]
        fn text_is_utf8_without_nul(bytes: Vec<u8>, string: String) {
            prop_assert_eq!(text(&bytes, 1_000).is_ok(), std::str::from_utf8(&bytes).is_ok_and(|s| !s.contains('\0')));
            prop_assert_eq!(text(string.as_bytes(), 100_000).is_ok(), !string.contains('\0'));
        }
    }

    #[test]
    fn addresses_are_told_from_other_text() {
        let long_local = format!("{}@b.se", "a".repeat(64));
        for good in [
            "a@b",
            "anna.k+x@example.com",
            "o'neil@mail.co.uk",
            "å@räksmörgås.se",
            "a@1-2.se",
            &long_local,
        ] {
            assert_eq!(email(good.as_bytes()), Ok(()), "{good}");
        }
        let too_long_local = format!("{}@b.se", "a".repeat(65));
        let too_long_label = format!("a@{}.se", "b".repeat(64));
        for wrong in [
            "",
            "@",
            "a",
            "a@",
            "@b",
            "a@b@c",
            "a b@c",
            "a@b c",
            "a@.b",
            "a@b.",
            "a@b..c",
            "a@-b",
            "a@b-",
            "a@-",
            "a@b_c",
            "a,b@c",
            "<a@b>",
            "a@b\n",
            "a\t@b",
            &too_long_local,
            &too_long_label,
        ] {
            assert_eq!(email(wrong.as_bytes()), Err(Problem::NotEmail), "{wrong}");
        }
    }

    #[test]
    fn phone_numbers_are_stored_as_plus_and_digits() {
        for good in ["+46701234567", "+46 (70) 123-45.67", "+ 46701234567"] {
            assert_eq!(
                phone(good.as_bytes()).as_deref(),
                Ok(&b"+46701234567"[..]),
                "{good}"
            );
        }
        for wrong in [
            "",
            "+",
            "0701234567",
            "+0701234567",
            "+123456",
            "+1234567890123456",
            "+4670123456x",
            "++4670123456",
        ] {
            assert_eq!(phone(wrong.as_bytes()), Err(Problem::NotPhone), "{wrong}");
        }
    }
}
