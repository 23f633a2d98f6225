//! What a plan is evaluated on.

use crate::table::Version;

/// A version and the moment that relative windows are measured from.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) version: &'a Version,
    /// Milliseconds since 1970 UTC.
    pub(super) now_millis: i64,
}
