//! Blocks to batches, every record checked.
//!
//! The readers write values straight into the columns of one [`Builder`](builder::Builder), bad records included, and note problems beside
//! them. At the end the bad records are taken out of all columns in one pass, which costs nothing when there are none.
//!
//! | module | holds |
//! | --- | --- |
//! | `profile_batch` | the reader of `segue.v1.ProfileBatch` |
//! | `arrow` | the reader of Arrow IPC streams |
//! | `ndjson` | the reader of JSON, an object a line |
//! | `csv` | the reader of CSV |
//! | `parquet` | the reader of Parquet |
//! | `events` | the reader of `segue.v1.EventBatch` |
//! | `layout` | what the columns of flat formats mean, by their names |
//! | `flat` | what else the readers of flat formats share |
//! | `builder` | the batch in the making |
//! | `given` | a value as it was given, checked and stored by the kind of its column |
//! | `identifier` | identifiers of a record |
//! | `entries` | addresses, preferences, groups and answers to consents of a record |
//! | `refresh` | what records clear by not naming it |
//! | `check` | what text, e-mail addresses and phone numbers must look like |
//! | `keys` | field keys and list ids, looked up once |
//! | `options` | names of options and their codes |
//! | `rejected` | records with problems, written as they came |
//! | `problem` | what can be wrong with a record, where, and in which words |

mod arrow;
mod builder;
mod check;
mod csv;
mod entries;
mod events;
mod flat;
mod given;
mod identifier;
mod keys;
mod layout;
mod ndjson;
mod options;
mod parquet;
mod problem;
mod profile_batch;
mod refresh;
mod rejected;

pub use events::decode_events;
pub(crate) use identifier::{normal_identifier, normal_profile_id};
pub(crate) use problem::collection;
pub use rejected::{RejectedBecause, rejected};

use super::{BlockFormat, SizeLimits};
use crate::batch::{Batch, IdentifierKind};
use crate::error::{KernelError, Result};
use crate::schema::{List, Schema};
use crate::table::Refresh;

/// What some programs put before a text, to say that it is UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Most bytes of the text of a field, unless the caller says otherwise.
pub const MAX_TEXT_BYTES: usize = 10_000;

/// How records are to be read.
#[derive(Debug, Clone, Copy)]
pub struct DecodeOptions<'a> {
    /// Every valid record is also placed on this list, and in flat formats column names mean its fields first.
    pub list: Option<&'a str>,
    /// Leaves unknown fields out instead of refusing their records.
    pub ignore_unknown_fields: bool,
    /// Most bytes of the text of a field.
    pub max_text_bytes: usize,
    /// What records are matched by; `None` for the profile id, which each record then needs.
    pub key: Option<Key<'a>>,
    /// Records only name profiles: nothing else of them is read, nor refused.
    pub names_only: bool,
    /// Collections of which records clear what they do not name; of custom fields and tags. The others are for whoever applies the batch.
    pub refresh: Refresh,
    /// How large what a format itself compresses or abbreviates may become.
    pub limits: SizeLimits,
}

/// Another identifier than the profile id, by which records find their profiles. Each record needs one.
#[derive(Debug, Clone, Copy)]
pub struct Key<'a> {
    /// Its kind.
    pub kind: IdentifierKind,
    /// Its type, without regard to case; `None` for any.
    pub of_type: Option<&'a str>,
}

impl Default for DecodeOptions<'_> {
    fn default() -> Self {
        Self {
            list: None,
            ignore_unknown_fields: false,
            max_text_bytes: MAX_TEXT_BYTES,
            key: None,
            names_only: false,
            refresh: Refresh::default(),
            limits: SizeLimits::default(),
        }
    }
}

/// Decodes and checks a block of records.
///
/// A record with a problem is left out as a whole and each of its problems is listed, up to a hundred; the records beside it are kept. Of
/// records with the same id all are kept, and the batch tells where it must be cut. The columns of the batch ascend by number.
///
/// # Errors
/// [`KernelError::BlockInvalid`] when the bytes are not of the format, or hold columns that no record could be written with;
/// [`KernelError::DefinitionInvalid`] when the schema has no such list.
///
/// # Cost
/// One pass; texts are copied once. Memory in proportion to the block.
pub fn decode(
    schema: &Schema,
    format: BlockFormat,
    data: &[u8],
    options: &DecodeOptions,
) -> Result<Batch> {
    let invalid = |problem: &str| KernelError::BlockInvalid {
        format: format.name(),
        problem: problem.to_owned(),
        offset: 0,
    };
    if u32::try_from(data.len()).is_err() {
        return Err(invalid("it is larger than 4 GiB"));
    }
    let list = options.list.map(|id| joined_list(schema, id)).transpose()?;
    let mut batch = match format {
        BlockFormat::ProfileBatch => profile_batch::decode(schema, list, data, options),
        BlockFormat::ArrowIpc => arrow::decode(schema, list, data, options),
        BlockFormat::Ndjson => ndjson::decode(schema, list, data, options),
        BlockFormat::Csv => csv::decode(schema, list, data, options),
        BlockFormat::Parquet => parquet::decode(schema, list, data, options),
        BlockFormat::Json | BlockFormat::SubscribersJson => {
            Err(invalid("imports do not read this format"))
        }
    }?;
    refresh::clear_others(&mut batch, schema, options);
    Ok(batch)
}

fn joined_list<'s>(schema: &'s Schema, id: &str) -> Result<&'s List> {
    schema
        .list(id)
        .ok_or_else(|| KernelError::DefinitionInvalid {
            what: "schema",
            problem: format!("it has no list {id:?}"),
        })
}
