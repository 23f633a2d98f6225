//! The general reader. Its own arithmetic may panic on hostile files: a panic counts as damage.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, FieldRef, Fields, Schema as ArrowSchema, SchemaRef};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::Result as ParquetResult;
use parquet::file::metadata::{PageIndexPolicy, RowGroupMetaData};

use super::invalid;
use super::pages::Claims;
use crate::error::Result;
use crate::wire::SizeLimits;

/// Rows that are read at a time.
const BATCH_ROWS: usize = 8_192;

/// A file whose footer was read.
pub(super) struct File {
    data: Bytes,
    metadata: ArrowReaderMetadata,
    /// Positions of the columns that are read, ascending.
    positions: Vec<usize>,
    columns: Fields,
}

impl File {
    /// Reads a footer that was checked.
    ///
    /// Texts are left where they are until they are stored: a dictionary's text is not repeated for each row that has it. What a writer
    /// says of Arrow types is passed over.
    pub(super) fn open(data: &[u8], limits: SizeLimits) -> Result<Self> {
        let data = Bytes::copy_from_slice(data);
        let options = ArrowReaderOptions::new()
            .with_skip_arrow_metadata(true)
            .with_page_index_policy(PageIndexPolicy::Skip);
        let metadata = guarded(|| {
            let metadata = ArrowReaderMetadata::load(&data, options.clone())?;
            let schema = viewed_schema(metadata.schema());
            ArrowReaderMetadata::try_new(
                Arc::clone(metadata.metadata()),
                options.with_schema(schema),
            )
        })?;
        let groups = metadata.metadata().row_groups();
        let sum = |of: fn(&RowGroupMetaData) -> i64| {
            let mut parts = groups.iter().map(|group| usize::try_from(of(group)).ok());
            parts.try_fold(0_usize, |sum, part| sum.checked_add(part?))
        };
        let most = limits.most_of(data.len());
        // A row has an id of a byte at least.
        for claim in [
            RowGroupMetaData::num_rows,
            RowGroupMetaData::total_byte_size,
        ] {
            match sum(claim) {
                Some(claimed) if claimed <= most => {}
                Some(_) => return Err(limits.excess(data.len())),
                None => return Err(invalid("its footer is damaged")),
            }
        }
        let columns = metadata.schema().fields().clone();
        Ok(Self {
            data,
            metadata,
            positions: (0..columns.len()).collect(),
            columns,
        })
    }

    /// The columns that are read.
    pub(super) const fn columns(&self) -> &Fields {
        &self.columns
    }

    /// The same file, of which only some columns are read.
    pub(super) fn of_columns(self, positions: impl Iterator<Item = usize>) -> Self {
        let mut positions: Vec<usize> = positions.collect();
        positions.sort_unstable();
        let columns = positions.iter().map(|&at| Arc::clone(&self.columns[at]));
        Self {
            columns: columns.collect(),
            positions,
            ..self
        }
    }

    /// Checks the pages, then hands over all rows.
    pub(super) fn read(
        self,
        limits: SizeLimits,
        mut take: impl FnMut(&RecordBatch) -> Result<()>,
    ) -> Result<()> {
        let Self {
            data,
            metadata,
            positions,
            ..
        } = self;
        let schema = metadata.parquet_schema();
        let mask = ProjectionMask::roots(schema, positions);
        let mut claims = Claims::new(&data, limits);
        for group in metadata.metadata().row_groups() {
            for (leaf, column) in group.columns().iter().enumerate() {
                if mask.leaf_included(leaf) {
                    guarded(|| Ok(claims.check(column)))??;
                }
            }
        }
        let mut batches = guarded(|| {
            ParquetRecordBatchReaderBuilder::new_with_metadata(data.clone(), metadata.clone())
                .with_projection(mask)
                .with_batch_size(BATCH_ROWS)
                .build()
        })?;
        while let Some(batch) = guarded(|| Ok(batches.next().transpose()?))? {
            take(&batch)?;
        }
        Ok(())
    }
}

/// Calls the general reader.
fn guarded<T>(read: impl FnOnce() -> ParquetResult<T>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(read)) => Ok(read),
        Ok(Err(error)) => Err(invalid(error.to_string())),
        Err(_) => Err(invalid("its parts contradict each other")),
    }
}

fn viewed_schema(schema: &SchemaRef) -> SchemaRef {
    let columns: Fields = schema.fields().iter().map(viewed).collect();
    Arc::new(ArrowSchema::new_with_metadata(
        columns,
        schema.metadata().clone(),
    ))
}

/// A column with views of texts in place of texts.
fn viewed(column: &FieldRef) -> FieldRef {
    let data_type = match column.data_type() {
        DataType::Utf8 => DataType::Utf8View,
        DataType::List(item) => DataType::List(viewed(item)),
        DataType::Struct(members) => DataType::Struct(members.iter().map(viewed).collect()),
        other => other.clone(),
    };
    Arc::new(Field::clone(column).with_data_type(data_type))
}
