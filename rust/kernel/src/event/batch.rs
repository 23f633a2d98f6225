//! Events that were decoded and checked, not yet recorded.

use crate::batch::{RecordException, Texts};

/// Decoded events of one block. All vectors and texts but `data` and `texts` have one entry for each valid event.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EventBatch {
    /// Events in the block, good and bad.
    pub record_count: u32,
    /// Every problem of every event, in order of records.
    pub exceptions: Vec<RecordException>,
    /// Positions in the block, from 1.
    pub record_numbers: Vec<u32>,
    /// The owner's ids.
    pub event_ids: Texts,
    /// Hashes of the ids; never 0.
    pub id_hashes: Vec<u64>,
    /// Hashes of everything but the ids.
    pub content_hashes: Vec<u32>,
    /// Profiles, which may repeat.
    pub profile_ids: Texts,
    /// Codes of the event types.
    pub type_codes: Vec<u16>,
    /// When they happened, milliseconds since 1970 UTC.
    pub source_times: Vec<i64>,
    /// Values of all events one behind the other; each property of an event once.
    pub data: Vec<Datum>,
    /// End of each event's values in `data`.
    pub data_ends: Vec<u32>,
    /// The texts among the values.
    pub texts: Texts,
}

/// The value of a property of an event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Datum {
    /// Number of the property in its event type.
    pub property: u16,
    /// Its value.
    pub value: DatumValue,
}

/// A value by kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DatumValue {
    /// Position in [`EventBatch::texts`].
    Text(u32),
    /// Finite number.
    Number(f64),
    /// Truth value.
    Boolean(bool),
    /// Milliseconds since 1970 UTC.
    DateTime(i64),
}

impl EventBatch {
    /// Number of valid events.
    pub fn len(&self) -> usize {
        self.record_numbers.len()
    }

    /// Whether there is no valid event.
    pub fn is_empty(&self) -> bool {
        self.record_numbers.is_empty()
    }

    /// The values of an event.
    pub fn data_of(&self, event: usize) -> &[Datum] {
        let start = if event == 0 {
            0
        } else {
            self.data_ends[event - 1] as usize
        };
        &self.data[start..self.data_ends[event] as usize]
    }
}
