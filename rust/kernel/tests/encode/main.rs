//! Laws of encoding: what goes out is what is stored, byte for byte the same however it is held and wherever reading begins.

mod account;
mod arrow;
mod history;
mod ndjson;
mod page;
mod profile_batch;
mod projection;
mod resume;
#[path = "../segue_v1/mod.rs"]
mod segue_v1;
mod selection;

use std::sync::Arc;

use segue_kernel::schema::Schema;
use segue_kernel::table::Version;
use segue_kernel::wire::{BlockFormat, Compression, Export, ExportRequest};

/// Every format.
const FORMATS: [BlockFormat; 3] = [
    BlockFormat::ProfileBatch,
    BlockFormat::ArrowIpc,
    BlockFormat::Ndjson,
];

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

/// An export of every row.
fn export(version: &Version, schema: &Arc<Schema>, request: ExportRequest) -> Export {
    Export::new(version.clone(), Arc::clone(schema), None, request).expect("a valid request")
}

/// The data of every response, one behind the other, after checks of each against its neighbours.
fn whole(export: &Export) -> Vec<u8> {
    read_from(export, 0)
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
