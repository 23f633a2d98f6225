//! Questions about what happened to a profile.
//!
//! | module | holds |
//! | --- | --- |
//! | `written` | the leaves as they are written, JSON |
//! | `property` | a question about a property of an event |
//! | `matching` | which events of a type are meant |
//! | `did` | how many there are, or what they sum up to |
//! | `first_did` | when the first one was |
//! | `did_then` | whether another follows |
//!
//! A block is evaluated run by run: a run that lies in the window as a whole is read by its rows only, one at an end of the window by its
//! times too, and others not at all. One row is evaluated by the same code on the part of each run that is its own.

mod did;
mod did_then;
mod first_did;
mod matching;
mod property;
pub(super) mod written;

pub(super) use did::Count;
pub(super) use did_then::Sequence;
pub(super) use first_did::First;
