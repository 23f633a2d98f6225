//! Block formats, compressions and orders of pages by their numbers.

use segue_kernel::error::KernelError;
use segue_kernel::wire::{BlockFormat, Compression, PageOrder};

use crate::error::BindingResult;

/// The format of a number of `segue.v1.BlockFormat`.
pub(crate) fn block_format_of(number: i32) -> BindingResult<BlockFormat> {
    let unknown = || KernelError::DefinitionInvalid {
        what: "block format",
        problem: format!("the kernel has none of number {number}"),
    };
    Ok(BlockFormat::from_number(number).ok_or_else(unknown)?)
}

/// The compression of a number of `segue.v1.Compression`.
pub(crate) fn compression_of(number: i32) -> BindingResult<Compression> {
    let unknown = || KernelError::DefinitionInvalid {
        what: "compression",
        problem: format!("the kernel has none of number {number}"),
    };
    Ok(Compression::from_number(number).ok_or_else(unknown)?)
}

/// The order of a number of `Snapshot.page`.
pub(crate) fn page_order_of(number: i32) -> BindingResult<PageOrder> {
    let unknown = || KernelError::DefinitionInvalid {
        what: "page order",
        problem: format!("the kernel has none of number {number}"),
    };
    Ok(PageOrder::from_number(number).ok_or_else(unknown)?)
}
