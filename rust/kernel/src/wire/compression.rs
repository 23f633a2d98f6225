//! Blocks made smaller.

use std::io::Write;

use flate2::{Compression as Level, GzBuilder};

/// Level of gzip, of 9: what gzip itself takes.
const GZIP_LEVEL: u32 = 6;

/// Level of Zstandard, of 22: what Zstandard itself takes.
const ZSTD_LEVEL: i32 = 3;

/// The operating system of a gzip member: unknown, so that members are the same everywhere.
const UNKNOWN_SYSTEM: u8 = 255;

/// How the blocks of an export are compressed. The numbers are those of `segue.v1.Compression`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Compression {
    /// Not at all.
    #[default]
    None = 0,
    /// Each block is a gzip member (RFC 1952) without time and name.
    Gzip = 1,
    /// Each block is a Zstandard frame (RFC 8878) with its size and checksum.
    Zstd = 2,
}

impl Compression {
    /// The compression of a number of `segue.v1.Compression`.
    pub const fn from_number(number: i32) -> Option<Self> {
        match number {
            0 => Some(Self::None),
            1 => Some(Self::Gzip),
            2 => Some(Self::Zstd),
            _ => None,
        }
    }

    /// Appends data as one member or frame; the same data give the same bytes.
    ///
    /// # Panics
    /// Never: writing to memory does not fail.
    pub fn push(self, data: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::None => out.extend_from_slice(data),
            Self::Gzip => {
                let builder = GzBuilder::new().mtime(0).operating_system(UNKNOWN_SYSTEM);
                let mut member = builder.write(out, Level::new(GZIP_LEVEL));
                member.write_all(data).expect("memory can be written to");
                member.finish().expect("memory can be written to");
            }
            Self::Zstd => out.extend_from_slice(&frame(data).expect("memory can be written to")),
        }
    }
}

fn frame(data: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut compressor = zstd::bulk::Compressor::new(ZSTD_LEVEL)?;
    compressor.include_checksum(true)?;
    compressor.compress(data)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn restored(compression: Compression, data: &[u8]) -> Vec<u8> {
        let mut restored = Vec::new();
        match compression {
            Compression::None => restored.extend_from_slice(data),
            Compression::Gzip => {
                let mut members = flate2::read::MultiGzDecoder::new(data);
                members.read_to_end(&mut restored).expect("whole members");
            }
            Compression::Zstd => restored = zstd::decode_all(data).expect("whole frames"),
        }
        restored
    }

    proptest! {
        #[test]
        fn members_one_behind_the_other_are_their_data_one_behind_the_other(
            parts in vec(vec(any::<u8>(), 0..2_000), 1..4), number in 0..3,
        ) {
            let compression = Compression::from_number(number).expect("one of three");
            let mut out = Vec::new();
            for part in &parts {
                compression.push(part, &mut out);
            }
            prop_assert_eq!(restored(compression, &out), parts.concat());
        }
    }

    #[test]
    fn a_gzip_member_tells_neither_time_nor_place() {
        let mut out = Vec::new();
        Compression::Gzip.push(b"data", &mut out);
        assert_eq!(out[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
    }

    #[test]
    fn other_numbers_are_no_compression() {
        assert_eq!(Compression::from_number(3), None);
        assert_eq!(Compression::from_number(-1), None);
    }
}
