//! Who satisfies which condition, kept right at every commit and as time passes.
//!
//! | module | holds |
//! | --- | --- |
//! | `set` | the members of a segment, as a version has them |
//! | `touched` | what a commit wrote |
//! | `dirty` | the rows that a commit wrote, asked whether they satisfy plans |
//! | `gather` | the values of such rows side by side, so that plans are evaluated on them at full speed |
//! | `due` | moments at which the answer for a row changes by the passing of time alone |
//! | `maintainer` | the segments of a table, whose sets it brings up to date after each commit |
//! | `passing` | the same at each due moment |
//! | `history` | who entered and left lately |
//!
//! The members of a version are always those that the plans find in it as of [`Version::moment_millis`](crate::table::Version), whatever
//! commits, erasures, other plans and steps of the clock came before. There is one moment for all segments of a table; it never goes back.

mod dirty;
mod due;
mod gather;
mod history;
mod maintainer;
mod passing;
mod set;
mod touched;

pub(crate) use history::History;
pub use history::{Change, Position};
pub(crate) use maintainer::{Maintainer, lock};
pub(crate) use set::Members;
pub(crate) use touched::Touched;
