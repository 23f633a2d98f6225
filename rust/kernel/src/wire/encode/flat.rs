//! Flat formats: which columns are written, in which order and by which names.
//!
//! | name | column |
//! | --- | --- |
//! | those of [`PROFILE_COLUMNS`] and [`COLLECTIONS`] | the profile's own |
//! | those of [`MEMBER_COLUMNS`], a key | the place on the list that the export names, and that list's fields |
//! | a key | a field of the account |
//! | `list/` and one of [`MEMBER_COLUMNS`] or a key | the same of any list |
//! | `tag:`, `topic:` or `consent:` and an id | a mark |
//! | those of [`TICK_COLUMNS`], [`REMOVED`] | what only exports have |
//!
//! Names mean the same to an import. A field whose bare name is taken by a column further up goes by `list/key`, or `/key` when it is the
//! account's. Names do not depend on what is chosen or stored.

use std::collections::HashSet;

use super::cells::holds_values;
use super::projection::Projection;
use crate::schema::{
    CONSENTS_TO_TRACK, ColumnId, ColumnKind, Field, List, MEMBERSHIP_STATES, Schema, builtin,
};
use crate::table::Version;

/// Columns of a profile that are written, in their order.
pub(super) const PROFILE_COLUMNS: [(&str, ColumnId); 16] = [
    ("profile_id", builtin::PROFILE_ID),
    ("email", builtin::EMAIL),
    ("phone", builtin::PHONE),
    ("alternate_id", builtin::ALTERNATE_ID),
    ("customer_type", builtin::CUSTOMER_TYPE),
    ("name_prefix", builtin::NAME_PREFIX),
    ("given_name", builtin::GIVEN_NAME),
    ("middle_name", builtin::MIDDLE_NAME),
    ("family_name", builtin::FAMILY_NAME),
    ("name_suffix", builtin::NAME_SUFFIX),
    ("full_name", builtin::FULL_NAME),
    ("locale", builtin::LOCALE),
    ("country", builtin::COUNTRY),
    ("region", builtin::REGION),
    ("latitude", builtin::LATITUDE),
    ("longitude", builtin::LONGITUDE),
];

/// Columns of a place on a list, in the order in which they follow its first.
pub(super) const MEMBER_COLUMNS: [&str; 4] =
    ["state", "joined_at", "active_at", "consent_to_track"];

/// Times of a profile's commits.
pub(super) const TICK_COLUMNS: [(&str, ColumnId); 2] = [
    ("created_at", builtin::CREATED_AT),
    ("changed_at", builtin::CHANGED_AT),
];

/// Mark of a removal.
const REMOVED: &str = "removed";

/// Collections of identifiers, by the column of the first. Flat formats hold those in use.
const COLLECTIONS: [(&str, ColumnId); 3] = [
    ("emails", builtin::EMAIL),
    ("phones", builtin::PHONE),
    ("alternate_ids", builtin::ALTERNATE_ID),
];

/// Where values come from.
#[derive(Clone, Copy)]
pub(super) enum Source {
    /// The profile id, which removals have too.
    ProfileId(ColumnId),
    /// One column.
    Values(ColumnId),
    /// The columns of first identifiers, of their types, and of the others.
    Identifiers([ColumnId; 3]),
    /// Whether the row is a removal.
    Removed,
}

/// A column.
pub(super) struct FlatColumn {
    pub(super) source: Source,
    pub(super) name: String,
    /// What values are; `Identifiers` for lists of them.
    pub(super) kind: ColumnKind,
    /// Names of options by code.
    pub(super) options: Vec<String>,
}

/// The columns in their order.
pub(super) fn columns(
    version: &Version,
    schema: &Schema,
    projection: &Projection,
    list: Option<&str>,
    with_removed: bool,
) -> Vec<FlatColumn> {
    let mut layout = Layout::new(version, schema, projection);
    for (name, id) in PROFILE_COLUMNS {
        let kind = schema.kind(id).unwrap_or(ColumnKind::Text);
        layout.profile_column(name, id, kind);
    }
    for (name, first) in COLLECTIONS {
        layout.collection(name, first);
    }
    let named = list.and_then(|id| schema.list(id));
    if let Some(list) = named {
        layout.list(schema, list, true);
    }
    for field in schema.fields().iter().filter(|field| field.list.is_none()) {
        layout.field(field, Some(&field.key), format!("/{}", field.key));
    }
    for list in schema
        .lists()
        .iter()
        .filter(|list| named.is_none_or(|named| named.id != list.id))
    {
        layout.list(schema, list, false);
    }
    for mark in schema.marks() {
        layout.values(
            mark.flat_name(),
            mark.column,
            ColumnKind::Boolean,
            Vec::new(),
        );
    }
    for (name, id) in TICK_COLUMNS {
        layout.values(name.to_owned(), id, ColumnKind::DateTime, Vec::new());
    }
    if with_removed {
        layout.push(
            REMOVED.to_owned(),
            Source::Removed,
            ColumnKind::Boolean,
            Vec::new(),
        );
    }
    layout.columns
}

/// Columns in the making.
struct Layout<'a> {
    version: &'a Version,
    projection: &'a Projection,
    /// Names that are used or reserved, in lower case: keys compare without regard to case.
    taken: HashSet<String>,
    columns: Vec<FlatColumn>,
}

impl<'a> Layout<'a> {
    fn new(version: &'a Version, schema: &Schema, projection: &'a Projection) -> Self {
        let collections = COLLECTIONS.iter().map(|(name, _)| *name);
        let fixed = PROFILE_COLUMNS
            .iter()
            .chain(&TICK_COLUMNS)
            .map(|(name, _)| *name);
        let marks = schema
            .marks()
            .iter()
            .map(|mark| mark.flat_name().to_lowercase());
        let taken = collections
            .chain(fixed)
            .chain([REMOVED])
            .map(str::to_owned)
            .chain(marks)
            .collect();
        Self {
            version,
            projection,
            taken,
            columns: Vec::new(),
        }
    }

    fn profile_column(&mut self, name: &str, id: ColumnId, kind: ColumnKind) {
        match id {
            builtin::PROFILE_ID => {
                self.push(name.to_owned(), Source::ProfileId(id), kind, Vec::new());
            }
            builtin::EMAIL if self.projection.has(id) => {
                self.push(name.to_owned(), Source::Values(id), kind, Vec::new());
            }
            _ => self.values(name.to_owned(), id, kind, Vec::new()),
        }
    }

    /// A collection of which some row has more than one untyped identifier.
    fn collection(&mut self, name: &str, first: ColumnId) {
        let columns = [first, first + 1, first + 2];
        if self.projection.has(first) && columns[1..].iter().any(|&id| self.is_stored(id)) {
            let source = Source::Identifiers(columns);
            self.push(name.to_owned(), source, ColumnKind::Identifiers, Vec::new());
        }
    }

    /// The places on a list, and its fields; by bare names where they are free.
    fn list(&mut self, schema: &Schema, list: &List, bare: bool) {
        let columns = [
            list.state(),
            list.joined_at(),
            list.active_at(),
            list.consent_to_track(),
        ];
        for (name, id) in MEMBER_COLUMNS.into_iter().zip(columns) {
            let (kind, options) = match id - list.column {
                0 => (ColumnKind::MultiSelectOne, names(&MEMBERSHIP_STATES)),
                3 => (ColumnKind::MultiSelectOne, names(&CONSENTS_TO_TRACK)),
                _ => (ColumnKind::DateTime, Vec::new()),
            };
            let name = self.name(bare.then_some(name), format!("{}/{name}", list.id));
            self.values(name, id, kind, options);
        }
        for field in schema
            .fields()
            .iter()
            .filter(|field| field.list.as_ref() == Some(&list.id))
        {
            self.field(
                field,
                bare.then_some(&field.key),
                format!("{}/{}", list.id, field.key),
            );
        }
    }

    fn field(&mut self, field: &Field, bare: Option<&String>, full: String) {
        let name = self.name(bare.map(String::as_str), full);
        self.values(name, field.column, field.kind, field.options.clone());
    }

    /// The bare name when it is free, else the full one.
    fn name(&mut self, bare: Option<&str>, full: String) -> String {
        match bare {
            Some(bare) if self.taken.insert(bare.to_lowercase()) => bare.to_owned(),
            _ => full,
        }
    }

    /// A column, unless it is not chosen or nothing is stored in it.
    fn values(&mut self, name: String, id: ColumnId, kind: ColumnKind, options: Vec<String>) {
        if self.projection.has(id) && self.is_stored(id) {
            self.push(name, Source::Values(id), kind, options);
        }
    }

    fn push(&mut self, name: String, source: Source, kind: ColumnKind, options: Vec<String>) {
        self.columns.push(FlatColumn {
            source,
            name,
            kind,
            options,
        });
    }

    fn is_stored(&self, id: ColumnId) -> bool {
        self.version.column(id).is_some_and(holds_values)
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}
