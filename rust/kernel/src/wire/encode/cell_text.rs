//! The value of one row as text: as CSV writes it, with nothing around it.

use std::iter;

use super::cells::Cells;
use super::csv::push_value;
use super::form::{EntryKind, WrittenIdentifier};
use super::json::push_identifiers;
use super::json_entries::{push_answers, push_entries};
use super::window::{Bits, WINDOW_ROWS};
use crate::batch::Identifier;
use crate::entry::ConsentAnswers;
use crate::schema::ColumnId;
use crate::schema::builtin::CONSENT_ANSWERS;
use crate::table::{RowId, Version, block_and_row};
use crate::wire::value::OPTION_SEPARATOR;

/// The value of a row in a column; empty when it is absent. `options` are the names of the column's options by code.
///
/// # Cost
/// Opens the column for this row alone: meant for single values.
pub(in crate::wire) fn cell_text(
    version: &Version,
    column: ColumnId,
    options: &[String],
    row: RowId,
) -> String {
    let (block, row) = block_and_row(row);
    let wanted = Bits::of_rows(iter::once(row));
    let window = usize::from(row) / WINDOW_ROWS;
    let cells = Cells::open(version.column(column), block, window, &wanted);
    let mut out = Vec::new();
    match &cells {
        Cells::Text(texts) => out.extend_from_slice(texts.get(row).unwrap_or_default()),
        Cells::MultiSelectOne(codes) => push_names(codes.get(row).as_slice(), options, &mut out),
        Cells::MultiSelectMany(codes) => push_names(codes.get(row), options, &mut out),
        Cells::Identifiers(_) if EntryKind::of(column).is_some() || column == CONSENT_ANSWERS => {
            push_entries_of(column, cells.identifiers(row), options, &mut out);
        }
        Cells::Identifiers(_) => {
            let all = cells.identifiers(row).iter();
            let written = all.map(|one| WrittenIdentifier {
                kind: one.kind.as_bytes(),
                value: one.value.as_bytes(),
                is_active: one.is_active,
            });
            push_identifiers(written, &mut out);
        }
        _ => push_value(&cells, row, &mut out),
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Writes entries as NDJSON does; of answers to consents, options are the ids of consent types by the columns of their states.
fn push_entries_of(
    column: ColumnId,
    entries: &[Identifier],
    options: &[String],
    out: &mut Vec<u8>,
) {
    match EntryKind::of(column) {
        _ if entries.is_empty() => {}
        Some(kind) => push_entries(kind, entries, out),
        None => {
            let id_of = |entry: &Identifier| options.get(entry.kind.parse::<usize>().ok()?);
            let known = entries
                .iter()
                .filter_map(|entry| Some((id_of(entry)?.as_str(), ConsentAnswers::unpack(entry))));
            let mut known = known.peekable();
            if known.peek().is_some() {
                push_answers(known, out);
            }
        }
    }
}

fn push_names(codes: &[u16], options: &[String], out: &mut Vec<u8>) {
    let known = codes
        .iter()
        .filter_map(|&code| options.get(usize::from(code)));
    for (position, name) in known.enumerate() {
        if position > 0 {
            out.push(OPTION_SEPARATOR);
        }
        out.extend_from_slice(name.as_bytes());
    }
}
