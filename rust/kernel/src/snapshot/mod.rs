//! A version as files.
//!
//! A snapshot is a directory of its own: one file for each column and event type, one for the rows that are live, and `manifest.json`, which is written
//! last. Files hold the arrays of the blocks as they are in memory, little-endian, each at a multiple of 8 bytes, so that opening maps
//! them and reads nothing but a small directory at the end of each file.
//!
//! | part of a file | holds |
//! | --- | --- |
//! | sections | arrays, padded with zeros to 8 bytes |
//! | directory | 64-bit words: forms, counts, and place and length of each section, in the order of [`codec`] |
//! | trailer | four words: place and length of the directory, its CRC-32C, the format's mark |

mod codec;
mod events;
mod manifest;
mod map;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use codec::Stored;
use manifest::{ColumnEntry, EventsEntry, FileEntry, Manifest};
use reader::SectionReader;
use writer::SectionWriter;

use crate::bitmap::RowSet;
use crate::column::{BLOCK_ROWS, Column};
use crate::error::{KernelError, Result};
use crate::event::{Events, TypeEvents};
use crate::schema::ColumnId;

/// File of the rows that are live.
const LIVE_FILE: &str = "live.bin";

/// Bytes read at once when files are checked.
const CHUNK_BYTES: usize = 1 << 20;

/// What a version is made of, as far as files hold it.
#[derive(Debug, Clone)]
pub struct VersionParts {
    /// Revision of the last commit.
    pub revision: i64,
    /// Tick of the last commit, milliseconds since 1970 UTC.
    pub tick_millis: i64,
    /// Numbered rows, erased ones included.
    pub n_rows: usize,
    /// Rows of each block that are not erased; one set for each block.
    pub live: Vec<Arc<RowSet>>,
    /// Columns that ever held a value.
    pub columns: Vec<(ColumnId, Column)>,
    /// What happened to profiles.
    pub events: Events,
}

/// Writes a snapshot into a directory, which is made when it is missing.
///
/// Every file and the directory are on the disk before the manifest is, so an interrupted call leaves no snapshot behind.
///
/// # Errors
/// [`KernelError::SnapshotInvalid`] when the directory holds a snapshot already, whose files others may have mapped;
/// [`KernelError::FileFailed`] when the system refuses.
///
/// # Cost
/// One pass over the values. Text blocks with changes are built anew one at a time, the version itself stays as it is.
pub fn write(parts: &VersionParts, directory: &Path) -> Result<()> {
    fs::create_dir_all(directory).map_err(failed("create", "directory"))?;
    if directory.join(manifest::FILE).exists() {
        return Err(invalid(
            manifest::FILE,
            "exists already, write each snapshot to a directory of its own",
        ));
    }
    let mut writer = SectionWriter::create(directory, LIVE_FILE)?;
    parts.live.store(&mut writer)?;
    let live = writer.finish()?;
    let columns = parts
        .columns
        .iter()
        .map(|(id, column)| {
            let mut writer = SectionWriter::create(directory, &column_file(*id))?;
            codec::store_column(column, &mut writer)?;
            Ok(ColumnEntry {
                id: *id,
                kind: column.kind(),
                file: writer.finish()?,
            })
        })
        .collect::<Result<_>>()?;
    let events = parts
        .events
        .types()
        .map(|(code, events)| {
            let mut writer = SectionWriter::create(directory, &events_file(code))?;
            events.store(&mut writer)?;
            Ok(EventsEntry {
                code,
                file: writer.finish()?,
            })
        })
        .collect::<Result<_>>()?;
    sync_directory(directory)?;
    Manifest::new(parts, live, columns, events).write(directory)?;
    sync_directory(directory)
}

/// Opens a snapshot by mapping its files.
///
/// Checks the manifest, the size of every file and every directory, and that each array lies inside of its file. Values are not read:
/// damaged ones may answer wrongly, or as absent, and are found by [`verify`]. Files must stay as they are while they are mapped;
/// removing them is harmless.
///
/// # Errors
/// [`KernelError::SnapshotInvalid`] names the first file that is missing or damaged; [`KernelError::FileFailed`] when the system refuses.
pub fn open(directory: &Path) -> Result<VersionParts> {
    let manifest = Manifest::read(directory)?;
    let mut reader = SectionReader::open(directory, LIVE_FILE, &manifest.live)?;
    let live = Vec::<Arc<RowSet>>::load(&mut reader)?;
    reader.finish()?;
    let n_blocks = manifest.n_rows.div_ceil(BLOCK_ROWS);
    if live.len() != n_blocks {
        return Err(invalid(
            LIVE_FILE,
            "holds another number of blocks than the manifest's rows have",
        ));
    }
    let columns = manifest
        .columns
        .iter()
        .map(|entry| {
            let name = column_file(entry.id);
            let mut reader = SectionReader::open(directory, &name, &entry.file)?;
            let column = codec::load_column(entry.kind, &mut reader)?;
            reader.finish()?;
            if column.n_blocks() > n_blocks {
                return Err(invalid(&name, TOO_MANY_BLOCKS));
            }
            Ok((entry.id, column))
        })
        .collect::<Result<_>>()?;
    let events = manifest
        .events
        .iter()
        .map(|entry| {
            let name = events_file(entry.code);
            let mut reader = SectionReader::open(directory, &name, &entry.file)?;
            let events = TypeEvents::load(&mut reader)?;
            reader.finish()?;
            if events.blocks.len() > n_blocks {
                return Err(invalid(&name, TOO_MANY_BLOCKS));
            }
            Ok((entry.code, events))
        })
        .collect::<Result<Vec<_>>>()?;
    let Manifest {
        revision,
        tick_millis,
        n_rows,
        ..
    } = manifest;
    Ok(VersionParts {
        revision,
        tick_millis,
        n_rows,
        live,
        columns,
        events: Events::from_types(events),
    })
}

/// Reads a snapshot's files against their checksums.
///
/// # Errors
/// As [`open`], and [`KernelError::SnapshotInvalid`] for the first file whose bytes are not those that were written.
///
/// # Cost
/// Reads every byte.
pub fn verify(directory: &Path) -> Result<()> {
    let manifest = Manifest::read(directory)?;
    verify_file(directory, LIVE_FILE, &manifest.live)?;
    for entry in &manifest.columns {
        verify_file(directory, &column_file(entry.id), &entry.file)?;
    }
    for entry in &manifest.events {
        verify_file(directory, &events_file(entry.code), &entry.file)?;
    }
    open(directory).map(drop)
}

const TOO_MANY_BLOCKS: &str = "holds more blocks than the manifest's rows have";

fn column_file(id: ColumnId) -> String {
    format!("column-{id}.bin")
}

fn events_file(code: u16) -> String {
    format!("events-{code}.bin")
}

fn verify_file(directory: &Path, name: &str, entry: &FileEntry) -> Result<()> {
    let mut file = File::open(directory.join(name)).map_err(unreadable(name))?;
    let mut chunk = vec![0; CHUNK_BYTES];
    let (mut size_bytes, mut crc32c) = (0, 0);
    loop {
        let read = file.read(&mut chunk).map_err(failed("read", name))?;
        if read == 0 {
            break;
        }
        size_bytes += read as u64;
        crc32c = crc32c::crc32c_append(crc32c, &chunk[..read]);
    }
    if (FileEntry { size_bytes, crc32c }) == *entry {
        return Ok(());
    }
    Err(invalid(
        name,
        "its bytes are not those that were written, restore it or build the snapshot anew",
    ))
}

fn sync_directory(directory: &Path) -> Result<()> {
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(failed("sync", "directory"))
}

fn invalid(file: &str, problem: &str) -> KernelError {
    KernelError::SnapshotInvalid {
        file: file.to_owned(),
        problem: problem.to_owned(),
    }
}

fn failed(operation: &'static str, file: &str) -> impl Fn(io::Error) -> KernelError {
    move |error| KernelError::FileFailed {
        operation,
        file: file.to_owned(),
        problem: error.to_string(),
    }
}

/// As [`failed`] with `open`, but a missing file makes the snapshot invalid.
fn unreadable(file: &str) -> impl Fn(io::Error) -> KernelError {
    move |error| match error.kind() {
        io::ErrorKind::NotFound => invalid(file, "is missing"),
        _ => failed("open", file)(error),
    }
}
