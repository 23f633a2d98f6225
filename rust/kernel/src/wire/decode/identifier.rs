//! Identifiers of a record.

use std::borrow::Cow;

use super::builder::Builder;
use super::check;
use super::problem::{Place, Problem};
use crate::batch::{Identifier, IdentifierKind};

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

impl Builder {
    /// Checks the identifiers of a row, all of one collection, and appends them.
    pub(super) fn push_identifiers(
        &mut self,
        row: u32,
        collection: IdentifierKind,
        given: &[GivenIdentifier],
    ) {
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
