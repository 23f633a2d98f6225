//! The hash that samples are drawn by: FNV-1a of 64 bits, mixed by `MurmurHash3`'s `fmix64`.
//!
//! Both are spelled out here because their values are part of the contract: a sample must be the same on every machine and in every
//! version. FNV-1a alone leaves the upper bits of short texts alike; the mixer makes every bit depend on all others.

const OFFSET_BASIS: u64 = 0xCBF2_9CE4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01B3;

/// FNV-1a in progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fnv1a(u64);

impl Fnv1a {
    pub(super) const fn new() -> Self {
        Self(OFFSET_BASIS)
    }

    /// Takes in further bytes.
    #[inline]
    #[must_use]
    pub(super) fn with(self, bytes: &[u8]) -> Self {
        Self(bytes.iter().fold(self.0, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(PRIME)
        }))
    }

    /// The hash of all bytes so far.
    #[inline]
    pub(super) fn finish(self) -> u64 {
        fmix64(self.0)
    }
}

/// The finalizer of `MurmurHash3`.
#[inline]
fn fmix64(mut hash: u64) -> u64 {
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    hash ^ hash >> 33
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fnv_1a_has_its_published_values() {
        assert_eq!(Fnv1a::new().with(b"").0, 0xCBF2_9CE4_8422_2325);
        assert_eq!(Fnv1a::new().with(b"a").0, 0xAF63_DC4C_8601_EC8C);
        assert_eq!(Fnv1a::new().with(b"foobar").0, 0x8594_4171_F739_67E8);
        assert_eq!(
            Fnv1a::new().with(b"foo").with(b"bar"),
            Fnv1a::new().with(b"foobar")
        );
    }

    #[test]
    fn fmix64_has_its_published_values() {
        assert_eq!(fmix64(0), 0);
        assert_eq!(fmix64(1), 0xB456_BCFC_34C2_CB2C);
        assert_eq!(fmix64(2), 0x3ABF_2A20_6506_83E7);
    }
}
