//! Profiles with problems.

use super::Framing;
use crate::error::{KernelError, Result};
use crate::wire::BlockFormat;
use crate::wire::decode::rejected::Reasons;
use crate::wire::fields::profile_batch as f;
use crate::wire::protobuf::put_bytes;

/// Writes the keys, the profiles with problems, and a text for each of these.
pub(in crate::wire::decode) fn rejected(data: &[u8], reasons: &Reasons) -> Result<Vec<u8>> {
    let framing = Framing::read(data).map_err(|damage| KernelError::BlockInvalid {
        format: BlockFormat::ProfileBatch.name(),
        problem: damage.problem.to_owned(),
        offset: data.len() - damage.bytes_left,
    })?;
    let mut out = Vec::new();
    for key in &framing.field_keys {
        put_bytes(&mut out, f::FIELD_KEYS, key.as_bytes());
    }
    for (position, record) in framing.records.iter().enumerate() {
        if let Some(reason) = reasons.get(position) {
            put_bytes(&mut out, f::PROFILES, record);
            put_bytes(&mut out, f::EXCEPTIONS, reason.as_bytes());
        }
    }
    Ok(out)
}
