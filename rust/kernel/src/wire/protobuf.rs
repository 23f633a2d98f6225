//! The protobuf wire format: varints, tags and lengths, read from borrowed bytes and written to a buffer.

/// Wire type of integers, truth values and enums.
pub const VARINT: u32 = 0;
/// Wire type of doubles and of fixed 64-bit integers.
pub const FIXED64: u32 = 1;
/// Wire type of texts, bytes and messages.
pub const LENGTH_DELIMITED: u32 = 2;
/// Wire type that opens a group.
pub const GROUP_START: u32 = 3;
/// Wire type that closes a group.
pub const GROUP_END: u32 = 4;
/// Wire type of floats and of fixed 32-bit integers.
pub const FIXED32: u32 = 5;

/// Groups inside groups that a reader follows; the limit of the generated readers.
const GROUP_DEPTH_MAX: usize = 100;

/// The tag of a field as it stands on the wire: its number and its wire type.
pub const fn tag(field: u32, wire_type: u32) -> u32 {
    field << 3 | wire_type
}

/// Damage found by a [`Reader`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damage {
    /// What is wrong.
    pub problem: &'static str,
    /// Bytes from the place of the damage to the end of the bytes read from.
    pub bytes_left: usize,
}

/// The result of reading.
pub type ReadResult<T> = Result<T, Damage>;

/// Reads fields one after the other; texts and messages are borrowed.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts at the first byte of a message.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Bytes not read yet.
    pub const fn bytes_left(&self) -> usize {
        self.rest.len()
    }

    /// Builds an error at the place reached.
    #[cold]
    pub const fn damage(&self, problem: &'static str) -> Damage {
        Damage {
            problem,
            bytes_left: self.rest.len(),
        }
    }

    /// Builds the error of a known field that stands with the wire type of another.
    #[cold]
    pub const fn wrong_wire_type(&self) -> Damage {
        self.damage("a field has a wire type that is not its own")
    }

    /// Reads the next tag; `None` at the end.
    ///
    /// # Errors
    /// The tag is cut off, passes 32 bits or has field number 0.
    #[inline]
    pub fn tag(&mut self) -> ReadResult<Option<u32>> {
        match self.rest {
            [] => Ok(None),
            [byte, rest @ ..] if (8..0x80).contains(byte) => {
                self.rest = rest;
                Ok(Some(u32::from(*byte)))
            }
            _ => self.long_tag().map(Some),
        }
    }

    fn long_tag(&mut self) -> ReadResult<u32> {
        let start = *self;
        match u32::try_from(self.varint()?) {
            Ok(tag) if tag >= 8 => Ok(tag),
            _ => Err(start.damage("a tag is not valid")),
        }
    }

    /// Reads a varint.
    ///
    /// # Errors
    /// It is cut off or longer than ten bytes.
    #[inline]
    pub fn varint(&mut self) -> ReadResult<u64> {
        match self.rest {
            [byte, rest @ ..] if *byte < 0x80 => {
                self.rest = rest;
                Ok(u64::from(*byte))
            }
            // Lengths of records and memberships mostly take two bytes.
            [low, high, rest @ ..] if *high < 0x80 => {
                self.rest = rest;
                Ok(u64::from(*low & 0x7F) | u64::from(*high) << 7)
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> ReadResult<u64> {
        let mut value = 0;
        for (position, &byte) in self.rest.iter().take(10).enumerate() {
            // The tenth byte has room for one bit; what is above it falls off, as in the generated readers.
            value |= u64::from(byte & 0x7F) << (7 * position);
            if byte < 0x80 {
                self.rest = &self.rest[position + 1..];
                return Ok(value);
            }
        }
        Err(self.damage(if self.rest.len() < 10 {
            "a number is cut off"
        } else {
            "a number is longer than ten bytes"
        }))
    }

    /// Reads a text, bytes or a message.
    ///
    /// # Errors
    /// It reaches behind the end.
    #[inline]
    pub fn bytes(&mut self) -> ReadResult<&'a [u8]> {
        let start = *self;
        let length = self.varint()?;
        match usize::try_from(length)
            .ok()
            .and_then(|length| self.rest.split_at_checked(length))
        {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(bytes)
            }
            None => Err(start.damage("a length reaches behind the end")),
        }
    }

    /// Reads eight bytes.
    ///
    /// # Errors
    /// There are fewer.
    #[inline]
    pub fn fixed64(&mut self) -> ReadResult<u64> {
        match self.rest.split_first_chunk() {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(u64::from_le_bytes(*bytes))
            }
            None => Err(self.damage("a fixed value is cut off")),
        }
    }

    /// Reads a double.
    ///
    /// # Errors
    /// There are fewer than eight bytes.
    #[inline]
    pub fn double(&mut self) -> ReadResult<f64> {
        self.fixed64().map(f64::from_bits)
    }

    /// Reads an `int64`.
    ///
    /// # Errors
    /// As [`Reader::varint`].
    #[inline]
    pub fn int64(&mut self) -> ReadResult<i64> {
        self.varint().map(u64::cast_signed)
    }

    /// Reads an `int32`, `uint32` or enum: the low 32 bits of a varint.
    ///
    /// # Errors
    /// As [`Reader::varint`].
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the format says so")]
    pub fn uint32(&mut self) -> ReadResult<u32> {
        self.varint().map(|value| value as u32)
    }

    /// Reads a `sint32`.
    ///
    /// # Errors
    /// As [`Reader::varint`].
    #[inline]
    pub fn sint32(&mut self) -> ReadResult<i32> {
        self.uint32()
            .map(|value| (value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    /// Passes over a field that nobody reads.
    ///
    /// # Errors
    /// It reaches behind the end, or is a group that is not closed or too deep.
    pub fn skip(&mut self, field_tag: u32) -> ReadResult<()> {
        match field_tag & 7 {
            VARINT => self.varint().map(drop),
            FIXED64 => self.fixed64().map(drop),
            LENGTH_DELIMITED => self.bytes().map(drop),
            GROUP_START => self.skip_group(field_tag >> 3),
            FIXED32 => match self.rest.split_at_checked(4) {
                Some((_, rest)) => {
                    self.rest = rest;
                    Ok(())
                }
                None => Err(self.damage("a fixed value is cut off")),
            },
            _ => Err(self.damage("a wire type is not valid")),
        }
    }

    fn skip_group(&mut self, field: u32) -> ReadResult<()> {
        let mut open = vec![field];
        while let Some(&innermost) = open.last() {
            let Some(next) = self.tag()? else {
                return Err(self.damage("a group is not closed"));
            };
            match next & 7 {
                GROUP_START if open.len() == GROUP_DEPTH_MAX => {
                    return Err(self.damage("groups are nested too deep"));
                }
                GROUP_START => open.push(next >> 3),
                GROUP_END if next >> 3 == innermost => drop(open.pop()),
                GROUP_END => return Err(self.damage("a group is closed that is not open")),
                _ => self.skip(next)?,
            }
        }
        Ok(())
    }
}

/// Takes a field of bytes out of a message: returns the message without it, and the bytes that stand there last.
///
/// # Errors
/// The message is damaged, or the field stands there with another wire type.
///
/// # Cost
/// One step a field; the bytes are not looked at.
pub fn without_bytes(message: &[u8], field: u32) -> ReadResult<(Vec<u8>, &[u8])> {
    let (mut others, mut taken) = (Vec::new(), &[][..]);
    let mut reader = Reader::new(message);
    loop {
        let start = reader;
        let Some(found) = reader.tag()? else {
            return Ok((others, taken));
        };
        if found == tag(field, LENGTH_DELIMITED) {
            taken = reader.bytes()?;
        } else if found >> 3 == field {
            return Err(start.wrong_wire_type());
        } else {
            reader.skip(found)?;
            others.extend_from_slice(&start.rest[..start.rest.len() - reader.rest.len()]);
        }
    }
}

/// Appends a varint.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "the low seven bits are taken"
)]
pub fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Bytes that a varint takes.
#[inline]
pub const fn varint_len(value: u64) -> usize {
    // 1 for 0 to 6 significant bits less one, then one more for every seven.
    (((value | 1).ilog2() * 9 + 73) / 64) as usize
}

/// Appends the tag of a field.
#[inline]
pub fn put_tag(out: &mut Vec<u8>, field: u32, wire_type: u32) {
    put_varint(out, u64::from(tag(field, wire_type)));
}

/// Appends a field of text, bytes or an encoded message.
#[inline]
pub fn put_bytes(out: &mut Vec<u8>, field: u32, bytes: &[u8]) {
    put_tag(out, field, LENGTH_DELIMITED);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Appends a field of type `uint32`, `uint64`, `bool` or enum.
#[inline]
pub fn put_uint(out: &mut Vec<u8>, field: u32, value: u64) {
    put_tag(out, field, VARINT);
    put_varint(out, value);
}

/// Appends a field of type `int64`.
#[inline]
pub fn put_int64(out: &mut Vec<u8>, field: u32, value: i64) {
    put_uint(out, field, value.cast_unsigned());
}

/// Appends a field of type `sint32`.
#[inline]
pub fn put_sint32(out: &mut Vec<u8>, field: u32, value: i32) {
    put_uint(
        out,
        field,
        u64::from((value << 1 ^ value >> 31).cast_unsigned()),
    );
}

/// Appends a field of type `double`.
#[inline]
pub fn put_double(out: &mut Vec<u8>, field: u32, value: f64) {
    put_tag(out, field, FIXED64);
    out.extend_from_slice(&value.to_bits().to_le_bytes());
}

/// Appends a field of type `fixed64`.
#[inline]
pub fn put_fixed64(out: &mut Vec<u8>, field: u32, value: u64) {
    put_tag(out, field, FIXED64);
    out.extend_from_slice(&value.to_le_bytes());
}

/// Appends a field of type `fixed32`.
#[inline]
pub fn put_fixed32(out: &mut Vec<u8>, field: u32, value: u32) {
    put_tag(out, field, FIXED32);
    out.extend_from_slice(&value.to_le_bytes());
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_back(number: u64, signed: i32, wide: i64, text: Vec<u8>) {
            let mut out = Vec::new();
            put_uint(&mut out, 1, number);
            put_sint32(&mut out, 2, signed);
            put_int64(&mut out, 3_000, wide);
            put_bytes(&mut out, 4, &text);
            let mut reader = Reader::new(&out);
            prop_assert_eq!(reader.tag(), Ok(Some(tag(1, VARINT))));
            prop_assert_eq!(reader.varint(), Ok(number));
            prop_assert_eq!(reader.tag(), Ok(Some(tag(2, VARINT))));
            prop_assert_eq!(reader.sint32(), Ok(signed));
            prop_assert_eq!(reader.tag(), Ok(Some(tag(3_000, VARINT))));
            prop_assert_eq!(reader.int64(), Ok(wide));
            prop_assert_eq!(reader.tag(), Ok(Some(tag(4, LENGTH_DELIMITED))));
            prop_assert_eq!(reader.bytes(), Ok(&text[..]));
            prop_assert_eq!(reader.tag(), Ok(None));
        }

        #[test]
        fn varint_len_is_what_put_varint_writes(bits in 0..64_u32, number: u64) {
            let number = number >> bits;
            let mut out = Vec::new();
            put_varint(&mut out, number);
            prop_assert_eq!(varint_len(number), out.len());
        }

        #[test]
        fn bytes_are_taken_out_of_what_stands_around_them(
            fields in prop::collection::vec((1..8_u32, prop::collection::vec(any::<u8>(), 0..20)), 0..8), field in 1..8_u32,
        ) {
            let (mut message, mut others) = (Vec::new(), Vec::new());
            let mut last: &[u8] = &[];
            for (number, bytes) in &fields {
                put_bytes(&mut message, *number, bytes);
                if *number == field {
                    last = bytes;
                } else {
                    put_bytes(&mut others, *number, bytes);
                }
            }
            prop_assert_eq!(without_bytes(&message, field), Ok((others, last)));
        }

        #[test]
        fn any_bytes_end_in_a_value_or_damage(bytes: Vec<u8>) {
            let mut reader = Reader::new(&bytes);
            while let Ok(Some(tag)) = reader.tag() {
                if reader.skip(tag).is_err() {
                    break;
                }
            }
        }
    }

    #[test]
    fn damage_says_where_it_begins() {
        let mut reader = Reader::new(&[0x0A, 0x05, b'a']);
        reader.tag().unwrap();
        assert_eq!(reader.bytes().unwrap_err().bytes_left, 2);
    }

    #[test]
    fn groups_are_passed_over_to_their_own_end() {
        let mut reader = Reader::new(&[0x0B, 0x10, 0x01, 0x13, 0x14, 0x0C, 0x10, 0x07]);
        let open = reader.tag().unwrap().unwrap();
        reader.skip(open).unwrap();
        assert_eq!(reader.bytes_left(), 2);
        let mut unclosed = Reader::new(&[0x13, 0x0C]);
        assert!(unclosed.skip(tag(1, GROUP_START)).is_err());
    }
}
