//! Memberships: an object by list.

use super::lexer::Datum;
use super::member::OfMembership;
use super::names::Found;
use super::record::RecordReader;
use crate::wire::decode::given::Given;
use crate::wire::decode::problem::{Place, Problem};
use crate::wire::protobuf::ReadResult;

impl<'a> RecordReader<'a, '_> {
    /// Reads and stores the memberships of a record.
    pub(super) fn read_memberships(&mut self, row: u32) -> ReadResult<()> {
        match self.lexer.datum()? {
            Datum::Object => {}
            other => {
                let place = Place::Named("memberships");
                return self.refuse(row, place, "an object by list", other);
            }
        }
        let mut position = 0;
        while let Some(list) = self.lexer.member(position == 0)? {
            self.read_membership(row, position, list)?;
            position += 1;
        }
        Ok(())
    }

    fn read_membership(&mut self, row: u32, position: usize, list: &'a [u8]) -> ReadResult<()> {
        let place = Place::Membership { list };
        let scope = self.keys.list(&mut self.builder, position, list);
        let Some(scope) = scope else {
            self.builder.report(row, place, Problem::ListUnknown);
            return self.lexer.skip();
        };
        match self.lexer.datum()? {
            Datum::Object => {}
            other => return self.refuse(row, place, "an object", other),
        }
        if let Some(targets) = &self.keys.scope(scope).membership {
            let members = &mut self.builder.members[targets.members].rows;
            if members.last() == Some(&row) {
                self.builder.report(row, place, Problem::Duplicate);
                return self.lexer.skip_rest(Datum::Object);
            }
            members.push(row);
        }
        self.names.membership.begin();
        let mut position = 0;
        while let Some(name) = self.lexer.member(position == 0)? {
            match self.names.membership.find(position, name) {
                Found::New(OfMembership::Fields) => self.read_fields(row, scope)?,
                Found::New(member) => self.read_part(row, scope, list, member)?,
                other => self.read_other(row, &other, || place.to_string(), name)?,
            }
            position += 1;
        }
        Ok(())
    }

    fn read_part(
        &mut self,
        row: u32,
        scope: usize,
        list: &[u8],
        member: OfMembership,
    ) -> ReadResult<()> {
        let Some(targets) = &self.keys.scope(scope).membership else {
            return self.lexer.skip();
        };
        let (target, part) = match member {
            OfMembership::State => (&targets.state, "state"),
            OfMembership::JoinedAt => (&targets.joined_at, "joined_at"),
            OfMembership::ActiveAt => (&targets.active_at, "active_at"),
            OfMembership::ConsentToTrack => (&targets.consent_to_track, "consent_to_track"),
            OfMembership::Fields => return self.read_fields(row, scope),
        };
        let place = Place::MembershipPart { list, part };
        let given = match self.lexer.datum()? {
            Datum::Text(text) => Given::Text(text),
            Datum::Null => Given::Null,
            other => return self.refuse(row, place, "a text or null", other),
        };
        self.builder.store(target, row, given, place);
        Ok(())
    }
}
