//! A `segue.v1.Profile`.

use super::field_value::{self, FieldValue, Value};
use super::marks::Marks;
use crate::batch::{Batch, IdentifierKind};
use crate::schema::{ColumnKind, List, Schema};
use crate::wire::decode::DecodeOptions;
use crate::wire::decode::builder::{Builder, COORDINATES, TEXTS};
use crate::wire::decode::given::{Given, Target};
use crate::wire::decode::identifier::GivenIdentifier;
use crate::wire::decode::keys::{ACCOUNT, FieldTarget, Keys};
use crate::wire::decode::problem::{Place, Problem};
use crate::wire::fields::{identifier, person_name, profile as f};
use crate::wire::protobuf::{FIXED64, LENGTH_DELIMITED, ReadResult, Reader, VARINT, tag};

/// Positions in [`TEXTS`] of the parts that a whole name is made of: the number in `PersonName` is the position.
const NAME_PARTS: std::ops::RangeInclusive<usize> =
    person_name::GIVEN_NAME as usize..=person_name::FAMILY_NAME as usize;
/// Position of the whole name in [`TEXTS`].
const FULL_NAME: usize = person_name::FULL_NAME as usize;
const CUSTOMER_TYPE: usize = 0;
const LOCALE: usize = 7;
const COUNTRY: usize = 8;
const REGION: usize = 9;

/// What a record holds, borrowed. Kept from record to record for its memory.
#[derive(Default)]
pub(super) struct Scratch<'a> {
    profile_id: &'a [u8],
    texts: [Option<&'a [u8]>; TEXTS.len()],
    coordinates: [Option<f64>; COORDINATES.len()],
    identifiers: [Vec<GivenIdentifier<'a>>; 3],
    fields: Vec<&'a [u8]>,
    memberships: Vec<&'a [u8]>,
    /// Tags, topics and consents, each with the number of its collection.
    pub(super) marks: Vec<(u32, &'a [u8])>,
    /// Addresses, preferences and groups, each with the number of its collection.
    pub(super) entries: Vec<(u32, &'a [u8])>,
    /// Field values of the membership being read.
    pub(super) list_fields: Vec<&'a [u8]>,
    /// Names of options of the value being read.
    options: Vec<&'a [u8]>,
}

impl Scratch<'_> {
    fn clear(&mut self) {
        self.profile_id = &[];
        self.texts = [None; TEXTS.len()];
        self.coordinates = [None; COORDINATES.len()];
        self.identifiers.iter_mut().for_each(Vec::clear);
        self.fields.clear();
        self.memberships.clear();
        self.marks.clear();
        self.entries.clear();
    }
}

/// Reads records one after the other into a builder.
pub(super) struct RecordReader<'a, 's> {
    pub(super) builder: Builder,
    pub(super) keys: Keys<'a, 's>,
    pub(super) marks: Marks<'a, 's>,
    pub(super) scratch: Scratch<'a>,
    texts: [Target<'s>; TEXTS.len()],
    coordinates: [Target<'s>; COORDINATES.len()],
    /// Position in the builder of the members of the list that every record joins.
    joined: Option<usize>,
    pub(super) ignore_unknown_fields: bool,
}

impl<'a, 's> RecordReader<'a, 's> {
    pub(super) fn new(
        schema: &'s Schema,
        list: Option<&'s List>,
        field_keys: &'a [&'a str],
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
            keys: Keys::new(schema, field_keys, options.max_text_bytes),
            marks: Marks::new(schema),
            scratch: Scratch::default(),
            texts,
            coordinates,
            joined,
            ignore_unknown_fields: options.ignore_unknown_fields,
        }
    }

    pub(super) fn finish(self, record_count: u32) -> Batch {
        self.builder.finish(record_count)
    }

    /// Reads the record of a row.
    pub(super) fn read(&mut self, row: u32, bytes: &'a [u8]) {
        self.scratch.clear();
        if let Err(damage) = self.scan(row, bytes) {
            self.builder
                .report(row, Place::Named(""), Problem::damaged(bytes, damage));
        }
        self.builder.push_profile_id(row, self.scratch.profile_id);
        self.store_texts(row);
        self.store_coordinates(row);
        for kind in [
            IdentifierKind::Email,
            IdentifierKind::Phone,
            IdentifierKind::AlternateId,
        ] {
            self.builder
                .push_identifiers(row, kind, &self.scratch.identifiers[kind as usize]);
        }
        let fields = std::mem::take(&mut self.scratch.fields);
        self.read_fields(row, ACCOUNT, &fields);
        self.scratch.fields = fields;
        self.read_memberships(row);
        self.read_marks(row);
        self.read_entries(row);
    }

    /// Finds the parts of a record.
    fn scan(&mut self, row: u32, bytes: &'a [u8]) -> ReadResult<()> {
        const PROFILE_ID: u32 = tag(f::PROFILE_ID, LENGTH_DELIMITED);
        const ALTERNATE_ID: u32 = tag(f::ALTERNATE_IDS, LENGTH_DELIMITED);
        const EMAIL: u32 = tag(f::EMAILS, LENGTH_DELIMITED);
        const PHONE: u32 = tag(f::PHONES, LENGTH_DELIMITED);
        const CUSTOMER_TYPE_TEXT: u32 = tag(f::CUSTOMER_TYPE, LENGTH_DELIMITED);
        const NAME: u32 = tag(f::NAME, LENGTH_DELIMITED);
        const LOCALE_TEXT: u32 = tag(f::LOCALE, LENGTH_DELIMITED);
        const COUNTRY_TEXT: u32 = tag(f::COUNTRY, LENGTH_DELIMITED);
        const REGION_TEXT: u32 = tag(f::REGION, LENGTH_DELIMITED);
        const LATITUDE: u32 = tag(f::LATITUDE, FIXED64);
        const LONGITUDE: u32 = tag(f::LONGITUDE, FIXED64);
        const FIELD: u32 = tag(f::FIELDS, LENGTH_DELIMITED);
        const MEMBERSHIP: u32 = tag(f::MEMBERSHIPS, LENGTH_DELIMITED);
        const TAG: u32 = tag(f::TAGS, LENGTH_DELIMITED);
        const TOPIC: u32 = tag(f::TOPICS, LENGTH_DELIMITED);
        const CONSENT: u32 = tag(f::CONSENTS, LENGTH_DELIMITED);
        const REMOVED_TAG: u32 = tag(f::REMOVED_TAGS, LENGTH_DELIMITED);
        const PREFERENCE: u32 = tag(f::PREFERENCES, LENGTH_DELIMITED);
        const GROUP: u32 = tag(f::GROUPS, LENGTH_DELIMITED);
        const REMOVED_GROUP: u32 = tag(f::REMOVED_GROUPS, LENGTH_DELIMITED);
        const ADDRESS: u32 = tag(f::ADDRESSES, LENGTH_DELIMITED);

        let mut reader = Reader::new(bytes);
        while let Some(field_tag) = reader.tag()? {
            match field_tag {
                PROFILE_ID => self.scratch.profile_id = reader.bytes()?,
                ALTERNATE_ID => {
                    self.scan_identifier(row, IdentifierKind::AlternateId, reader.bytes()?);
                }
                EMAIL => self.scan_identifier(row, IdentifierKind::Email, reader.bytes()?),
                PHONE => self.scan_identifier(row, IdentifierKind::Phone, reader.bytes()?),
                CUSTOMER_TYPE_TEXT => self.scratch.texts[CUSTOMER_TYPE] = Some(reader.bytes()?),
                NAME => self.scan_name(row, reader.bytes()?),
                LOCALE_TEXT => self.scratch.texts[LOCALE] = Some(reader.bytes()?),
                COUNTRY_TEXT => self.scratch.texts[COUNTRY] = Some(reader.bytes()?),
                REGION_TEXT => self.scratch.texts[REGION] = Some(reader.bytes()?),
                LATITUDE => self.scratch.coordinates[0] = Some(reader.double()?),
                LONGITUDE => self.scratch.coordinates[1] = Some(reader.double()?),
                FIELD => self.scratch.fields.push(reader.bytes()?),
                MEMBERSHIP => self.scratch.memberships.push(reader.bytes()?),
                TAG | TOPIC | CONSENT | REMOVED_TAG => {
                    self.scratch.marks.push((field_tag >> 3, reader.bytes()?));
                }
                PREFERENCE | GROUP | REMOVED_GROUP | ADDRESS => {
                    self.scratch.entries.push((field_tag >> 3, reader.bytes()?));
                }
                other if is_read(other >> 3) => return Err(reader.wrong_wire_type()),
                output_only_or_unknown => reader.skip(output_only_or_unknown)?,
            }
        }
        Ok(())
    }

    fn scan_identifier(&mut self, row: u32, kind: IdentifierKind, bytes: &'a [u8]) {
        let position = self.scratch.identifiers[kind as usize].len();
        let mut given = GivenIdentifier::new(Some(position), &[], &[]);
        if let Err(damage) = scan_identifier(bytes, &mut given) {
            let place = Place::Identifier {
                kind,
                position,
                part: "",
            };
            self.builder
                .report(row, place, Problem::damaged(bytes, damage));
        }
        self.scratch.identifiers[kind as usize].push(given);
    }

    fn scan_name(&mut self, row: u32, bytes: &'a [u8]) {
        if let Err(damage) = scan_name(bytes, &mut self.scratch.texts) {
            self.builder
                .report(row, Place::Named("name"), Problem::damaged(bytes, damage));
        }
    }

    fn store_texts(&mut self, row: u32) {
        for (position, text) in self.scratch.texts.iter().enumerate() {
            if let Some(text) = text {
                let place = Place::Named(TEXTS[position].1);
                self.builder
                    .store(&self.texts[position], row, Given::Text(text), place);
            }
        }
        let texts = &self.scratch.texts;
        let is_composed = texts[FULL_NAME].map_or_else(
            || texts[NAME_PARTS].iter().any(Option::is_some),
            <[u8]>::is_empty,
        );
        if is_composed {
            self.builder.compose_name.push(row);
        }
    }

    fn store_coordinates(&mut self, row: u32) {
        for (position, degrees) in self.scratch.coordinates.iter().enumerate() {
            if let Some(degrees) = *degrees {
                let (_, name, limit) = COORDINATES[position];
                let target = &self.coordinates[position];
                self.builder
                    .store_coordinate(target, row, degrees, limit, Place::Named(name));
            }
        }
    }

    /// Reads the values of a scope's fields and stores them.
    pub(super) fn read_fields(&mut self, row: u32, scope: usize, fields: &[&'a [u8]]) {
        for (position, bytes) in fields.iter().enumerate() {
            self.read_field(row, scope, position, bytes);
        }
    }

    #[inline]
    fn read_field(&mut self, row: u32, scope: usize, position: usize, bytes: &'a [u8]) {
        let FieldValue { key, value } = match field_value::read(bytes, &mut self.scratch.options) {
            Ok(read) => read,
            Err(damage) => {
                let problem = Problem::damaged(bytes, damage);
                return self.report_field(row, scope, position, None, problem);
            }
        };
        let given = match value {
            Value::Given(given) => Some(given),
            Value::Options => Some(Given::Options(&self.scratch.options)),
            Value::Absent => None,
        };
        match self.keys.field(&mut self.builder, scope, position, key) {
            Ok(Some(target)) => {
                let FieldTarget { field, target } = self.keys.target(target);
                let list = field.list.as_deref().map(str::as_bytes);
                let place = Place::Field {
                    list,
                    key: field.key.as_bytes(),
                };
                if let Some(given) = given {
                    self.builder.store(target, row, given, place);
                }
            }
            Ok(None) if self.ignore_unknown_fields => {}
            Ok(None) => {
                let spelling = self.keys.spelling(key);
                self.report_field(row, scope, position, spelling, Problem::FieldUnknown);
            }
            Err(problem) => self.report_field(row, scope, position, None, problem),
        }
    }

    /// Notes a problem of a value whose field was not found; without a spelled key it goes by its position.
    #[cold]
    fn report_field(
        &mut self,
        row: u32,
        scope: usize,
        position: usize,
        spelling: Option<&[u8]>,
        problem: Problem,
    ) {
        let position = position.to_string();
        let list = self.keys.scope(scope).list().map(|list| list.id.as_bytes());
        let place = Place::Field {
            list,
            key: spelling.unwrap_or(position.as_bytes()),
        };
        self.builder.report(row, place, problem);
    }

    fn read_memberships(&mut self, row: u32) {
        let memberships = std::mem::take(&mut self.scratch.memberships);
        for (position, bytes) in memberships.iter().enumerate() {
            self.read_membership(row, position, bytes);
        }
        self.scratch.memberships = memberships;
        if let Some(joined) = self.joined {
            let members = &mut self.builder.members[joined].rows;
            if members.last() != Some(&row) {
                members.push(row);
            }
        }
    }
}

/// Whether a field of a profile means something to an import.
const fn is_read(number: u32) -> bool {
    matches!(
        number,
        f::PROFILE_ID..=f::MEMBERSHIPS | f::TAGS..=f::ADDRESSES
    )
}

fn scan_identifier<'a>(bytes: &'a [u8], given: &mut GivenIdentifier<'a>) -> ReadResult<()> {
    const VALUE: u32 = tag(identifier::VALUE, LENGTH_DELIMITED);
    const TYPE: u32 = tag(identifier::TYPE, LENGTH_DELIMITED);
    const PRIMARY: u32 = tag(identifier::PRIMARY, VARINT);
    const INACTIVE: u32 = tag(identifier::INACTIVE, VARINT);
    let mut reader = Reader::new(bytes);
    while let Some(field_tag) = reader.tag()? {
        match field_tag {
            VALUE => given.value = reader.bytes()?,
            TYPE => given.kind = reader.bytes()?,
            PRIMARY => given.is_primary = reader.varint()? != 0,
            INACTIVE => given.is_inactive = reader.varint()? != 0,
            other if (identifier::VALUE..=identifier::INACTIVE).contains(&(other >> 3)) => {
                return Err(reader.wrong_wire_type());
            }
            unknown => reader.skip(unknown)?,
        }
    }
    Ok(())
}

fn scan_name<'a>(bytes: &'a [u8], texts: &mut [Option<&'a [u8]>; TEXTS.len()]) -> ReadResult<()> {
    let mut reader = Reader::new(bytes);
    while let Some(field_tag) = reader.tag()? {
        match (field_tag >> 3, field_tag & 7) {
            (part @ person_name::PREFIX..=person_name::FULL_NAME, LENGTH_DELIMITED) => {
                texts[part as usize] = Some(reader.bytes()?);
            }
            (person_name::PREFIX..=person_name::FULL_NAME, _) => {
                return Err(reader.wrong_wire_type());
            }
            _ => reader.skip(field_tag)?,
        }
    }
    Ok(())
}
