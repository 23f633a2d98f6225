//! Blocks in and blocks out.
//!
//! | module | holds |
//! | --- | --- |
//! | [`decode`] | blocks to [`Batch`](crate::batch::Batch)es, every record checked |
//! | [`encode`] | rows to blocks |
//! | [`export`] | a selection of rows as blocks that can be resumed, as a whole or in slices |
//! | `formula` | texts that a spreadsheet would run, defused and restored |
//! | `known` | where blocks of an export begin |
//! | `response` | data as `segue.v1.RetrieveExportResponse` |
//! | [`compression`] | blocks made smaller, and made whole again |
//! | [`page`] | the profiles of a plan in an order, some at a time |
//! | `paths` | what columns are called where single values are told of |
//! | `review` | what an import would do |
//! | [`protobuf`] | varints, tags and lengths, read and written |
//! | [`fields`] | field numbers of `segue.v1` messages |
//! | [`value`] | the text forms of values |
//! | [`watch`] | who entered and left a segment |
//! | [`calendar`] | days and dates |

pub mod calendar;
pub mod compression;
pub mod decode;
pub mod encode;
pub mod export;
pub mod fields;
mod formula;
mod known;
pub mod page;
mod paths;
pub mod protobuf;
mod response;
mod review;
pub mod value;
pub mod watch;

pub use compression::{Compression, SizeLimits};
pub use decode::{DecodeOptions, Key, RejectedBecause, decode, decode_events, rejected};
pub use encode::{EventSelection, encode_profile};
pub use export::{Export, ExportRequest, RawBlock};
pub use page::{PageOf, PageOrder, PageRequest, page};
pub use response::frame_block;
pub(crate) use review::encode_review;

/// How a block holds its records. The numbers are those of `segue.v1.BlockFormat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum BlockFormat {
    /// A serialized `segue.v1.ProfileBatch`.
    ProfileBatch = 1,
    /// An Arrow IPC stream.
    ArrowIpc = 2,
    /// One JSON object a line.
    Ndjson = 3,
    /// One JSON document of profiles and their sections. Written, never read.
    Json = 4,
    /// CSV by RFC 4180.
    Csv = 5,
    /// A Parquet file.
    Parquet = 6,
    /// One JSON document of subscribers. Written, never read.
    SubscribersJson = 8,
}

impl BlockFormat {
    /// The format of a number of `segue.v1.BlockFormat`.
    pub const fn from_number(number: i32) -> Option<Self> {
        match number {
            1 => Some(Self::ProfileBatch),
            2 => Some(Self::ArrowIpc),
            3 => Some(Self::Ndjson),
            4 => Some(Self::Json),
            5 => Some(Self::Csv),
            6 => Some(Self::Parquet),
            8 => Some(Self::SubscribersJson),
            _ => None,
        }
    }

    /// The name people know it by, as errors state it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ProfileBatch => "ProfileBatch",
            Self::ArrowIpc => "Arrow IPC",
            Self::Ndjson => "NDJSON",
            Self::Json => "JSON",
            Self::Csv => "CSV",
            Self::Parquet => "Parquet",
            Self::SubscribersJson => "JSON of subscribers",
        }
    }
}
