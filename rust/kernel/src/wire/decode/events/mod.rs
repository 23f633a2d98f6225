//! The reader of `segue.v1.EventBatch`.
//!
//! One pass over borrowed slices, with the rules of protobuf for what stands twice, as in `profile_batch`. Damage to the batch's own
//! framing fails the block; damage inside an event fails that event.

mod builder;
mod datum;
mod record;

use self::record::EventReader;
use crate::error::{KernelError, Result};
use crate::event::EventBatch;
use crate::schema::Schema;
use crate::wire::fields::event_batch as f;
use crate::wire::protobuf::{LENGTH_DELIMITED, ReadResult, Reader, tag};

/// The format as errors state it.
const FORMAT: &str = "EventBatch";

/// Problems that a block may have: a hostile block of empty events would otherwise take a thousand times its size.
const MAX_EXCEPTIONS_A_BLOCK: usize = 200_000;

/// Decodes and checks a serialized `segue.v1.EventBatch`.
///
/// An event with a problem is left out as a whole and each of its problems is listed; the events beside it are kept.
///
/// # Errors
/// [`KernelError::BlockInvalid`] when the bytes are not of the format, or hold too many problems.
///
/// # Cost
/// One pass, some tenths of a microsecond an event; texts are copied once.
pub fn decode_events(schema: &Schema, data: &[u8]) -> Result<EventBatch> {
    let invalid = |problem: String, offset| KernelError::BlockInvalid {
        format: FORMAT,
        problem,
        offset,
    };
    if u32::try_from(data.len()).is_err() {
        return Err(invalid("it is larger than 4 GiB".into(), 0));
    }
    let records = read_framing(data)
        .map_err(|damage| invalid(damage.problem.to_owned(), data.len() - damage.bytes_left))?;
    let mut reader = EventReader::new(schema);
    for (number, &record) in (1..).zip(&records) {
        reader.read(number, record);
        if reader.exception_count() > MAX_EXCEPTIONS_A_BLOCK {
            let problem = format!(
                "more than {MAX_EXCEPTIONS_A_BLOCK} problems: correct the events or send smaller blocks; one more"
            );
            return Err(invalid(
                problem,
                record.as_ptr().addr() - data.as_ptr().addr(),
            ));
        }
    }
    Ok(reader.finish())
}

/// The events of a batch.
fn read_framing(data: &[u8]) -> ReadResult<Vec<&[u8]>> {
    const EVENT: u32 = tag(f::EVENTS, LENGTH_DELIMITED);
    let mut records = Vec::new();
    let mut reader = Reader::new(data);
    loop {
        let start = reader;
        match reader.tag()? {
            None => return Ok(records),
            Some(EVENT) => records.push(reader.bytes()?),
            Some(other) if other >> 3 == f::EVENTS => return Err(start.wrong_wire_type()),
            Some(unknown) => reader.skip(unknown)?,
        }
    }
}
