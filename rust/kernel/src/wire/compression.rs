//! Blocks made smaller.

/// How the blocks of an export are compressed. The numbers are those of `segue.v1.Compression`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Compression {
    /// Not at all.
    #[default]
    None = 0,
    /// Each block is a gzip member.
    Gzip = 1,
    /// Each block is a Zstandard frame.
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
}
