use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use bytemuck::Pod;
use memmap2::Mmap;

use super::manifest::FileEntry;
use super::map::map;
use super::writer::{MARK, TRAILER_WORDS};
use super::{failed, invalid, unreadable};
use crate::buffer::Buffer;
use crate::error::{KernelError, Result};

/// A mapped file of sections, read along its directory.
pub(super) struct SectionReader<'a> {
    name: &'a str,
    map: Arc<Mmap>,
    directory: Buffer<u64>,
    next: usize,
}

impl<'a> SectionReader<'a> {
    /// Maps a file and checks its size and its directory.
    pub(super) fn open(directory: &Path, name: &'a str, entry: &FileEntry) -> Result<Self> {
        let file = File::open(directory.join(name)).map_err(unreadable(name))?;
        let size_bytes = file.metadata().map_err(failed("read", name))?.len();
        if size_bytes != entry.size_bytes {
            let problem = format!("has {size_bytes} bytes instead of {}", entry.size_bytes);
            return Err(invalid(name, &problem));
        }
        let map = map(&file).map_err(failed("map", name))?;
        let directory =
            find_directory(&map).ok_or_else(|| invalid(name, "its directory is damaged"))?;
        Ok(Self {
            name,
            map,
            directory,
            next: 0,
        })
    }

    /// The next word of the directory.
    pub(super) fn word(&mut self) -> Result<u64> {
        let word = self
            .directory
            .get(self.next)
            .copied()
            .ok_or_else(|| self.damaged())?;
        self.next += 1;
        Ok(word)
    }

    /// The next word of the directory as a count or code of at most `max`.
    pub(super) fn count(&mut self, max: usize) -> Result<usize> {
        let count = usize::try_from(self.word()?).map_err(|_| self.damaged())?;
        if count > max {
            Err(self.damaged())
        } else {
            Ok(count)
        }
    }

    /// The next section, of at most `max` values; they are not read.
    pub(super) fn values<T: Pod>(&mut self, max: usize) -> Result<Buffer<T>> {
        let start = self.count(self.map.len())?;
        let len = self.count(max)?;
        Buffer::mapped(&self.map, start, len).ok_or_else(|| self.damaged())
    }

    /// Checks that the directory is read to its end.
    pub(super) fn finish(self) -> Result<()> {
        if self.next == self.directory.len() {
            Ok(())
        } else {
            Err(self.damaged())
        }
    }

    pub(super) fn damaged(&self) -> KernelError {
        invalid(self.name, "its directory does not fit its contents")
    }
}

fn find_directory(map: &Arc<Mmap>) -> Option<Buffer<u64>> {
    let trailer_start = map.len().checked_sub(TRAILER_WORDS * size_of::<u64>())?;
    let trailer = Buffer::<u64>::mapped(map, trailer_start, TRAILER_WORDS)?;
    let &[start, len, crc32c, mark] = &*trailer else {
        return None;
    };
    let (start, len) = (usize::try_from(start).ok()?, usize::try_from(len).ok()?);
    let directory = Buffer::<u64>::mapped(map, start, len)?;
    let ends_at_trailer = start + size_of_val(&*directory) == trailer_start;
    let is_whole = u64::from(crc32c::crc32c(bytemuck::cast_slice(&directory))) == crc32c;
    (mark == MARK && ends_at_trailer && is_whole).then_some(directory)
}
