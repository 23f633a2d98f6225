//! Addresses, preferences, groups and what consents say besides their states.

use super::lexer::Datum;
use super::member::{OfAddress, OfAnswer, OfPreference};
use super::names::Found;
use super::record::RecordReader;
use crate::entry::{CHANNELS, PREFERENCE_BASES, PREFERENCE_CHOICES};
use crate::schema::CONSENT_STATES;
use crate::wire::decode::entries::{GivenAddress, GivenFormer, GivenPreference};
use crate::wire::decode::problem::Place;
use crate::wire::protobuf::ReadResult;
use crate::wire::value;

impl<'a> RecordReader<'a, '_> {
    /// Reads and stores addresses.
    pub(super) fn read_addresses(&mut self, row: u32) -> ReadResult<()> {
        self.each_object(row, "addresses", Self::read_address)
    }

    /// Reads and stores preferences.
    pub(super) fn read_preferences(&mut self, row: u32) -> ReadResult<()> {
        self.each_object(row, "preferences", Self::read_preference)
    }

    /// Reads and stores groups to be in or to leave.
    pub(super) fn read_groups(
        &mut self,
        row: u32,
        collection: &'static str,
        is_in: bool,
    ) -> ReadResult<()> {
        self.each(row, collection, "an array of texts", |reader, position| {
            match reader.lexer.datum()? {
                Datum::Text(name) => reader.builder.push_group(row, position, name, is_in),
                other => {
                    let path = format!("{collection}[{position}]");
                    reader.refuse(row, Place::Named(&path), "a text", other)?;
                }
            }
            Ok(())
        })
    }

    /// Reads the former answers to a consent.
    pub(super) fn read_history(&mut self, row: u32, path: &str) -> ReadResult<Vec<GivenFormer>> {
        let mut history = Vec::new();
        self.each(row, path, "an array of objects", |reader, position| {
            let path = format!("{path}[{position}]");
            history.push(reader.read_former(row, &path)?);
            Ok(())
        })?;
        Ok(history)
    }

    fn read_former(&mut self, row: u32, path: &str) -> ReadResult<GivenFormer> {
        let mut given = GivenFormer::default();
        if !self.begins_object(row, path)? {
            return Ok(given);
        }
        self.names.answer.begin();
        let mut position = 0;
        while let Some(name) = self.lexer.member(position == 0)? {
            match self.names.answer.find(position, name) {
                Found::New(OfAnswer::State) => {
                    given.state = self.read_name_of(row, path, "state", &CONSENT_STATES)?;
                }
                Found::New(OfAnswer::Version) => given.version = self.read_version(row, path)?,
                Found::New(OfAnswer::StatedAt) => {
                    let time = self.read_moment(row, path, "stated_at")?;
                    given.stated_at_millis = time.unwrap_or_default();
                }
                other => self.read_other(row, &other, || path.to_owned(), name)?,
            }
            position += 1;
        }
        Ok(given)
    }

    fn read_address(&mut self, row: u32, path: &str, position: usize) -> ReadResult<()> {
        let mut given = GivenAddress::default();
        self.names.address.begin();
        let mut member_position = 0;
        while let Some(name) = self.lexer.member(member_position == 0)? {
            let found = self.names.address.find(member_position, name);
            member_position += 1;
            let Found::New(member) = found else {
                self.read_other(row, &found, || path.to_owned(), name)?;
                continue;
            };
            let text = match member {
                OfAddress::Lines => {
                    given.lines = self.read_lines(row, &format!("{path}.lines"))?;
                    continue;
                }
                OfAddress::Primary => {
                    given.is_primary = self.read_flag(row, path, "primary")?;
                    continue;
                }
                OfAddress::Inactive => {
                    given.is_inactive = self.read_flag(row, path, "inactive")?;
                    continue;
                }
                OfAddress::Type => &mut given.kind,
                OfAddress::Locality => &mut given.locality,
                OfAddress::Region => &mut given.region,
                OfAddress::PostalCode => &mut given.postal_code,
                OfAddress::Country => &mut given.country,
            };
            *text = self.read_part_text(row, path, name)?;
        }
        self.builder.push_address(row, position, &given);
        Ok(())
    }

    fn read_lines(&mut self, row: u32, path: &str) -> ReadResult<Vec<&'a [u8]>> {
        let mut lines = Vec::new();
        self.each(row, path, "an array of texts", |reader, position| {
            match reader.lexer.datum()? {
                Datum::Text(line) => lines.push(line),
                other => {
                    let path = format!("{path}[{position}]");
                    reader.refuse(row, Place::Named(&path), "a text", other)?;
                }
            }
            Ok(())
        })?;
        Ok(lines)
    }

    fn read_preference(&mut self, row: u32, path: &str, position: usize) -> ReadResult<()> {
        let mut given = GivenPreference::default();
        self.names.preference.begin();
        let mut member_position = 0;
        while let Some(name) = self.lexer.member(member_position == 0)? {
            let found = self.names.preference.find(member_position, name);
            member_position += 1;
            let Found::New(member) = found else {
                self.read_other(row, &found, || path.to_owned(), name)?;
                continue;
            };
            match member {
                OfPreference::Program => given.program = self.read_part_text(row, path, name)?,
                OfPreference::Filter => given.filter = self.read_part_text(row, path, name)?,
                OfPreference::Frequency => {
                    given.frequency = self.read_part_text(row, path, name)?;
                }
                OfPreference::Channel => {
                    given.channel = self.read_name_of(row, path, "channel", &CHANNELS)?;
                }
                OfPreference::Choice => {
                    given.choice = self.read_name_of(row, path, "choice", &PREFERENCE_CHOICES)?;
                }
                OfPreference::Basis => {
                    given.basis = self.read_name_of(row, path, "basis", &PREFERENCE_BASES)?;
                }
                OfPreference::ExpireAt => {
                    given.expire_at_millis = self.read_moment(row, path, "expire_at")?;
                }
                OfPreference::StatedAt => {
                    given.stated_at_millis = self.read_moment(row, path, "stated_at")?;
                }
            }
        }
        self.builder.push_preference(row, position, &given);
        Ok(())
    }

    /// Reads the objects of an array, each with its path and its position.
    fn each_object(
        &mut self,
        row: u32,
        collection: &str,
        read: fn(&mut Self, u32, &str, usize) -> ReadResult<()>,
    ) -> ReadResult<()> {
        self.each(
            row,
            collection,
            "an array of objects",
            |reader, position| {
                let path = format!("{collection}[{position}]");
                if reader.begins_object(row, &path)? {
                    read(reader, row, &path, position)?;
                }
                Ok(())
            },
        )
    }

    /// Reads the elements of an array.
    fn each(
        &mut self,
        row: u32,
        path: &str,
        expected: &'static str,
        mut read: impl FnMut(&mut Self, usize) -> ReadResult<()>,
    ) -> ReadResult<()> {
        match self.lexer.datum()? {
            Datum::Array => {}
            other => return self.refuse(row, Place::Named(path), expected, other),
        }
        let mut position = 0;
        while self.lexer.element(position == 0)? {
            read(self, position)?;
            position += 1;
        }
        Ok(())
    }

    /// Reads the beginning of an object, or something else, which is a problem.
    fn begins_object(&mut self, row: u32, path: &str) -> ReadResult<bool> {
        match self.lexer.datum()? {
            Datum::Object => Ok(true),
            other => {
                self.refuse(row, Place::Named(path), "an object", other)?;
                Ok(false)
            }
        }
    }

    /// Reads a text that the member of a name holds; null is an empty one.
    fn read_part_text(&mut self, row: u32, path: &str, name: &[u8]) -> ReadResult<&'a [u8]> {
        match self.lexer.datum()? {
            Datum::Text(text) => Ok(text),
            Datum::Null => Ok(&[]),
            other => {
                let path = format!("{path}.{}", String::from_utf8_lossy(name));
                self.refuse(row, Place::Named(&path), "a text or null", other)?;
                Ok(&[])
            }
        }
    }

    /// Reads one of some names, without regard to case, as its position from 1; 0 is null, and one above all is no such name.
    fn read_name_of(
        &mut self,
        row: u32,
        path: &str,
        part: &str,
        names: &[&str],
    ) -> ReadResult<u32> {
        match self.lexer.datum()? {
            Datum::Text(text) => {
                let is = |name: &&str| text.eq_ignore_ascii_case(name.as_bytes());
                let known = (1..).zip(names).find(|(_, name)| is(name));
                Ok(known.map_or(u32::MAX, |(number, _)| number))
            }
            Datum::Null => Ok(0),
            other => {
                let path = format!("{path}.{part}");
                self.refuse(row, Place::Named(&path), "a text or null", other)?;
                Ok(0)
            }
        }
    }

    /// Reads true or false; null is false.
    pub(super) fn read_flag(&mut self, row: u32, path: &str, part: &str) -> ReadResult<bool> {
        match self.lexer.datum()? {
            Datum::Boolean(flag) => Ok(flag),
            Datum::Null => Ok(false),
            other => {
                let path = format!("{path}.{part}");
                self.refuse(row, Place::Named(&path), "true or false", other)?;
                Ok(false)
            }
        }
    }

    /// Reads a version; null is 0, which is none.
    pub(super) fn read_version(&mut self, row: u32, path: &str) -> ReadResult<u32> {
        match self.lexer.datum()? {
            Datum::Null => Ok(0),
            Datum::Number(number)
                if number.fract() == 0.0 && (0.0..4_294_967_296.0).contains(&number) =>
            {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "whole and within 32 bits"
                )]
                let version = number as u32;
                Ok(version)
            }
            other => {
                let path = format!("{path}.version");
                let expected = "a whole number from 0 to 4294967295";
                self.refuse(row, Place::Named(&path), expected, other)?;
                Ok(0)
            }
        }
    }

    /// Reads a time; null and an empty text are none. What is no time comes out as one that is refused wherever times are checked.
    pub(super) fn read_moment(
        &mut self,
        row: u32,
        path: &str,
        part: &str,
    ) -> ReadResult<Option<i64>> {
        match self.lexer.datum()? {
            Datum::Null | Datum::Text([]) => Ok(None),
            Datum::Text(text) => Ok(value::date_time(text).or(Some(i64::MIN))),
            other => {
                let path = format!("{path}.{part}");
                let expected = "a time as text, or null";
                self.refuse(row, Place::Named(&path), expected, other)?;
                Ok(None)
            }
        }
    }
}
