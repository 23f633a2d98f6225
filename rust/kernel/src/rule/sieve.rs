//! A quick first answer to "is it one of these?".

/// Bits kept for each hash: about one in sixteen of other hashes passes.
const BITS_PER_HASH: usize = 16;

/// Most bits, 1 MiB: beyond, looking up would cost more than it saves.
const BITS_MAX: usize = 1 << 23;

/// One bit for each of some hashes, in a table that stays in a processor's cache: what fails is none of them, what passes is one or shares
/// its bit with one.
#[derive(Debug)]
pub(super) struct Sieve {
    words: Vec<u64>,
    /// Bits of a spread hash that do not number a bit of the table.
    shift: u32,
}

impl Sieve {
    pub(super) fn new(hashes: impl ExactSizeIterator<Item = u64>) -> Self {
        let n_bits = (hashes.len() * BITS_PER_HASH).clamp(64, BITS_MAX);
        let n_bits = n_bits.next_power_of_two();
        let mut sieve = Self {
            words: vec![0; n_bits / 64],
            shift: u64::BITS - n_bits.trailing_zeros(),
        };
        for hash in hashes {
            let bit = sieve.bit(hash);
            sieve.words[bit / 64] |= 1 << (bit % 64);
        }
        sieve
    }

    /// Whether a hash may be one of those.
    #[inline]
    pub(super) fn passes(&self, hash: u64) -> bool {
        let bit = self.bit(hash);
        self.words[bit / 64] >> (bit % 64) & 1 == 1
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "numbers of bits are small")]
    fn bit(&self, hash: u64) -> usize {
        // Fibonacci hashing: the upper bits depend on all lower ones.
        (hash.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> self.shift) as usize
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn everything_put_in_passes(hashes in vec(any::<u64>(), 0..200)) {
            let sieve = Sieve::new(hashes.iter().copied());
            prop_assert!(hashes.iter().all(|&hash| sieve.passes(hash)));
        }
    }

    #[test]
    fn most_others_fail() {
        let sieve = Sieve::new((0..1_000_u32).map(|i| u64::from(i) * 7));
        assert!((7_000..17_000).filter(|&hash| sieve.passes(hash)).count() < 1_000);
        assert!(!Sieve::new(std::iter::empty()).passes(5));
    }
}
