//! Conditions on profiles: read, compiled against a schema, evaluated block by block.
//!
//! | module | holds |
//! | --- | --- |
//! | `condition` | the tree as it is written, JSON |
//! | [`plan`] | compiling: kinds checked, operands folded, constants removed |
//! | `context` | what a plan is evaluated on: a version and a moment |
//! | `comparison` | compiling: one comparison of one column |
//! | `evaluate` | and, or, not over the rows still standing, cheapest first |
//! | `events` | what happened to a profile |
//! | `leaf` | what a question about a row must answer |
//! | `predicate` | one comparison of one column |
//! | `range` | values between bounds, vectorised |
//! | `codes` | values among options |
//! | `numbers` | values among numbers |
//! | `month_day` | days of the year, whatever the year |
//! | `text` | values that hold a text, match an expression, or are among texts |
//! | `sieve` | a quick first answer to "is it one of these?" |
//! | `window` | spans of time, fixed or moving with the moment |
//! | `near` | places in a circle |
//! | `identified` | profiles that have one of many identifiers |
//! | [`match_values`] | those identifiers, checked and in their normal form |
//! | `sample`, `hash` | a share of the profiles |
//! | `due` | when an answer may change |
//! | `explain` | what a plan saw of one row, and what it costs |
//! | [`selection`] | the answer: one bit a row |
//!
//! Everything is two-valued: a comparison with an absent value is false, and `not` is the exact complement over live rows.

mod codes;
mod comparison;
mod condition;
mod context;
mod due;
mod evaluate;
mod events;
mod explain;
mod hash;
mod identified;
mod leaf;
pub mod match_values;
mod month_day;
mod near;
mod numbers;
pub mod plan;
mod predicate;
mod range;
mod sample;
pub mod selection;
mod sieve;
mod text;
mod window;

#[cfg(test)]
mod tests;

pub use explain::Explanation;
pub use match_values::{MatchValues, MatchValuesBuilder};
pub use plan::Plan;
pub use selection::Selection;
