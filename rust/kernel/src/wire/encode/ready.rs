//! Short bytes in few instructions: most of what is written is some bytes at a time.

use crate::wire::protobuf::{put_varint, varint_len};

/// Bytes that are copied whatever part of them counts: a copy of fixed size is no call.
const SHORT_BYTES: usize = 32;

/// Bytes that are rendered once and written many times.
pub(super) struct Ready {
    short: [u8; SHORT_BYTES],
    /// All of them.
    bytes: Box<[u8]>,
}

impl Ready {
    /// Takes rendered bytes.
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        let mut short = [0; SHORT_BYTES];
        if let Some(start) = short.get_mut(..bytes.len()) {
            start.copy_from_slice(&bytes);
        }
        Self {
            short,
            bytes: bytes.into(),
        }
    }

    /// Number of bytes.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Appends the bytes; answers where they begin.
    #[inline]
    pub(super) fn push(&self, out: &mut Vec<u8>) -> usize {
        let start = out.len();
        if self.bytes.len() <= SHORT_BYTES {
            out.extend_from_slice(&self.short);
            out.truncate(start + self.bytes.len());
        } else {
            out.extend_from_slice(&self.bytes);
        }
        start
    }
}

/// Appends a text: one of 4 to 32 bytes by its first and its last bytes, which may overlap.
#[inline]
pub(super) fn push_text(out: &mut Vec<u8>, text: &[u8]) {
    match text.len() {
        16..=32 => push_ends::<16>(out, text),
        8..16 => push_ends::<8>(out, text),
        4..8 => push_ends::<4>(out, text),
        _ => out.extend_from_slice(text),
    }
}

#[inline]
fn push_ends<const N: usize>(out: &mut Vec<u8>, text: &[u8]) {
    if let (Some(first), Some(last)) = (text.first_chunk::<N>(), text.last_chunk::<N>()) {
        let end = out.len() + text.len();
        out.extend_from_slice(first);
        out.truncate(end - N);
        out.extend_from_slice(last);
    }
}

/// Appends a varint: up to eight bytes at once.
#[inline]
pub(super) fn push_varint(out: &mut Vec<u8>, value: u64) {
    let Some(bytes) = spread(value) else {
        put_varint(out, value);
        return;
    };
    let end = out.len() + varint_len(value);
    out.extend_from_slice(&bytes.to_le_bytes());
    out.truncate(end);
}

/// The bytes of a varint of at most eight: seven bits in each, the eighth in all but the last.
#[inline]
fn spread(value: u64) -> Option<u64> {
    if value >= 1 << 56 {
        return None;
    }
    // Halves apart, then their halves, then theirs: 28, 14 and 7 bits.
    let halves = (value & 0x0fff_ffff) | (value >> 28) << 32;
    let quarters = (halves & 0x0000_3fff_0000_3fff) | (halves & 0x0fff_c000_0fff_c000) << 2;
    let eighths = (quarters & 0x007f_007f_007f_007f) | (quarters & 0x3f80_3f80_3f80_3f80) << 1;
    let more = (1 << (8 * (varint_len(value) - 1))) - 1;
    Some(eighths | (more & 0x8080_8080_8080_8080))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn varints_are_those_written_byte_by_byte(value: u64, bits in 0..64_u32) {
            let value = value >> bits;
            let (mut out, mut expected) = (vec![7], vec![7]);
            push_varint(&mut out, value);
            put_varint(&mut expected, value);
            prop_assert_eq!(out, expected);
        }

        #[test]
        fn bytes_are_appended_as_they_are(bytes in proptest::collection::vec(any::<u8>(), 0..70)) {
            let expected = [b"before".as_slice(), &bytes].concat();
            let mut out = b"before".to_vec();
            push_text(&mut out, &bytes);
            prop_assert_eq!(&out, &expected);
            let mut out = b"before".to_vec();
            prop_assert_eq!(Ready::new(bytes).push(&mut out), 6);
            prop_assert_eq!(out, expected);
        }
    }
}
