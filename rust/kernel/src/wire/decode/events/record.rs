//! A `segue.v1.Event`.

use super::builder::Builder;
use super::datum;
use crate::event::{EventBatch, EventType};
use crate::schema::Schema;
use crate::wire::calendar;
use crate::wire::decode::check;
use crate::wire::decode::problem::{Place, Problem};
use crate::wire::fields::event as f;
use crate::wire::protobuf::{LENGTH_DELIMITED, ReadResult, Reader, VARINT, tag};

/// Most bytes of an event id.
const MAX_EVENT_ID_BYTES: usize = 128;

/// What an event holds, borrowed. Kept from event to event for its memory.
#[derive(Default)]
struct Scratch<'a> {
    event_id: &'a [u8],
    profile_id: &'a [u8],
    event_type: &'a [u8],
    source_time: i64,
    data: Vec<&'a [u8]>,
}

/// Reads events one after the other into a builder.
pub(super) struct EventReader<'a, 's> {
    schema: &'s Schema,
    builder: Builder,
    scratch: Scratch<'a>,
    /// The type of the event before and the word for it: events of a type come together.
    last_type: Option<(&'a [u8], &'s EventType)>,
}

impl<'a, 's> EventReader<'a, 's> {
    pub(super) fn new(schema: &'s Schema) -> Self {
        Self {
            schema,
            builder: Builder::default(),
            scratch: Scratch::default(),
            last_type: None,
        }
    }

    pub(super) fn finish(self) -> EventBatch {
        self.builder.finish()
    }

    /// Problems found so far.
    pub(super) fn exception_count(&self) -> usize {
        self.builder.exception_count()
    }

    /// Reads the event of a number, from 1.
    pub(super) fn read(&mut self, number: u32, bytes: &'a [u8]) {
        let scanned = self.scan(bytes);
        self.builder.begin(number, self.scratch.event_id);
        if let Err(damage) = scanned {
            let problem = Problem::damaged(bytes, damage);
            self.builder.report(Place::Named(""), problem);
        }
        self.check_ids();
        let time = self.scratch.source_time;
        if !calendar::is_time(time) {
            let place = Place::Named("source_time_millis");
            self.builder.report(place, Problem::MillisOutside);
        }
        if let Some(event_type) = self.event_type() {
            for (position, bytes) in self.scratch.data.iter().enumerate() {
                match datum::read(bytes) {
                    Ok(given) => self.builder.push_datum(event_type, &given),
                    Err(damage) => {
                        let position = position.to_string();
                        let place = Place::Datum(position.as_bytes());
                        self.builder.report(place, Problem::damaged(bytes, damage));
                    }
                }
            }
            self.builder.end(event_type, self.scratch.profile_id, time);
        } else {
            let place = Place::Named("event_type");
            self.builder.report(place, Problem::EventTypeUnknown);
        }
    }

    /// Finds the parts of an event.
    fn scan(&mut self, bytes: &'a [u8]) -> ReadResult<()> {
        const EVENT_ID: u32 = tag(f::EVENT_ID, LENGTH_DELIMITED);
        const PROFILE_ID: u32 = tag(f::PROFILE_ID, LENGTH_DELIMITED);
        const EVENT_TYPE: u32 = tag(f::EVENT_TYPE, LENGTH_DELIMITED);
        const SOURCE_TIME: u32 = tag(f::SOURCE_TIME_MILLIS, VARINT);
        const DATA: u32 = tag(f::DATA, LENGTH_DELIMITED);
        let mut data = std::mem::take(&mut self.scratch.data);
        data.clear();
        self.scratch = Scratch {
            data,
            ..Scratch::default()
        };
        let mut reader = Reader::new(bytes);
        while let Some(field_tag) = reader.tag()? {
            match field_tag {
                EVENT_ID => self.scratch.event_id = reader.bytes()?,
                PROFILE_ID => self.scratch.profile_id = reader.bytes()?,
                EVENT_TYPE => self.scratch.event_type = reader.bytes()?,
                SOURCE_TIME => self.scratch.source_time = reader.int64()?,
                DATA => self.scratch.data.push(reader.bytes()?),
                other if (f::EVENT_ID..=f::DATA).contains(&(other >> 3)) => {
                    return Err(reader.wrong_wire_type());
                }
                unknown => reader.skip(unknown)?,
            }
        }
        Ok(())
    }

    fn check_ids(&mut self) {
        let ids = [
            (
                "event_id",
                self.scratch.event_id,
                MAX_EVENT_ID_BYTES,
                Problem::EventIdMissing,
            ),
            (
                "profile_id",
                self.scratch.profile_id,
                check::MAX_PROFILE_ID_BYTES,
                Problem::IdMissing,
            ),
        ];
        for (name, id, max_bytes, missing) in ids {
            let checked = if id.is_empty() {
                Err(missing)
            } else {
                check::text(id, max_bytes)
            };
            if let Err(problem) = checked {
                self.builder.report(Place::Named(name), problem);
            }
        }
    }

    #[inline]
    fn event_type(&mut self) -> Option<&'s EventType> {
        let id = self.scratch.event_type;
        if let Some((_, event_type)) = self.last_type.filter(|(last, _)| *last == id) {
            return Some(event_type);
        }
        let event_type = self.schema.event_type(std::str::from_utf8(id).ok()?)?;
        self.last_type = Some((id, event_type));
        Some(event_type)
    }
}
