//! Rows as a Parquet file: the flat columns, one row group a block.
//!
//! A group is written as a file of its own, whose bytes then stand in the block; where they stand in the export is known only there, and is
//! put into what the footer says of the group. So a group depends on its first row alone, and the footer on the groups before it, which
//! whoever reads blocks in their order has written.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression as Codec, GzipLevel, ZstdLevel};
use parquet::errors::Result as ParquetResult;
use parquet::file::metadata::{
    FileMetaData, ParquetMetaData, ParquetMetaDataWriter, RowGroupMetaData,
};
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use super::arrow::ArrowForm;
use super::{SelectedRows, Span, Written};
use crate::table::{RowId, Version};
use crate::wire::Compression;

/// Bytes with which a file begins and ends.
const MAGIC: &[u8; 4] = b"PAR1";

/// Bytes behind the metadata: its length and the end mark.
const TAIL_BYTES: usize = 8;

/// Most rows of a group: of usual profiles a block of 1 to 2 MiB.
const GROUP_ROWS: usize = 16_384;

/// Rows that tell how many fit.
const SAMPLE_ROWS: usize = 1_024;

/// Most bytes of a group of several rows: with what else is in its block it stays below the 4 MiB that gRPC clients take unless told
/// otherwise. The footer comes on top, about 150 bytes for each column of each group.
const GROUP_BYTES: usize = 3 << 20;

/// Level of Zstandard, of 22: what Zstandard itself takes.
const ZSTD_LEVEL: i32 = 3;

const WRITTEN_BY: &str = concat!("segue version ", env!("CARGO_PKG_VERSION"));

const IN_MEMORY: &str = "flat columns can be written to memory";

/// Writes Parquet.
pub(super) struct ParquetForm {
    columns: ArrowForm,
    schema: SchemaRef,
    properties: WriterProperties,
    /// What is said of a file without rows.
    empty: FileMetaData,
    /// What the footer says of the groups written so far, by offset in the export.
    groups: Mutex<BTreeMap<u64, RowGroupMetaData>>,
}

/// A row group outside its file.
struct Group {
    bytes: Vec<u8>,
    n_rows: usize,
    metadata: RowGroupMetaData,
    /// The first row behind it.
    next: Option<RowId>,
}

impl ParquetForm {
    /// Lays out the file of flat columns, whose pages are compressed.
    ///
    /// # Panics
    /// Never: flat columns have types that Parquet has.
    pub(super) fn new(columns: ArrowForm, compression: Compression) -> Self {
        let schema = columns.schema();
        let properties = properties(compression);
        let file = ArrowWriter::try_new(Vec::new(), Arc::clone(&schema), Some(properties.clone()))
            .and_then(ArrowWriter::close);
        Self {
            columns,
            schema,
            properties,
            empty: file.expect(IN_MEMORY).file_metadata().clone(),
            groups: Mutex::default(),
        }
    }

    /// Appends a row group: the mark of the file before the first, the footer behind the last.
    ///
    /// # Panics
    /// Never: writing to memory does not fail.
    pub(super) fn encode(
        &self,
        version: &Version,
        rows: &SelectedRows,
        span: &Span,
        out: &mut Vec<u8>,
    ) -> Written {
        let start = out.len();
        if span.is_first {
            out.extend_from_slice(MAGIC);
        }
        let mut written = Written::default();
        let mut last = None;
        if let Some(from) = span.from {
            let group = self.bounded_group(version, rows, from);
            let offset = span.offset + (out.len() - start) as u64;
            let metadata = moved(&group.metadata, offset).expect(IN_MEMORY);
            out.extend_from_slice(&group.bytes);
            written.rows = u32::try_from(group.n_rows).unwrap_or(u32::MAX);
            written.next = group.next;
            if out.len() - start <= span.skipped_bytes {
                written.skipped_rows = written.rows;
            }
            self.groups().insert(span.offset, metadata.clone());
            last = Some(metadata);
        }
        if written.next.is_none() {
            let known = self.groups();
            let before = known.range(..span.offset).map(|(_, group)| group.clone());
            let groups = before.chain(last).collect();
            drop(known);
            self.push_footer(groups, out).expect(IN_MEMORY);
        }
        written
    }

    /// A group of at most [`GROUP_BYTES`], or of a single row: what is written depends on its first row only.
    ///
    /// The first rows tell how many more would fit, which spares writing large groups again and again. One that comes out larger all the
    /// same is written again with half as many rows.
    fn bounded_group(&self, version: &Version, rows: &SelectedRows, from: RowId) -> Group {
        let of = |max_rows| self.group(version, rows, from, max_rows).expect(IN_MEMORY);
        let mut group = of(SAMPLE_ROWS);
        let fitting = SAMPLE_ROWS * GROUP_BYTES / group.bytes.len().max(1);
        if group.next.is_some() && fitting > SAMPLE_ROWS {
            group = of(fitting.min(GROUP_ROWS));
        }
        while group.n_rows > 1 && group.bytes.len() > GROUP_BYTES {
            group = of(group.n_rows / 2);
        }
        group
    }

    /// Writes the rows from one on, at most so many, as the only group of a file.
    fn group(
        &self,
        version: &Version,
        rows: &SelectedRows,
        from: RowId,
        max_rows: usize,
    ) -> ParquetResult<Group> {
        let (batch, next) = self.columns.record_batch(version, rows, from, max_rows);
        let mut bytes = Vec::new();
        let schema = Arc::clone(&self.schema);
        let mut writer = ArrowWriter::try_new(&mut bytes, schema, Some(self.properties.clone()))?;
        writer.write(&batch)?;
        let metadata = writer.close()?.row_group(0).clone();
        bytes.truncate(footer_start(&bytes));
        bytes.drain(..MAGIC.len());
        Ok(Group {
            bytes,
            n_rows: batch.num_rows(),
            metadata,
            next,
        })
    }

    fn groups(&self) -> MutexGuard<'_, BTreeMap<u64, RowGroupMetaData>> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push_footer(&self, groups: Vec<RowGroupMetaData>, out: &mut Vec<u8>) -> ParquetResult<()> {
        let n_rows = groups.iter().map(RowGroupMetaData::num_rows).sum();
        let empty = &self.empty;
        let file = FileMetaData::new(
            empty.version(),
            n_rows,
            empty.created_by().map(str::to_owned),
            empty.key_value_metadata().cloned(),
            empty.schema_descr_ptr(),
            empty.column_orders().cloned(),
        );
        ParquetMetaDataWriter::new(out, &ParquetMetaData::new(file, groups)).finish()
    }
}

/// Where the metadata of a whole file begins.
fn footer_start(file: &[u8]) -> usize {
    let tail = file.len() - TAIL_BYTES;
    let length = file[tail..]
        .first_chunk()
        .copied()
        .map_or(0, u32::from_le_bytes);
    tail - length as usize
}

/// What is said of a group that was written right behind the mark of a file, when it begins at an offset.
fn moved(group: &RowGroupMetaData, offset: u64) -> ParquetResult<RowGroupMetaData> {
    let distance = i64::try_from(offset - MAGIC.len() as u64).unwrap_or(i64::MAX);
    let columns = group.columns().iter().map(|column| {
        column
            .clone()
            .into_builder()
            .set_data_page_offset(column.data_page_offset() + distance)
            .set_dictionary_page_offset(column.dictionary_page_offset().map(|at| at + distance))
            .build()
    });
    RowGroupMetaData::builder(group.schema_descr_ptr())
        .set_num_rows(group.num_rows())
        .set_total_byte_size(group.total_byte_size())
        .set_file_offset(i64::try_from(offset).unwrap_or(i64::MAX))
        .set_column_metadata(columns.collect::<ParquetResult<_>>()?)
        .build()
}

/// Without page indexes, which would stand between the groups and the footer.
fn properties(compression: Compression) -> WriterProperties {
    let codec = match compression {
        Compression::None => Codec::UNCOMPRESSED,
        Compression::Gzip => Codec::GZIP(GzipLevel::default()),
        Compression::Zstd => Codec::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL).unwrap_or_default()),
    };
    WriterProperties::builder()
        .set_created_by(WRITTEN_BY.to_owned())
        .set_compression(codec)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .build()
}
