//! What happened to profiles: events by type, block of rows and time.
//!
//! | module | holds |
//! | --- | --- |
//! | [`definition`] | event types and their properties |
//! | [`batch`] | events that were decoded and checked, not yet recorded |
//! | `hash` | hashes of ids and contents, the same for ever |
//! | `ids` | which event ids there are |
//! | [`dictionary`] | the texts of a property, each once |
//! | [`values`] | values of a property, one for each event of a run |
//! | `receipt` | ids, contents and ticks of a run's events |
//! | [`run`] | events sorted by row and time |
//! | [`block`] | the runs of a block of rows, by time |
//! | [`store`] | all of an account |
//! | [`recorded`] | events as they are read back |
//! | `gather` | the events of some rows side by side |
//!
//! Events of one type and block of rows lie in buckets of eight days of source time, so that a window reads whole buckets without looking
//! at times, and a late event finds its place. A bucket is a few sorted runs of geometrically growing size: recording writes a small run
//! and merges small ones, so that each event is moved a logarithmic number of times.

pub mod batch;
pub mod block;
pub mod definition;
pub mod dictionary;
mod gather;
mod hash;
mod ids;
pub(crate) mod receipt;
pub mod recorded;
pub mod run;
pub mod store;
pub mod values;

pub use batch::EventBatch;
pub use definition::{EventType, Property, PropertyKind};
pub(crate) use gather::gathered;
pub(crate) use hash::{Hash, event_id_hash};
pub use recorded::{EventValue, RecordedEvent};
pub use store::{Events, TypeEvents};
