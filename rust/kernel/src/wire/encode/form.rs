//! The shape of a record: which columns it is made of and in which order.
//!
//! Everything that is the same in each record is rendered once, when the form is made: tags, keys, options. One walk then serves every
//! format that writes records one after the other; what differs between them is their [`Syntax`].

use super::cells::{CellSource, Cells, holds_values};
use super::projection::Projection;
use crate::batch::Identifier;
use crate::entry::ConsentAnswers;
use crate::schema::{
    CONSENTS_TO_TRACK, ColumnId, ColumnKind, Field, List, MEMBERSHIP_STATES, MarkKind, Schema,
    builtin,
};
use crate::table::Version;
use crate::wire::fields::{membership, person_name, profile};

/// Where a value stands in its record.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    /// A member of a message: its field number and its name.
    Member(u32, &'a str),
    /// A field of the account: its position among the keys of the form, from 1, and its key.
    AccountField(u32, &'a str),
    /// A field of a list, likewise.
    ListField(u32, &'a str),
}

/// What the values of a place are.
#[derive(Clone, Copy)]
pub(super) enum Values<'a> {
    /// Values of a kind without options.
    Plain(ColumnKind),
    /// One option of these names, by code.
    One(&'a [String]),
    /// Any of these names, by code.
    Many(&'a [String]),
    /// An enum of the protocol, whose numbers are the codes plus one; names, by code.
    Enum(&'a [&'a str]),
}

impl<'a> Values<'a> {
    /// The values of a field.
    pub(super) fn of_field(field: &'a Field) -> Self {
        match field.kind {
            ColumnKind::MultiSelectOne => Self::One(&field.options),
            ColumnKind::MultiSelectMany => Self::Many(&field.options),
            kind => Self::Plain(kind),
        }
    }
}

/// A part of a record that holds values of its own.
#[derive(Clone, Copy)]
pub(super) enum Group<'a> {
    /// The record.
    Record,
    /// The parts of a name.
    Name,
    /// Values of the account's own fields.
    AccountFields,
    /// All places on lists.
    Memberships,
    /// The place on a list of an id.
    Membership(&'a str),
    /// Values of a list's fields.
    ListFields,
}

/// Which entries a collection holds.
#[derive(Clone, Copy)]
pub(super) enum EntryKind {
    /// Postal addresses.
    Addresses,
    /// Preferences.
    Preferences,
    /// Groups, by their keys.
    Groups,
}

impl EntryKind {
    /// What a column of entries holds; answers to consents are none of these.
    pub(super) const fn of(column: ColumnId) -> Option<Self> {
        match column {
            builtin::ADDRESSES => Some(Self::Addresses),
            builtin::PREFERENCES => Some(Self::Preferences),
            builtin::GROUPS => Some(Self::Groups),
            _ => None,
        }
    }
}

/// A consent to write.
pub(super) struct WrittenConsent<'a> {
    /// Id of its type.
    pub(super) id: &'a str,
    /// Whether it is given.
    pub(super) is_given: bool,
    /// What else is known of it.
    pub(super) answers: Option<ConsentAnswers>,
}

/// How a format writes the parts of a record.
pub(super) trait Syntax {
    /// What of a part is the same in each record.
    type Label;

    /// Renders what stands around a value.
    fn value(&self, place: Place<'_>, values: Values<'_>) -> Self::Label;
    /// Renders what stands around each identifier, or around them all.
    fn collection(&self, number: u32, name: &str) -> Self::Label;
    /// Renders a collection of marks; the option at a position is the mark of an id with that truth value.
    fn marks(&self, kind: MarkKind, states: &[(&str, bool)]) -> Self::Label;
    /// Renders what stands around a group.
    fn group(&self, group: Group<'_>) -> Self::Label;
    /// Writes what stands before a block of records.
    fn begin(&self, keys: &[String], out: &mut Vec<u8>);
    /// Writes a record of nothing but an id and the mark of its removal.
    fn removed(&self, profile_id: &[u8], out: &mut Vec<u8>);

    /// Begins a group and returns what [`close`](Self::close) needs.
    fn open(label: &Self::Label, out: &mut Vec<u8>) -> usize;
    /// Ends a group; one in which nothing was written leaves nothing behind.
    fn close(label: &Self::Label, mark: usize, out: &mut Vec<u8>);
    /// Writes a text.
    fn text(label: &Self::Label, text: &[u8], out: &mut Vec<u8>);
    /// Writes a finite number.
    fn number(label: &Self::Label, number: f64, out: &mut Vec<u8>);
    /// Writes a truth value.
    fn boolean(label: &Self::Label, boolean: bool, out: &mut Vec<u8>);
    /// Writes a day.
    fn date(label: &Self::Label, days: i32, out: &mut Vec<u8>);
    /// Writes a time.
    fn date_time(label: &Self::Label, millis: i64, out: &mut Vec<u8>);
    /// Writes an option; none for a code that has no name.
    fn option(label: &Self::Label, code: u16, out: &mut Vec<u8>);
    /// Writes several options, at least one.
    fn options(label: &Self::Label, codes: &[u16], out: &mut Vec<u8>);
    /// Writes the entries of a collection, at least one.
    fn entries(label: &Self::Label, kind: EntryKind, entries: &[Identifier], out: &mut Vec<u8>);
    /// Writes consents of which something is known besides their states, at least one.
    fn consents<'a>(
        label: &Self::Label,
        consents: impl Iterator<Item = WrittenConsent<'a>>,
        out: &mut Vec<u8>,
    );
    /// Writes identifiers. There may be none.
    fn identifiers<'a>(
        label: &Self::Label,
        identifiers: impl Iterator<Item = WrittenIdentifier<'a>>,
        out: &mut Vec<u8>,
    );
}

/// A record's columns in the order of their writing.
pub(super) struct Form<S: Syntax> {
    /// What to read; cells are counted by this order. The first is the profile id.
    pub(super) sources: Vec<CellSource>,
    /// Keys of the custom fields; places count them from 1.
    pub(super) keys: Vec<String>,
    /// The format.
    pub(super) syntax: S,
    record: Section<S::Label>,
}

struct Section<L> {
    label: L,
    /// Cell without a value in which the section is not written at all.
    gate: Option<usize>,
    parts: Vec<Part<L>>,
}

enum Part<L> {
    Value {
        cell: usize,
        label: L,
    },
    Identifiers {
        first: usize,
        kind: usize,
        more: usize,
        label: L,
    },
    Entries {
        cell: usize,
        kind: EntryKind,
        label: L,
    },
    Consents {
        /// States as options, of which each is one of `consents`.
        states: usize,
        answers: usize,
        consents: Vec<ConsentState>,
        label: L,
    },
    Section(Section<L>),
}

/// A state of a consent type.
struct ConsentState {
    column: ColumnId,
    id: String,
    is_given: bool,
}

impl<S: Syntax> Form<S> {
    /// Lays out the records of a version; columns that are not chosen or in which nothing is stored are left out.
    pub(super) fn new(
        version: &Version,
        schema: &Schema,
        projection: &Projection,
        syntax: S,
    ) -> Self {
        let mut layout = Layout {
            version,
            projection,
            syntax: &syntax,
            sources: Vec::new(),
            keys: Vec::new(),
        };
        let record = layout.record(schema);
        let Layout { sources, keys, .. } = layout;
        Self {
            sources,
            keys,
            syntax,
            record,
        }
    }

    /// Appends the record of a row.
    pub(super) fn write(&self, cells: &[Cells<'_>], row: u16, out: &mut Vec<u8>) {
        write_section::<S>(&self.record, cells, row, out);
    }
}

fn write_section<S: Syntax>(
    section: &Section<S::Label>,
    cells: &[Cells<'_>],
    row: u16,
    out: &mut Vec<u8>,
) {
    if section.gate.is_some_and(|gate| !cells[gate].has(row)) {
        return;
    }
    let mark = S::open(&section.label, out);
    for part in &section.parts {
        match part {
            Part::Value { cell, label } => write_value::<S>(label, &cells[*cell], row, out),
            Part::Identifiers {
                first,
                kind,
                more,
                label,
            } => {
                let cells = [&cells[*first], &cells[*kind], &cells[*more]];
                let identifiers = identifiers_of(cells, row);
                S::identifiers(label, identifiers, out);
            }
            Part::Entries { cell, kind, label } => {
                let entries = cells[*cell].identifiers(row);
                if !entries.is_empty() {
                    S::entries(label, *kind, entries, out);
                }
            }
            Part::Consents {
                states,
                answers,
                consents,
                label,
            } => {
                let answers = cells[*answers].identifiers(row);
                match &cells[*states] {
                    Cells::MultiSelectMany(states) if !answers.is_empty() => {
                        S::consents(label, consents_of(consents, states.get(row), answers), out);
                    }
                    states => write_value::<S>(label, states, row, out),
                }
            }
            Part::Section(inner) => write_section::<S>(inner, cells, row, out),
        }
    }
    S::close(&section.label, mark, out);
}

/// Consents of some states, with what else is known of them.
fn consents_of<'a>(
    consents: &'a [ConsentState],
    codes: &'a [u16],
    answers: &'a [Identifier],
) -> impl Iterator<Item = WrittenConsent<'a>> {
    let states = codes
        .iter()
        .filter_map(|code| consents.get(usize::from(*code)));
    states.map(|state| WrittenConsent {
        id: &state.id,
        is_given: state.is_given,
        answers: ConsentAnswers::of(answers, state.column),
    })
}

/// An identifier to write.
pub(super) struct WrittenIdentifier<'a> {
    /// The owner's word for the kind.
    pub(super) kind: &'a [u8],
    /// The address, number or id.
    pub(super) value: &'a [u8],
    /// Whether it is in use.
    pub(super) is_active: bool,
}

/// A row's identifiers: the first in use, whose type has a column of its own, and the others.
#[inline]
pub(super) fn identifiers_of<'a>(
    [first, kind, more]: [&Cells<'a>; 3],
    row: u16,
) -> impl Iterator<Item = WrittenIdentifier<'a>> + use<'a> {
    let first = first.text(row).map(|value| WrittenIdentifier {
        kind: kind.text(row).unwrap_or_default(),
        value,
        is_active: true,
    });
    let more = more.identifiers(row).iter();
    first.into_iter().chain(more.map(|other| WrittenIdentifier {
        kind: other.kind.as_bytes(),
        value: other.value.as_bytes(),
        is_active: other.is_active,
    }))
}

/// Writes the value of a row, when it has one.
#[inline]
pub(super) fn write_value<S: Syntax>(
    label: &S::Label,
    cells: &Cells<'_>,
    row: u16,
    out: &mut Vec<u8>,
) {
    match cells {
        Cells::Absent | Cells::Identifiers(_) => {}
        Cells::Text(cells) => {
            if let Some(text) = cells.get(row) {
                S::text(label, text, out);
            }
        }
        Cells::Number(cells) => {
            if let Some(number) = cells.get(row) {
                S::number(label, number, out);
            }
        }
        Cells::Boolean(cells) => {
            if let Some(boolean) = cells.get(row) {
                S::boolean(label, boolean, out);
            }
        }
        Cells::Date(cells) => {
            if let Some(days) = cells.get(row) {
                S::date(label, days, out);
            }
        }
        Cells::DateTime(cells) => {
            if let Some(millis) = cells.get(row) {
                S::date_time(label, millis, out);
            }
        }
        Cells::MultiSelectOne(cells) => {
            if let Some(code) = cells.get(row) {
                S::option(label, code, out);
            }
        }
        Cells::MultiSelectMany(cells) => {
            let codes = cells.get(row);
            if !codes.is_empty() {
                S::options(label, codes, out);
            }
        }
    }
}

/// A form in the making.
struct Layout<'a, S> {
    version: &'a Version,
    projection: &'a Projection,
    syntax: &'a S,
    sources: Vec<CellSource>,
    keys: Vec<String>,
}

impl<S: Syntax> Layout<'_, S> {
    fn record(&mut self, schema: &Schema) -> Section<S::Label> {
        use builtin as b;
        let mut parts = Vec::new();
        parts.extend(self.text(profile::PROFILE_ID, "profile_id", b::PROFILE_ID));
        parts.extend(self.identifiers(profile::ALTERNATE_IDS, "alternate_ids", b::ALTERNATE_ID));
        parts.extend(self.identifiers(profile::EMAILS, "emails", b::EMAIL));
        parts.extend(self.identifiers(profile::PHONES, "phones", b::PHONE));
        parts.extend(self.text(profile::CUSTOMER_TYPE, "customer_type", b::CUSTOMER_TYPE));
        parts.extend(self.name());
        parts.extend(self.text(profile::LOCALE, "locale", b::LOCALE));
        parts.extend(self.text(profile::COUNTRY, "country", b::COUNTRY));
        parts.extend(self.text(profile::REGION, "region", b::REGION));
        parts.extend(self.plain(
            profile::LATITUDE,
            "latitude",
            ColumnKind::Number,
            b::LATITUDE,
        ));
        parts.extend(self.plain(
            profile::LONGITUDE,
            "longitude",
            ColumnKind::Number,
            b::LONGITUDE,
        ));
        parts.extend(self.fields(schema, None));
        parts.extend(self.memberships(schema));
        parts.extend(self.plain(
            profile::CREATED_AT_MILLIS,
            "created_at",
            ColumnKind::DateTime,
            b::CREATED_AT,
        ));
        parts.extend(self.plain(
            profile::CHANGED_AT_MILLIS,
            "changed_at",
            ColumnKind::DateTime,
            b::CHANGED_AT,
        ));
        parts.extend(
            MarkKind::ALL
                .into_iter()
                .filter_map(|kind| self.marks(schema, kind)),
        );
        parts.extend(
            [
                (
                    profile::PREFERENCES,
                    "preferences",
                    b::PREFERENCES,
                    EntryKind::Preferences,
                ),
                (profile::GROUPS, "groups", b::GROUPS, EntryKind::Groups),
                (
                    profile::ADDRESSES,
                    "addresses",
                    b::ADDRESSES,
                    EntryKind::Addresses,
                ),
            ]
            .into_iter()
            .filter_map(|(number, name, column, kind)| {
                let cell = self.cell(column)?;
                let label = self.syntax.collection(number, name);
                Some(Part::Entries { cell, kind, label })
            }),
        );
        Section {
            label: self.syntax.group(Group::Record),
            gate: None,
            parts,
        }
    }

    fn name(&mut self) -> Option<Part<S::Label>> {
        use builtin as b;
        let parts = [
            self.text(person_name::PREFIX, "prefix", b::NAME_PREFIX),
            self.text(person_name::GIVEN_NAME, "given_name", b::GIVEN_NAME),
            self.text(person_name::MIDDLE_NAME, "middle_name", b::MIDDLE_NAME),
            self.text(person_name::FAMILY_NAME, "family_name", b::FAMILY_NAME),
            self.text(person_name::SUFFIX, "suffix", b::NAME_SUFFIX),
            self.text(person_name::FULL_NAME, "full_name", b::FULL_NAME),
        ];
        self.section(Group::Name, parts.into_iter().flatten().collect())
    }

    fn memberships(&mut self, schema: &Schema) -> Option<Part<S::Label>> {
        let lists = schema
            .lists()
            .iter()
            .filter_map(|list| self.membership(schema, list))
            .collect();
        self.section(Group::Memberships, lists)
    }

    fn membership(&mut self, schema: &Schema, list: &List) -> Option<Part<S::Label>> {
        // Without a state there is no place on the list, whether the state is written or not.
        if !self.is_stored(list.state()) || !self.projection.has_list(schema, list) {
            return None;
        }
        let gate = self.push(CellSource::Column(list.state()));
        let consent = Place::Member(membership::CONSENT_TO_TRACK, "consent_to_track");
        let consents = Values::Enum(&CONSENTS_TO_TRACK);
        let mut parts = Vec::new();
        if self.projection.has(list.state()) {
            let state = Place::Member(membership::STATE, "state");
            parts.push(Part::Value {
                cell: gate,
                label: self.syntax.value(state, Values::Enum(&MEMBERSHIP_STATES)),
            });
        }
        parts.extend(self.plain(
            membership::JOINED_AT_MILLIS,
            "joined_at",
            ColumnKind::DateTime,
            list.joined_at(),
        ));
        parts.extend(self.plain(
            membership::ACTIVE_AT_MILLIS,
            "active_at",
            ColumnKind::DateTime,
            list.active_at(),
        ));
        parts.extend(self.value(consent, consents, list.consent_to_track()));
        parts.extend(self.fields(schema, Some(list)));
        let label = self.syntax.group(Group::Membership(&list.id));
        Some(Part::Section(Section {
            label,
            gate: Some(gate),
            parts,
        }))
    }

    fn marks(&mut self, schema: &Schema, kind: MarkKind) -> Option<Part<S::Label>> {
        let stored = schema
            .marks()
            .iter()
            .filter(|mark| mark.kind == kind && self.is_written(mark.column));
        let (states, columns): (Vec<_>, Vec<_>) = stored
            .flat_map(|mark| kind.states().iter().map(move |&state| (mark, state)))
            .map(|(mark, state)| ((mark.id.as_str(), state), (mark.column, state)))
            .unzip();
        if states.is_empty() {
            return None;
        }
        let label = self.syntax.marks(kind, &states);
        let has_answers = kind == MarkKind::Consent && self.is_stored(builtin::CONSENT_ANSWERS);
        let consent = |(&(id, is_given), &(column, _)): (&(&str, bool), _)| ConsentState {
            column,
            id: id.to_owned(),
            is_given,
        };
        let consents = states.iter().zip(&columns).map(consent).collect();
        let cell = self.push(CellSource::States(columns));
        Some(if has_answers {
            Part::Consents {
                states: cell,
                answers: self.push(CellSource::Column(builtin::CONSENT_ANSWERS)),
                consents,
                label,
            }
        } else {
            Part::Value { cell, label }
        })
    }

    fn fields(&mut self, schema: &Schema, list: Option<&List>) -> Option<Part<S::Label>> {
        let id = list.map(|list| list.id.as_str());
        let parts = schema
            .fields()
            .iter()
            .filter(|field| field.list.as_deref() == id)
            .filter_map(|field| self.field(field))
            .collect();
        self.section(
            if list.is_some() {
                Group::ListFields
            } else {
                Group::AccountFields
            },
            parts,
        )
    }

    fn field(&mut self, field: &Field) -> Option<Part<S::Label>> {
        let position = u32::try_from(self.keys.len() + 1).ok()?;
        let place = match field.list {
            None => Place::AccountField(position, &field.key),
            Some(_) => Place::ListField(position, &field.key),
        };
        let part = self.value(place, Values::of_field(field), field.column)?;
        self.keys.push(field.key.clone());
        Some(part)
    }

    /// A collection of identifiers, whose columns of types and of further ones follow that of the first.
    fn identifiers(&mut self, number: u32, name: &str, column: ColumnId) -> Option<Part<S::Label>> {
        let is_any = self.is_stored(column) || self.is_stored(column + 2);
        if !is_any || !self.projection.has(column) {
            return None;
        }
        let first = self.push(CellSource::Column(column));
        let kind = self.push(CellSource::Column(column + 1));
        let more = self.push(CellSource::Column(column + 2));
        Some(Part::Identifiers {
            first,
            kind,
            more,
            label: self.syntax.collection(number, name),
        })
    }

    fn text(&mut self, number: u32, name: &str, column: ColumnId) -> Option<Part<S::Label>> {
        self.plain(number, name, ColumnKind::Text, column)
    }

    fn plain(
        &mut self,
        number: u32,
        name: &str,
        kind: ColumnKind,
        column: ColumnId,
    ) -> Option<Part<S::Label>> {
        self.value(Place::Member(number, name), Values::Plain(kind), column)
    }

    fn value(
        &mut self,
        place: Place<'_>,
        values: Values<'_>,
        column: ColumnId,
    ) -> Option<Part<S::Label>> {
        let cell = self.cell(column)?;
        Some(Part::Value {
            cell,
            label: self.syntax.value(place, values),
        })
    }

    fn section(&self, group: Group<'_>, parts: Vec<Part<S::Label>>) -> Option<Part<S::Label>> {
        (!parts.is_empty()).then(|| {
            Part::Section(Section {
                label: self.syntax.group(group),
                gate: None,
                parts,
            })
        })
    }

    /// The cell of a column that is chosen and in which something is stored.
    fn cell(&mut self, column: ColumnId) -> Option<usize> {
        self.is_written(column)
            .then(|| self.push(CellSource::Column(column)))
    }

    fn is_written(&self, column: ColumnId) -> bool {
        self.projection.has(column) && self.is_stored(column)
    }

    fn is_stored(&self, column: ColumnId) -> bool {
        self.version.column(column).is_some_and(holds_values)
    }

    fn push(&mut self, source: CellSource) -> usize {
        self.sources.push(source);
        self.sources.len() - 1
    }
}
