//! Conditions on profiles: read, compiled against a schema, evaluated block by block.
//!
//! | module | holds |
//! | --- | --- |
//! | `condition` | the tree as it is written, JSON |
//! | [`plan`] | compiling: kinds checked, operands folded, constants removed |
//! | `context` | what a plan is evaluated on: a version and a moment |
//! | `evaluate` | and, or, not over the rows still standing, cheapest first |
//! | `predicate` | one comparison of one column |
//! | `range` | values between bounds, vectorised |
//! | `codes` | values among options |
//! | `text` | values that hold a text |
//! | [`selection`] | the answer: one bit a row |
//!
//! Everything is two-valued: a comparison with an absent value is false, and `not` is the exact complement over live rows.

mod codes;
mod condition;
mod context;
mod evaluate;
pub mod plan;
mod predicate;
mod range;
pub mod selection;
mod text;

#[cfg(test)]
mod tests;

pub use plan::Plan;
pub use selection::Selection;
