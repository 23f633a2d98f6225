//! Identifiers of a record.

use std::borrow::Cow;

use super::builder::Builder;
use super::problem::{Place, Problem, collection as collection_name};
use super::{Key, check};
use crate::batch::{Identifier, IdentifierKind};
use crate::fold;

/// An identifier as a record gives it, and where it stands there.
#[derive(Debug, Clone, Copy)]
pub(super) struct GivenIdentifier<'a> {
    /// Position in its collection; `None` for the column of a flat format.
    pub(super) position: Option<usize>,
    /// The owner's word for the kind.
    pub(super) kind: &'a [u8],
    /// The address, number or id.
    pub(super) value: &'a [u8],
    /// Whether it is to be the first.
    pub(super) is_primary: bool,
    /// Whether it is not in use any more.
    pub(super) is_inactive: bool,
}

impl<'a> GivenIdentifier<'a> {
    /// One in use.
    pub(super) const fn new(position: Option<usize>, kind: &'a [u8], value: &'a [u8]) -> Self {
        Self {
            position,
            kind,
            value,
            is_primary: false,
            is_inactive: false,
        }
    }
}

/// Which identifier each record needs.
pub(super) struct KeyRule {
    kind: IdentifierKind,
    /// Folded; any when missing.
    of_type: Option<Vec<u8>>,
}

impl KeyRule {
    pub(super) fn new(key: Key) -> Self {
        let folded = |of_type: &str| {
            let mut folded = Vec::new();
            fold::fold_into(of_type, &mut folded);
            folded
        };
        Self {
            kind: key.kind,
            of_type: key.of_type.map(folded),
        }
    }

    /// Whether a member of a record, or a column of a flat format, holds such identifiers.
    pub(super) fn stands_in(&self, name: &str) -> bool {
        name == collection_name(self.kind) || name == flat_name(self.kind)
    }

    /// Whether none of the identifiers of a row, all of one collection, is one that the row lacks without it.
    fn is_missing(&self, collection: IdentifierKind, given: &[GivenIdentifier]) -> bool {
        collection == self.kind
            && !given
                .iter()
                .any(|one| !one.value.is_empty() && self.has_type(one.kind))
    }

    fn has_type(&self, given: &[u8]) -> bool {
        let Some(wanted) = &self.of_type else {
            return true;
        };
        let mut folded = Vec::with_capacity(given.len());
        fold::fold_into(&String::from_utf8_lossy(given), &mut folded);
        folded == *wanted
    }
}

impl Builder {
    /// Whether records are matched by identifiers of a collection.
    pub(super) fn is_keyed_by(&self, collection: IdentifierKind) -> bool {
        self.key.as_ref().is_some_and(|key| key.kind == collection)
    }

    /// Checks the identifiers of a row, all of one collection, and appends them. Where records are matched by an identifier of this
    /// collection, it must be called for each row, also one without any.
    pub(super) fn push_identifiers(
        &mut self,
        row: u32,
        collection: IdentifierKind,
        given: &[GivenIdentifier],
    ) {
        let key = self.key.as_ref();
        if key.is_some_and(|key| key.is_missing(collection, given)) {
            let place = Place::Named(collection_name(collection));
            self.report(row, place, Problem::KeyMissing);
        }
        if let [only] = given
            && only.kind.is_empty()
            && !only.value.is_empty()
            && !only.is_primary
            && !only.is_inactive
        {
            self.push_plain_identifier(row, collection, only);
        } else if !given.is_empty() {
            self.push_typed_identifiers(row, collection, given);
        }
    }

    fn push_plain_identifier(
        &mut self,
        row: u32,
        collection: IdentifierKind,
        given: &GivenIdentifier,
    ) {
        match normalised(collection, given.value) {
            Ok(value) => {
                let identifiers = &mut self.identifiers[collection as usize];
                identifiers.plain_rows.push(row);
                identifiers.plain.push(&value);
            }
            Err(problem) => self.report(row, place(collection, given, "value"), problem),
        }
    }

    fn push_typed_identifiers(
        &mut self,
        row: u32,
        collection: IdentifierKind,
        given: &[GivenIdentifier],
    ) {
        let mut checked: Vec<Identifier> = Vec::with_capacity(given.len());
        for identifier in given {
            let (part, problem) = match typed(collection, identifier) {
                Ok(identifier) if checked.iter().all(|other| other.kind != identifier.kind) => {
                    checked.push(identifier);
                    continue;
                }
                Ok(_) => ("type", Problem::Duplicate),
                Err(at_fault) => at_fault,
            };
            self.report(row, place(collection, identifier, part), problem);
        }
        self.identifiers[collection as usize]
            .typed
            .push((row, checked));
    }
}

fn place<'a>(collection: IdentifierKind, given: &GivenIdentifier, part: &'a str) -> Place<'a> {
    match given.position {
        Some(position) => Place::Identifier {
            kind: collection,
            position,
            part,
        },
        None => Place::Named(flat_name(collection)),
    }
}

/// Name of the column of a flat format.
pub(super) const fn flat_name(collection: IdentifierKind) -> &'static str {
    match collection {
        IdentifierKind::Email => "email",
        IdentifierKind::Phone => "phone",
        IdentifierKind::AlternateId => "alternate_id",
    }
}

/// Checks type and value; an error has the part at fault.
fn typed(
    collection: IdentifierKind,
    given: &GivenIdentifier,
) -> Result<Identifier, (&'static str, Problem)> {
    check::text(given.kind, check::MAX_IDENTIFIER_TYPE_BYTES)
        .map_err(|problem| ("type", problem))?;
    let value = if given.value.is_empty() {
        Cow::Borrowed(given.value)
    } else {
        normalised(collection, given.value).map_err(|problem| ("value", problem))?
    };
    let boxed = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned().into_boxed_str();
    Ok(Identifier {
        kind: boxed(given.kind),
        value: boxed(&value),
        is_active: !given.is_inactive,
        is_primary: given.is_primary,
    })
}

/// Brings an identifier into the form in which it is stored; `None` when decoding would refuse it.
pub(crate) fn normal_identifier(collection: IdentifierKind, value: &str) -> Option<Cow<'_, [u8]>> {
    let is_there = !value.is_empty();
    is_there.then(|| normalised(collection, value.as_bytes()).ok())?
}

/// Returns a profile id as it is stored; `None` when decoding would refuse it.
pub(crate) fn normal_profile_id(value: &str) -> Option<Cow<'_, [u8]>> {
    let is_id =
        !value.is_empty() && check::text(value.as_bytes(), check::MAX_PROFILE_ID_BYTES).is_ok();
    is_id.then_some(Cow::Borrowed(value.as_bytes()))
}

/// Checks a value and brings it into the form in which it is stored.
fn normalised(collection: IdentifierKind, value: &[u8]) -> Result<Cow<'_, [u8]>, Problem> {
    check::text(value, check::MAX_IDENTIFIER_BYTES)?;
    match collection {
        IdentifierKind::Email => check::email(value).map(|()| Cow::Borrowed(value)),
        IdentifierKind::Phone => check::phone(value),
        IdentifierKind::AlternateId => Ok(Cow::Borrowed(value)),
    }
}
