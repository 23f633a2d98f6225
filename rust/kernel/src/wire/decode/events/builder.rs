//! The event batch in the making.

use super::datum::{GivenDatum, GivenValue};
use crate::batch::RecordException;
use crate::event::batch::{Datum, DatumValue};
use crate::event::definition::CAMPAIGN;
use crate::event::{EventBatch, EventType, Hash, PropertyKind, event_id_hash};
use crate::wire::calendar;
use crate::wire::decode::check;
use crate::wire::decode::problem::{Place, Problem};

/// Most bytes of the text of a property.
const MAX_TEXT_BYTES: usize = 1_000;

/// Problems of one event that are listed.
const MAX_EXCEPTIONS_AN_EVENT: usize = 100;

/// Lengths of a campaign's id in hexadecimal digits.
const CAMPAIGN_DIGITS: [usize; 2] = [16, 32];

/// The events so far that have no problem, and the one being read.
#[derive(Default)]
pub(super) struct Builder {
    batch: EventBatch,
    /// Number of the event being read, from 1, and its id.
    record_number: u32,
    event_id: Vec<u8>,
    /// Where its values, texts and exceptions begin.
    first_datum: usize,
    first_text: usize,
    first_exception: usize,
}

impl Builder {
    /// Begins an event.
    pub(super) fn begin(&mut self, record_number: u32, event_id: &[u8]) {
        self.record_number = record_number;
        self.event_id.clear();
        self.event_id.extend_from_slice(event_id);
        self.first_datum = self.batch.data.len();
        self.first_text = self.batch.texts.len();
        self.first_exception = self.batch.exceptions.len();
    }

    /// Problems found so far.
    pub(super) fn exception_count(&self) -> usize {
        self.batch.exceptions.len()
    }

    /// Notes a problem of the event.
    #[cold]
    pub(super) fn report(&mut self, place: Place<'_>, problem: Problem) {
        if self.batch.exceptions.len() - self.first_exception < MAX_EXCEPTIONS_AN_EVENT {
            self.batch.exceptions.push(RecordException {
                record_number: self.record_number,
                profile_id: String::from_utf8_lossy(&self.event_id).into_owned(),
                field_path: place.to_string(),
                reason: problem.reason(),
                message: problem.to_string(),
            });
        }
    }

    /// Takes a value of the event.
    #[inline]
    pub(super) fn push_datum(&mut self, event_type: &EventType, given: &GivenDatum<'_>) {
        if let Err(problem) = self.try_push_datum(event_type, given) {
            self.report(Place::Datum(given.key), problem);
        }
    }

    #[inline]
    fn try_push_datum(
        &mut self,
        event_type: &EventType,
        given: &GivenDatum<'_>,
    ) -> Result<(), Problem> {
        let mut keys = event_type.properties.iter();
        let position = keys.position(|property| property.key.as_bytes() == given.key);
        let position = position.ok_or(Problem::PropertyUnknown)?;
        let property = u16::try_from(position).map_err(|_| Problem::PropertyUnknown)?;
        let mut before = self.batch.data[self.first_datum..].iter();
        if before.any(|datum| datum.property == property) {
            return Err(Problem::Duplicate);
        }
        let expected = event_type.properties[position].kind;
        let value = match (given.value.ok_or(Problem::PropertyMissing)?, expected) {
            (GivenValue::Text(text), PropertyKind::Text) => {
                check::text(text, MAX_TEXT_BYTES)?;
                if event_type.is_built_in() && position == CAMPAIGN {
                    self.batch.texts.push(&campaign_id(text)?);
                } else {
                    self.batch.texts.push(text);
                }
                let last = self.batch.texts.len() - 1;
                DatumValue::Text(u32::try_from(last).expect("blocks are smaller than 4 GiB"))
            }
            (GivenValue::Number(number), PropertyKind::Number) if number.is_finite() => {
                DatumValue::Number(number)
            }
            (GivenValue::Number(_), PropertyKind::Number) => return Err(Problem::NotFinite),
            (GivenValue::Boolean(truth), PropertyKind::Boolean) => DatumValue::Boolean(truth),
            (GivenValue::DateTime(millis), PropertyKind::DateTime) if calendar::is_time(millis) => {
                DatumValue::DateTime(millis)
            }
            (GivenValue::DateTime(_), PropertyKind::DateTime) => {
                return Err(Problem::MillisOutside);
            }
            _ => return Err(Problem::PropertyType { expected }),
        };
        self.batch.data.push(Datum { property, value });
        Ok(())
    }

    /// Ends an event: it is kept unless it has a problem.
    pub(super) fn end(&mut self, event_type: &EventType, profile_id: &[u8], source_time: i64) {
        self.check_required(event_type);
        if self.batch.exceptions.len() > self.first_exception {
            self.batch.data.truncate(self.first_datum);
            let texts = &mut self.batch.texts;
            texts.ends.truncate(self.first_text);
            let end = texts.ends.last().map_or(0, |&end| end as usize);
            texts.bytes.truncate(end);
            return;
        }
        self.batch.data[self.first_datum..].sort_unstable_by_key(|datum| datum.property);
        let content = self.content_hash(event_type.code, profile_id, source_time);
        let batch = &mut self.batch;
        batch.record_numbers.push(self.record_number);
        batch.event_ids.push(&self.event_id);
        batch.id_hashes.push(event_id_hash(&self.event_id));
        batch.content_hashes.push(content);
        batch.profile_ids.push(profile_id);
        batch.type_codes.push(event_type.code);
        batch.source_times.push(source_time);
        let end = u32::try_from(batch.data.len()).expect("blocks are smaller than 4 GiB");
        batch.data_ends.push(end);
    }

    /// Reports required properties that are not there; those that are but have a problem are not reported again.
    fn check_required(&mut self, event_type: &EventType) {
        for (position, property) in event_type.properties.iter().enumerate() {
            if !event_type.requires(position) {
                continue;
            }
            let place = Place::Datum(property.key.as_bytes());
            let data = &self.batch.data[self.first_datum..];
            let is_there = data
                .iter()
                .any(|datum| usize::from(datum.property) == position);
            let path = || place.to_string();
            let exceptions = &self.batch.exceptions[self.first_exception..];
            if !is_there && !exceptions.iter().any(|other| other.field_path == path()) {
                self.report(place, Problem::PropertyMissing);
            }
        }
    }

    /// The hash of everything but the event's id. Numbers hash by their bits, but both zeros are one.
    fn content_hash(&self, type_code: u16, profile_id: &[u8], source_time: i64) -> u32 {
        let mut hash = Hash::new();
        hash.bytes(profile_id);
        hash.word(type_code.into());
        hash.word(source_time.cast_unsigned());
        for datum in &self.batch.data[self.first_datum..] {
            hash.word(datum.property.into());
            match datum.value {
                DatumValue::Text(text) => hash.bytes(self.batch.texts.get(text as usize)),
                DatumValue::Number(number) => hash.word((number + 0.0).to_bits()),
                DatumValue::Boolean(truth) => hash.word(truth.into()),
                DatumValue::DateTime(millis) => hash.word(millis.cast_unsigned()),
            }
        }
        (hash.finish() >> 32) as u32
    }

    pub(super) fn finish(mut self) -> EventBatch {
        self.batch.record_count = self.record_number;
        self.batch
    }
}

/// A campaign's id as it is stored: hexadecimal digits in lower case.
fn campaign_id(text: &[u8]) -> Result<Vec<u8>, Problem> {
    if CAMPAIGN_DIGITS.contains(&text.len()) && text.iter().all(u8::is_ascii_hexdigit) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(Problem::NotCampaign)
    }
}
