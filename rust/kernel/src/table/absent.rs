//! What a batch says of values that profiles do not have yet.

use super::IdentifierKind;
use super::entries::{self, behind};
use super::identifiers::{KINDS, all_of};
use super::placement::{Placement, block_and_row};
use super::version::Columns;
use crate::batch::{Batch, BatchColumn, BatchIdentifiers, Identifier};
use crate::schema::builtin;

/// Leaves out of a batch what would replace or clear stored values.
///
/// Of identifiers and other entries, types or keys that are stored count as values; new ones go behind those of the profile. A name is only made of its parts where
/// there is none.
pub(super) fn of_absent(stored: &Columns, batch: &Batch, placement: &Placement) -> Batch {
    let mut kept = batch.clone();
    for given in &mut kept.columns {
        retain_absent(stored, given, placement);
    }
    for kind in KINDS {
        let given = &batch.identifiers[kind as usize];
        kept.identifiers[kind as usize] = of_absent_types(stored, kind, given, placement);
    }
    kept.entries = entries::of_absent(stored, &batch.entries, placement);
    let has_name = |row: u32| {
        let name = stored.text(builtin::FULL_NAME, placement.row(row));
        name.is_some()
    };
    kept.compose_name.retain(|&row| !has_name(row));
    kept
}

/// Keeps what is said of rows without a value in the column.
pub(super) fn retain_absent(stored: &Columns, given: &mut BatchColumn, placement: &Placement) {
    let Some(column) = stored.get(given.column) else {
        return;
    };
    given.retain(|row| {
        let (block, row) = block_and_row(placement.row(row));
        let presence = column.presence(block);
        presence.is_none_or(|presence| !presence.contains(row))
    });
}

fn of_absent_types(
    stored: &Columns,
    kind: IdentifierKind,
    given: &BatchIdentifiers,
    placement: &Placement,
) -> BatchIdentifiers {
    let mut kept = BatchIdentifiers::default();
    for (&row, position) in given.plain_rows.iter().zip(0..) {
        let value = given.plain.get(position);
        let held = all_of(stored, kind, placement.row(row));
        if held.is_empty() {
            kept.plain_rows.push(row);
            kept.plain.push(value);
        } else {
            let only = Identifier::new("", &String::from_utf8_lossy(value));
            kept.typed
                .extend(behind(&held, &[only]).map(|all| (row, all)));
        }
    }
    for (row, new) in &given.typed {
        let held = all_of(stored, kind, placement.row(*row));
        if held.is_empty() {
            kept.typed.push((*row, new.clone()));
        } else {
            kept.typed.extend(behind(&held, new).map(|all| (*row, all)));
        }
    }
    kept.typed.sort_unstable_by_key(|(row, _)| *row);
    kept
}
