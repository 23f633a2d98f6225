//! A profile as an object.

use super::lexer::{Datum, Lexer};
use super::member::{
    OfAddress, OfAnswer, OfIdentifier, OfMark, OfMembership, OfName, OfPreference, OfProfile,
};
use super::names::{Found, Names};
use crate::batch::{Batch, IdentifierKind, RecordReason};
use crate::schema::{ColumnKind, List, Schema};
use crate::wire::decode::DecodeOptions;
use crate::wire::decode::builder::{Builder, COORDINATES, TEXTS};
use crate::wire::decode::given::{Given, Target};
use crate::wire::decode::identifier::GivenIdentifier;
use crate::wire::decode::keys::{ACCOUNT, Keys};
use crate::wire::decode::problem::{Place, Problem};
use crate::wire::decode::profile_batch::marks::Marks;
use crate::wire::protobuf::ReadResult;

/// The id of the record being read.
#[derive(Debug, Clone, Copy)]
enum ProfileId<'a> {
    Missing,
    Given(&'a [u8]),
    /// Not to be asked for: a problem of the record says why.
    Refused,
}

/// Names of members, by the kind of their object.
pub(super) struct ObjectNames<'a> {
    profile: Names<'a, OfProfile>,
    name: Names<'a, OfName>,
    pub(super) identifier: Names<'a, OfIdentifier>,
    pub(super) membership: Names<'a, OfMembership>,
    pub(super) topic: Names<'a, OfMark>,
    pub(super) consent: Names<'a, OfMark>,
    pub(super) answer: Names<'a, OfAnswer>,
    pub(super) address: Names<'a, OfAddress>,
    pub(super) preference: Names<'a, OfPreference>,
}

/// Reads records one after the other into a builder.
pub(super) struct RecordReader<'a, 's> {
    pub(super) builder: Builder,
    pub(super) keys: Keys<'a, 's>,
    pub(super) marks: Marks<'a, 's>,
    pub(super) lexer: Lexer<'a>,
    pub(super) names: ObjectNames<'a>,
    texts: [Target<'s>; TEXTS.len()],
    coordinates: [Target<'s>; COORDINATES.len()],
    /// Position in the builder of the members of the list that every record joins.
    joined: Option<usize>,
    pub(super) ignore_unknown_fields: bool,
    profile_id: ProfileId<'a>,
    /// Whether the record gave the collection by which records find their profiles.
    pub(super) has_key_collection: bool,
    /// Identifiers of the collection being read.
    pub(super) identifiers: Vec<GivenIdentifier<'a>>,
    /// Names of options of the value being read.
    pub(super) options: Vec<&'a [u8]>,
}

impl<'a, 's> RecordReader<'a, 's> {
    pub(super) fn new(
        schema: &'s Schema,
        list: Option<&'s List>,
        lexer: Lexer<'a>,
        options: &DecodeOptions,
    ) -> Self {
        let mut builder = Builder::new(options);
        let texts = TEXTS.map(|(column, _, max_bytes)| {
            builder.plain_target(column, ColumnKind::Text, max_bytes)
        });
        let coordinates =
            COORDINATES.map(|(column, ..)| builder.plain_target(column, ColumnKind::Number, 0));
        let joined = list.map(|list| builder.members_slot(list));
        Self {
            builder,
            keys: Keys::new(schema, &[], options.max_text_bytes),
            marks: Marks::new(schema),
            lexer,
            names: ObjectNames {
                profile: Names::new(OfProfile::ALL),
                name: Names::new(OfName::ALL),
                identifier: Names::new(OfIdentifier::ALL),
                membership: Names::new(OfMembership::ALL),
                topic: Names::new(OfMark::TOPIC),
                consent: Names::new(OfMark::CONSENT),
                answer: Names::new(OfAnswer::ALL),
                address: Names::new(OfAddress::ALL),
                preference: Names::new(OfPreference::ALL),
            },
            texts,
            coordinates,
            joined,
            ignore_unknown_fields: options.ignore_unknown_fields,
            profile_id: ProfileId::Missing,
            has_key_collection: false,
            identifiers: Vec::new(),
            options: Vec::new(),
        }
    }

    pub(super) fn finish(self, record_count: u32) -> Batch {
        self.builder.finish(record_count)
    }

    /// Reads the record of a row.
    pub(super) fn read(&mut self, row: u32, line: &'a [u8]) {
        self.lexer.begin(line);
        self.profile_id = ProfileId::Missing;
        self.has_key_collection = false;
        let read = self.read_line(row);
        self.require_key(row);
        if let Err(damage) = read {
            let problem = Problem::damaged(line, damage);
            self.builder.report(row, Place::Named(""), problem);
        }
        match (self.profile_id, read) {
            (ProfileId::Given(id), _) => self.builder.push_profile_id(row, id),
            (ProfileId::Missing, Ok(())) => self.builder.push_profile_id(row, &[]),
            _ => self.builder.profile_ids.push(&[]),
        }
        if let Some(joined) = self.joined {
            let members = &mut self.builder.members[joined].rows;
            if members.last() != Some(&row) {
                members.push(row);
            }
        }
    }

    /// Notes that a record lacks the identifier by which it is to find its profile, when it does not have that collection at all.
    fn require_key(&mut self, row: u32) {
        let is_key = |kind: &IdentifierKind| self.builder.is_keyed_by(*kind);
        let key = IdentifierKind::ALL.into_iter().find(is_key);
        if let Some(kind) = key.filter(|_| !self.has_key_collection) {
            self.builder.push_identifiers(row, kind, &[]);
        }
    }

    /// Notes that the line of a row is not UTF-8, unless a problem says already where.
    pub(super) fn report_not_text(&mut self, row: u32) {
        let of_row = self.builder.exceptions.iter().rev();
        let mut of_row = of_row.take_while(|exception| exception.record_number == row + 1);
        if of_row.all(|exception| exception.reason != RecordReason::TextInvalid) {
            self.builder.report(row, Place::Named(""), Problem::NotText);
        }
    }

    fn read_line(&mut self, row: u32) -> ReadResult<()> {
        match self.lexer.datum()? {
            Datum::Object => self.read_profile(row)?,
            other => {
                self.profile_id = ProfileId::Refused;
                self.refuse(row, Place::Named(""), "an object a line", other)?;
            }
        }
        self.lexer.end()
    }

    fn read_profile(&mut self, row: u32) -> ReadResult<()> {
        self.names.profile.begin();
        let mut position = 0;
        while let Some(name) = self.lexer.member(position == 0)? {
            match self.names.profile.find(position, name) {
                Found::New(member) => self.read_member(row, member)?,
                other => self.read_other(row, &other, String::new, name)?,
            }
            position += 1;
        }
        Ok(())
    }

    fn read_member(&mut self, row: u32, member: OfProfile) -> ReadResult<()> {
        match member {
            OfProfile::ProfileId => self.read_profile_id(row),
            OfProfile::AlternateIds => self.read_identifiers(row, IdentifierKind::AlternateId),
            OfProfile::Emails => self.read_identifiers(row, IdentifierKind::Email),
            OfProfile::Phones => self.read_identifiers(row, IdentifierKind::Phone),
            OfProfile::Text(position) => self.read_text(row, position).map(drop),
            OfProfile::Name => self.read_name(row),
            OfProfile::Coordinate(position) => self.read_coordinate(row, position),
            OfProfile::Fields => self.read_fields(row, ACCOUNT),
            OfProfile::Memberships => self.read_memberships(row),
            OfProfile::Output => self.lexer.skip(),
            OfProfile::Removed => self.read_removed(row),
            OfProfile::Tags => self.read_tags(row, "tags", Given::Boolean(true)),
            OfProfile::RemovedTags => self.read_tags(row, "removed_tags", Given::Null),
            OfProfile::Topics => self.read_topics(row),
            OfProfile::Consents => self.read_consents(row),
            OfProfile::Preferences => self.read_preferences(row),
            OfProfile::Groups => self.read_groups(row, "groups", true),
            OfProfile::RemovedGroups => self.read_groups(row, "removed_groups", false),
            OfProfile::Addresses => self.read_addresses(row),
        }
    }

    fn read_profile_id(&mut self, row: u32) -> ReadResult<()> {
        match self.lexer.datum()? {
            Datum::Text(id) => self.profile_id = ProfileId::Given(id),
            Datum::Null => {}
            other => {
                self.profile_id = ProfileId::Refused;
                self.refuse(row, Place::Named("profile_id"), "a text", other)?;
            }
        }
        Ok(())
    }

    /// Reads and stores a text; answers whether it clears what is stored.
    fn read_text(&mut self, row: u32, position: usize) -> ReadResult<bool> {
        let place = Place::Named(TEXTS[position].1);
        let given = match self.lexer.datum()? {
            Datum::Text(text) => Given::Text(text),
            Datum::Null => Given::Null,
            other => {
                self.refuse(row, place, "a text or null", other)?;
                return Ok(false);
            }
        };
        self.builder.store(&self.texts[position], row, given, place);
        Ok(matches!(given, Given::Null | Given::Text([])))
    }

    fn read_name(&mut self, row: u32) -> ReadResult<()> {
        match self.lexer.datum()? {
            Datum::Object => self.read_name_parts(row),
            Datum::Null => {
                for (OfName(position), ..) in OfName::ALL {
                    let place = Place::Named(TEXTS[*position].1);
                    let target = &self.texts[*position];
                    self.builder.store(target, row, Given::Null, place);
                }
                self.builder.compose_name.push(row);
                Ok(())
            }
            other => self.refuse(row, Place::Named("name"), "an object or null", other),
        }
    }

    fn read_name_parts(&mut self, row: u32) -> ReadResult<()> {
        self.names.name.begin();
        let (mut has_part, mut whole_clears) = (false, None);
        let mut position = 0;
        while let Some(name) = self.lexer.member(position == 0)? {
            match self.names.name.find(position, name) {
                Found::New(OfName(part)) => {
                    let clears = self.read_text(row, part)?;
                    has_part |= OfName::COMPOSED.contains(&part);
                    if part == OfName::WHOLE {
                        whole_clears = Some(clears);
                    }
                }
                other => self.read_other(row, &other, || "name".to_owned(), name)?,
            }
            position += 1;
        }
        if whole_clears.unwrap_or(has_part) {
            self.builder.compose_name.push(row);
        }
        Ok(())
    }

    fn read_coordinate(&mut self, row: u32, position: usize) -> ReadResult<()> {
        let (_, name, limit) = COORDINATES[position];
        let place = Place::Named(name);
        let target = &self.coordinates[position];
        match self.lexer.datum()? {
            Datum::Number(degrees) => {
                self.builder
                    .store_coordinate(target, row, degrees, limit, place);
            }
            Datum::Null => self.builder.store(target, row, Given::Null, place),
            other => self.refuse(row, place, "a number or null", other)?,
        }
        Ok(())
    }

    fn read_removed(&mut self, row: u32) -> ReadResult<()> {
        let place = Place::Named("removed");
        match self.lexer.datum()? {
            Datum::Boolean(true) => self.builder.report(row, place, Problem::Removal),
            Datum::Boolean(false) | Datum::Null => {}
            other => self.refuse(row, place, "true or false", other)?,
        }
        Ok(())
    }

    /// Passes over the value of a member that the object at some place must not have, or has already, and notes the problem.
    #[cold]
    pub(super) fn read_other<M>(
        &mut self,
        row: u32,
        found: &Found<M>,
        object: impl FnOnce() -> String,
        name: &[u8],
    ) -> ReadResult<()> {
        let problem = match found {
            Found::Unknown if self.ignore_unknown_fields => return self.lexer.skip(),
            Found::Unknown => Problem::FieldUnknown,
            _ => Problem::Duplicate,
        };
        let name = match found {
            Found::Again(name) => (*name).into(),
            _ => String::from_utf8_lossy(name),
        };
        let object = object();
        let point = if object.is_empty() { "" } else { "." };
        let path = format!("{object}{point}{name}");
        self.builder.report(row, Place::Named(&path), problem);
        self.lexer.skip()
    }

    /// Notes that a value has not the form that is expected, and passes over the rest of it.
    #[cold]
    pub(super) fn refuse(
        &mut self,
        row: u32,
        place: Place,
        expected: &'static str,
        datum: Datum,
    ) -> ReadResult<()> {
        let problem = Problem::ShapeMismatch { expected };
        self.builder.report(row, place, problem);
        self.lexer.skip_rest(datum)
    }
}
