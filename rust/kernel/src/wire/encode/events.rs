//! Events of profiles as JSON.
//!
//! | member | holds |
//! | --- | --- |
//! | `correlationId` | the owner's id of the event |
//! | `sourceEventTime` | when it happened, milliseconds since 1970 UTC |
//! | `typeId` | id of its type |
//! | `createdAt` | tick of the commit that recorded it, milliseconds since 1970 UTC |
//! | `data` | object of its properties by key, values as in NDJSON |

use std::collections::BTreeMap;
use std::ops::Range;

use super::EventSelection;
use super::json_text::{close_object, named, push_number, push_string};
use super::ready::Ready;
use super::rfc3339::push_time;
use crate::event::{EventType, EventValue, Events, RecordedEvent};
use crate::schema::Schema;
use crate::table::Version;

/// Rows whose events are read at a time: few enough that what is held stays small beside a block, and enough to share the search.
const READ_ROWS: usize = 64;

/// The events of a block's rows, read some rows ahead.
pub(super) struct EventRows<'a> {
    events: &'a Events,
    block: usize,
    read: Range<usize>,
    found: Vec<RecordedEvent<'a>>,
}

impl<'a> EventRows<'a> {
    /// Reads nothing yet.
    pub(super) fn new(version: &'a Version, block: usize) -> Self {
        Self {
            events: version.events(),
            block,
            read: 0..0,
            found: Vec::new(),
        }
    }

    /// Those of a row, by time and id. Cheap when rows are asked for in order.
    fn of_row(&mut self, row: u16, wanted: &EventsWriter) -> &[RecordedEvent<'a>] {
        let position = usize::from(row);
        if !self.read.contains(&position) {
            self.read = position..position + READ_ROWS;
            let codes = &wanted.codes;
            let Range { start, end } = wanted.times;
            let read = self.read.clone();
            self.found = self.events.recorded(self.block, read, codes, start, end);
        }
        let first = self.found.partition_point(|event| event.row < row);
        let end = self.found.partition_point(|event| event.row <= row);
        &self.found[first..end]
    }
}

/// Writes the events of a selection.
pub(super) struct EventsWriter {
    codes: Vec<u16>,
    times: Range<i64>,
    types: BTreeMap<u16, Labels>,
}

/// What is the same in each event of a type.
struct Labels {
    /// The member that names the type.
    type_id: Ready,
    /// Comma, key and colon of each property.
    keys: Vec<Ready>,
}

impl EventsWriter {
    /// Prepares for a selection; types that the schema does not have never happened.
    pub(super) fn new(schema: &Schema, selection: &EventSelection) -> Self {
        let types = selection.types.iter();
        let types: BTreeMap<u16, Labels> = types
            .filter_map(|id| schema.event_type(id))
            .map(|event_type| (event_type.code, Labels::of(event_type)))
            .collect();
        Self {
            codes: types.keys().copied().collect(),
            times: selection.from_millis..selection.until_millis,
            types,
        }
    }

    /// Writes the array of a row's events; an empty one when there is none.
    pub(super) fn write(&self, rows: &mut EventRows<'_>, row: u16, out: &mut Vec<u8>) {
        out.push(b'[');
        for (position, event) in rows.of_row(row, self).iter().enumerate() {
            if position > 0 {
                out.push(b',');
            }
            self.write_event(event, out);
        }
        out.push(b']');
    }

    fn write_event(&self, event: &RecordedEvent<'_>, out: &mut Vec<u8>) {
        let mut digits = itoa::Buffer::new();
        out.extend_from_slice(b"{\"correlationId\":");
        push_string(event.id.as_bytes(), out);
        out.extend_from_slice(b",\"sourceEventTime\":");
        out.extend_from_slice(digits.format(event.time_millis).as_bytes());
        let labels = self.types.get(&event.type_code);
        if let Some(labels) = labels {
            labels.type_id.push(out);
        }
        out.extend_from_slice(b",\"createdAt\":");
        out.extend_from_slice(digits.format(event.created_millis).as_bytes());
        out.extend_from_slice(b",\"data\":");
        let start = out.len();
        for (property, value) in event.properties() {
            if let Some(key) = labels.and_then(|labels| labels.keys.get(property)) {
                key.push(out);
                push_value(value, out);
            }
        }
        close_object(start, out);
        out.push(b'}');
    }
}

impl Labels {
    fn of(event_type: &EventType) -> Self {
        let mut type_id = named("typeId");
        push_string(event_type.id.as_bytes(), &mut type_id);
        let properties = event_type.properties.iter();
        Self {
            type_id: Ready::new(type_id),
            keys: properties
                .map(|property| Ready::new(named(&property.key)))
                .collect(),
        }
    }
}

fn push_value(value: EventValue<'_>, out: &mut Vec<u8>) {
    match value {
        EventValue::Text(text) => push_string(text.as_bytes(), out),
        EventValue::Number(number) => push_number(number, out),
        EventValue::Boolean(boolean) => {
            out.extend_from_slice(if boolean { b"true" } else { b"false" });
        }
        EventValue::DateTime(millis) => {
            out.push(b'"');
            push_time(millis, out);
            out.push(b'"');
        }
    }
}
