//! Thrift's compact protocol, as far as it takes to look at some numbers and pass over the rest.
//!
//! Source: <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>.

/// Types of fields and elements.
pub(super) mod kind {
    pub(in super::super) const TRUE: u8 = 1;
    pub(in super::super) const FALSE: u8 = 2;
    pub(in super::super) const I8: u8 = 3;
    pub(in super::super) const I32: u8 = 5;
    pub(in super::super) const I64: u8 = 6;
    pub(in super::super) const DOUBLE: u8 = 7;
    pub(in super::super) const BINARY: u8 = 8;
    pub(in super::super) const LIST: u8 = 9;
    pub(in super::super) const SET: u8 = 10;
    pub(in super::super) const MAP: u8 = 11;
    pub(in super::super) const STRUCT: u8 = 12;
}

/// Structs in structs that are passed over.
const MAX_DEPTH: u8 = 32;

/// Bytes that are not read yet. Every function answers `None` when they are damaged.
pub(super) struct Compact<'a> {
    rest: &'a [u8],
}

impl<'a> Compact<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) const fn bytes_left(&self) -> usize {
        self.rest.len()
    }

    fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(byte)
    }

    fn bytes(&mut self, count: usize) -> Option<()> {
        self.rest = self.rest.get(count..)?;
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// Reads a whole number.
    pub(super) fn integer(&mut self) -> Option<i64> {
        let number = self.varint()?;
        Some((number >> 1).cast_signed() ^ -((number & 1).cast_signed()))
    }

    /// Reads a whole number that is not negative.
    pub(super) fn count(&mut self) -> Option<usize> {
        usize::try_from(self.integer()?).ok()
    }

    /// Reads a struct: calls a function with number and type of each of its fields, which reads its value or leaves it by answering false.
    pub(super) fn fields(
        &mut self,
        mut read: impl FnMut(&mut Self, i16, u8) -> Option<bool>,
    ) -> Option<()> {
        self.fields_at(MAX_DEPTH, &mut read)
    }

    fn fields_at(
        &mut self,
        depth: u8,
        read: &mut dyn FnMut(&mut Self, i16, u8) -> Option<bool>,
    ) -> Option<()> {
        let mut number = 0_i16;
        loop {
            let head = self.byte()?;
            let kind = head & 0x0F;
            if kind == 0 {
                return Some(());
            }
            number = match head >> 4 {
                0 => i16::try_from(self.integer()?).ok()?,
                step => number.checked_add(i16::from(step))?,
            };
            if !read(self, number, kind)? && !matches!(kind, kind::TRUE | kind::FALSE) {
                self.skip(kind, depth)?;
            }
        }
    }

    /// Reads the head of a list: the count of its elements and their type. There are no more elements than bytes.
    pub(super) fn list(&mut self) -> Option<(usize, u8)> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => usize::try_from(self.varint()?).ok()?,
            count => usize::from(count),
        };
        (count <= self.rest.len()).then_some((count, head & 0x0F))
    }

    fn skip(&mut self, kind: u8, depth: u8) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match kind {
            kind::TRUE | kind::FALSE | kind::I8 => self.bytes(1),
            kind::I8..=kind::I64 => self.varint().map(|_| ()),
            kind::DOUBLE => self.bytes(8),
            kind::BINARY => {
                let length = self.varint()?;
                self.bytes(usize::try_from(length).ok()?)
            }
            kind::LIST | kind::SET => {
                let (count, kind) = self.list()?;
                (0..count).try_for_each(|_| self.skip(kind, depth))
            }
            kind::MAP => self.skip_map(depth),
            kind::STRUCT => self.fields_at(depth, &mut |_, _, _| Some(false)),
            _ => None,
        }
    }

    fn skip_map(&mut self, depth: u8) -> Option<()> {
        let count = usize::try_from(self.varint()?).ok()?;
        if count == 0 {
            return Some(());
        }
        let kinds = self.byte()?;
        if count > self.rest.len() {
            return None;
        }
        (0..count).try_for_each(|_| {
            self.skip(kinds >> 4, depth)?;
            self.skip(kinds & 0x0F, depth)
        })
    }
}
