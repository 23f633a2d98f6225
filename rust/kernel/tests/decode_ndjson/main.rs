//! Lines become the same batches as profiles that say the same, and damage never does more than it says.

#![expect(clippy::unwrap_used)]

#[path = "../any_profile/mod.rs"]
mod any_profile;
mod entries;
mod examples;
mod laws;
mod lines;
mod refusals;
#[path = "../segue_v1/mod.rs"]
mod segue_v1;
#[path = "../shop/mod.rs"]
mod shop;
#[path = "../slow_reader/mod.rs"]
mod slow_reader;

use segue_kernel::batch::Batch;
use segue_kernel::error::Result;
use segue_kernel::wire::{BlockFormat, DecodeOptions, decode};

fn read_with(data: &[u8], options: &DecodeOptions) -> Result<Batch> {
    decode(&shop::schema(), BlockFormat::Ndjson, data, options)
}

fn read(data: impl AsRef<[u8]>) -> Batch {
    read_with(data.as_ref(), &DecodeOptions::default()).unwrap()
}
