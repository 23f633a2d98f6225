//! Rows as CSV by RFC 4180: the flat columns under a header, lines ended by CR LF, quotes only where they are needed.
//!
//! | value | form |
//! | --- | --- |
//! | absent | empty |
//! | texts, options, states | as they are |
//! | several options | with `;` between; as a JSON array when a name holds `;`, begins or ends with a blank, or begins with `[` |
//! | numbers, truth values, dates, times | as in NDJSON |
//! | identifiers of which a profile has several, or with a type | the array of NDJSON |
//! | `removed`, when removals may come | `true` for a removal, whose other cells but its id are empty; else `false` |
//!
//! Texts that a spreadsheet would run, in names of columns too, stand behind a `'` ([`formula`]); numbers stay as they are. Other readers
//! find the `'` in the text; an import takes it off.

use super::cells::{CellSource, Cells};
use super::flat::{FlatColumn, Source};
use super::form::identifiers_of;
use super::json::push_identifiers;
use super::json_text::{close_array, push_number, push_string};
use super::ready::{Ready, push_text};
use super::records::{Opened, Records};
use super::rfc3339::{push_date, push_time};
use crate::schema::ColumnKind;
use crate::wire::formula;
use crate::wire::value::OPTION_SEPARATOR;

const LINE_END: &[u8] = b"\r\n";

/// Writes CSV.
pub(super) struct Csv {
    sources: Vec<CellSource>,
    columns: Vec<CsvColumn>,
    header: Vec<u8>,
}

/// A column behind that of profile ids.
enum CsvColumn {
    /// Values of a cell.
    Value(usize),
    /// One option of a cell: ready texts by code.
    One(usize, Vec<Ready>),
    /// Several options of a cell: names by code.
    Many(usize, Vec<String>),
    /// First identifiers, their types, and the others.
    Identifiers([usize; 3]),
    /// Whether the row is a removal.
    Removed,
}

impl Csv {
    /// Lays out the lines of flat columns, of which the first are the profile ids.
    pub(super) fn new(flat: Vec<FlatColumn>) -> Self {
        let mut header = Vec::new();
        for column in &flat {
            if !header.is_empty() {
                header.push(b',');
            }
            push_cell(column.name.as_bytes(), &mut header);
        }
        header.extend_from_slice(LINE_END);
        let (mut sources, mut columns) = (Vec::new(), Vec::new());
        for column in flat {
            let mut cell = |id| {
                sources.push(CellSource::Column(id));
                sources.len() - 1
            };
            columns.extend(match (column.source, column.kind) {
                (Source::ProfileId(id), _) => {
                    cell(id);
                    None
                }
                (Source::Values(id), ColumnKind::MultiSelectOne) => {
                    Some(CsvColumn::One(cell(id), ready_cells(&column.options)))
                }
                (Source::Values(id), ColumnKind::MultiSelectMany) => {
                    Some(CsvColumn::Many(cell(id), column.options))
                }
                (Source::Values(id), _) => Some(CsvColumn::Value(cell(id))),
                (Source::Identifiers(ids), _) => Some(CsvColumn::Identifiers(ids.map(cell))),
                (Source::Removed, _) => Some(CsvColumn::Removed),
            });
        }
        Self {
            sources,
            columns,
            header,
        }
    }
}

impl Records for Csv {
    fn sources(&self) -> &[CellSource] {
        &self.sources
    }

    fn begin(&self, is_first_block: bool, out: &mut Vec<u8>) {
        if is_first_block {
            out.extend_from_slice(&self.header);
        }
    }

    fn record(&self, opened: &mut Opened<'_>, row: u16, out: &mut Vec<u8>) {
        let cells = &opened.cells;
        push_cell(cells[0].text(row).unwrap_or_default(), out);
        for column in &self.columns {
            out.push(b',');
            match column {
                CsvColumn::Value(cell) => push_value(&cells[*cell], row, out),
                CsvColumn::One(cell, options) => push_option(&cells[*cell], options, row, out),
                CsvColumn::Many(cell, names) => push_options(&cells[*cell], names, row, out),
                CsvColumn::Identifiers(parts) => {
                    let all = identifiers_of(parts.map(|cell| &cells[cell]), row);
                    let identifiers = all.take_while(|identifier| identifier.is_active);
                    push_joined(out, |out| {
                        push_identifiers(identifiers, out);
                    });
                }
                CsvColumn::Removed => out.extend_from_slice(b"false"),
            }
        }
        out.extend_from_slice(LINE_END);
    }

    fn removed(&self, profile_id: &[u8], out: &mut Vec<u8>) {
        push_cell(profile_id, out);
        for column in &self.columns {
            out.push(b',');
            if matches!(column, CsvColumn::Removed) {
                out.extend_from_slice(b"true");
            }
        }
        out.extend_from_slice(LINE_END);
    }
}

/// Writes the value of a row that is neither an option nor an identifier, when it has one.
#[inline]
pub(super) fn push_value(cells: &Cells<'_>, row: u16, out: &mut Vec<u8>) {
    match cells {
        Cells::Text(cells) => {
            if let Some(text) = cells.get(row) {
                push_cell(text, out);
            }
        }
        Cells::Number(cells) => {
            if let Some(number) = cells.get(row) {
                push_number(number, out);
            }
        }
        Cells::Boolean(cells) => match cells.get(row) {
            Some(true) => out.extend_from_slice(b"true"),
            Some(false) => out.extend_from_slice(b"false"),
            None => {}
        },
        Cells::Date(cells) => {
            if let Some(days) = cells.get(row) {
                push_date(days, out);
            }
        }
        Cells::DateTime(cells) => {
            if let Some(millis) = cells.get(row) {
                push_time(millis, out);
            }
        }
        Cells::Absent
        | Cells::MultiSelectOne(_)
        | Cells::MultiSelectMany(_)
        | Cells::Identifiers(_) => {}
    }
}

fn push_option(cells: &Cells<'_>, options: &[Ready], row: u16, out: &mut Vec<u8>) {
    if let Cells::MultiSelectOne(cells) = cells
        && let Some(option) = cells
            .get(row)
            .and_then(|code| options.get(usize::from(code)))
    {
        option.push(out);
    }
}

fn push_options(cells: &Cells<'_>, names: &[String], row: u16, out: &mut Vec<u8>) {
    let Cells::MultiSelectMany(cells) = cells else {
        return;
    };
    let codes = cells.get(row).iter();
    let known = codes.filter_map(|code| names.get(usize::from(*code)));
    push_joined(out, |out| {
        let start = out.len();
        if known.clone().any(|name| !can_be_joined(name)) {
            for name in known {
                out.push(b',');
                push_string(name.as_bytes(), out);
            }
            close_array(start, out);
            return;
        }
        for (position, name) in known.enumerate() {
            if position > 0 {
                out.push(OPTION_SEPARATOR);
            }
            push_text(out, name.as_bytes());
        }
    });
}

/// Whether the name of an option is read back from among others.
fn can_be_joined(name: &str) -> bool {
    let is_separator = |byte: u8| byte == OPTION_SEPARATOR;
    name.trim_ascii() == name && !name.starts_with('[') && !name.bytes().any(is_separator)
}

fn ready_cells(names: &[String]) -> Vec<Ready> {
    let ready = |name: &String| {
        let mut cell = Vec::new();
        push_cell(name.as_bytes(), &mut cell);
        Ready::new(cell)
    };
    names.iter().map(ready).collect()
}

/// Writes a cell of a text that is put together, which seldom needs anything around it.
fn push_joined(out: &mut Vec<u8>, join: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    join(out);
    if needs_quotes(&out[start..]) || formula::is_guarded(&out[start..]) {
        let text = out.split_off(start);
        push_cell(&text, out);
    }
}

/// Writes a cell of a text.
#[inline]
fn push_cell(text: &[u8], out: &mut Vec<u8>) {
    let guard: &[u8] = if formula::is_guarded(text) {
        &[formula::GUARD]
    } else {
        &[]
    };
    if !needs_quotes(text) {
        out.extend_from_slice(guard);
        push_text(out, text);
        return;
    }
    out.push(b'"');
    out.extend_from_slice(guard);
    for (position, part) in text.split(|byte| *byte == b'"').enumerate() {
        if position > 0 {
            out.extend_from_slice(b"\"\"");
        }
        out.extend_from_slice(part);
    }
    out.push(b'"');
}

/// Whether a text cannot stand by itself.
#[inline]
fn needs_quotes(text: &[u8]) -> bool {
    // All bytes are looked at: many at once, which pays more than stopping early would.
    let is_special = |byte: u8| matches!(byte, b'"' | b',' | b'\r' | b'\n');
    text.iter().fold(false, |any, &byte| any | is_special(byte))
}
