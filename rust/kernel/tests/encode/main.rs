//! Laws of encoding: what goes out is what is stored, byte for byte the same however it is held and wherever reading begins.

mod account;
mod arrow;
mod csv;
mod document;
mod happened;
mod history;
#[path = "../events/mirror.rs"]
mod mirror;
mod ndjson;
mod page;
mod parquet;
mod profile_batch;
mod projection;
mod readers;
mod resume;
#[path = "../segue_v1/mod.rs"]
mod segue_v1;
mod selection;
mod slices;
mod subscribers;

use std::io::Read;
use std::sync::Arc;

use segue_kernel::schema::Schema;
use segue_kernel::table::Version;
use segue_kernel::wire::{BlockFormat, Compression, Export, ExportRequest};

/// Every format.
const FORMATS: [BlockFormat; 7] = [
    BlockFormat::ProfileBatch,
    BlockFormat::ArrowIpc,
    BlockFormat::Ndjson,
    BlockFormat::Json,
    BlockFormat::Csv,
    BlockFormat::Parquet,
    BlockFormat::SubscribersJson,
];

/// Every way to compress.
const COMPRESSIONS: [Compression; 3] = [Compression::None, Compression::Gzip, Compression::Zstd];

/// A block of the size that services use.
const BLOCK_BYTES: usize = 1 << 20;

fn request(format: BlockFormat) -> ExportRequest {
    ExportRequest {
        format,
        list: None,
        compression: Compression::None,
        columns: None,
        events: None,
        changed_from_millis: None,
        plan_before: None,
        only: None,
        include_removed: false,
        block_bytes: BLOCK_BYTES,
    }
}

/// Every format, compressed in every way.
fn every_form() -> impl Iterator<Item = ExportRequest> {
    FORMATS.into_iter().flat_map(|format| {
        COMPRESSIONS.map(|compression| ExportRequest {
            compression,
            ..request(format)
        })
    })
}

/// An export of every row.
fn export(version: &Version, schema: &Arc<Schema>, request: ExportRequest) -> Export {
    Export::new(version.clone(), Arc::clone(schema), None, request).expect("a valid request")
}

/// The data of every response, one behind the other, after checks of each against its neighbours.
fn whole(export: &Export) -> Vec<u8> {
    read_from(export, 0)
}

/// What was compressed: members or frames one behind the other.
fn restored(compression: Compression, data: &[u8]) -> Vec<u8> {
    let mut restored = Vec::new();
    match compression {
        Compression::None => restored.extend_from_slice(data),
        Compression::Gzip => {
            let mut members = flate2::read::MultiGzDecoder::new(data);
            members.read_to_end(&mut restored).expect("whole members");
        }
        Compression::Zstd => restored = zstd::decode_all(data).expect("whole frames"),
    }
    restored
}

fn read_from(export: &Export, offset: u64) -> Vec<u8> {
    let mut data = Vec::new();
    let mut at = offset;
    while let Some((bytes, next_offset)) = export.read(at).expect("an offset within the export") {
        let response = segue_v1::read::<segue_v1::RetrieveExportResponse>(&bytes);
        assert_eq!((response.offset, response.next_offset), (at, next_offset));
        assert_eq!(at + response.data.len() as u64, next_offset);
        assert_eq!(response.crc32c, crc32c::crc32c(&response.data));
        data.extend_from_slice(&response.data);
        at = next_offset;
    }
    data
}
