//! Arrow types of flat columns.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields, TimeUnit};

use crate::schema::ColumnKind;
use crate::wire::encode::flat::{FlatColumn, Source};

/// Name and type of a column. Only profile ids and marks of removal are never null.
pub(super) fn field(column: &FlatColumn) -> Field {
    let nullable = !matches!(column.source, Source::ProfileId(_) | Source::Removed);
    Field::new(&column.name, data_type(column.kind), nullable)
}

fn data_type(kind: ColumnKind) -> DataType {
    let list = |item| DataType::List(Arc::new(Field::new_list_field(item, false)));
    match kind {
        ColumnKind::Text | ColumnKind::ExactText => DataType::Utf8,
        ColumnKind::Number => DataType::Float64,
        ColumnKind::Boolean => DataType::Boolean,
        ColumnKind::Date => DataType::Date32,
        ColumnKind::DateTime => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
        ColumnKind::MultiSelectOne => {
            DataType::Dictionary(Box::new(DataType::UInt16), Box::new(DataType::Utf8))
        }
        ColumnKind::MultiSelectMany => list(DataType::Utf8),
        ColumnKind::Identifiers => list(DataType::Struct(identifier_fields())),
    }
}

/// The members of an identifier: its type, null when it has none, and its value.
fn identifier_fields() -> Fields {
    Fields::from(vec![
        Field::new("type", DataType::Utf8, true),
        Field::new("value", DataType::Utf8, false),
    ])
}
