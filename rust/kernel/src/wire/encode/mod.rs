//! Rows to blocks: many formats over the same selection of rows.
//!
//! | module | holds |
//! | --- | --- |
//! | `projection` | which columns are written |
//! | `selected` | which rows, and which of them only as removals |
//! | `window` | a stretch of rows, as bits |
//! | `cells` | the columns of a window, opened for reading |
//! | `form` | the parts of a record in their order, and what a format must say of each |
//! | `flat` | the columns of a table and their names |
//! | `records` | blocks of records, whatever the format |
//! | `protobuf`, `json` | records in the shape of a profile |
//! | `json_entries`, `protobuf_entries` | addresses, preferences, groups and consents in them |
//! | `subscribers` | the records of `json` in one document |
//! | `document` | profiles by their sections in one document |
//! | `csv` | records of flat columns |
//! | `cell_text` | single values as CSV writes them |
//! | `arrow` | flat columns, column by column |
//! | `parquet` | the same as files of row groups |
//! | `events` | what happened to profiles, as JSON |
//! | `json_text` | parts of JSON |
//! | `ready` | short bytes in few instructions |
//! | `rfc3339` | dates and times in texts |
//!
//! What is written depends on values alone, never on how blocks happen to hold them: the same rows give the same bytes after any history
//! of writes, and after a restart.

mod arrow;
mod cell_text;
mod cells;
mod csv;
mod document;
mod events;
mod flat;
mod form;
mod json;
mod json_entries;
mod json_text;
mod parquet;
mod projection;
mod protobuf;
mod protobuf_entries;
mod ready;
mod records;
mod rfc3339;
mod selected;
mod subscribers;
mod window;

use std::iter;

use arrow::ArrowForm;
pub(super) use cell_text::cell_text;
use cells::Cells;
use csv::Csv;
use document::Document;
use form::Form;
use json::Json;
use parquet::ParquetForm;
use projection::Projection;
use protobuf::{Keys, Protobuf};
use records::encode_records;
pub(super) use selected::{Criteria, SelectedRows};
use subscribers::Subscribers;
use window::{Bits, WINDOW_ROWS};

use crate::bitmap::to_row;
use crate::column::BLOCK_ROWS;
use crate::schema::{ColumnId, Schema};
use crate::table::{RowId, Version};
use crate::wire::fields::profile_batch;
use crate::wire::protobuf::put_bytes;
use crate::wire::{BlockFormat, Compression};

/// Encodes one row as a serialized `segue.v1.Profile` with its field keys spelled out.
///
/// # Cost
/// In proportion to the account's fields: meant for single profiles.
pub fn encode_profile(version: &Version, schema: &Schema, row: RowId) -> Vec<u8> {
    let mut out = Vec::new();
    encode_row(&spelled(version, schema), version, row, &mut out);
    out
}

/// Encodes rows, in their order, as a serialized `segue.v1.ProfileBatch` with field keys spelled out in each profile.
///
/// # Cost
/// In proportion to the account's fields for each row, because rows may lie anywhere: meant for pages.
pub(super) fn encode_batch(version: &Version, schema: &Schema, rows: &[RowId]) -> Vec<u8> {
    let form = spelled(version, schema);
    let (mut profile, mut out) = (Vec::new(), Vec::new());
    for &row in rows {
        profile.clear();
        encode_row(&form, version, row, &mut profile);
        put_bytes(&mut out, profile_batch::PROFILES, &profile);
    }
    out
}

fn spelled(version: &Version, schema: &Schema) -> Form<Protobuf> {
    let keys = Keys::Spelled;
    Form::new(version, schema, &Projection::ALL, Protobuf { keys })
}

fn encode_row(form: &Form<Protobuf>, version: &Version, row: RowId, out: &mut Vec<u8>) {
    let (block, row) = (row as usize / BLOCK_ROWS, to_row(row as usize % BLOCK_ROWS));
    let window = usize::from(row) / WINDOW_ROWS;
    let wanted = Bits::of_rows(iter::once(row));
    let cells = Cells::open_all(version, &form.sources, block, window, &wanted);
    form.write(&cells, row, out);
}

/// An encoder of one format for one version.
pub(super) struct Encoder(Layout);

enum Layout {
    Profiles(Form<Protobuf>),
    Lines(Form<Json>),
    Document(Document),
    Subscribers(Subscribers),
    Csv(Csv),
    Arrow(Box<ArrowForm>),
    Parquet(Box<ParquetForm>),
}

/// Where a block begins and ends.
pub(super) struct Span {
    /// The block's first row; `None` when the export has no row.
    pub(super) from: Option<RowId>,
    /// Where the block begins in the export.
    pub(super) offset: u64,
    /// Whether it is the export's first block.
    pub(super) is_first: bool,
    /// Bytes at which the block is closed.
    pub(super) block_bytes: usize,
    /// Bytes whose rows are counted apart.
    pub(super) skipped_bytes: usize,
}

/// What was written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Written {
    /// Rows in the block.
    pub(super) rows: u32,
    /// Those of them that end within the skipped bytes.
    pub(super) skipped_rows: u32,
    /// First row of the next block; `None` after the last.
    pub(super) next: Option<RowId>,
}

/// Which events of a profile are written with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSelection {
    /// Ids of their types.
    pub types: Vec<String>,
    /// Events of this time or later, milliseconds since 1970 UTC.
    pub from_millis: i64,
    /// Events before this time.
    pub until_millis: i64,
}

/// What of its rows an encoder writes.
#[derive(Debug, Clone, Default)]
pub(super) struct EncoderOptions {
    /// In flat formats, the list whose columns go by their bare names.
    pub(super) list: Option<String>,
    /// Whether rows may be removals.
    pub(super) with_removed: bool,
    /// The only columns that are written, profile ids always; `None` for all.
    pub(super) columns: Option<Vec<ColumnId>>,
    /// The events that are written with their profiles.
    pub(super) events: Option<EventSelection>,
    /// Rows of the whole selection.
    pub(super) row_count: u64,
    /// How a format that compresses within itself does so; blocks of others are compressed by the export.
    pub(super) compression: Compression,
}

impl Encoder {
    /// Lays out the records of a version.
    pub(super) fn new(
        format: BlockFormat,
        version: &Version,
        schema: &Schema,
        options: &EncoderOptions,
    ) -> Self {
        let projection = Projection::of(options.columns.as_deref());
        let (list, with_removed) = (options.list.as_deref(), options.with_removed);
        let flat = || flat::columns(version, schema, &projection, list, with_removed);
        let lines = || Form::new(version, schema, &projection, Json);
        Self(match format {
            BlockFormat::ProfileBatch => Layout::Profiles(Form::new(
                version,
                schema,
                &projection,
                Protobuf {
                    keys: Keys::Indexed,
                },
            )),
            BlockFormat::Ndjson => Layout::Lines(lines()),
            BlockFormat::Json => Layout::Document(Document::new(
                version,
                schema,
                &projection,
                options.events.as_ref(),
            )),
            BlockFormat::SubscribersJson => {
                Layout::Subscribers(Subscribers::new(lines(), options.row_count))
            }
            BlockFormat::Csv => Layout::Csv(Csv::new(flat())),
            BlockFormat::ArrowIpc => Layout::Arrow(Box::new(ArrowForm::new(flat()))),
            BlockFormat::Parquet => {
                let columns = ArrowForm::new(flat());
                Layout::Parquet(Box::new(ParquetForm::new(columns, options.compression)))
            }
        })
    }

    /// Whether the format compresses within itself, so that its blocks stay as they are.
    pub(super) fn compresses_within(&self) -> bool {
        matches!(self.0, Layout::Parquet(_))
    }

    /// Whether an export without rows has a block all the same.
    pub(super) fn has_frame(&self) -> bool {
        !matches!(self.0, Layout::Profiles(_) | Layout::Lines(_))
    }

    /// Appends one block.
    pub(super) fn encode(
        &self,
        version: &Version,
        rows: &SelectedRows,
        span: &Span,
        out: &mut Vec<u8>,
    ) -> Written {
        match &self.0 {
            Layout::Profiles(form) => encode_records(form, version, rows, span, out),
            Layout::Lines(form) => encode_records(form, version, rows, span, out),
            Layout::Document(document) => encode_records(document, version, rows, span, out),
            Layout::Subscribers(subscribers) => {
                encode_records(subscribers, version, rows, span, out)
            }
            Layout::Csv(csv) => encode_records(csv, version, rows, span, out),
            Layout::Arrow(form) => form.encode(version, rows, span, out),
            Layout::Parquet(form) => form.encode(version, rows, span, out),
        }
    }
}
