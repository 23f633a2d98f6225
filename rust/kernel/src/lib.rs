//! Columns, rules and rows of Segue. Knows nothing of Python, of the network or of the clock.
//!
//! | module | holds |
//! | --- | --- |
//! | [`tick`] | the grid of the change clock |
//! | [`bitmap`] | one bit per row of a block: plain words, and sets that are small when they are sparse |
//! | [`buffer`] | values that are owned or mapped from a file, copied on the first write |
//! | [`column`] | one column by kind, in blocks of [`BLOCK_ROWS`](column::BLOCK_ROWS) rows |
//! | [`fold`] | text as it is compared |
//! | [`event`] | what happened to profiles |
//! | [`schema`] | which fields and lists there are, and the columns that hold them |
//! | [`batch`] | records that were decoded and checked, as columns, not yet applied |
//! | [`entry`] | entries of a profile's collections, typed and packed |
//! | [`table`] | an account: rows, columns, identifier indexes, versions, commits |
//! | [`rule`] | conditions, compiled plans, evaluation |
//! | [`member`] | who satisfies which condition, kept right at every commit and as time passes |
//! | [`wire`] | blocks in and blocks out |
//! | [`snapshot`] | a version as files |
//! | [`error`] | everything that can go wrong |

pub mod batch;
pub mod bitmap;
pub mod buffer;
pub mod column;
pub mod entry;
pub mod error;
pub mod event;
pub mod fold;
pub mod member;
pub mod rule;
pub mod schema;
pub mod snapshot;
pub mod table;
pub mod tick;
pub mod wire;
