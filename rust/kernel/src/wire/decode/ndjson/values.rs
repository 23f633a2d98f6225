//! Values of fields: objects by key.

use super::lexer::Datum;
use super::record::RecordReader;
use crate::wire::decode::given::Given;
use crate::wire::decode::keys::{FieldTarget, Key};
use crate::wire::decode::problem::{Place, Problem};
use crate::wire::protobuf::ReadResult;

impl<'a> RecordReader<'a, '_> {
    /// Reads and stores the values of a scope's fields.
    pub(super) fn read_fields(&mut self, row: u32, scope: usize) -> ReadResult<()> {
        let list = self.keys.scope(scope).list();
        match self.lexer.datum()? {
            Datum::Object => {}
            other => {
                let place = match list {
                    Some(list) => Place::MembershipPart {
                        list: list.id.as_bytes(),
                        part: "fields",
                    },
                    None => Place::Named("fields"),
                };
                return self.refuse(row, place, "an object by key", other);
            }
        }
        let mut position = 0;
        while let Some(key) = self.lexer.member(position == 0)? {
            self.read_field(row, scope, position, key)?;
            position += 1;
        }
        Ok(())
    }

    #[inline]
    fn read_field(
        &mut self,
        row: u32,
        scope: usize,
        position: usize,
        key: &'a [u8],
    ) -> ReadResult<()> {
        let datum = self.lexer.datum()?;
        let given = match datum {
            Datum::Text(text) => Some(Given::Text(text)),
            Datum::Number(number) => Some(Given::Number(number)),
            Datum::Boolean(value) => Some(Given::Boolean(value)),
            Datum::Null => Some(Given::Null),
            Datum::Array if self.read_options()? => Some(Given::Options(&self.options)),
            Datum::Array => None,
            Datum::Object => {
                self.lexer.skip_rest(datum)?;
                None
            }
        };
        let resolved = self
            .keys
            .field(&mut self.builder, scope, position, Key::Spelled(key));
        let Ok(Some(target)) = resolved else {
            self.report_unknown_field(row, scope, key);
            return Ok(());
        };
        let FieldTarget { field, target } = self.keys.target(target);
        let place = Place::Field {
            list: field.list.as_deref().map(str::as_bytes),
            key: field.key.as_bytes(),
        };
        if let Some(given) = given {
            self.builder.store(target, row, given, place);
        } else {
            let expected = field.kind;
            self.builder
                .report(row, place, Problem::TypeMismatch { expected });
        }
        Ok(())
    }

    /// Reads the elements of an array into the options; answers whether all are texts.
    fn read_options(&mut self) -> ReadResult<bool> {
        self.options.clear();
        let (mut is_first, mut are_texts) = (true, true);
        while self.lexer.element(is_first)? {
            is_first = false;
            match self.lexer.datum()? {
                Datum::Text(name) => self.options.push(name),
                other => {
                    are_texts = false;
                    self.lexer.skip_rest(other)?;
                }
            }
        }
        Ok(are_texts)
    }

    #[cold]
    fn report_unknown_field(&mut self, row: u32, scope: usize, key: &[u8]) {
        if self.ignore_unknown_fields {
            return;
        }
        let list = self.keys.scope(scope).list().map(|list| list.id.as_bytes());
        let place = Place::Field { list, key };
        self.builder.report(row, place, Problem::FieldUnknown);
    }
}
