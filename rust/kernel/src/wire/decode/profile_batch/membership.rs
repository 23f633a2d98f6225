//! A `segue.v1.Membership`.

use super::record::RecordReader;
use crate::schema::{CONSENTS_TO_TRACK, MEMBERSHIP_STATES};
use crate::wire::decode::given::{Given, Target};
use crate::wire::decode::problem::{Place, Problem};
use crate::wire::fields::membership as f;
use crate::wire::protobuf::{LENGTH_DELIMITED, ReadResult, Reader, VARINT, tag};

/// A membership without its field values.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Membership<'a> {
    list: &'a [u8],
    state: u32,
    joined_at: Option<i64>,
    active_at: Option<i64>,
    consent_to_track: u32,
}

/// Reads a membership. Its field values are left in `fields`, which is emptied first: they can be read only once the list is known.
fn read<'a>(bytes: &'a [u8], fields: &mut Vec<&'a [u8]>) -> ReadResult<Membership<'a>> {
    const LIST: u32 = tag(f::LIST, LENGTH_DELIMITED);
    const STATE: u32 = tag(f::STATE, VARINT);
    const JOINED_AT: u32 = tag(f::JOINED_AT_MILLIS, VARINT);
    const ACTIVE_AT: u32 = tag(f::ACTIVE_AT_MILLIS, VARINT);
    const CONSENT_TO_TRACK: u32 = tag(f::CONSENT_TO_TRACK, VARINT);
    const FIELD: u32 = tag(f::FIELDS, LENGTH_DELIMITED);

    fields.clear();
    let mut membership = Membership::default();
    let mut reader = Reader::new(bytes);
    while let Some(field_tag) = reader.tag()? {
        match field_tag {
            FIELD => fields.push(reader.bytes()?),
            LIST => membership.list = reader.bytes()?,
            STATE => membership.state = reader.uint32()?,
            JOINED_AT => membership.joined_at = Some(reader.int64()?),
            ACTIVE_AT => membership.active_at = Some(reader.int64()?),
            CONSENT_TO_TRACK => membership.consent_to_track = reader.uint32()?,
            other if (f::LIST..=f::FIELDS).contains(&(other >> 3)) => {
                return Err(reader.wrong_wire_type());
            }
            unknown => reader.skip(unknown)?,
        }
    }
    Ok(membership)
}

impl<'a> RecordReader<'a, '_> {
    /// Reads the membership that stands at some position of a record, and stores what it says.
    pub(super) fn read_membership(&mut self, row: u32, position: usize, bytes: &'a [u8]) {
        let mut fields = std::mem::take(&mut self.scratch.list_fields);
        match read(bytes, &mut fields) {
            Ok(membership) => {
                if let Some(scope) = self.store_membership(row, position, membership) {
                    self.read_fields(row, scope, &fields);
                }
            }
            Err(damage) => {
                let place = format!("memberships[{position}]");
                let problem = Problem::damaged(bytes, damage);
                self.builder.report(row, Place::Named(&place), problem);
            }
        }
        self.scratch.list_fields = fields;
    }

    /// Stores all but the field values, and returns the scope in which these are to be looked up.
    fn store_membership(
        &mut self,
        row: u32,
        position: usize,
        membership: Membership<'a>,
    ) -> Option<usize> {
        let Membership {
            list,
            state,
            joined_at,
            active_at,
            consent_to_track,
        } = membership;
        let Some(scope) = self.keys.list(&mut self.builder, position, list) else {
            self.builder
                .report(row, Place::Membership { list }, Problem::ListUnknown);
            return None;
        };
        let targets = self.keys.scope(scope).membership.as_ref()?;
        let members = &mut self.builder.members[targets.members].rows;
        if members.last() == Some(&row) {
            self.builder
                .report(row, Place::Membership { list }, Problem::Duplicate);
            return None;
        }
        members.push(row);
        let mut store = |target: &Target, given, part| {
            self.builder
                .store(target, row, given, Place::MembershipPart { list, part });
        };
        if let Some(millis) = joined_at {
            store(
                &targets.joined_at,
                Given::DateTime(millis),
                "joined_at_millis",
            );
        }
        if let Some(millis) = active_at {
            store(
                &targets.active_at,
                Given::DateTime(millis),
                "active_at_millis",
            );
        }
        let mut store_enum = |target: &Target, number, count, part| match enum_code(number, count) {
            Ok(Some(code)) => {
                self.builder.store(
                    target,
                    row,
                    Given::Code(code),
                    Place::MembershipPart { list, part },
                );
            }
            Ok(None) => {}
            Err(problem) => {
                self.builder
                    .report(row, Place::MembershipPart { list, part }, problem);
            }
        };
        store_enum(&targets.state, state, MEMBERSHIP_STATES.len(), "state");
        let consents = CONSENTS_TO_TRACK.len();
        store_enum(
            &targets.consent_to_track,
            consent_to_track,
            consents,
            "consent_to_track",
        );
        Some(scope)
    }
}

/// The code of an enum's number: one less, since 0 means not given.
fn enum_code(number: u32, count: usize) -> Result<Option<u16>, Problem> {
    match (number, u16::try_from(number)) {
        (0, _) => Ok(None),
        (_, Ok(number)) if usize::from(number) <= count => Ok(Some(number - 1)),
        _ => Err(Problem::OptionUnknown),
    }
}
