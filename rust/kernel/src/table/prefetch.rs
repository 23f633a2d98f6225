//! Asks the processor for memory ahead of its use.

#![expect(
    unsafe_code,
    reason = "prefetching is only offered as an unsafe intrinsic"
)]

/// Steps a loop over random memory looks ahead: enough to cover a miss, few enough to stay in the first cache.
pub(crate) const AHEAD: usize = 16;

/// Starts loading the cache line of a value; does nothing where there is no such instruction.
#[inline]
pub(crate) fn prefetch<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every x86-64 processor has SSE, and a prefetch of any address has no effect but on caches.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(value).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}
