//! The reader of Arrow IPC streams.
//!
//! A stream is flat: a column for each part of a profile and for each field, by name. Null keeps the stored value, empty text clears it.
//! Columns are read one after the other, so that each is a loop over one type.

mod cells;
mod identifiers;
mod layout;
mod stream;

use arrow_array::RecordBatch;

use self::cells::Strings;
use self::layout::{Layout, ValueColumn};
use self::stream::Stream;
use super::DecodeOptions;
use super::builder::Builder;
use super::given::Given;
use super::problem::Place;
use crate::batch::{Batch, IdentifierKind};
use crate::error::{KernelError, Result};
use crate::schema::{List, Schema, builtin};
use crate::wire::BlockFormat;

/// Decodes and checks a stream.
pub(super) fn decode(
    schema: &Schema,
    list: Option<&List>,
    data: &[u8],
    options: &DecodeOptions,
) -> Result<Batch> {
    let stream = Stream::read(data)?;
    let mut builder = Builder::default();
    let layout = Layout::new(&mut builder, schema, list, &stream.schema, options)?;
    let mut row_count = 0;
    for batch in &stream.batches {
        read_batch(&mut builder, &layout, batch, row_count);
        row_count += u32::try_from(batch.num_rows()).expect("no more rows than bytes");
    }
    if let Some(list) = list {
        let slot = builder.members_slot(list);
        builder.members[slot].rows = (0..row_count).collect();
    }
    for members in &mut builder.members {
        members.rows.sort_unstable();
        members.rows.dedup();
    }
    builder.compose_name = rows_with_parts_of_names(&builder, row_count);
    Ok(builder.finish(row_count))
}

fn invalid(problem: String, offset: usize) -> KernelError {
    KernelError::BlockInvalid {
        format: BlockFormat::ArrowIpc.name(),
        problem,
        offset,
    }
}

fn read_batch(builder: &mut Builder, layout: &Layout, batch: &RecordBatch, first_row: u32) {
    let ids = Strings::new(batch.column(layout.profile_id));
    for (row, number) in (0..batch.num_rows()).zip(first_row..) {
        builder.push_profile_id(number, ids.get(row).unwrap_or_default());
    }
    for kind in [
        IdentifierKind::Email,
        IdentifierKind::Phone,
        IdentifierKind::AlternateId,
    ] {
        layout.identifiers[kind as usize].read(builder, batch, first_row, kind);
    }
    for value in &layout.values {
        read_values(builder, value, batch, first_row);
    }
}

fn read_values(builder: &mut Builder, value: &ValueColumn, batch: &RecordBatch, first_row: u32) {
    let ValueColumn {
        position,
        kind,
        target,
        coordinate_limit,
        members,
    } = value;
    let place = Place::Named(batch.schema_ref().field(*position).name());
    cells::for_each(batch.column(*position), *kind, |row, given| {
        let row = first_row + u32::try_from(row).expect("no more rows than bytes");
        match (coordinate_limit, given) {
            (Some(limit), Given::Number(degrees)) => {
                builder.store_coordinate(target, row, degrees, *limit, place);
            }
            (_, given) => builder.store(target, row, given, place),
        }
        if let Some(members) = members {
            builder.members[*members].rows.push(row);
        }
    });
}

/// Rows that say something of a part of the name and nothing of the whole.
fn rows_with_parts_of_names(builder: &Builder, row_count: u32) -> Vec<u32> {
    let mut has_parts = vec![false; row_count as usize];
    let mut mark = |is_marked: fn(u32) -> bool, value: bool| {
        for column in builder
            .columns
            .iter()
            .filter(|column| is_marked(column.column))
        {
            for &row in column.rows.iter().chain(&column.cleared) {
                has_parts[row as usize] = value;
            }
        }
    };
    mark(
        |column| (builtin::NAME_PREFIX..=builtin::NAME_SUFFIX).contains(&column),
        true,
    );
    mark(|column| column == builtin::FULL_NAME, false);
    (0..row_count)
        .filter(|&row| has_parts[row as usize])
        .collect()
}
