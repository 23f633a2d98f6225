//! E-mail addresses, phone numbers and alternate ids: the first of a row in plain columns, the few others beside it.

use std::sync::Arc;

use super::index::{Indexes, key_of};
use super::placement::{Placement, block_and_row, row_id};
use super::values::{self, text_kind};
use super::version::{Columns, open, text};
use super::{IdentifierKind, RowId};
use crate::batch::{BatchColumn, BatchIdentifiers, BatchValues, Identifier, Texts};
use crate::column::{self, Block, Column};
use crate::schema::{ColumnId, ColumnKind, builtin};

/// All kinds, in the order of their numbers.
pub(super) const KINDS: [IdentifierKind; 3] = [
    IdentifierKind::Email,
    IdentifierKind::Phone,
    IdentifierKind::AlternateId,
];

/// Columns of the first identifier, its type, and the others.
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

/// Whether a row holds an identifier whose compared form is `key`.
pub(super) fn is_held(columns: &Columns, kind: IdentifierKind, row: RowId, key: &[u8]) -> bool {
    let [first, _, more] = columns_of(kind);
    let is_first = columns
        .text(first, row)
        .is_some_and(|value| *key_of(kind, value.as_bytes()) == *key);
    is_first
        || more_of(columns.get(more), row)
            .iter()
            .any(|other| *key_of(kind, other.value.as_bytes()) == *key)
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
    let more = more_of(columns.get(more), row).iter();
    first
        .map(str::as_bytes)
        .chain(more.map(|other| other.value.as_bytes()))
}

fn more_of(more: Option<&Column>, row: RowId) -> &[Identifier] {
    let (block, row) = block_and_row(row);
    match more {
        Some(Column::Identifiers(blocks)) => {
            column::get(blocks, block).map_or(&[], |block| block.get(row))
        }
        _ => &[],
    }
}

/// Replaces, in the identifiers of a row, those of the types given; the others stay.
///
/// An empty value removes its type. When the first given is of a type that is not stored, it becomes the row's first; further new types
/// go to the end.
pub(super) fn merge(stored: &mut Vec<Identifier>, given: &[Identifier]) {
    for (position, new) in given.iter().enumerate() {
        match stored.iter().position(|old| old.kind == new.kind) {
            Some(at) if new.value.is_empty() => drop(stored.remove(at)),
            Some(at) => stored[at].value.clone_from(&new.value),
            None if new.value.is_empty() => {}
            None if position == 0 => stored.insert(0, new.clone()),
            None => stored.push(new.clone()),
        }
    }
}

/// The three columns of one kind, taken out of a version to be written to.
pub(super) struct Collection<'a> {
    pub(super) kind: IdentifierKind,
    pub(super) columns: &'a mut [Option<Arc<Column>>],
}

impl Collection<'_> {
    /// Applies the identifiers of a batch.
    ///
    /// # Cost
    /// Rows that are given one identifier without a type, and hold none with a type first, are written as a plain column; the others one
    /// by one.
    pub(super) fn apply(
        &mut self,
        given: &BatchIdentifiers,
        placement: &Placement,
        indexes: &Indexes,
    ) {
        self.enter(given, placement, indexes);
        let has_type = |row| text(self.columns[1].as_deref(), placement.row(row)).is_some();
        let (slow, plain): (Vec<usize>, Vec<usize>) =
            (0..given.plain_rows.len()).partition(|&i| has_type(given.plain_rows[i]));
        let mut merged = Vec::with_capacity(slow.len() + given.typed.len());
        for i in slow {
            let new = Identifier {
                kind: "".into(),
                value: value_of(&given.plain, i).into(),
            };
            merged.push(self.merged(given.plain_rows[i], &[new], placement));
        }
        for (batch_row, new) in &given.typed {
            merged.push(self.merged(*batch_row, new, placement));
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

    /// What a row holds once it was given identifiers.
    fn merged(&self, batch_row: u32, given: &[Identifier], placement: &Placement) -> Merged {
        let row = placement.row(batch_row);
        let mut all = Vec::new();
        if let Some(value) = text(self.columns[0].as_deref(), row) {
            let kind = text(self.columns[1].as_deref(), row).unwrap_or_default();
            all.push(Identifier {
                kind: kind.into(),
                value: value.into(),
            });
        }
        all.extend_from_slice(more_of(self.columns[2].as_deref(), row));
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
        let firsts = column_of(0, |all| all.first().map_or("", |first| &first.value));
        let types = column_of(1, |all| all.first().map_or("", |first| &first.kind));
        values::write(&mut self.columns[0], &firsts, placement);
        values::write(&mut self.columns[1], &types, placement);
        self.write_more(merged, placement);
    }

    fn write_more(&mut self, merged: Vec<Merged>, placement: &Placement) {
        if self.columns[2].is_none() && merged.iter().all(|(_, all)| all.len() < 2) {
            return;
        }
        let Column::Identifiers(blocks) = open(&mut self.columns[2], ColumnKind::Identifiers)
        else {
            return;
        };
        let rows: Vec<u32> = merged.iter().map(|(row, _)| *row).collect();
        let mut others: Vec<Box<[Identifier]>> = merged
            .into_iter()
            .map(|(_, all)| all.into_iter().skip(1).collect())
            .collect();
        for run in placement.runs(&rows).iter() {
            let of_run = run
                .positions
                .iter()
                .map(|&i| std::mem::take(&mut others[i as usize]));
            column::get_mut(blocks, run.block, Default::default).write(run.rows, of_run.collect());
        }
    }
}

/// A batch row with all its identifiers, the first first.
type Merged = (u32, Vec<Identifier>);

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
        let one = |&(kind, value): &(&str, &str)| Identifier {
            kind: kind.into(),
            value: value.into(),
        };
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
