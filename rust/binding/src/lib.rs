//! The extension module `segue._kernel`: converts, decides nothing.
//!
//! What each name does is told in `python/segue/_kernel.pyi`, in the order of this index. Every call that works on data lets go of the
//! GIL; every class is immutable as Python sees it and may be shared by threads.

#![expect(
    clippy::needless_pass_by_value,
    reason = "PyO3 hands over what it made of an argument"
)]

mod error;
mod event_part;
mod export;
mod format;
mod match_values;
mod part;
mod plan;
mod rules;
mod schema;
mod snapshot;
mod table;
mod text;
mod tick;
mod transaction;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[pyo3::pymodule]
mod _kernel {
    #[pymodule_export]
    use crate::event_part::{PyEventPart, decode_events};
    #[pymodule_export]
    use crate::export::{PyExport, compress, frame_block};
    #[pymodule_export]
    use crate::match_values::PyMatchValues;
    #[pymodule_export]
    use crate::part::{PyPart, decode, rejected};
    #[pymodule_export]
    use crate::plan::PyPlan;
    #[pymodule_export]
    use crate::rules::PyWriteRules;
    #[pymodule_export]
    use crate::schema::PySchema;
    #[pymodule_export]
    use crate::snapshot::{PySnapshot, verify_snapshot};
    #[pymodule_export]
    use crate::table::PyTable;
    #[pymodule_export]
    use crate::text::{crc32c, fold, take_bytes};
    #[pymodule_export]
    use crate::tick::{next_tick, next_ticks};
    #[pymodule_export]
    use crate::transaction::{PyApplied, PyTransaction};
}
