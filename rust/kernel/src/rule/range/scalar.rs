//! The specification: what every faster variant must equal, bit for bit.

/// One bit for each of up to 64 values: whether it lies in `low..=high`.
pub(super) fn mask<T: Copy + PartialOrd>(values: &[T], low: T, high: T) -> u64 {
    values.iter().enumerate().fold(0, |mask, (bit, &value)| {
        mask | (u64::from(low <= value && value <= high) << bit)
    })
}

/// Keeps the bits of rows whose value lies in `low..=high`; words that are empty already are not looked at.
///
/// `words[i]` belongs to `values[64 * i..]`; rows without a value lose their bit.
pub(super) fn retain<T: Copy + PartialOrd>(values: &[T], low: T, high: T, words: &mut [u64]) {
    let mut chunks = values.chunks(64);
    for word in words {
        let chunk = chunks.next().unwrap_or_default();
        if *word != 0 {
            *word &= mask(chunk, low, high);
        }
    }
}
