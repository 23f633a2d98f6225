//! Columns of a record batch, written straight into its message.

use super::message::Message;
use crate::batch::Identifier;
use crate::column::PlainValue;
use crate::schema::{ColumnId, ColumnKind};
use crate::table::{RowId, Version};
use crate::wire::encode::cells::{Cells, PlainCells};
use crate::wire::encode::ready::push_text;
use crate::wire::encode::selected::Window;
use crate::wire::encode::window::Bits;

/// Rows of a batch that lie in one window.
pub(super) struct Slice {
    /// The window, cut down to these rows.
    pub(super) window: Window,
    /// The rows, ascending.
    pub(super) rows: Vec<u16>,
    /// Whether they follow each other.
    is_run: bool,
}

impl Slice {
    /// The first rows of a window, at most so many.
    pub(super) fn of(mut window: Window, max_rows: usize) -> Self {
        let mut rows: Vec<u16> = window.rows().collect();
        if rows.len() > max_rows {
            rows.truncate(max_rows);
            window.keep(&rows);
        }
        let is_run = window.bits().span().len() == rows.len();
        Self {
            window,
            rows,
            is_run,
        }
    }

    /// Calls a function with the position of each row that is set in bits of the window.
    ///
    /// # Cost
    /// The bits set when rows follow each other, else the rows.
    fn for_each_set(&self, bits: &Bits, mut take: impl FnMut(usize)) {
        if !self.is_run {
            let set = self.rows.iter().enumerate();
            return set
                .filter(|(_, row)| bits.has(**row))
                .for_each(|(position, _)| take(position));
        }
        let own = self.window.bits();
        let first = own.span().start;
        own.common(bits)
            .rows(0)
            .for_each(|place| take(usize::from(place) - first));
    }

    /// Number of its last row in the version.
    pub(super) fn last_id(&self) -> Option<RowId> {
        self.rows.last().map(|&row| self.window.id(row))
    }
}

/// Writes the columns of one batch.
pub(super) struct ArrayWriter<'a, 'out> {
    pub(super) version: &'a Version,
    pub(super) slices: &'a [Slice],
    pub(super) n_rows: usize,
    pub(super) message: Message<'out>,
    /// Ends of texts or lists, kept for its memory.
    pub(super) ends: Vec<i32>,
}

/// Numbers of arrays and buffers that a column of a kind has, children included.
pub(super) const fn parts(kind: ColumnKind) -> (usize, usize) {
    match kind {
        ColumnKind::Text | ColumnKind::ExactText => (1, 3),
        ColumnKind::Number
        | ColumnKind::Boolean
        | ColumnKind::Date
        | ColumnKind::DateTime
        | ColumnKind::MultiSelectOne => (1, 2),
        ColumnKind::MultiSelectMany => (2, 5),
        ColumnKind::Identifiers => (4, 9),
    }
}

impl<'a> ArrayWriter<'a, '_> {
    /// Writes the values of a column; removals have none.
    pub(super) fn values(&mut self, id: ColumnId, kind: ColumnKind, options: &[String]) {
        let cells = self.open(id, true);
        match kind {
            ColumnKind::Text | ColumnKind::ExactText => self.texts(&cells),
            ColumnKind::Number => self.plain(&cells, |cells| match cells {
                Cells::Number(cells) => Some(cells),
                _ => None,
            }),
            ColumnKind::Date => self.plain(&cells, |cells| match cells {
                Cells::Date(cells) => Some(cells),
                _ => None,
            }),
            ColumnKind::DateTime => self.plain(&cells, |cells| match cells {
                Cells::DateTime(cells) => Some(cells),
                _ => None,
            }),
            ColumnKind::Boolean => self.booleans(&cells),
            ColumnKind::MultiSelectOne => self.codes(&cells, options.len()),
            ColumnKind::MultiSelectMany => self.options(&cells, options),
            ColumnKind::Identifiers => {}
        }
    }

    /// Writes the profile ids, which removals have too.
    pub(super) fn profile_ids(&mut self, id: ColumnId) {
        let cells = self.open(id, false);
        self.texts(&cells);
    }

    /// Writes whether rows are removals.
    pub(super) fn removals(&mut self) {
        self.message.node(self.n_rows, 0);
        self.message.reserve(0);
        let bits = self.message.reserve(self.n_rows.div_ceil(8));
        let slices = self.slices;
        self.set_bits(bits, |slice| slices[slice].window.removed());
    }

    /// Sets the bits of a buffer, one a row, of those rows that are set in bits of the window of their slice.
    fn set_bits<'b>(&mut self, start: usize, of_slice: impl Fn(usize) -> &'b Bits) {
        let out = self.message.out();
        let mut before = 0;
        for (number, slice) in self.slices.iter().enumerate() {
            slice.for_each_set(of_slice(number), |position| {
                set_bit(out, start, before + position);
            });
            before += slice.rows.len();
        }
    }

    /// Writes lists of identifiers: the first with its type, and the others.
    pub(super) fn identifiers(&mut self, [first, kind, more]: [ColumnId; 3]) {
        let [first, kind, more] = [first, kind, more].map(|id| self.open(id, true));
        let n_items = self.lists(&first, |slice, row| {
            1 + more[slice].active_identifiers(row).len()
        });
        // A list of structs, whose members are two texts.
        self.message.node(n_items, 0);
        self.message.reserve(0);
        let kinds = self.items(&first, &kind, &more, |other| other.kind.as_bytes());
        self.text_items(&kinds, true);
        let values = self.items(&first, &first, &more, |other| other.value.as_bytes());
        self.text_items(&values, false);
    }

    /// One part of every identifier of the batch: that of a row's first from a column of its own.
    fn items(
        &self,
        first: &[Cells<'a>],
        own: &[Cells<'a>],
        more: &[Cells<'a>],
        part: impl Fn(&'a Identifier) -> &'a [u8],
    ) -> Vec<&'a [u8]> {
        let mut items = Vec::new();
        for (position, slice) in self.slices.iter().enumerate() {
            for &row in slice.rows.iter().filter(|row| first[position].has(**row)) {
                items.push(own[position].text(row).unwrap_or_default());
                items.extend(more[position].active_identifiers(row).iter().map(&part));
            }
        }
        items
    }

    /// Opens a column in each slice, if need be without what removals still hold.
    fn open(&self, id: ColumnId, hide_removed: bool) -> Vec<Cells<'a>> {
        let column = self.version.column(id);
        let open = |slice: &Slice| {
            let Window {
                block, position, ..
            } = slice.window;
            let mut cells = Cells::open(column, block, position, slice.window.bits());
            if hide_removed {
                cells.hide(slice.window.removed());
            }
            cells
        };
        self.slices.iter().map(open).collect()
    }

    /// Adds an array and its validity, for which nothing is written when every row has a value.
    fn validity(&mut self, cells: &[Cells<'_>]) {
        let present: usize = self
            .slices
            .iter()
            .zip(cells)
            .map(|(slice, cells)| slice.window.count(cells.present()))
            .sum();
        self.message.node(self.n_rows, self.n_rows - present);
        if present == self.n_rows {
            self.message.reserve(0);
            return;
        }
        let bits = self.message.reserve(self.n_rows.div_ceil(8));
        self.set_bits(bits, |slice| cells[slice].present());
    }

    fn plain<'c, T: PlainValue>(
        &mut self,
        cells: &'c [Cells<'a>],
        of_kind: impl Fn(&'c Cells<'a>) -> Option<&'c PlainCells<'a, T>>,
    ) {
        self.validity(cells);
        let out = self.message.out();
        let start = out.len();
        for (slice, cells) in self.slices.iter().zip(cells) {
            let Some(cells) = of_kind(cells) else {
                out.resize(out.len() + slice.rows.len() * size_of::<T>(), 0);
                continue;
            };
            match cells.run(&slice.rows) {
                Some(values) => out.extend_from_slice(bytemuck::cast_slice(values)),
                None => {
                    for &row in &slice.rows {
                        let value = cells.get(row).unwrap_or_default();
                        out.extend_from_slice(bytemuck::bytes_of(&value));
                    }
                }
            }
        }
        self.message.end(start);
    }

    /// Writes codes as positions in the dictionary. A code without a name is 0.
    fn codes(&mut self, cells: &[Cells<'a>], n_options: usize) {
        self.validity(cells);
        let out = self.message.out();
        let start = out.len();
        for (slice, cells) in self.slices.iter().zip(cells) {
            for &row in &slice.rows {
                let code = match cells {
                    Cells::MultiSelectOne(cells) => cells.get(row).unwrap_or_default(),
                    _ => 0,
                };
                let code = if usize::from(code) < n_options {
                    code
                } else {
                    0
                };
                out.extend_from_slice(&code.to_le_bytes());
            }
        }
        self.message.end(start);
    }

    fn booleans(&mut self, cells: &[Cells<'a>]) {
        self.validity(cells);
        let bits = self.message.reserve(self.n_rows.div_ceil(8));
        let yes = |cells: &Cells<'a>| match cells {
            Cells::Boolean(cells) => cells.yes(),
            _ => Bits::EMPTY,
        };
        let yes: Vec<Bits> = cells.iter().map(yes).collect();
        self.set_bits(bits, |slice| &yes[slice]);
    }

    fn texts(&mut self, cells: &[Cells<'a>]) {
        self.validity(cells);
        let ends_start = self.message.reserve((self.n_rows + 1) * size_of::<i32>());
        self.ends.clear();
        self.ends.push(0);
        let out = self.message.out();
        let start = out.len();
        for (slice, cells) in self.slices.iter().zip(cells) {
            for &row in &slice.rows {
                if let Some(text) = cells.text(row) {
                    push_text(out, text);
                }
                self.ends.push(offset(out.len() - start));
            }
        }
        self.message.end(start);
        self.put_ends(ends_start);
    }

    /// Writes texts that are not one a row; empty ones are null where that is said.
    fn text_items(&mut self, items: &[&[u8]], empty_is_null: bool) {
        let nulls = if empty_is_null {
            items.iter().filter(|item| item.is_empty()).count()
        } else {
            0
        };
        self.message.node(items.len(), nulls);
        let valid = self.message.reserve(if nulls == 0 {
            0
        } else {
            items.len().div_ceil(8)
        });
        let ends_start = self.message.reserve((items.len() + 1) * size_of::<i32>());
        self.ends.clear();
        self.ends.push(0);
        let out = self.message.out();
        let start = out.len();
        for (position, item) in items.iter().enumerate() {
            if nulls > 0 && !item.is_empty() {
                set_bit(out, valid, position);
            }
            push_text(out, item);
            self.ends.push(offset(out.len() - start));
        }
        self.message.end(start);
        self.put_ends(ends_start);
    }

    fn options(&mut self, cells: &[Cells<'a>], names: &[String]) {
        let codes = |slice: usize, row| match &cells[slice] {
            Cells::MultiSelectMany(cells) => cells.get(row),
            _ => &[],
        };
        let name_of = |code: &u16| names.get(usize::from(*code)).map(String::as_bytes);
        self.lists(cells, |slice, row| {
            codes(slice, row).iter().filter_map(name_of).count()
        });
        let mut items = Vec::new();
        for (position, slice) in self.slices.iter().enumerate() {
            for &row in &slice.rows {
                items.extend(codes(position, row).iter().filter_map(name_of));
            }
        }
        self.text_items(&items, false);
    }

    /// Writes where the lists of rows end; answers the number of all their items.
    fn lists(&mut self, cells: &[Cells<'a>], n_items: impl Fn(usize, u16) -> usize) -> usize {
        self.validity(cells);
        let ends_start = self.message.reserve((self.n_rows + 1) * size_of::<i32>());
        self.ends.clear();
        self.ends.push(0);
        let mut end = 0;
        for (position, slice) in self.slices.iter().enumerate() {
            for &row in &slice.rows {
                if cells[position].has(row) {
                    end += n_items(position, row);
                }
                self.ends.push(offset(end));
            }
        }
        self.put_ends(ends_start);
        end
    }

    fn put_ends(&mut self, start: usize) {
        let bytes: &[u8] = bytemuck::cast_slice(&self.ends);
        self.message.out()[start..start + bytes.len()].copy_from_slice(bytes);
    }
}

#[inline]
fn set_bit(out: &mut [u8], start: usize, position: usize) {
    out[start + position / 8] |= 1 << (position % 8);
}

/// A position in the texts of a batch.
///
/// # Panics
/// From 2 GiB on: some thousand rows hold far less.
#[inline]
fn offset(position: usize) -> i32 {
    i32::try_from(position).expect("texts of a batch are below 2 GiB")
}
