//! JSON read from left to right: values one after the other, borrowed from their line.

use super::number;
use super::text;
use crate::wire::protobuf::{Damage, ReadResult};

/// Objects and arrays inside each other in a value that is passed over.
const DEPTH_MAX: u32 = 63;

/// What stands at some place. Of objects and arrays only the opening bracket was read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Datum<'a> {
    /// A text, without quotes and escapes; UTF-8 when the line is.
    Text(&'a [u8]),
    /// A number; infinite when it is too large.
    Number(f64),
    Boolean(bool),
    Null,
    Object,
    Array,
}

/// Reads one line after the other.
pub(super) struct Lexer<'a> {
    line: &'a [u8],
    at: usize,
    /// Room for the texts that stand with escapes: what is left of as many bytes as the lines have.
    room: &'a mut [u8],
}

impl<'a> Lexer<'a> {
    /// Takes as much room as there are bytes in all lines; none is needed while they have no escapes.
    pub(super) fn new(room: &'a mut [u8]) -> Self {
        Self {
            line: &[],
            at: 0,
            room,
        }
    }

    /// Goes to the begin of a line.
    pub(super) fn begin(&mut self, line: &'a [u8]) {
        self.line = line;
        self.at = 0;
    }

    /// Makes sure that nothing but white space follows.
    pub(super) fn end(&mut self) -> ReadResult<()> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.damage("more follows the object")),
        }
    }

    /// Reads a value.
    #[inline]
    pub(super) fn datum(&mut self) -> ReadResult<Datum<'a>> {
        match self.peek() {
            Some(b'"') => Ok(Datum::Text(self.text()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'{') => Ok(self.bracket(Datum::Object)),
            Some(b'[') => Ok(self.bracket(Datum::Array)),
            Some(b't') => self.word(b"true", Datum::Boolean(true)),
            Some(b'f') => self.word(b"false", Datum::Boolean(false)),
            Some(b'n') => self.word(b"null", Datum::Null),
            _ => Err(self.damage("a value is missing")),
        }
    }

    /// Reads the name of an object's next member; `None` at the object's end.
    #[inline]
    pub(super) fn member(&mut self, is_first: bool) -> ReadResult<Option<&'a [u8]>> {
        match self.peek() {
            Some(b'}') => {
                self.at += 1;
                return Ok(None);
            }
            Some(b',') if !is_first => self.at += 1,
            Some(_) if is_first => {}
            _ => return Err(self.damage("a comma or } is missing")),
        }
        if self.peek() != Some(b'"') {
            return Err(self.damage("the name of a member is missing"));
        }
        let name = self.text()?;
        if self.peek() != Some(b':') {
            return Err(self.damage("a colon is missing"));
        }
        self.at += 1;
        Ok(Some(name))
    }

    /// Goes to an array's next element; false at the array's end.
    #[inline]
    pub(super) fn element(&mut self, is_first: bool) -> ReadResult<bool> {
        match self.peek() {
            Some(b']') => {
                self.at += 1;
                Ok(false)
            }
            Some(b',') if !is_first => {
                self.at += 1;
                Ok(true)
            }
            Some(_) if is_first => Ok(true),
            _ => Err(self.damage("a comma or ] is missing")),
        }
    }

    /// Passes over a value.
    pub(super) fn skip(&mut self) -> ReadResult<()> {
        let datum = self.datum()?;
        self.skip_rest(datum)
    }

    /// Passes over what is left of a value.
    pub(super) fn skip_rest(&mut self, datum: Datum) -> ReadResult<()> {
        match datum {
            Datum::Object => self.skip_open(true),
            Datum::Array => self.skip_open(false),
            _ => Ok(()),
        }
    }

    fn skip_open(&mut self, is_object: bool) -> ReadResult<()> {
        // Whether each open bracket is an object's, the innermost lowest.
        let mut open = u64::from(is_object);
        let mut depth = 1;
        let mut is_first = true;
        while depth > 0 {
            let has_more = if open & 1 == 1 {
                self.member(is_first)?.is_some()
            } else {
                self.element(is_first)?
            };
            is_first = false;
            if !has_more {
                open >>= 1;
                depth -= 1;
            } else if let inner @ (Datum::Object | Datum::Array) = self.datum()? {
                if depth == DEPTH_MAX {
                    return Err(self.damage("objects and arrays are nested too deep"));
                }
                open = open << 1 | u64::from(inner == Datum::Object);
                depth += 1;
                is_first = true;
            }
        }
        Ok(())
    }

    /// The next byte that is not white space.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        loop {
            match self.line.get(self.at) {
                Some(b' ' | b'\t' | b'\r') => self.at += 1,
                other => return other.copied(),
            }
        }
    }

    fn bracket(&mut self, datum: Datum<'a>) -> Datum<'a> {
        self.at += 1;
        datum
    }

    fn word(&mut self, word: &[u8], datum: Datum<'a>) -> ReadResult<Datum<'a>> {
        if self.line[self.at..].starts_with(word) {
            self.at += word.len();
            Ok(datum)
        } else {
            Err(self.damage("a value is missing"))
        }
    }

    #[inline]
    fn number(&mut self) -> ReadResult<Datum<'a>> {
        match number::read(&self.line[self.at..]) {
            Some((number, length)) => {
                self.at += length;
                Ok(Datum::Number(number))
            }
            None => Err(self.damage("a number is not written as JSON has it")),
        }
    }

    /// Reads a text whose opening quote is next.
    #[inline]
    fn text(&mut self) -> ReadResult<&'a [u8]> {
        let line = self.line;
        let start = self.at + 1;
        let end = start + text::plain_prefix(&line[start..]);
        match line.get(end) {
            Some(b'"') => {
                self.at = end + 1;
                Ok(&line[start..end])
            }
            Some(b'\\') => self.escaped_text(start),
            other => {
                self.at = end;
                Err(self.damage(text::cut_short(other.copied())))
            }
        }
    }

    #[inline(never)]
    fn escaped_text(&mut self, start: usize) -> ReadResult<&'a [u8]> {
        match text::unescape(self.line, start, self.room) {
            Ok(read) => {
                self.at = read.end;
                let (text, room) = std::mem::take(&mut self.room).split_at_mut(read.length);
                self.room = room;
                Ok(text)
            }
            Err((problem, at)) => {
                self.at = at;
                Err(self.damage(problem))
            }
        }
    }

    /// Builds an error at the place reached.
    #[cold]
    const fn damage(&self, problem: &'static str) -> Damage {
        Damage {
            problem,
            bytes_left: self.line.len() - self.at,
        }
    }
}
