//! Data as serialized `segue.v1.RetrieveExportResponse`s.

use super::fields::retrieve_export_response as response;
use super::protobuf::{LENGTH_DELIMITED, put_fixed32, put_fixed64, tag};

/// Bytes kept free before the data of a response: its tag and a length padded to five bytes, which readers take as any other.
pub(super) const HEAD_BYTES: usize = 6;

/// Bytes of a response behind its data.
pub(super) const TAIL_BYTES: usize = 9 + 9 + 5 + 5;

/// Makes a response of data that is stored already: the same that reading the export it was read from gives.
pub fn frame_block(data: &[u8], offset: u64, row_count: u32) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEAD_BYTES + data.len() + TAIL_BYTES);
    out.resize(HEAD_BYTES, 0);
    out.extend_from_slice(data);
    finish(&mut out, offset, row_count);
    out
}

/// Makes a response of data that stands behind the place of its head.
pub(super) fn finish(out: &mut Vec<u8>, offset: u64, rows: u32) {
    let data = &out[HEAD_BYTES..];
    let (length, crc) = (data.len() as u64, crc32c::crc32c(data));
    out[..HEAD_BYTES].copy_from_slice(&head(length));
    put_fixed64(out, response::OFFSET, offset);
    put_fixed64(out, response::NEXT_OFFSET, offset + length);
    put_fixed32(out, response::CRC32C, crc);
    put_fixed32(out, response::ROW_COUNT, rows);
}

/// Tag and length of the data.
fn head(length: u64) -> [u8; HEAD_BYTES] {
    let mut head = [0; HEAD_BYTES];
    head[0] = tag(response::DATA, LENGTH_DELIMITED).to_le_bytes()[0];
    for (position, byte) in head[1..].iter_mut().enumerate() {
        let more = if position + 2 < HEAD_BYTES { 0x80 } else { 0 };
        *byte = (length >> (7 * position)).to_le_bytes()[0] & 0x7f | more;
    }
    head
}
