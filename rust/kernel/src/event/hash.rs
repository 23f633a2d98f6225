//! Hashes of ids and contents. Snapshots hold them, so they are the same for ever and on every machine.

/// An odd number whose bits look random: the golden ratio times 2^64.
const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

/// A hash in the making: 64-bit words are mixed in by a multiplication to 128 bits, whose halves are folded (as wyhash has it), and
/// the end is finished as `MurmurHash3` does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hash(u64);

impl Hash {
    /// A hash of nothing.
    pub(crate) const fn new() -> Self {
        Self(0x243F_6A88_85A3_08D3)
    }

    /// Mixes in a word.
    #[inline]
    pub(crate) fn word(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * u128::from(FACTOR);
        let [low, high] = bytemuck::cast::<u128, [u64; 2]>(product);
        self.0 = low ^ high.rotate_left(32);
    }

    /// Mixes in bytes and their number.
    #[inline]
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.word(bytes.len() as u64);
        let (words, rest) = bytes.as_chunks();
        for word in words {
            self.word(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            self.word(u64::from_le_bytes(last));
        }
    }

    /// The hash.
    #[inline]
    pub(crate) fn finish(self) -> u64 {
        let mut hash = self.0;
        hash = (hash ^ hash >> 33).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
        hash = (hash ^ hash >> 33).wrapping_mul(0xC4CE_B9FE_1A85_EC53);
        hash ^ hash >> 33
    }
}

/// The hash of an event id; never 0, which stands for no event.
#[inline]
pub(crate) fn event_id_hash(id: &[u8]) -> u64 {
    let mut hash = Hash::new();
    hash.bytes(id);
    hash.finish().max(1)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn hashes_stay_what_they_are() {
        assert_eq!(event_id_hash(b""), 0x9327_2E6B_E351_4B1B);
        assert_eq!(event_id_hash(b"e-1"), 0x6213_AD32_D389_C4CC);
        assert_eq!(event_id_hash(b"0123456789abcdef"), 0x75C4_B53C_90F4_91B8);
    }

    #[test]
    fn ids_that_differ_a_little_have_hashes_that_differ() {
        let ids = (0..200_000).map(|i| format!("event-{i:08}-{:08}", i * 7));
        let hashes: HashSet<u64> = ids.map(|id| event_id_hash(id.as_bytes())).collect();
        assert_eq!(hashes.len(), 200_000);
        assert_ne!(event_id_hash(b"a"), event_id_hash(b"a\0"));
    }
}
