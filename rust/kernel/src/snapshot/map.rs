#![expect(
    unsafe_code,
    reason = "mapping a file is unsafe: another process could change it"
)]

use std::fs::File;
use std::io;
use std::sync::Arc;

use memmap2::Mmap;

/// Maps a file of a snapshot.
pub(super) fn map(file: &File) -> io::Result<Arc<Mmap>> {
    // SAFETY: a snapshot's files are written once, before their manifest, and never changed or shortened after; removing one leaves the
    // mapping whole. Whatever the bytes are, they are only read as plain numbers, and as text after a check.
    let map = unsafe { Mmap::map(file) }?;
    Ok(Arc::new(map))
}
