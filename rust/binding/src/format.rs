//! Block formats by their numbers.

use segue_kernel::error::KernelError;
use segue_kernel::wire::BlockFormat;

use crate::error::BindingResult;

/// The format of a number of `segue.v1.BlockFormat`.
pub(crate) fn block_format_of(number: i32) -> BindingResult<BlockFormat> {
    let unknown = || KernelError::DefinitionInvalid {
        what: "block format",
        problem: format!("the kernel has none of number {number}"),
    };
    Ok(BlockFormat::from_number(number).ok_or_else(unknown)?)
}
