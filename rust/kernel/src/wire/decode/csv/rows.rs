//! Lines to columns.

use std::borrow::Cow;

use super::cell::{self, Cell};
use super::flat::{self, COLLECTIONS};
use super::header::Name;
use super::lines::Lines;
use super::problem::{Place, Problem};
use crate::batch::IdentifierKind;
use crate::schema::ColumnKind;
use crate::wire::decode::builder::Builder;
use crate::wire::decode::check;
use crate::wire::decode::given::Given;
use crate::wire::decode::identifier::GivenIdentifier;
use crate::wire::decode::layout::{IdentifierColumns, Layout, ValueColumn};
use crate::wire::decode::problem::collection;

/// Cells that are found before any is read: some 100 KiB of them stay in the L2 cache.
const CHUNK_CELLS: usize = 4_096;

/// Lines that are taken apart before it is looked how many of them are bad.
const CHUNK_LINES: u32 = 4_096;

/// The rows of a table so far.
///
/// Lines are taken apart some hundreds at a time; then their columns are read one after the other, so that each is a loop over one type.
pub(super) struct Rows<'b, 's, 'a> {
    pub(super) builder: &'b mut Builder,
    layout: &'b Layout<'s>,
    names: &'b [Name],
    pub(super) row_count: u32,
    /// Cells of the good lines of a chunk, line by line.
    cells: Vec<Cell<'a>>,
    /// The row of each of them.
    numbers: Vec<u32>,
}

impl<'b, 's, 'a> Rows<'b, 's, 'a> {
    pub(super) const fn new(
        builder: &'b mut Builder,
        layout: &'b Layout<'s>,
        names: &'b [Name],
    ) -> Self {
        Self {
            builder,
            layout,
            names,
            row_count: 0,
            cells: Vec::new(),
            numbers: Vec::new(),
        }
    }

    /// Reads some of the next lines; answers whether there were any.
    pub(super) fn read(&mut self, lines: &mut Lines<'a>) -> bool {
        let first_row = self.row_count;
        self.cells.clear();
        self.numbers.clear();
        while self.cells.len() < CHUNK_CELLS && self.row_count - first_row < CHUNK_LINES {
            let start = self.cells.len();
            let Some(read) = lines.next(&mut self.cells, self.names.len()) else {
                break;
            };
            self.take_line(start, read);
            self.row_count += 1;
        }
        for kind in COLLECTIONS {
            let columns = self.layout.identifiers[kind as usize];
            self.read_identifiers(columns, kind);
        }
        for value in &self.layout.values {
            self.read_values(value);
        }
        if let Some(removed) = self.layout.removed {
            for (row, cell) in column(&self.cells, &self.numbers, self.names.len(), removed) {
                flat::report_removal(self.builder, row, Given::Text(&cell.text()));
            }
        }
        self.row_count > first_row
    }

    /// Keeps the cells of a good line and reports a bad one, which keeps its id as far as it can be told.
    fn take_line(&mut self, start: usize, read: Result<usize, Problem>) {
        let row = self.row_count;
        let expected = self.names.len();
        let at = self.layout.profile_id;
        let id = at.and_then(|at| self.cells[start..].get(at));
        let id = id.map_or(Cow::Borrowed(&[][..]), |cell| cell.text());
        let problem = match read {
            Ok(found) if found == expected => {
                self.builder.push_profile_id(row, &id);
                self.numbers.push(row);
                return;
            }
            Ok(found) => Problem::CellCount { found, expected },
            Err(problem) => problem,
        };
        let is_id = check::text(&id, check::MAX_PROFILE_ID_BYTES).is_ok();
        self.builder.profile_ids.push(if is_id { &id } else { &[] });
        self.builder.report(row, Place::Named(""), problem);
        self.cells.truncate(start);
    }

    fn read_values(&mut self, value: &ValueColumn) {
        let place = Place::Named(&self.names[value.position].0);
        let is_many = value.kind == ColumnKind::MultiSelectMany;
        for (row, cell) in column(&self.cells, &self.numbers, self.names.len(), value.position) {
            if cell.is_empty() {
                continue;
            }
            let text = cell.text();
            match cell::options(&text).filter(|_| is_many) {
                Some(names) => {
                    let names: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
                    flat::store(self.builder, value, row, Given::Options(&names), place);
                }
                None => flat::store(self.builder, value, row, Given::Text(&text), place),
            }
        }
    }

    fn read_identifiers(&mut self, columns: IdentifierColumns, kind: IdentifierKind) {
        let width = self.names.len();
        let at = |position: Option<usize>, index: usize| {
            let cell = self.cells[index * width + position?];
            (!cell.is_empty()).then(|| cell.text())
        };
        if columns.flat.is_none() && columns.nested.is_none() && !self.builder.is_keyed_by(kind) {
            return;
        }
        for (index, &row) in self.numbers.iter().enumerate() {
            let (flat, nested) = (at(columns.flat, index), at(columns.nested, index));
            let nested = match nested.as_deref().map(cell::identifiers).transpose() {
                Ok(nested) => nested.unwrap_or_default(),
                Err(problem) => {
                    let place = Place::Named(collection(kind));
                    self.builder.report(row, place, problem);
                    continue;
                }
            };
            let mut given: Vec<GivenIdentifier> = nested
                .iter()
                .enumerate()
                .map(|(position, identifier)| {
                    let kind = identifier.r#type.as_bytes();
                    GivenIdentifier::new(Some(position), kind, identifier.value.as_bytes())
                })
                .collect();
            if let Some(value) = &flat {
                flat::add_flat(&mut given, value);
            }
            self.builder.push_identifiers(row, kind, &given);
        }
    }
}

/// The cells of a column with their rows.
fn column<'c, 'a>(
    cells: &'c [Cell<'a>],
    rows: &'c [u32],
    width: usize,
    position: usize,
) -> impl Iterator<Item = (u32, Cell<'a>)> + 'c {
    let cells = cells.chunks_exact(width).map(move |line| line[position]);
    rows.iter().copied().zip(cells)
}
