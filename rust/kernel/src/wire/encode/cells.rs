//! Columns opened for reading in a window of rows.

use super::window::{Bits, WINDOW_ROWS};
use crate::batch::Identifier;
use crate::bitmap::RowSet;
use crate::column::{
    self, Arena, Column, IdentifiersBlock, OptionsBlock, PlainBlock, PlainText, PlainValue,
    TextBase, TextBlock,
};
use crate::schema::ColumnId;
use crate::table::Version;

/// What a cell is opened from.
pub(super) enum CellSource {
    /// A column.
    Column(ColumnId),
    /// Columns of truth values, read as one column of options: a row has the option at a position when the column there holds that truth
    /// value.
    States(Vec<(ColumnId, bool)>),
}

/// Whether a column holds a value in any row.
pub(super) fn holds_values(column: &Column) -> bool {
    (0..column.n_blocks()).any(|block| column.presence(block).is_some_and(|rows| !rows.is_empty()))
}

/// The values of one column in one window of a block.
pub(super) enum Cells<'a> {
    /// There is none.
    Absent,
    /// Texts.
    Text(TextCells<'a>),
    /// Numbers.
    Number(PlainCells<'a, f64>),
    /// Truth values.
    Boolean(BooleanCells),
    /// Days.
    Date(PlainCells<'a, i32>),
    /// Times.
    DateTime(PlainCells<'a, i64>),
    /// At most one option a row.
    MultiSelectOne(PlainCells<'a, u16>),
    /// Options of each row.
    MultiSelectMany(OptionCells),
    /// Identifiers beyond the first.
    Identifiers(IdentifierCells<'a>),
}

impl<'a> Cells<'a> {
    /// Opens sources in a window of a block, in their order, for the rows that are wanted of it.
    pub(super) fn open_all(
        version: &'a Version,
        sources: &[CellSource],
        block: usize,
        window: usize,
        wanted: &Bits,
    ) -> Vec<Self> {
        let open = |source: &CellSource| match source {
            CellSource::Column(id) => Self::open(version.column(*id), block, window, wanted),
            CellSource::States(states) => Self::open_states(version, states, block, window, wanted),
        };
        sources.iter().map(open).collect()
    }

    fn open_states(
        version: &'a Version,
        states: &[(ColumnId, bool)],
        block: usize,
        window: usize,
        wanted: &Bits,
    ) -> Self {
        let rows_of = |&(id, value): &(ColumnId, bool)| match version.column(id)? {
            Column::Boolean(blocks) => column::get(blocks, block)?.with_option(value.into()),
            _ => None,
        };
        let sets = (0..=u16::MAX)
            .zip(states)
            .filter_map(|(code, state)| Some((code, rows_of(state)?)));
        Self::MultiSelectMany(OptionCells::new(sets, window, wanted))
    }

    /// Opens a column in a window of a block, for the rows that are wanted of it.
    pub(super) fn open(
        column: Option<&'a Column>,
        block: usize,
        window: usize,
        wanted: &Bits,
    ) -> Self {
        let Some(column) = column else {
            return Self::Absent;
        };
        let Some(presence) = column.presence(block) else {
            return Self::Absent;
        };
        let present = Bits::of(presence, window);
        if present.is_empty() {
            return Self::Absent;
        }
        let cells = match column {
            Column::Text(blocks) | Column::ExactText(blocks) => column::get(blocks, block)
                .map(|texts| Self::Text(TextCells::open(texts, present, window))),
            Column::Number(blocks) => {
                PlainCells::open(column::get(blocks, block), present).map(Self::Number)
            }
            Column::Boolean(blocks) => column::get(blocks, block)
                .map(|sets| Self::Boolean(BooleanCells::new(sets, present, window))),
            Column::Date(blocks) => {
                PlainCells::open(column::get(blocks, block), present).map(Self::Date)
            }
            Column::DateTime(blocks) => {
                PlainCells::open(column::get(blocks, block), present).map(Self::DateTime)
            }
            Column::MultiSelectOne(blocks) => {
                PlainCells::open(column::get(blocks, block), present).map(Self::MultiSelectOne)
            }
            Column::MultiSelectMany(blocks) => column::get(blocks, block).map(|sets| {
                Self::MultiSelectMany(OptionCells::new(sets.options(), window, wanted))
            }),
            Column::Identifiers(blocks) => column::get(blocks, block).map(|identifiers| {
                Self::Identifiers(IdentifierCells {
                    identifiers,
                    present,
                })
            }),
        };
        cells.unwrap_or(Self::Absent)
    }

    /// Whether a row has a value.
    #[inline]
    pub(super) fn has(&self, row: u16) -> bool {
        self.present().has(row)
    }

    /// Rows with a value.
    #[inline]
    pub(super) fn present(&self) -> &Bits {
        match self {
            Self::Absent => const { &Bits::EMPTY },
            Self::Text(cells) => &cells.present,
            Self::Number(cells) => &cells.present,
            Self::Boolean(cells) => &cells.present,
            Self::Date(cells) => &cells.present,
            Self::DateTime(cells) => &cells.present,
            Self::MultiSelectOne(cells) => &cells.present,
            Self::MultiSelectMany(cells) => &cells.present,
            Self::Identifiers(cells) => &cells.present,
        }
    }

    /// Takes the values of rows for absent.
    pub(super) fn hide(&mut self, rows: &Bits) {
        let present = match self {
            Self::Absent => return,
            Self::Text(cells) => &mut cells.present,
            Self::Number(cells) => &mut cells.present,
            Self::Boolean(cells) => &mut cells.present,
            Self::Date(cells) => &mut cells.present,
            Self::DateTime(cells) => &mut cells.present,
            Self::MultiSelectOne(cells) => &mut cells.present,
            Self::MultiSelectMany(cells) => &mut cells.present,
            Self::Identifiers(cells) => &mut cells.present,
        };
        present.drop_all(rows);
    }

    /// The text of a row, in a column of texts.
    pub(super) fn text(&self, row: u16) -> Option<&'a [u8]> {
        match self {
            Self::Text(cells) => cells.get(row),
            _ => None,
        }
    }

    /// Those identifiers of a row that are in use, which stand before the others.
    pub(super) fn active_identifiers(&self, row: u16) -> &'a [Identifier] {
        let all = self.identifiers(row);
        &all[..all.partition_point(|one| one.is_active)]
    }

    /// The identifiers of a row, in a column of identifiers.
    pub(super) fn identifiers(&self, row: u16) -> &'a [Identifier] {
        match self {
            Self::Identifiers(cells) if cells.present.has(row) => cells.identifiers.get(row),
            _ => &[],
        }
    }
}

/// Texts of a window.
pub(super) struct TextCells<'a> {
    block: &'a TextBlock,
    base: Base<'a>,
    present: Bits,
    /// Rows that the base is out of date for.
    overlaid: Bits,
}

/// The base of a block of texts, as they were given.
enum Base<'a> {
    /// One text a row.
    Texts(&'a Arena),
    /// One text a row, folded, and the given ones where they differ.
    Folded(&'a PlainText),
    /// One code a row, and the text of each code.
    Codes(&'a [u16], &'a Arena),
}

impl<'a> TextCells<'a> {
    fn open(block: &'a TextBlock, present: Bits, window: usize) -> Self {
        let start = window * WINDOW_ROWS;
        let base = match block.base() {
            TextBase::Plain(plain) if plain.originals().rows().rows().is_empty() => {
                Base::Texts(plain.texts())
            }
            TextBase::Plain(plain) => Base::Folded(plain),
            TextBase::Dictionary(dictionary) if dictionary.originals().is_empty() => {
                Base::Codes(dictionary.codes(), dictionary.values())
            }
            TextBase::Dictionary(dictionary) => {
                Base::Codes(dictionary.codes(), dictionary.originals())
            }
        };
        Self {
            block,
            base,
            present,
            overlaid: Bits::of_rows(block.overlaid(start..start + WINDOW_ROWS)),
        }
    }

    /// The text of a row as it was given.
    #[inline]
    pub(super) fn get(&self, row: u16) -> Option<&'a [u8]> {
        if !self.present.has(row) {
            None
        } else if self.overlaid.has(row) {
            self.block.original(row)
        } else {
            Some(match &self.base {
                Base::Texts(texts) => texts.get(usize::from(row)),
                Base::Folded(plain) => plain.original(row),
                Base::Codes(codes, texts) => {
                    texts.get(codes.get(usize::from(row)).copied().map_or(0, usize::from))
                }
            })
        }
    }
}

/// Plain values of a window.
pub(super) struct PlainCells<'a, T> {
    values: &'a [T],
    present: Bits,
}

impl<'a, T: PlainValue> PlainCells<'a, T> {
    fn open(block: Option<&'a PlainBlock<T>>, present: Bits) -> Option<Self> {
        block.map(|block| Self {
            values: block.values(),
            present,
        })
    }

    /// The values of ascending rows that follow each other and all have one.
    pub(super) fn run(&self, rows: &[u16]) -> Option<&'a [T]> {
        let (first, last) = (usize::from(*rows.first()?), usize::from(*rows.last()?));
        let is_run =
            last - first + 1 == rows.len() && rows.iter().all(|&row| self.present.has(row));
        if is_run {
            self.values.get(first..=last)
        } else {
            None
        }
    }

    /// The value of a row.
    #[inline]
    pub(super) fn get(&self, row: u16) -> Option<T> {
        if self.present.has(row) {
            self.values.get(usize::from(row)).copied()
        } else {
            None
        }
    }
}

/// Truth values of a window.
pub(super) struct BooleanCells {
    present: Bits,
    yes: Bits,
}

impl BooleanCells {
    fn new(sets: &OptionsBlock, present: Bits, window: usize) -> Self {
        let yes = sets
            .with_option(1)
            .map_or(Bits::EMPTY, |rows| Bits::of(rows, window));
        Self { present, yes }
    }

    /// The rows that are true.
    pub(super) fn yes(&self) -> Bits {
        self.yes.common(&self.present)
    }

    /// The truth value of a row.
    #[inline]
    pub(super) fn get(&self, row: u16) -> Option<bool> {
        self.present.has(row).then(|| self.yes.has(row))
    }
}

/// Options of wanted rows of a window, gathered from the sets of rows of each option.
pub(super) struct OptionCells {
    present: Bits,
    /// Codes of all rows one behind the other.
    codes: Vec<u16>,
    /// Position in the window of the first row that has some.
    first: usize,
    /// Start of each row's codes from there on, and the end of the last's.
    starts: Vec<u32>,
}

impl OptionCells {
    /// Takes ascending codes with their rows.
    fn new<'s>(
        sets: impl Iterator<Item = (u16, &'s RowSet)>,
        window: usize,
        wanted: &Bits,
    ) -> Self {
        let part = wanted.span();
        let in_window: Vec<(u16, Bits)> = sets
            .map(|(code, rows)| (code, Bits::of_part(rows, window, &part).common(wanted)))
            .filter(|(_, rows)| !rows.is_empty())
            .collect();
        let mut present = Bits::EMPTY;
        for (_, rows) in &in_window {
            present.add_all(rows);
        }
        let span = present.span();
        let place = |row: u16| usize::from(row) - span.start;
        // A row's number of codes stands two places behind its own and its start one place behind, where filling turns it into its end.
        let mut starts = vec![0_u32; span.len() + 2];
        for (_, rows) in &in_window {
            rows.rows(0).for_each(|row| starts[place(row) + 2] += 1);
        }
        for next in 3..starts.len() {
            starts[next] += starts[next - 1];
        }
        let mut codes = vec![0; starts.last().map_or(0, |&end| end as usize)];
        for (code, rows) in &in_window {
            for row in rows.rows(0) {
                let next = &mut starts[place(row) + 1];
                codes[*next as usize] = *code;
                *next += 1;
            }
        }
        Self {
            present,
            codes,
            first: span.start,
            starts,
        }
    }

    /// The codes of a row, ascending.
    #[inline]
    pub(super) fn get(&self, row: u16) -> &[u16] {
        if !self.present.has(row) {
            return &[];
        }
        let place = usize::from(row) % WINDOW_ROWS - self.first;
        &self.codes[self.starts[place] as usize..self.starts[place + 1] as usize]
    }
}

/// Identifiers beyond the first, of a window.
pub(super) struct IdentifierCells<'a> {
    identifiers: &'a IdentifiersBlock,
    present: Bits,
}
