//! The document of profiles and their sections, one object over the whole export.
//!
//! ```json
//! {"profiles": {"p1": {"sections": {
//!   "_account": {"attributes": {"email": {"value": "a@b.se"}, "vip": {"value": null}}, "events": []},
//!   "news": {"attributes": {"state": {"value": "Active"}}}}}}}
//! ```
//!
//! | part | holds |
//! | --- | --- |
//! | `_account` | what belongs to the account, when something of it is chosen; no list can have this id |
//! | other sections | by id, the lists that the profile is on, when something of them is chosen |
//! | `attributes` | values as in NDJSON, of identifiers the first: the account's by the names of flat formats, custom fields by their keys, tags with null; of a list `state`, `joined_at`, `active_at`, `consent_to_track` and its fields |
//! | `topics`, `consents` | when some are chosen: object by id of `{"state": …}` |
//! | `events` | when event types are chosen: what happened to the profile, by time |
//! | removals | `"p1": {"removed": true}` |
//!
//! Fields have their keys; any other attribute whose name is taken, whatever its case, goes with `/` before it: `/state`, `/vip`. Names do not
//! depend on what is chosen. Sections and attributes that hold nothing are empty objects.

use std::collections::HashSet;

use super::EventSelection;
use super::cells::{CellSource, Cells, holds_values};
use super::events::EventsWriter;
use super::flat::{MEMBER_COLUMNS, PROFILE_COLUMNS, TICK_COLUMNS};
use super::form::{Values, write_value};
use super::json::{Json, Label};
use super::json_text::{close_object, named, push_string};
use super::projection::Projection;
use super::ready::Ready;
use super::records::{Opened, Records};
use crate::schema::{
    CONSENT_STATES, CONSENTS_TO_TRACK, ColumnId, ColumnKind, Field, List, MEMBERSHIP_STATES,
    MarkKind, Schema, TOPIC_STATES, builtin,
};
use crate::table::Version;

/// Id of the account's section.
const ACCOUNT: &str = "_account";

/// Writes the document.
pub(super) struct Document {
    sources: Vec<CellSource>,
    account: Option<Account>,
    lists: Vec<Section>,
}

/// What belongs to the account.
struct Account {
    section: Section,
    tags: Option<Marks>,
    /// Names of members with their marks.
    states: Vec<(Ready, Option<Marks>)>,
    events: Option<EventsWriter>,
}

struct Section {
    /// Comma, id, and what comes before the first attribute.
    head: Ready,
    /// Cell without a value in which there is no section.
    gate: usize,
    attributes: Vec<Attribute>,
}

struct Attribute {
    cell: usize,
    label: Label,
}

/// Marks of one kind: members of an object, by code of the cell.
struct Marks {
    cell: usize,
    members: Vec<Ready>,
}

impl Document {
    /// Lays out the sections of a version; attributes in which nothing is stored are left out.
    pub(super) fn new(
        version: &Version,
        schema: &Schema,
        projection: &Projection,
        events: Option<&EventSelection>,
    ) -> Self {
        let mut layout = Layout {
            version,
            schema,
            projection,
            sources: vec![CellSource::Column(builtin::PROFILE_ID)],
        };
        let account = layout.account(events);
        let lists = schema.lists().iter();
        let lists = lists.filter_map(|list| layout.list(list)).collect();
        Self {
            sources: layout.sources,
            account,
            lists,
        }
    }
}

impl Records for Document {
    fn sources(&self) -> &[CellSource] {
        &self.sources
    }

    fn begin(&self, is_first_block: bool, out: &mut Vec<u8>) {
        if is_first_block {
            out.extend_from_slice(b"{\"profiles\":{");
        }
    }

    fn separate(&self, out: &mut Vec<u8>) {
        out.push(b',');
    }

    fn record(&self, opened: &mut Opened<'_>, row: u16, out: &mut Vec<u8>) {
        push_string(opened.cells[0].text(row).unwrap_or_default(), out);
        out.extend_from_slice(b":{\"sections\":");
        let start = out.len();
        if let Some(account) = &self.account {
            account.write(opened, row, out);
        }
        let on = |list: &&Section| opened.cells[list.gate].has(row);
        for list in self.lists.iter().filter(on) {
            list.head.push(out);
            list.write_attributes(&opened.cells, None, row, out);
            out.push(b'}');
        }
        close_object(start, out);
        out.push(b'}');
    }

    fn removed(&self, profile_id: &[u8], out: &mut Vec<u8>) {
        push_string(profile_id, out);
        out.extend_from_slice(b":{\"removed\":true}");
    }

    fn end(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"}}");
    }
}

impl Account {
    fn write(&self, opened: &mut Opened<'_>, row: u16, out: &mut Vec<u8>) {
        let tags = self.tags.as_ref();
        self.section.head.push(out);
        self.section.write_attributes(&opened.cells, tags, row, out);
        for (name, marks) in &self.states {
            name.push(out);
            let start = out.len();
            if let Some(marks) = marks {
                marks.write(&opened.cells, row, out);
            }
            close_object(start, out);
        }
        if let Some(events) = &self.events {
            out.extend_from_slice(b",\"events\":");
            events.write(&mut opened.events, row, out);
        }
        out.push(b'}');
    }
}

impl Section {
    fn write_attributes(
        &self,
        cells: &[Cells<'_>],
        tags: Option<&Marks>,
        row: u16,
        out: &mut Vec<u8>,
    ) {
        let start = out.len();
        for Attribute { cell, label } in &self.attributes {
            let before = out.len();
            write_value::<Json>(label, &cells[*cell], row, out);
            if out.len() > before {
                out.push(b'}');
            }
        }
        if let Some(tags) = tags {
            tags.write(cells, row, out);
        }
        close_object(start, out);
    }
}

impl Marks {
    fn write(&self, cells: &[Cells<'_>], row: u16, out: &mut Vec<u8>) {
        if let Cells::MultiSelectMany(cells) = &cells[self.cell] {
            let codes = cells.get(row).iter();
            let members = codes.filter_map(|code| self.members.get(usize::from(*code)));
            members.for_each(|member| {
                member.push(out);
            });
        }
    }
}

/// A document in the making.
struct Layout<'a> {
    version: &'a Version,
    schema: &'a Schema,
    projection: &'a Projection,
    sources: Vec<CellSource>,
}

impl Layout<'_> {
    fn account(&mut self, events: Option<&EventSelection>) -> Option<Account> {
        let (schema, projection) = (self.schema, self.projection);
        let has = |column: ColumnId| projection.has(column);
        let own = || PROFILE_COLUMNS[1..].iter().chain(&TICK_COLUMNS);
        let has_kind = |kind| {
            let marks = schema.marks().iter();
            marks
                .clone()
                .any(|mark| mark.kind == kind && has(mark.column))
        };
        let has_fields = fields_of(schema, None).any(|field| has(field.column));
        let has_any = own().any(|(_, column)| has(*column))
            || has_fields
            || MarkKind::ALL.into_iter().any(has_kind);
        if !has_any && events.is_none() {
            return None;
        }
        let mut names = Names::of_fields(schema, None);
        let mut attributes = Vec::new();
        for (name, column) in own() {
            let kind = schema.kind(*column).unwrap_or(ColumnKind::Text);
            attributes.extend(self.attribute(&names.free(name), Values::Plain(kind), *column));
        }
        attributes.extend(self.fields(None));
        let tags = self.marks(MarkKind::Tag, |id, _| {
            let mut member = named(&names.free(id));
            member.extend_from_slice(b"{\"value\":null}");
            member
        });
        let mut states = Vec::new();
        for (kind, states_of) in [
            (MarkKind::Topic, TOPIC_STATES),
            (MarkKind::Consent, CONSENT_STATES),
        ] {
            if has_kind(kind) {
                let marks = self.marks(kind, |id, state| {
                    let mut member = named(id);
                    member.extend_from_slice(b"{\"state\":");
                    push_string(states_of[usize::from(!state)].as_bytes(), &mut member);
                    member.push(b'}');
                    member
                });
                states.push((Ready::new(named(kind.collection())), marks));
            }
        }
        Some(Account {
            section: section(ACCOUNT, 0, attributes),
            tags,
            states,
            events: events.map(|events| EventsWriter::new(schema, events)),
        })
    }

    fn list(&mut self, list: &List) -> Option<Section> {
        if !self.is_stored(list.state()) || !self.projection.has_list(self.schema, list) {
            return None;
        }
        let mut names = Names::of_fields(self.schema, Some(&list.id));
        let gate = self.push(CellSource::Column(list.state()));
        let mut attributes = Vec::new();
        for (name, column) in MEMBER_COLUMNS.into_iter().zip(list.column..) {
            let values = match column - list.column {
                0 => Values::Enum(&MEMBERSHIP_STATES),
                3 => Values::Enum(&CONSENTS_TO_TRACK),
                _ => Values::Plain(ColumnKind::DateTime),
            };
            attributes.extend(self.attribute(&names.free(name), values, column));
        }
        attributes.extend(self.fields(Some(&list.id)));
        Some(section(&list.id, gate, attributes))
    }

    fn fields(&mut self, list: Option<&str>) -> Vec<Attribute> {
        fields_of(self.schema, list)
            .filter_map(|field| self.attribute(&field.key, Values::of_field(field), field.column))
            .collect()
    }

    /// An attribute, unless it is not chosen or nothing is stored in it.
    fn attribute(&mut self, name: &str, values: Values<'_>, column: ColumnId) -> Option<Attribute> {
        if !self.projection.has(column) || !self.is_stored(column) {
            return None;
        }
        let mut head = named(name);
        head.extend_from_slice(b"{\"value\":");
        Some(Attribute {
            cell: self.push(CellSource::Column(column)),
            label: Label::of_values(head, values),
        })
    }

    /// Chosen marks of a kind that some profile has. Members are asked for of every mark, in their order.
    fn marks(
        &mut self,
        kind: MarkKind,
        mut member: impl FnMut(&str, bool) -> Vec<u8>,
    ) -> Option<Marks> {
        let (mut columns, mut members) = (Vec::new(), Vec::new());
        for mark in self.schema.marks().iter().filter(|mark| mark.kind == kind) {
            let is_written = self.projection.has(mark.column) && self.is_stored(mark.column);
            for &state in kind.states() {
                let member = member(&mark.id, state);
                if is_written {
                    columns.push((mark.column, state));
                    members.push(Ready::new(member));
                }
            }
        }
        (!members.is_empty()).then(|| Marks {
            cell: self.push(CellSource::States(columns)),
            members,
        })
    }

    fn is_stored(&self, column: ColumnId) -> bool {
        self.version.column(column).is_some_and(holds_values)
    }

    fn push(&mut self, source: CellSource) -> usize {
        self.sources.push(source);
        self.sources.len() - 1
    }
}

fn section(id: &str, gate: usize, attributes: Vec<Attribute>) -> Section {
    let mut head = named(id);
    head.extend_from_slice(b"{\"attributes\":");
    Section {
        head: Ready::new(head),
        gate,
        attributes,
    }
}

fn fields_of<'a>(schema: &'a Schema, list: Option<&'a str>) -> impl Iterator<Item = &'a Field> {
    let fields = schema.fields().iter();
    fields.filter(move |field| field.list.as_deref() == list)
}

/// Names that are taken within a section, in lower case.
struct Names(HashSet<String>);

impl Names {
    /// Keys of fields are taken first.
    fn of_fields(schema: &Schema, list: Option<&str>) -> Self {
        Self(
            fields_of(schema, list)
                .map(|field| field.key.to_lowercase())
                .collect(),
        )
    }

    /// Takes a name, or it with as many `/` before it as make it free.
    fn free(&mut self, name: &str) -> String {
        let mut name = name.to_owned();
        while !self.0.insert(name.to_lowercase()) {
            name.insert(0, '/');
        }
        name
    }
}
