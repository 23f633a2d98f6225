//! The reader of Arrow IPC streams.
//!
//! A stream is flat: a column for each part of a profile and for each field, by name. Null keeps the stored value, empty text clears it.
//! Columns are read one after the other, so that each is a loop over one type.

mod cells;
mod identifiers;
mod layout;
mod stream;

use std::ops::RangeInclusive;

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
use crate::schema::{ColumnId, List, Schema, builtin};
use crate::wire::BlockFormat;

/// Decodes and checks a stream.
pub(super) fn decode(
    schema: &Schema,
    list: Option<&List>,
    data: &[u8],
    options: &DecodeOptions,
) -> Result<Batch> {
    let stream = Stream::read(data)?;
    let mut builder = Builder::new(options);
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
    builder.compose_name = rows_with_composed_names(&builder, row_count);
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
    let ids = layout.profile_id.map(|ids| batch.column(ids));
    let ids = ids.map_or(Strings::Absent, Strings::new);
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

/// Rows that say something of the given, middle or family name and nothing of the whole, or clear the whole.
fn rows_with_composed_names(builder: &Builder, row_count: u32) -> Vec<u32> {
    let mut is_composed = vec![false; row_count as usize];
    let of = |ids: RangeInclusive<ColumnId>| {
        let columns = builder.columns.iter();
        columns.filter(move |column| ids.contains(&column.column))
    };
    for column in of(builtin::GIVEN_NAME..=builtin::FAMILY_NAME) {
        for &row in column.rows.iter().chain(&column.cleared) {
            is_composed[row as usize] = true;
        }
    }
    for column in of(builtin::FULL_NAME..=builtin::FULL_NAME) {
        for &row in &column.rows {
            is_composed[row as usize] = false;
        }
        for &row in &column.cleared {
            is_composed[row as usize] = true;
        }
    }
    (0..row_count)
        .filter(|&row| is_composed[row as usize])
        .collect()
}
