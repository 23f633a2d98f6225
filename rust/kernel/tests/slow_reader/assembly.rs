//! Rows put together as a batch.

use std::collections::BTreeMap;

use segue_kernel::batch::{
    Batch, BatchColumn, BatchEntries, BatchMembers, BatchValues, Identifier, RecordException, Texts,
};
use segue_kernel::schema::{ColumnId, ColumnKind, MarkKind, Schema};

use super::{Cell, Row};

/// Puts rows without a problem into a batch, and lists the problems of the others.
pub(super) fn assemble(schema: &Schema, rows: &[Row]) -> Batch {
    let mut batch = Batch {
        record_count: number(rows.len()),
        ..Batch::default()
    };
    let mut columns: BTreeMap<ColumnId, BatchColumn> = BTreeMap::new();
    let mut entries: BTreeMap<ColumnId, Vec<_>> = BTreeMap::new();
    let mut members: BTreeMap<ColumnId, BatchMembers> = BTreeMap::new();
    for (record_number, row) in (1..).zip(rows) {
        if !row.problems.is_empty() {
            batch.invalid_count += 1;
            batch
                .exceptions
                .extend(row.problems.iter().map(|(path, reason)| RecordException {
                    record_number,
                    profile_id: row.id.clone(),
                    field_path: path.clone(),
                    reason: *reason,
                    message: String::new(),
                }));
            continue;
        }
        let n = number(batch.n_rows());
        batch.record_numbers.push(record_number);
        batch.profile_ids.push(row.id.as_bytes());
        for (&column, cell) in &row.cells {
            let kind = schema.kind(column).expect("the column exists");
            push(
                columns.entry(column).or_insert_with(|| empty(column, kind)),
                n,
                cell,
            );
        }
        for (given, into) in row.identifiers.iter().zip(&mut batch.identifiers) {
            match given.as_slice() {
                [] => {}
                [one] if *one == Identifier::new("", &one.value) && !one.value.is_empty() => {
                    into.plain_rows.push(n);
                    into.plain.push(one.value.as_bytes());
                }
                several => into.typed.push((n, several.to_vec())),
            }
        }
        for (&column, given) in &row.entries {
            if !given.is_empty() {
                entries.entry(column).or_default().push((n, given.clone()));
            }
        }
        for list in row
            .lists
            .iter()
            .map(|id| schema.list(id).expect("the list exists"))
        {
            let new = || BatchMembers {
                list: list.clone(),
                rows: Vec::new(),
            };
            members.entry(list.column).or_insert_with(new).rows.push(n);
        }
        if row.compose_name {
            batch.compose_name.push(n);
        }
    }
    if batch.invalid_count == 0 {
        batch.record_numbers.clear();
    }
    batch.columns = columns.into_values().collect();
    let entries = entries.into_iter();
    batch.entries = entries
        .map(|(column, rows)| BatchEntries { column, rows })
        .collect();
    let is_consent = |column: &ColumnId| {
        let mark = schema.marks().iter().find(|mark| mark.column == *column);
        mark.is_some_and(|mark| mark.kind == MarkKind::Consent)
    };
    let written = batch.columns.iter().map(|column| column.column);
    batch.consents = written.filter(is_consent).collect();
    batch.members = members.into_values().collect();
    batch
}

fn empty(column: ColumnId, kind: ColumnKind) -> BatchColumn {
    let values = match kind {
        ColumnKind::Text | ColumnKind::ExactText | ColumnKind::Identifiers => {
            BatchValues::Text(Texts::default())
        }
        ColumnKind::Number => BatchValues::Number(Vec::new()),
        ColumnKind::Boolean => BatchValues::Boolean(Vec::new()),
        ColumnKind::Date => BatchValues::Date(Vec::new()),
        ColumnKind::DateTime => BatchValues::DateTime(Vec::new()),
        ColumnKind::MultiSelectOne => BatchValues::MultiSelectOne(Vec::new()),
        ColumnKind::MultiSelectMany => BatchValues::MultiSelectMany {
            codes: Vec::new(),
            ends: Vec::new(),
        },
    };
    BatchColumn {
        column,
        rows: Vec::new(),
        values,
        cleared: Vec::new(),
    }
}

fn push(column: &mut BatchColumn, row: u32, cell: &Cell) {
    match (&mut column.values, cell) {
        (_, Cell::Cleared) => {
            column.cleared.push(row);
            return;
        }
        (BatchValues::Text(texts), Cell::Text(text)) => texts.push(text.as_bytes()),
        (BatchValues::Number(values), Cell::Number(value)) => values.push(*value),
        (BatchValues::Boolean(values), Cell::Boolean(value)) => values.push(*value),
        (BatchValues::Date(values), Cell::Date(value)) => values.push(*value),
        (BatchValues::DateTime(values), Cell::DateTime(value)) => values.push(*value),
        (BatchValues::MultiSelectOne(values), Cell::One(value)) => values.push(*value),
        (BatchValues::MultiSelectMany { codes, ends }, Cell::Many(values)) => {
            codes.extend(values);
            ends.push(number(codes.len()));
        }
        _ => unreachable!("cells are made by the kind of their column"),
    }
    column.rows.push(row);
}

fn number(n: usize) -> u32 {
    u32::try_from(n).expect("test blocks are small")
}
