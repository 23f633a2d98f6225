//! Record batches to a batch.

use arrow_array::RecordBatch;
use arrow_schema::Fields;

use super::cells::{self, Strings};
use super::{identifiers, size};
use crate::batch::Batch;
use crate::error::{KernelError, Result};
use crate::schema::{ColumnKind, List, Schema};
use crate::wire::decode::DecodeOptions;
use crate::wire::decode::builder::Builder;
use crate::wire::decode::flat::{self, COLLECTIONS};
use crate::wire::decode::layout::{Layout, ValueColumn};
use crate::wire::decode::problem::Place;
use crate::wire::{BlockFormat, SizeLimits};

/// Bytes that the values of a block may take for each byte that a block may have: dictionaries and runs repeat them.
const STORED_BYTES_A_BYTE: usize = 16;

/// The rows of a block's record batches so far.
pub(in crate::wire::decode) struct Rows<'s> {
    builder: Builder,
    layout: Layout<'s>,
    list: Option<&'s List>,
    format: BlockFormat,
    row_count: u32,
    block_bytes: usize,
    stored_bytes: usize,
    max_stored_bytes: usize,
}

impl<'s> Rows<'s> {
    /// Finds a meaning for every column of a block of so many bytes.
    ///
    /// # Errors
    /// As of [`Layout::new`].
    pub(in crate::wire::decode) fn new(
        schema: &'s Schema,
        list: Option<&'s List>,
        (format, block_bytes): (BlockFormat, usize),
        columns: &Fields,
        options: &DecodeOptions,
    ) -> Result<Self> {
        let mut builder = Builder::new(options);
        let layout = Layout::new(&mut builder, schema, list, format, columns, options)?;
        Ok(Self {
            builder,
            layout,
            list,
            format,
            row_count: 0,
            block_bytes,
            stored_bytes: 0,
            max_stored_bytes: max_stored_bytes(options.limits),
        })
    }

    /// Positions of the columns that mean something, each once.
    pub(in crate::wire::decode) fn positions(&self) -> impl Iterator<Item = usize> {
        self.layout.positions()
    }

    /// Appends the rows of a batch, one column after the other, so that each is a loop over one type.
    ///
    /// # Errors
    /// The block has more problems than can be told, or its values would take far more memory than a block has bytes.
    pub(in crate::wire::decode) fn read(&mut self, batch: &RecordBatch) -> Result<()> {
        self.check_size(batch)?;
        let Self {
            builder, layout, ..
        } = self;
        let first_row = self.row_count;
        let ids = layout.profile_id.map(|ids| batch.column(ids));
        let ids = ids.map_or(Strings::Absent, Strings::new);
        for (row, number) in (0..batch.num_rows()).zip(first_row..) {
            builder.push_profile_id(number, ids.get(row).unwrap_or_default());
        }
        for kind in COLLECTIONS {
            let columns = layout.identifiers[kind as usize];
            identifiers::read(columns, builder, batch, first_row, kind);
        }
        for value in &layout.values {
            read_values(builder, value, batch, first_row);
        }
        if let Some(removed) = layout.removed {
            cells::for_each(batch.column(removed), ColumnKind::Boolean, |row, given| {
                flat::report_removal(builder, row_number(first_row, row), given);
            });
        }
        self.row_count = row_number(first_row, batch.num_rows());
        self.builder.check_problems(self.format, 0)
    }

    fn check_size(&mut self, batch: &RecordBatch) -> Result<()> {
        let bytes = self
            .layout
            .positions()
            .map(|position| size::stored_bytes(batch.column(position)));
        self.stored_bytes = bytes.fold(self.stored_bytes, usize::saturating_add);
        if self.stored_bytes > self.max_stored_bytes {
            return Err(KernelError::BlockTooLarge {
                size_bytes: self.block_bytes,
                maximum: self.max_stored_bytes,
                remedy: "send smaller blocks",
            });
        }
        Ok(())
    }

    /// Takes the bad records out and puts everything in order.
    pub(in crate::wire::decode) fn finish(self) -> Batch {
        flat::finish(self.builder, self.list, self.row_count)
    }
}

/// Bytes that the values of a block may take.
pub(in crate::wire::decode) const fn max_stored_bytes(limits: SizeLimits) -> usize {
    limits.max_bytes.saturating_mul(STORED_BYTES_A_BYTE)
}

fn read_values(builder: &mut Builder, value: &ValueColumn, batch: &RecordBatch, first_row: u32) {
    let schema = batch.schema_ref();
    let place = Place::Named(schema.field(value.position).name());
    let cells = batch.column(value.position);
    let (n_values, text_bytes) = (size::n_values(cells), size::text_bytes(cells));
    builder.columns[value.target.slot].reserve(n_values, text_bytes);
    cells::for_each(cells, value.kind, |row, given| {
        flat::store(builder, value, row_number(first_row, row), given, place);
    });
}

fn row_number(first_row: u32, row: usize) -> u32 {
    first_row + u32::try_from(row).expect("no more rows than bytes")
}
