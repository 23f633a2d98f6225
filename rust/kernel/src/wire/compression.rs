//! Blocks made smaller, and made whole again.

use std::borrow::Cow;
use std::io::{Read, Write};

use flate2::{Compression as Level, GzBuilder, bufread::MultiGzDecoder};
use zstd::stream::read::Decoder as ZstdDecoder;

use crate::error::{KernelError, Result};

/// Level of gzip, of 9: what gzip itself takes.
const GZIP_LEVEL: u32 = 6;

/// Level of Zstandard, of 22: what Zstandard itself takes.
const ZSTD_LEVEL: i32 = 3;

/// Largest window of a Zstandard frame that is opened, as a power of two: what Zstandard itself opens unless told otherwise.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// Bytes that are restored at a time.
const STEP_BYTES: usize = 64 << 10;

/// Blocks that restore to no more are not held against their ratio: a few hundred bytes of equal records are no bomb.
const UNRATED_BYTES: usize = 64 << 10;

/// The operating system of a gzip member: unknown, so that members are the same everywhere.
const UNKNOWN_SYSTEM: u8 = 255;

/// How large a block may be once its compression is undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizeLimits {
    /// Most bytes.
    pub max_bytes: usize,
    /// Most bytes for each byte of the block as it came; 64 KiB are taken at any ratio.
    pub max_ratio: usize,
}

impl Default for SizeLimits {
    fn default() -> Self {
        Self {
            max_bytes: 25 << 20,
            max_ratio: 100,
        }
    }
}

impl SizeLimits {
    /// Most bytes that a block of a size may become.
    pub(super) fn most_of(self, size_bytes: usize) -> usize {
        let rated = size_bytes.saturating_mul(self.max_ratio);
        rated.max(UNRATED_BYTES).min(self.max_bytes)
    }

    /// The refusal of a block of a size that becomes more.
    pub(super) fn excess(self, size_bytes: usize) -> KernelError {
        let maximum = self.most_of(size_bytes);
        KernelError::BlockTooLarge {
            size_bytes,
            maximum,
            remedy: if maximum == self.max_bytes {
                "send smaller blocks"
            } else {
                "send it with less or no compression"
            },
        }
    }
}

/// How blocks are compressed. The numbers are those of `segue.v1.Compression`.
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
            Self::Zstd => {
                out.extend_from_slice(&frame(data, ZSTD_LEVEL).expect("memory can be written to"));
            }
        }
    }

    /// Restores what was compressed: all gzip members, or all Zstandard frames, one behind the other.
    ///
    /// # Errors
    /// [`KernelError::BlockTooLarge`] as soon as more would be restored than the limits allow; [`KernelError::BlockInvalid`] when the data
    /// are cut off or damaged, something else follows the last member, or a frame needs a window of more than 128 MiB.
    ///
    /// # Cost
    /// One pass. Never holds more than the limits allow, and a frame's window.
    pub fn open(self, data: &[u8], limits: SizeLimits) -> Result<Cow<'_, [u8]>> {
        match self {
            Self::None if data.len() > limits.max_bytes => Err(limits.excess(data.len())),
            Self::None => Ok(Cow::Borrowed(data)),
            _ if data.is_empty() => Err(self.damaged("it is empty", 0)),
            Self::Gzip => {
                let mut members = MultiGzDecoder::new(data);
                let restored = restored(&mut members, limits.most_of(data.len()));
                self.opened(restored, data, members.get_ref().len(), limits)
            }
            Self::Zstd => {
                let mut frames = zstd_decoder(data)
                    .map_err(|_| self.damaged("there is no memory to open it", 0))?;
                let restored = restored(&mut frames, limits.most_of(data.len()));
                self.opened(restored, data, frames.get_ref().len(), limits)
            }
        }
    }

    fn opened(
        self,
        restored: std::io::Result<Option<Vec<u8>>>,
        data: &[u8],
        bytes_left: usize,
        limits: SizeLimits,
    ) -> Result<Cow<'_, [u8]>> {
        match restored {
            Ok(Some(restored)) => Ok(Cow::Owned(restored)),
            Ok(None) => Err(limits.excess(data.len())),
            Err(error) => {
                let problem = if error.kind() == std::io::ErrorKind::UnexpectedEof {
                    "it is cut off".to_owned()
                } else {
                    format!("{error}; send only whole members or frames")
                };
                Err(self.damaged(&problem, data.len() - bytes_left))
            }
        }
    }

    fn damaged(self, problem: &str, offset: usize) -> KernelError {
        KernelError::BlockInvalid {
            format: match self {
                Self::None => "plain",
                Self::Gzip => "gzip",
                Self::Zstd => "Zstandard",
            },
            problem: problem.to_owned(),
            offset,
        }
    }
}

fn zstd_decoder(data: &[u8]) -> std::io::Result<ZstdDecoder<'static, &[u8]>> {
    let mut decoder = ZstdDecoder::with_buffer(data)?;
    decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
    Ok(decoder)
}

/// Reads to the end; `None` when there are more bytes than the limit.
fn restored(source: &mut impl Read, limit: usize) -> std::io::Result<Option<Vec<u8>>> {
    let mut out = Vec::new();
    loop {
        let length = out.len();
        if length == limit {
            let is_end = source.read(&mut [0])? == 0;
            return Ok(is_end.then_some(out));
        }
        let step = STEP_BYTES.min(limit - length);
        if out.capacity() < length + step {
            let capacity = (2 * out.capacity()).clamp(length + step, limit);
            out.reserve_exact(capacity - length);
        }
        out.resize(length + step, 0);
        let read = source.read(&mut out[length..])?;
        out.truncate(length + read);
        if read == 0 {
            return Ok(Some(out));
        }
    }
}

fn frame(data: &[u8], level: i32) -> std::io::Result<Vec<u8>> {
    let mut compressor = zstd::bulk::Compressor::new(level)?;
    compressor.include_checksum(true)?;
    compressor.compress(data)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const BOTH: [Compression; 2] = [Compression::Gzip, Compression::Zstd];

    fn closed(compression: Compression, data: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        compression.push(data, &mut out);
        out
    }

    fn opened(compression: Compression, data: &[u8]) -> Result<Vec<u8>> {
        let opened = compression.open(data, SizeLimits::default());
        opened.map(Cow::into_owned)
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
            prop_assert_eq!(opened(compression, &out), Ok(parts.concat()));
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

    #[test]
    fn a_block_that_is_cut_off_anywhere_or_followed_by_anything_is_damaged() {
        for compression in BOTH {
            let mut whole = closed(compression, b"profile_id,email\r\np1,a@b.se\r\n");
            for length in 0..whole.len() {
                let refused = opened(compression, &whole[..length]);
                assert!(
                    matches!(refused, Err(KernelError::BlockInvalid { .. })),
                    "{compression:?} of {length} bytes: {refused:?}"
                );
            }
            for garbage in [&b"\0"[..], b"\0\0\0\0", b"garbage behind it"] {
                let length = whole.len();
                whole.extend_from_slice(garbage);
                let refused = opened(compression, &whole);
                assert!(
                    matches!(refused, Err(KernelError::BlockInvalid { .. })),
                    "{compression:?} with {garbage:?}: {refused:?}"
                );
                whole.truncate(length);
            }
        }
    }

    #[test]
    fn a_changed_byte_is_found_by_the_checksum_or_changes_nothing() {
        let data = b"profile_id,email\r\np1,a@b.se\r\n";
        for compression in BOTH {
            let whole = closed(compression, data);
            for at in 0..whole.len() {
                let mut changed = whole.clone();
                changed[at] ^= 0x10;
                if let Ok(read) = opened(compression, &changed) {
                    assert_eq!(read, data, "{compression:?}, byte {at}");
                }
            }
        }
    }

    #[test]
    fn a_bomb_is_refused_by_its_ratio_and_a_large_block_by_its_size() {
        let zeros = vec![0; 10 << 20];
        for compression in BOTH {
            let bomb = closed(compression, &zeros);
            let by_ratio = SizeLimits::default().most_of(bomb.len());
            for (limits, maximum) in [
                (SizeLimits::default(), by_ratio),
                (
                    SizeLimits {
                        max_bytes: zeros.len() - 1,
                        max_ratio: usize::MAX,
                    },
                    zeros.len() - 1,
                ),
            ] {
                match compression.open(&bomb, limits) {
                    Err(KernelError::BlockTooLarge {
                        size_bytes,
                        maximum: found,
                        ..
                    }) => assert_eq!((size_bytes, found), (bomb.len(), maximum)),
                    other => panic!("a bomb was let in: {:?}", other.map(|data| data.len())),
                }
            }
            let exact = SizeLimits {
                max_bytes: zeros.len(),
                max_ratio: usize::MAX,
            };
            let restored = compression.open(&bomb, exact);
            assert!(restored.is_ok_and(|restored| *restored == zeros));
        }
        let plain = SizeLimits {
            max_bytes: 3,
            max_ratio: 1,
        };
        assert!(Compression::None.open(b"abc", plain).is_ok());
        assert!(Compression::None.open(b"abcd", plain).is_err());
    }

    #[test]
    fn a_small_block_may_be_of_equal_bytes() {
        for compression in BOTH {
            let small = vec![b'x'; UNRATED_BYTES];
            assert_eq!(
                opened(compression, &closed(compression, &small)),
                Ok(small.clone())
            );
            let larger = vec![b'x'; UNRATED_BYTES + 1];
            let refused = opened(compression, &closed(compression, &larger));
            assert!(matches!(refused, Err(KernelError::BlockTooLarge { .. })));
        }
    }

    #[test]
    fn a_frame_with_a_window_beyond_the_limit_is_damaged() {
        // Magic, a descriptor without anything, a window of 256 MiB, one empty last block.
        let frame = [0x28, 0xb5, 0x2f, 0xfd, 0, (28 - 10) << 3, 1, 0, 0];
        let refused = opened(Compression::Zstd, &frame);
        assert!(matches!(refused, Err(KernelError::BlockInvalid { .. })));
        let mut smaller = frame;
        smaller[5] = (27 - 10) << 3;
        assert_eq!(opened(Compression::Zstd, &smaller), Ok(Vec::new()));
    }
}
