//! Identifiers of record batches, from a flat column, a nested one, or both.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, GenericListArray, OffsetSizeTrait, RecordBatch};
use arrow_schema::DataType;

use super::cells::{self, Strings};
use crate::batch::IdentifierKind;
use crate::wire::decode::builder::Builder;
use crate::wire::decode::flat::add_flat;
use crate::wire::decode::identifier::GivenIdentifier;
use crate::wire::decode::layout::IdentifierColumns;

/// Whether an array can hold lists of identifiers.
pub(super) fn is_nested(data_type: &DataType) -> bool {
    match data_type {
        DataType::List(item) | DataType::LargeList(item) => match item.data_type() {
            DataType::Struct(members) => {
                members
                    .iter()
                    .all(|member| cells::is_text(member.data_type()))
                    && members.iter().any(|member| member.name() == "value")
                    && members
                        .iter()
                        .all(|member| matches!(&**member.name(), "value" | "type"))
            }
            _ => false,
        },
        DataType::Null => true,
        _ => false,
    }
}

/// Appends the identifiers of every row of a batch.
pub(super) fn read(
    columns: IdentifierColumns,
    builder: &mut Builder,
    batch: &RecordBatch,
    first_row: u32,
    collection: IdentifierKind,
) {
    let flat = columns
        .flat
        .map(|column| Strings::new(batch.column(column)));
    let nested = columns
        .nested
        .and_then(|column| Nested::new(batch.column(column)));
    if flat.is_none() && nested.is_none() && !builder.is_keyed_by(collection) {
        return;
    }
    let mut given = Vec::new();
    for (row, number) in (0..batch.num_rows()).zip(first_row..) {
        given.clear();
        if let Some(nested) = &nested {
            nested.read(row, &mut given);
        }
        if let Some(value) = flat.as_ref().and_then(|flat| flat.get(row)) {
            add_flat(&mut given, value);
        }
        builder.push_identifiers(number, collection, &given);
    }
}

/// A nested column taken apart.
struct Nested {
    ranges: Ranges,
    kinds: Strings,
    values: Strings,
    valid: Option<arrow_buffer::NullBuffer>,
}

/// Positions of each row's identifiers; `None` for a row without.
type Ranges = Vec<Option<std::ops::Range<usize>>>;

impl Nested {
    fn new(array: &ArrayRef) -> Option<Self> {
        match array.data_type() {
            DataType::List(_) => Some(Self::of_list(array.as_list::<i32>())),
            DataType::LargeList(_) => Some(Self::of_list(array.as_list::<i64>())),
            _ => None,
        }
    }

    fn of_list<O: OffsetSizeTrait>(array: &GenericListArray<O>) -> Self {
        let range = |row| array.is_valid(row).then(|| cells::items(array, row));
        let structs = array.values().as_struct();
        let member = |name| {
            structs
                .column_by_name(name)
                .map_or(Strings::Absent, Strings::new)
        };
        Self {
            ranges: (0..array.len()).map(range).collect(),
            kinds: member("type"),
            values: member("value"),
            valid: structs.nulls().cloned(),
        }
    }

    /// Appends the identifiers of a row. One without a value says nothing.
    fn read<'a>(&'a self, row: usize, given: &mut Vec<GivenIdentifier<'a>>) {
        for (position, item) in self.ranges[row].clone().into_iter().flatten().enumerate() {
            let is_valid = self.valid.as_ref().is_none_or(|valid| valid.is_valid(item));
            if let Some(value) = self.values.get(item).filter(|_| is_valid) {
                let kind = self.kinds.get(item).unwrap_or_default();
                given.push(GivenIdentifier::new(Some(position), kind, value));
            }
        }
    }
}
