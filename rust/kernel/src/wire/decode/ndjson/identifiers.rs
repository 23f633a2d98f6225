//! Identifiers: arrays of objects with a value and a type.

use super::lexer::Datum;
use super::member::OfIdentifier;
use super::names::Found;
use super::record::RecordReader;
use crate::batch::IdentifierKind;
use crate::wire::decode::identifier::GivenIdentifier;
use crate::wire::decode::problem::{Place, collection};
use crate::wire::protobuf::ReadResult;

impl RecordReader<'_, '_> {
    /// Reads and stores the identifiers of a collection.
    pub(super) fn read_identifiers(&mut self, row: u32, kind: IdentifierKind) -> ReadResult<()> {
        let place = Place::Named(collection(kind));
        match self.lexer.datum()? {
            Datum::Array => {}
            other => return self.refuse(row, place, "an array of objects", other),
        }
        self.has_key_collection |= self.builder.is_keyed_by(kind);
        self.identifiers.clear();
        let mut position = 0;
        while self.lexer.element(position == 0)? {
            self.read_identifier(row, kind, position)?;
            position += 1;
        }
        self.builder.push_identifiers(row, kind, &self.identifiers);
        Ok(())
    }

    fn read_identifier(
        &mut self,
        row: u32,
        kind: IdentifierKind,
        position: usize,
    ) -> ReadResult<()> {
        let place = |part| Place::Identifier {
            kind,
            position,
            part,
        };
        match self.lexer.datum()? {
            Datum::Object => {}
            other => return self.refuse(row, place(""), "an object", other),
        }
        let mut given = GivenIdentifier::new(Some(position), &[], &[]);
        let mut has_value = false;
        self.names.identifier.begin();
        let mut member_position = 0;
        while let Some(name) = self.lexer.member(member_position == 0)? {
            let found = self.names.identifier.find(member_position, name);
            member_position += 1;
            let Found::New(member) = found else {
                self.read_other(row, &found, || place("").to_string(), name)?;
                continue;
            };
            let (text, part) = match member {
                OfIdentifier::Value => (&mut given.value, "value"),
                OfIdentifier::Type => (&mut given.kind, "type"),
                OfIdentifier::Primary => {
                    given.is_primary = self.read_flag(row, &place("").to_string(), "primary")?;
                    continue;
                }
                OfIdentifier::Inactive => {
                    given.is_inactive = self.read_flag(row, &place("").to_string(), "inactive")?;
                    continue;
                }
            };
            has_value |= member == OfIdentifier::Value;
            match self.lexer.datum()? {
                Datum::Text(given) => *text = given,
                Datum::Null => {}
                other => self.refuse(row, place(part), "a text or null", other)?,
            }
        }
        if has_value {
            self.identifiers.push(given);
        } else {
            self.refuse(
                row,
                place("value"),
                "a text, or null to remove it",
                Datum::Null,
            )?;
        }
        Ok(())
    }
}
