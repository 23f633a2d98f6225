use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use bytemuck::Pod;

use super::failed;
use super::manifest::FileEntry;
use crate::buffer::ALIGNMENT;
use crate::error::Result;

/// Words at the end of a file.
pub(super) const TRAILER_WORDS: usize = 4;

/// Last word of a file: `SEGUECOL` in bytes.
pub(super) const MARK: u64 = u64::from_le_bytes(*b"SEGUECOL");

/// A file of sections while it is written.
pub(super) struct SectionWriter {
    name: String,
    file: BufWriter<File>,
    size_bytes: u64,
    crc32c: u32,
    directory: Vec<u64>,
}

impl SectionWriter {
    /// Starts a file; what a broken attempt left there goes.
    pub(super) fn create(directory: &Path, name: &str) -> Result<Self> {
        let file = File::create(directory.join(name)).map_err(failed("create", name))?;
        let file = BufWriter::with_capacity(1 << 20, file);
        Ok(Self {
            name: name.to_owned(),
            file,
            size_bytes: 0,
            crc32c: 0,
            directory: Vec::new(),
        })
    }

    /// Adds a word to the directory.
    pub(super) fn word(&mut self, word: u64) {
        self.directory.push(word);
    }

    /// Adds a count to the directory.
    pub(super) fn count(&mut self, count: usize) {
        self.word(count as u64);
    }

    /// Adds an array as a section, and its place and length to the directory.
    pub(super) fn values<T: Pod>(&mut self, values: &[T]) -> Result<()> {
        self.word(self.size_bytes);
        self.count(values.len());
        self.append(bytemuck::cast_slice(values))
    }

    /// Writes directory and trailer, and waits until the file is on the disk.
    pub(super) fn finish(mut self) -> Result<FileEntry> {
        let directory = std::mem::take(&mut self.directory);
        let bytes: &[u8] = bytemuck::cast_slice(&directory);
        let crc32c = crc32c::crc32c(bytes);
        let trailer = [
            self.size_bytes,
            directory.len() as u64,
            u64::from(crc32c),
            MARK,
        ];
        self.append(bytes)?;
        self.append(bytemuck::cast_slice::<_, u8>(&trailer))?;
        self.file.flush().map_err(failed("write", &self.name))?;
        self.file
            .get_ref()
            .sync_all()
            .map_err(failed("sync", &self.name))?;
        Ok(FileEntry {
            size_bytes: self.size_bytes,
            crc32c: self.crc32c,
        })
    }

    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        let padding = &[0; ALIGNMENT][..bytes.len().next_multiple_of(ALIGNMENT) - bytes.len()];
        for part in [bytes, padding] {
            self.file
                .write_all(part)
                .map_err(failed("write", &self.name))?;
            self.crc32c = crc32c::crc32c_append(self.crc32c, part);
            self.size_bytes += part.len() as u64;
        }
        Ok(())
    }
}
