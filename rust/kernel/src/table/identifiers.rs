//! E-mail addresses, phone numbers and alternate ids: the first of a row that is in use in plain columns, the few others beside it.

use std::sync::Arc;

use super::entries::{entries_of, others, replace};
use super::index::{Indexes, key_of};
use super::placement::{Placement, block_and_row, row_id};
use super::values::{self, text_kind};
use super::version::{Columns, open, text};
use super::{IdentifierKind, RowId};
use crate::batch::{BatchColumn, BatchIdentifiers, BatchValues, Identifier, Texts};
use crate::column::{Block, Column};
use crate::fold;
use crate::schema::{ColumnId, builtin};

/// All kinds, in the order of their numbers.
pub(super) const KINDS: [IdentifierKind; 3] = IdentifierKind::ALL;

/// Columns of the first identifier in use, its type, and the others.
pub(super) const fn columns_of(kind: IdentifierKind) -> [ColumnId; 3] {
    match kind {
        IdentifierKind::Email => [builtin::EMAIL, builtin::EMAIL_TYPE, builtin::EMAIL_MORE],
        IdentifierKind::Phone => [builtin::PHONE, builtin::PHONE_TYPE, builtin::PHONE_MORE],
        IdentifierKind::AlternateId => [
            builtin::ALTERNATE_ID,
            builtin::ALTERNATE_ID_TYPE,
            builtin::ALTERNATE_ID_MORE,
        ],
    }
}

/// Whether a row holds an identifier, of a type unless any will do, whose compared form is `key`.
pub(super) fn is_held(
    columns: &Columns,
    kind: IdentifierKind,
    of_type: Option<&str>,
    row: RowId,
    key: &[u8],
) -> bool {
    let [first, first_type, more] = columns_of(kind);
    let is_key = |value: &str| *key_of(kind, value.as_bytes()) == *key;
    let has_type = |held: &str| of_type.is_none_or(|wanted| is_same_type(wanted, held));
    let type_of_first = || columns.text(first_type, row).unwrap_or_default();
    columns
        .text(first, row)
        .is_some_and(|value| is_key(value) && has_type(type_of_first()))
        || entries_of(columns.get(more), row)
            .iter()
            .any(|other| is_key(&other.value) && has_type(&other.kind))
}

/// Whether two types are the same where profiles are looked for: without regard to case.
pub(super) fn is_same_type(one: &str, other: &str) -> bool {
    one == other || fold::fold(one) == fold::fold(other)
}

/// All identifiers of a row, the first first.
pub(super) fn all_of(columns: &Columns, kind: IdentifierKind, row: RowId) -> Vec<Identifier> {
    all_in(columns_of(kind).map(|id| columns.get(id)), row)
}

fn all_in([first, first_type, more]: [Option<&Column>; 3], row: RowId) -> Vec<Identifier> {
    let kind = || text(first_type, row).unwrap_or_default();
    let first = text(first, row).map(|value| Identifier::new(kind(), value));
    let others = entries_of(more, row).iter().cloned();
    first.into_iter().chain(others).collect()
}

/// Rows with identifiers beyond their first, ascending.
pub(super) fn values_of(more: Option<&Column>) -> impl Iterator<Item = (RowId, &[Identifier])> {
    let blocks = match more {
        Some(Column::Identifiers(blocks)) => blocks.as_slice(),
        _ => &[],
    };
    blocks.iter().enumerate().flat_map(|(number, block)| {
        block.iter().flat_map(move |block| {
            block
                .presence()
                .iter()
                .map(move |row| (row_id(number, row), block.get(row)))
        })
    })
}

/// The values of all identifiers that a row holds, the first first.
pub(super) fn values_of_row(
    columns: &Columns,
    kind: IdentifierKind,
    row: RowId,
) -> impl Iterator<Item = &[u8]> {
    let [first, _, more] = columns_of(kind);
    let first = text(columns.get(first), row).into_iter();
    let more = entries_of(columns.get(more), row).iter();
    first
        .map(str::as_bytes)
        .chain(more.map(|other| other.value.as_bytes()))
}

/// Replaces, in the identifiers of a row, those of the types given; the others stay.
///
/// An empty value removes its type. When the first given is of a type that is not stored, it becomes the row's first; further new types
/// go to the end. Of those given as primary the first becomes the row's first. Then those not in use go behind the others.
pub(super) fn merge(stored: &mut Vec<Identifier>, given: &[Identifier]) {
    for (position, new) in given.iter().enumerate() {
        let at = stored.iter().position(|old| old.kind == new.kind);
        match (at, to_store(new)) {
            (Some(at), None) => drop(stored.remove(at)),
            (Some(at), Some(new)) => stored[at] = new,
            (None, None) => {}
            (None, Some(new)) if position == 0 => stored.insert(0, new),
            (None, Some(new)) => stored.push(new),
        }
    }
    let primary = given
        .iter()
        .find(|new| new.is_primary && !new.value.is_empty());
    let at = primary.and_then(|new| stored.iter().position(|old| old.kind == new.kind));
    if let Some(at) = at {
        stored[..=at].rotate_right(1);
    }
    stored.sort_by_key(|one| !one.is_active);
}

/// Takes those out of use whose types are not given.
pub(super) fn deactivate_others(stored: &mut [Identifier], given: &[Identifier]) {
    for old in stored {
        old.is_active &= given.iter().any(|new| new.kind == old.kind);
    }
}

/// What of something given is stored; `None` when it only removes.
pub(super) fn to_store(given: &Identifier) -> Option<Identifier> {
    (!given.value.is_empty()).then(|| Identifier {
        is_primary: false,
        ..given.clone()
    })
}

/// The three columns of one kind, taken out of a version to be written to.
pub(super) struct Collection<'a> {
    pub(super) kind: IdentifierKind,
    pub(super) columns: &'a mut [Option<Arc<Column>>],
    /// Whether identifiers of types that a record does not name become inactive.
    pub(super) is_refreshed: bool,
}

impl Collection<'_> {
    /// Applies the identifiers of a batch.
    ///
    /// # Cost
    /// Rows that are given one identifier without a type, and hold none with a type first and not only some that are not in use, are written
    /// as a plain column; the others one by one. Where the collection is refreshed, also rows with identifiers that are given none.
    pub(super) fn apply(
        &mut self,
        given: &BatchIdentifiers,
        placement: &Placement,
        indexes: &Indexes,
    ) {
        self.enter(given, placement, indexes);
        let (slow, plain): (Vec<usize>, Vec<usize>) = (0..given.plain_rows.len())
            .partition(|&i| self.is_merged(placement.row(given.plain_rows[i])));
        let mut merged = Vec::with_capacity(slow.len() + given.typed.len());
        for i in slow {
            let new = Identifier::new("", value_of(&given.plain, i));
            merged.push(self.merged(given.plain_rows[i], &[new], placement));
        }
        for (batch_row, new) in &given.typed {
            merged.push(self.merged(*batch_row, new, placement));
        }
        if self.is_refreshed {
            merged.extend(self.deactivated(given, placement));
        }
        merged.sort_unstable_by_key(|(batch_row, _)| *batch_row);
        if plain.len() == given.plain_rows.len() {
            self.write_first(&given.plain_rows, &given.plain, placement);
        } else {
            let rows: Vec<u32> = plain.iter().map(|&i| given.plain_rows[i]).collect();
            let texts = texts_of(plain.iter().map(|&i| given.plain.get(i)));
            self.write_first(&rows, &texts, placement);
        }
        self.write_merged(merged, placement);
    }

    /// Enters all values given into the index.
    fn enter(&self, given: &BatchIdentifiers, placement: &Placement, indexes: &Indexes) {
        let index = indexes.identifiers(self.kind);
        let hash = |value: &[u8]| index.hash(&key_of(self.kind, value));
        let plain = given.plain_rows.iter().enumerate();
        let plain = plain.map(|(i, &row)| (hash(given.plain.get(i)), placement.row(row)));
        let typed = given.typed.iter().flat_map(|(row, identifiers)| {
            let values = identifiers
                .iter()
                .filter(|identifier| !identifier.value.is_empty());
            values.map(|identifier| (hash(identifier.value.as_bytes()), placement.row(*row)))
        });
        index.insert(&plain.chain(typed).collect::<Vec<_>>());
    }

    /// Whether a row holds what keeps an identifier without a type from being its first by being written there: a first one with a type, or
    /// none but some that are not in use, or others that are to become so.
    fn is_merged(&self, row: RowId) -> bool {
        self.is_present(1, row)
            || (self.is_present(2, row) && (self.is_refreshed || !self.is_present(0, row)))
    }

    fn is_present(&self, position: usize, row: RowId) -> bool {
        let (block, row) = block_and_row(row);
        let column = self.columns[position].as_deref();
        let rows = column.and_then(|column| column.presence(block));
        rows.is_some_and(|rows| rows.contains(row))
    }

    /// What the rows hold that have identifiers and are given none, once these are not in use any more.
    fn deactivated(&self, given: &BatchIdentifiers, placement: &Placement) -> Vec<Merged> {
        let typed = given.typed.iter().map(|(row, _)| *row);
        let mut rows: Vec<u32> = given.plain_rows.iter().copied().chain(typed).collect();
        rows.sort_unstable();
        others(rows.into_iter(), placement.n_rows())
            .filter(|&row| {
                [0, 2]
                    .iter()
                    .any(|&at| self.is_present(at, placement.row(row)))
            })
            .map(|row| self.merged(row, &[], placement))
            .collect()
    }

    /// What a row holds once it was given identifiers.
    fn merged(&self, batch_row: u32, given: &[Identifier], placement: &Placement) -> Merged {
        let row = placement.row(batch_row);
        let mut all = all_in([0, 1, 2].map(|at| self.columns[at].as_deref()), row);
        if self.is_refreshed {
            deactivate_others(&mut all, given);
        }
        merge(&mut all, given);
        (batch_row, all)
    }

    fn write_first(&mut self, rows: &[u32], texts: &Texts, placement: &Placement) {
        if !rows.is_empty() {
            let [first, _, _] = columns_of(self.kind);
            let column = open(&mut self.columns[0], text_kind(first));
            values::write_texts(column, rows, texts, placement);
        }
    }

    fn write_merged(&mut self, merged: Vec<Merged>, placement: &Placement) {
        let column_of = |position: usize, text_of: fn(&[Identifier]) -> &str| {
            let (given, cleared): (Vec<_>, Vec<_>) =
                merged.iter().partition(|(_, all)| !text_of(all).is_empty());
            BatchColumn {
                column: columns_of(self.kind)[position],
                rows: given.iter().map(|(row, _)| *row).collect(),
                values: BatchValues::Text(texts_of(
                    given.iter().map(|(_, all)| text_of(all).as_bytes()),
                )),
                cleared: cleared.into_iter().map(|(row, _)| *row).collect(),
            }
        };
        let firsts = column_of(0, |all| first_of(all).map_or("", |first| &first.value));
        let types = column_of(1, |all| first_of(all).map_or("", |first| &first.kind));
        values::write(&mut self.columns[0], &firsts, placement);
        values::write(&mut self.columns[1], &types, placement);
        self.write_more(merged, placement);
    }

    fn write_more(&mut self, merged: Vec<Merged>, placement: &Placement) {
        let others = merged.into_iter().map(|(row, mut all)| {
            let others = all.split_off(behind_first(&all));
            (row, others)
        });
        replace(&mut self.columns[2], others.collect(), placement);
    }
}

/// A batch row with all its identifiers in their order.
type Merged = (u32, Vec<Identifier>);

/// The one that plain columns hold.
fn first_of(all: &[Identifier]) -> Option<&Identifier> {
    all.first().filter(|first| first.is_active)
}

/// Position of the first that plain columns do not hold.
fn behind_first(all: &[Identifier]) -> usize {
    usize::from(first_of(all).is_some())
}

fn texts_of<'a>(all: impl Iterator<Item = &'a [u8]>) -> Texts {
    let mut texts = Texts::default();
    all.for_each(|text| texts.push(text));
    texts
}

fn value_of(texts: &Texts, position: usize) -> &str {
    std::str::from_utf8(texts.get(position)).expect("decoders check texts")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(identifiers: &[(&str, &str)]) -> Vec<Identifier> {
        let one = |&(kind, value): &(&str, &str)| Identifier::new(kind, value);
        identifiers.iter().map(one).collect()
    }

    fn merged(stored: &[(&str, &str)], given: &[(&str, &str)]) -> Vec<Identifier> {
        let mut stored = all(stored);
        merge(&mut stored, &all(given));
        stored
    }

    #[test]
    fn a_type_that_is_stored_is_replaced_in_its_place() {
        assert_eq!(
            merged(&[("a", "1"), ("b", "2")], &[("b", "3")]),
            all(&[("a", "1"), ("b", "3")])
        );
        assert_eq!(merged(&[("", "1")], &[("", "2")]), all(&[("", "2")]));
    }

    #[test]
    fn a_new_type_given_first_becomes_the_first_and_others_the_last() {
        let stored = [("a", "1"), ("b", "2")];
        let given = [("c", "3"), ("d", "4"), ("a", "5")];
        let expected = [("c", "3"), ("a", "5"), ("b", "2"), ("d", "4")];
        assert_eq!(merged(&stored, &given), all(&expected));
    }

    #[test]
    fn those_not_in_use_stand_behind_the_others_until_they_are_given_again() {
        let mut stored = all(&[("a", "1"), ("b", "2")]);
        let [primary, inactive] = [(true, true), (false, false)].map(|(is_active, is_primary)| {
            let one = Identifier::new("a", "1");
            Identifier {
                is_active,
                is_primary,
                ..one
            }
        });
        merge(&mut stored, std::slice::from_ref(&inactive));
        assert_eq!(stored, [all(&[("b", "2")]), vec![inactive]].concat());
        merge(
            &mut stored,
            &[Identifier {
                is_primary: false,
                ..primary.clone()
            }],
        );
        assert_eq!(stored, all(&[("b", "2"), ("a", "1")]));
        merge(&mut stored, &[primary]);
        assert_eq!(stored, all(&[("a", "1"), ("b", "2")]));
    }

    #[test]
    fn an_empty_value_removes_its_type_and_the_next_becomes_the_first() {
        assert_eq!(
            merged(&[("a", "1"), ("b", "2")], &[("a", "")]),
            all(&[("b", "2")])
        );
        assert_eq!(
            merged(&[("b", "2")], &[("a", ""), ("c", "3")]),
            all(&[("b", "2"), ("c", "3")])
        );
        assert_eq!(merged(&[("a", "1")], &[("a", "")]), all(&[]));
    }
}
