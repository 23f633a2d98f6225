use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{VersionParts, failed, invalid, unreadable};
use crate::error::Result;
use crate::schema::{ColumnId, ColumnKind};

/// The manifest's file name.
pub(super) const FILE: &str = "manifest.json";

const TEMPORARY_FILE: &str = "manifest.json.part";

/// Version of the files' layout; another one is refused.
const FORMAT_VERSION: u32 = 4;

/// Size and checksum of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileEntry {
    pub(super) size_bytes: u64,
    pub(super) crc32c: u32,
}

/// A column and its file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ColumnEntry {
    pub(super) id: ColumnId,
    pub(super) kind: ColumnKind,
    pub(super) file: FileEntry,
}

/// An event type and its file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventsEntry {
    pub(super) code: u16,
    pub(super) file: FileEntry,
}

/// What a snapshot consists of.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    format_version: u32,
    pub(super) revision: i64,
    pub(super) tick_millis: i64,
    pub(super) n_rows: usize,
    pub(super) live: FileEntry,
    pub(super) columns: Vec<ColumnEntry>,
    pub(super) events: Vec<EventsEntry>,
    /// Of the manifest as it is written, with 0 here.
    crc32c: u32,
}

impl Manifest {
    pub(super) fn new(
        parts: &VersionParts,
        live: FileEntry,
        columns: Vec<ColumnEntry>,
        events: Vec<EventsEntry>,
    ) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            revision: parts.revision,
            tick_millis: parts.tick_millis,
            n_rows: parts.n_rows,
            live,
            columns,
            events,
            crc32c: 0,
        }
    }

    /// Writes the file and puts it in its place when it is whole.
    pub(super) fn write(mut self, directory: &Path) -> Result<()> {
        self.crc32c = crc32c::crc32c(&self.to_json());
        let temporary = directory.join(TEMPORARY_FILE);
        let mut file = File::create(&temporary).map_err(failed("create", TEMPORARY_FILE))?;
        file.write_all(&self.to_json())
            .map_err(failed("write", TEMPORARY_FILE))?;
        file.sync_all().map_err(failed("sync", TEMPORARY_FILE))?;
        fs::rename(temporary, directory.join(FILE)).map_err(failed("rename", TEMPORARY_FILE))
    }

    pub(super) fn read(directory: &Path) -> Result<Self> {
        let json = fs::read(directory.join(FILE)).map_err(unreadable(FILE))?;
        let version = serde_json::from_slice::<Version>(&json);
        let version = version
            .map_err(|error| invalid(FILE, &error.to_string()))?
            .format_version;
        if version != FORMAT_VERSION {
            let problem = format!("has format {version}, this release reads {FORMAT_VERSION}");
            return Err(invalid(FILE, &problem));
        }
        let mut manifest: Self =
            serde_json::from_slice(&json).map_err(|error| invalid(FILE, &error.to_string()))?;
        let crc32c = std::mem::take(&mut manifest.crc32c);
        if crc32c != crc32c::crc32c(&manifest.to_json()) {
            return Err(invalid(FILE, "its checksum is wrong"));
        }
        Ok(manifest)
    }

    fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(self).expect("numbers and names are JSON")
    }
}

/// The part of a manifest that every release reads.
#[derive(Deserialize)]
struct Version {
    format_version: u32,
}
