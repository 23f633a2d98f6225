//! Arrays in the making, one for each column of a record batch.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, ListArray, StringArray, StructArray,
    TimestampMillisecondArray, UInt16Array,
};
use arrow_buffer::{
    BooleanBufferBuilder, Buffer, NullBuffer, NullBufferBuilder, OffsetBuffer, ScalarBuffer,
};
use arrow_schema::{DataType, Field, Fields};

use super::BATCH_ROWS;
use crate::schema::ColumnKind;
use crate::wire::encode::cells::Cells;

/// The members of an identifier: its type, null when it has none, and its value.
pub(super) fn identifier_fields() -> Fields {
    Fields::from(vec![
        Field::new("type", DataType::Utf8, true),
        Field::new("value", DataType::Utf8, false),
    ])
}

/// An array in the making.
pub(super) struct ArrayBuilder<'a> {
    values: Values,
    valid: NullBufferBuilder,
    /// Names of options by code.
    options: &'a [String],
}

enum Values {
    Text(Texts),
    Number(Vec<f64>),
    Boolean(BooleanBufferBuilder),
    Date(Vec<i32>),
    DateTime(Vec<i64>),
    Code(Vec<u16>),
    Options {
        ends: Vec<i32>,
        names: Texts,
    },
    Identifiers {
        ends: Vec<i32>,
        kinds: Texts,
        typed: NullBufferBuilder,
        values: Texts,
    },
}

impl<'a> ArrayBuilder<'a> {
    /// An array for a batch of values of a kind.
    pub(super) fn new(kind: ColumnKind, options: &'a [String]) -> Self {
        let values = match kind {
            ColumnKind::Text | ColumnKind::ExactText => Values::Text(Texts::new()),
            ColumnKind::Number => Values::Number(Vec::with_capacity(BATCH_ROWS)),
            ColumnKind::Boolean => Values::Boolean(BooleanBufferBuilder::new(BATCH_ROWS)),
            ColumnKind::Date => Values::Date(Vec::with_capacity(BATCH_ROWS)),
            ColumnKind::DateTime => Values::DateTime(Vec::with_capacity(BATCH_ROWS)),
            ColumnKind::MultiSelectOne => Values::Code(Vec::with_capacity(BATCH_ROWS)),
            ColumnKind::MultiSelectMany => Values::Options {
                ends: vec![0],
                names: Texts::new(),
            },
            ColumnKind::Identifiers => Values::Identifiers {
                ends: vec![0],
                kinds: Texts::new(),
                typed: NullBufferBuilder::new(BATCH_ROWS),
                values: Texts::new(),
            },
        };
        Self {
            values,
            valid: NullBufferBuilder::new(BATCH_ROWS),
            options,
        }
    }

    /// Appends the values of rows; those of rows that are not shown are absent.
    pub(super) fn append(&mut self, cells: &Cells<'_>, rows: &[u16], shown: impl Fn(u16) -> bool) {
        let valid = &mut self.valid;
        match (&mut self.values, cells) {
            (Values::Text(texts), Cells::Text(cells)) => {
                for &row in rows {
                    let text = if shown(row) { cells.get(row) } else { None };
                    valid.append(text.is_some());
                    texts.push(text.unwrap_or_default());
                }
            }
            (Values::Number(values), Cells::Number(cells)) => {
                append_plain(values, valid, rows, shown, |row| cells.get(row));
            }
            (Values::Date(values), Cells::Date(cells)) => {
                append_plain(values, valid, rows, shown, |row| cells.get(row));
            }
            (Values::DateTime(values), Cells::DateTime(cells)) => {
                append_plain(values, valid, rows, shown, |row| cells.get(row));
            }
            (Values::Code(values), Cells::MultiSelectOne(cells)) => {
                let named = |code: &u16| usize::from(*code) < self.options.len();
                append_plain(values, valid, rows, shown, |row| {
                    cells.get(row).filter(named)
                });
            }
            (Values::Boolean(values), Cells::Boolean(cells)) => {
                for &row in rows {
                    let value = cells.get(row).filter(|_| shown(row));
                    valid.append(value.is_some());
                    values.append(value.unwrap_or_default());
                }
            }
            (Values::Options { ends, names }, Cells::MultiSelectMany(cells)) => {
                for &row in rows {
                    let codes = if shown(row) { cells.get(row) } else { &[] };
                    valid.append(!codes.is_empty());
                    let named = codes
                        .iter()
                        .filter_map(|code| self.options.get(usize::from(*code)));
                    named.for_each(|name| names.push(name.as_bytes()));
                    ends.push(names.len());
                }
            }
            _ => self.append_absent(rows.len()),
        }
    }

    /// Appends the identifiers of rows: first, type of the first, and the others.
    pub(super) fn append_identifiers(
        &mut self,
        [first, kind, more]: [&Cells<'_>; 3],
        rows: &[u16],
        shown: impl Fn(u16) -> bool,
    ) {
        let Values::Identifiers {
            ends,
            kinds,
            typed,
            values,
        } = &mut self.values
        else {
            return;
        };
        let mut push = |kind: &[u8], value: &[u8]| {
            typed.append(!kind.is_empty());
            kinds.push(kind);
            values.push(value);
            values.len()
        };
        for &row in rows {
            let mut end = *ends.last().unwrap_or(&0);
            let value = if shown(row) { first.text(row) } else { None };
            if let Some(value) = value {
                end = push(kind.text(row).unwrap_or_default(), value);
                for other in more.identifiers(row) {
                    end = push(other.kind.as_bytes(), other.value.as_bytes());
                }
            }
            self.valid.append(value.is_some());
            ends.push(end);
        }
    }

    /// Appends a truth value for each row.
    pub(super) fn append_booleans(&mut self, rows: &[u16], value: impl Fn(u16) -> bool) {
        if let Values::Boolean(values) = &mut self.values {
            for &row in rows {
                values.append(value(row));
            }
            self.valid.append_n_non_nulls(rows.len());
        }
    }

    fn append_absent(&mut self, n_rows: usize) {
        self.valid.append_n_nulls(n_rows);
        match &mut self.values {
            Values::Text(texts) => (0..n_rows).for_each(|_| texts.push(&[])),
            Values::Number(values) => values.resize(values.len() + n_rows, 0.0),
            Values::Boolean(values) => values.append_n(n_rows, false),
            Values::Date(values) => values.resize(values.len() + n_rows, 0),
            Values::DateTime(values) => values.resize(values.len() + n_rows, 0),
            Values::Code(values) => values.resize(values.len() + n_rows, 0),
            Values::Options { ends, .. } | Values::Identifiers { ends, .. } => {
                ends.resize(ends.len() + n_rows, *ends.last().unwrap_or(&0));
            }
        }
    }

    /// The array.
    pub(super) fn finish(mut self) -> ArrayRef {
        let nulls = self.valid.finish();
        match self.values {
            Values::Text(texts) => texts.finish(nulls),
            Values::Number(values) => Arc::new(Float64Array::new(values.into(), nulls)),
            Values::Boolean(mut values) => Arc::new(BooleanArray::new(values.finish(), nulls)),
            Values::Date(values) => Arc::new(Date32Array::new(values.into(), nulls)),
            Values::DateTime(values) => {
                Arc::new(TimestampMillisecondArray::new(values.into(), nulls).with_timezone("UTC"))
            }
            Values::Code(values) => Arc::new(UInt16Array::new(values.into(), nulls)),
            Values::Options { ends, names } => list(names.finish(None), ends, nulls),
            Values::Identifiers {
                ends,
                kinds,
                mut typed,
                values,
            } => {
                let members = vec![kinds.finish(typed.finish()), values.finish(None)];
                list(
                    Arc::new(StructArray::new(identifier_fields(), members, None)),
                    ends,
                    nulls,
                )
            }
        }
    }
}

fn append_plain<T: Default>(
    values: &mut Vec<T>,
    valid: &mut NullBufferBuilder,
    rows: &[u16],
    shown: impl Fn(u16) -> bool,
    get: impl Fn(u16) -> Option<T>,
) {
    for &row in rows {
        let value = if shown(row) { get(row) } else { None };
        valid.append(value.is_some());
        values.push(value.unwrap_or_default());
    }
}

fn list(items: ArrayRef, ends: Vec<i32>, nulls: Option<NullBuffer>) -> ArrayRef {
    let field = Arc::new(Field::new_list_field(items.data_type().clone(), false));
    Arc::new(ListArray::new(
        field,
        OffsetBuffer::new(ends.into()),
        items,
        nulls,
    ))
}

/// Texts one behind the other.
struct Texts {
    bytes: Vec<u8>,
    /// 0, then the end of each text.
    ends: Vec<i32>,
}

impl Texts {
    fn new() -> Self {
        let mut ends = Vec::with_capacity(BATCH_ROWS + 1);
        ends.push(0);
        Self {
            bytes: Vec::with_capacity(BATCH_ROWS * 16),
            ends,
        }
    }

    fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.ends
            .push(i32::try_from(self.bytes.len()).expect("texts of a batch are below 2 GiB"));
    }

    fn len(&self) -> i32 {
        i32::try_from(self.ends.len() - 1).expect("a batch has fewer texts than bytes of text")
    }

    fn finish(self, nulls: Option<NullBuffer>) -> ArrayRef {
        let ends = OffsetBuffer::new(ScalarBuffer::from(self.ends));
        Arc::new(StringArray::new(ends, Buffer::from_vec(self.bytes), nulls))
    }
}
