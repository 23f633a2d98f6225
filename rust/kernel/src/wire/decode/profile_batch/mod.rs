//! The reader of `segue.v1.ProfileBatch`.
//!
//! One pass over borrowed slices, with the rules of protobuf for what stands twice: the last scalar wins, repeated messages are added, a
//! repeated single message is merged. Damage to the batch's own framing fails the block; damage inside a record fails that record.

mod entries;
mod field_value;
pub(super) mod marks;
mod membership;
mod record;
mod rejected;

use self::record::RecordReader;
pub(super) use self::rejected::rejected;
use super::DecodeOptions;
use crate::batch::Batch;
use crate::error::{KernelError, Result};
use crate::schema::{List, Schema};
use crate::wire::BlockFormat;
use crate::wire::fields::profile_batch as f;
use crate::wire::protobuf::{LENGTH_DELIMITED, ReadResult, Reader, tag};

/// Decodes and checks a serialized batch.
pub(super) fn decode<'s>(
    schema: &'s Schema,
    list: Option<&'s List>,
    data: &[u8],
    options: &DecodeOptions,
) -> Result<Batch> {
    let framing = Framing::read(data).map_err(|damage| KernelError::BlockInvalid {
        format: BlockFormat::ProfileBatch.name(),
        problem: damage.problem.to_owned(),
        offset: data.len() - damage.bytes_left,
    })?;
    let mut reader = RecordReader::new(schema, list, &framing.field_keys, options);
    for (row, &record) in (0..).zip(&framing.records) {
        reader.read(row, record);
        let offset = record.as_ptr().addr() - data.as_ptr().addr();
        reader.builder.make_room(offset + record.len(), data.len());
        reader
            .builder
            .check_problems(BlockFormat::ProfileBatch, offset)?;
    }
    let record_count = u32::try_from(framing.records.len()).expect("blocks are smaller than 4 GiB");
    Ok(reader.finish(record_count))
}

/// The parts of a batch. Read before the records, because keys may follow them.
#[derive(Default)]
struct Framing<'a> {
    field_keys: Vec<&'a str>,
    records: Vec<&'a [u8]>,
}

impl<'a> Framing<'a> {
    fn read(data: &'a [u8]) -> ReadResult<Self> {
        const FIELD_KEY: u32 = tag(f::FIELD_KEYS, LENGTH_DELIMITED);
        const PROFILE: u32 = tag(f::PROFILES, LENGTH_DELIMITED);
        let mut framing = Self::default();
        let mut reader = Reader::new(data);
        loop {
            let start = reader;
            match reader.tag()? {
                None => return Ok(framing),
                Some(PROFILE) => framing.records.push(reader.bytes()?),
                Some(FIELD_KEY) => {
                    let key = std::str::from_utf8(reader.bytes()?);
                    framing
                        .field_keys
                        .push(key.map_err(|_| start.damage("a field key is not UTF-8"))?);
                }
                Some(other) if matches!(other >> 3, f::FIELD_KEYS | f::PROFILES) => {
                    return Err(start.wrong_wire_type());
                }
                Some(unknown) => reader.skip(unknown)?,
            }
        }
    }
}
