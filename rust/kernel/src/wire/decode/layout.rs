//! What the columns of a flat block mean, by their names.

use std::collections::HashSet;

use super::DecodeOptions;
use super::builder::{Builder, COORDINATES, MembershipTargets, TEXTS};
use super::flat::COLLECTIONS;
use super::given::Target;
use super::identifier::flat_name;
use super::problem::{Place, collection, shortened};
use super::rejected::EXCEPTIONS;
use crate::error::{KernelError, Result};
use crate::schema::{ColumnKind, List, MarkKind, Schema};
use crate::wire::BlockFormat;

/// Columns of exports and of rejected records that imports pass over.
const OUTPUT_ONLY: [&str; 3] = ["created_at", "changed_at", EXCEPTIONS];

/// Columns at fault that are told one by one.
const MAX_FAULTS: usize = 20;

/// A column of a block: its name, and what its type can hold.
pub(super) trait FlatColumn {
    /// The name by which it has its meaning.
    fn name(&self) -> &str;
    /// Whether it can hold texts.
    fn is_text(&self) -> bool;
    /// Whether it can hold values of a kind.
    fn fits(&self, kind: ColumnKind) -> bool;
    /// Whether it can hold lists of identifiers.
    fn is_nested(&self) -> bool;
    /// Its type in words.
    fn type_name(&self) -> String;
}

/// Columns of a block by what they mean.
pub(super) struct Layout<'s> {
    /// Position of the profile ids; only missing where records are matched by another identifier.
    pub(super) profile_id: Option<usize>,
    /// Identifiers by [`IdentifierKind`](crate::batch::IdentifierKind).
    pub(super) identifiers: [IdentifierColumns; 3],
    /// All other columns that mean something.
    pub(super) values: Vec<ValueColumn<'s>>,
    /// Position of the marks of removals.
    pub(super) removed: Option<usize>,
}

/// The columns of one collection of identifiers, by position in the block.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct IdentifierColumns {
    /// Values of empty type.
    pub(super) flat: Option<usize>,
    /// Lists of pairs of `type` and `value`.
    pub(super) nested: Option<usize>,
}

/// A column of values.
pub(super) struct ValueColumn<'s> {
    /// Position in the block.
    pub(super) position: usize,
    /// What the target's column holds.
    pub(super) kind: ColumnKind,
    /// Where the values go.
    pub(super) target: Target<'s>,
    /// Limit in degrees of a coordinate.
    pub(super) coordinate_limit: Option<f64>,
    /// Position in the builder of the members that rows with a value belong to.
    pub(super) members: Option<usize>,
}

impl<'s> Layout<'s> {
    /// Finds a meaning for every column.
    ///
    /// # Errors
    /// All columns at fault at once: unknown, of a type that does not fit, or meaning the same as another; or what records are
    /// matched by is not there.
    pub(super) fn new(
        builder: &mut Builder,
        schema: &'s Schema,
        list: Option<&'s List>,
        format: BlockFormat,
        columns: &[impl FlatColumn],
        options: &DecodeOptions,
    ) -> Result<Self> {
        let mut resolver = Resolver {
            builder,
            schema,
            list,
            options,
            profile_id: None,
            identifiers: [IdentifierColumns::default(); 3],
            values: Vec::new(),
            removed: None,
            faults: Vec::new(),
        };
        for (position, column) in columns.iter().enumerate() {
            resolver.resolve(position, column);
        }
        resolver.report_repeated(columns);
        let Resolver {
            profile_id,
            identifiers,
            values,
            removed,
            mut faults,
            ..
        } = resolver;
        let (is_there, name) = match options.key {
            None => (profile_id.is_some(), "profile_id"),
            Some(key) => {
                let IdentifierColumns { flat, nested } = identifiers[key.kind as usize];
                (flat.or(nested).is_some(), flat_name(key.kind))
            }
        };
        if !is_there {
            faults.insert(0, format!("there is no column {name}"));
        }
        if !faults.is_empty() {
            return Err(KernelError::BlockInvalid {
                format: format.name(),
                problem: joined(faults),
                offset: 0,
            });
        }
        Ok(Self {
            profile_id,
            identifiers,
            values,
            removed,
        })
    }

    /// Positions of the columns that mean something, each once.
    pub(super) fn positions(&self) -> impl Iterator<Item = usize> {
        let identifiers = self.identifiers.iter();
        identifiers
            .flat_map(|columns| [columns.flat, columns.nested])
            .flatten()
            .chain(self.profile_id)
            .chain(self.removed)
            .chain(self.values.iter().map(|value| value.position))
    }
}

/// The first faults, and how many more there are.
fn joined(mut faults: Vec<String>) -> String {
    let more = faults.len().saturating_sub(MAX_FAULTS);
    faults.truncate(MAX_FAULTS);
    if more > 0 {
        faults.push(format!("and {more} more"));
    }
    faults.join("; ")
}

/// A name of bearable length, in quotes.
fn shown(name: &str) -> String {
    format!("{:?}", shortened(name.as_bytes()))
}

struct Resolver<'b, 's> {
    builder: &'b mut Builder,
    schema: &'s Schema,
    list: Option<&'s List>,
    options: &'b DecodeOptions<'b>,
    profile_id: Option<usize>,
    identifiers: [IdentifierColumns; 3],
    values: Vec<ValueColumn<'s>>,
    removed: Option<usize>,
    faults: Vec<String>,
}

impl<'s> Resolver<'_, 's> {
    fn resolve(&mut self, position: usize, column: &impl FlatColumn) {
        let name = column.name();
        let is_named_by = |name| self.builder.names_profile(Place::Named(name));
        if OUTPUT_ONLY.contains(&name) || self.options.names_only && !is_named_by(name) {
            return;
        }
        if name == "profile_id" {
            self.check_type(column, column.is_text(), "texts");
            self.profile_id = Some(position);
        } else if name == "removed" {
            self.check_type(column, column.fits(ColumnKind::Boolean), "truth values");
            self.removed = Some(position);
        } else if !self.resolve_identifiers(position, column) {
            match self.value_column(position, name) {
                Some(value) => {
                    let fits = column.fits(value.kind);
                    self.check_type(column, fits, kind_name(value.kind));
                    self.values.push(value);
                }
                None if self.options.ignore_unknown_fields => {}
                None => self.faults.push(format!(
                    "column {} is neither part of a profile nor a field: create the field, or the tag, topic or consent type, rename \
                     the column, or import with unknown fields ignored",
                    shown(name)
                )),
            }
        }
    }

    fn check_type(&mut self, column: &impl FlatColumn, fits: bool, wanted: &str) {
        if !fits {
            let (name, found) = (shown(column.name()), column.type_name());
            self.faults.push(format!(
                "column {name} is of type {found}, which cannot hold {wanted}: convert it, or leave it out"
            ));
        }
    }

    fn resolve_identifiers(&mut self, position: usize, column: &impl FlatColumn) -> bool {
        for kind in COLLECTIONS {
            let columns = &mut self.identifiers[kind as usize];
            if column.name() == flat_name(kind) {
                columns.flat = Some(position);
                self.check_type(column, column.is_text(), "texts");
                return true;
            }
            if column.name() == collection(kind) {
                columns.nested = Some(position);
                self.check_type(column, column.is_nested(), "lists of type and value");
                return true;
            }
        }
        false
    }

    /// The meaning of a name: a part of the profile, which its marks are, a part of the membership of the joined list, a field of that
    /// list, a field of the account; or, after a list and a slash, a part or field of that list; or, after a slash alone, a field of the
    /// account.
    fn value_column(&mut self, position: usize, name: &str) -> Option<ValueColumn<'s>> {
        if let Some(value) = self
            .profile_part(position, name)
            .or_else(|| self.mark(position, name))
        {
            return Some(value);
        }
        if let Some(list) = self.list
            && let Some(value) = self.list_part(position, list, name)
        {
            return Some(value);
        }
        if let Some(value) = self.field(position, None, name) {
            return Some(value);
        }
        match name.split_once('/')? {
            ("", key) => self.field(position, None, key),
            (list, name) => self.list_part(position, self.schema.list(list)?, name),
        }
    }

    fn profile_part(&mut self, position: usize, name: &str) -> Option<ValueColumn<'s>> {
        for (column, place, max_bytes) in TEXTS {
            if flat_text_name(place) == name {
                let target = self
                    .builder
                    .plain_target(column, ColumnKind::Text, max_bytes);
                return Some(value(position, ColumnKind::Text, target));
            }
        }
        for (column, place, limit) in COORDINATES {
            if place == name {
                let target = self.builder.plain_target(column, ColumnKind::Number, 0);
                let value = value(position, ColumnKind::Number, target);
                return Some(ValueColumn {
                    coordinate_limit: Some(limit),
                    ..value
                });
            }
        }
        None
    }

    /// The mark of a name such as `tag:vip`.
    fn mark(&mut self, position: usize, name: &str) -> Option<ValueColumn<'s>> {
        let (kind, id) = name.split_once(':')?;
        let kind = MarkKind::ALL.into_iter().find(|one| one.name() == kind)?;
        let target = self.builder.mark_target(self.schema.mark(kind, id)?);
        Some(value(position, ColumnKind::Boolean, target))
    }

    fn list_part(
        &mut self,
        position: usize,
        list: &'s List,
        name: &str,
    ) -> Option<ValueColumn<'s>> {
        let value = self
            .membership_part(position, list, name)
            .or_else(|| self.field(position, Some(list), name))?;
        Some(ValueColumn {
            members: Some(self.builder.members_slot(list)),
            ..value
        })
    }

    fn membership_part(
        &mut self,
        position: usize,
        list: &'s List,
        name: &str,
    ) -> Option<ValueColumn<'s>> {
        let MembershipTargets {
            state,
            joined_at,
            active_at,
            consent_to_track,
            ..
        } = self.builder.membership_targets(list);
        let (kind, target) = match name {
            "state" => (ColumnKind::MultiSelectOne, state),
            "joined_at" => (ColumnKind::DateTime, joined_at),
            "active_at" => (ColumnKind::DateTime, active_at),
            "consent_to_track" => (ColumnKind::MultiSelectOne, consent_to_track),
            _ => return None,
        };
        Some(value(position, kind, target))
    }

    fn field(
        &mut self,
        position: usize,
        list: Option<&List>,
        name: &str,
    ) -> Option<ValueColumn<'s>> {
        let field = self.schema.field(list.map(|list| list.id.as_str()), name)?;
        let target = self
            .builder
            .field_target(field, self.options.max_text_bytes);
        Some(value(position, field.kind, target))
    }

    /// Notes columns that mean the same as one before them.
    fn report_repeated(&mut self, columns: &[impl FlatColumn]) {
        let name = |position: usize| shown(columns[position].name());
        let mut slots = HashSet::new();
        for value in &self.values {
            if !slots.insert(value.target.slot) {
                let name = name(value.position);
                self.faults
                    .push(format!("column {name} means the same as one before it"));
            }
        }
        let mut names = HashSet::new();
        for column in columns {
            if !names.insert(column.name()) {
                self.faults
                    .push(format!("column {} stands twice", shown(column.name())));
            }
        }
    }
}

fn value(position: usize, kind: ColumnKind, target: Target) -> ValueColumn {
    ValueColumn {
        position,
        kind,
        target,
        coordinate_limit: None,
        members: None,
    }
}

/// The name of a text's column: the last part of its place, where `name.prefix` and `name.suffix` would be too short to be understood.
fn flat_text_name(place: &'static str) -> &'static str {
    match place {
        "name.prefix" => "name_prefix",
        "name.suffix" => "name_suffix",
        other => other.trim_start_matches("name."),
    }
}

const fn kind_name(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Text | ColumnKind::ExactText | ColumnKind::Identifiers => "texts",
        ColumnKind::Number => "numbers",
        ColumnKind::Boolean => "truth values",
        ColumnKind::Date => "dates",
        ColumnKind::DateTime => "times",
        ColumnKind::MultiSelectOne => "names of options",
        ColumnKind::MultiSelectMany => "lists of options",
    }
}
