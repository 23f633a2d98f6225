//! Events as they are read back.

use std::ops::Range;

use super::block::EventBlock;
use super::dictionary::Dictionary;
use super::receipt::Receipts;
use super::run::Run;
use super::store::{Events, TypeEvents};
use super::values::{Stored, Values};

/// An event of a block of rows. Copying it copies none of its texts.
#[derive(Clone, Copy)]
pub struct RecordedEvent<'a> {
    /// Row in the block.
    pub row: u16,
    /// Code of its type.
    pub type_code: u16,
    /// The owner's id, 1 to 128 bytes; empty where a mapped file is damaged.
    pub id: &'a str,
    /// When it happened, milliseconds since 1970 UTC.
    pub time_millis: i64,
    /// Tick of the commit that recorded it, milliseconds since 1970 UTC.
    pub created_millis: i64,
    /// Where its values are.
    events: &'a TypeEvents,
    run: &'a Run,
    at: usize,
}

/// The value of a property of a recorded event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum EventValue<'a> {
    /// Text as it was given.
    Text(&'a str),
    /// Finite number.
    Number(f64),
    /// Truth value.
    Boolean(bool),
    /// Milliseconds since 1970 UTC.
    DateTime(i64),
}

impl<'a> RecordedEvent<'a> {
    /// Numbers of properties in the event's type, ascending, with their values. Properties without a value are left out.
    pub fn properties(&self) -> impl Iterator<Item = (usize, EventValue<'a>)> + use<'a> {
        let Self {
            events, run, at, ..
        } = *self;
        let properties = run.properties.iter().enumerate();
        properties.filter_map(move |(property, values)| {
            let value = value_at(values.as_ref()?, at, events.dictionary(property))?;
            Some((property, value))
        })
    }
}

fn value_at<'a>(
    values: &Values,
    at: usize,
    dictionary: Option<&'a Dictionary>,
) -> Option<EventValue<'a>> {
    Some(match values {
        Values::Text(codes) => {
            let text = dictionary?.text(present(codes[at])?)?;
            EventValue::Text(std::str::from_utf8(text).ok()?)
        }
        Values::Number(numbers) => EventValue::Number(present(numbers[at])?),
        Values::Boolean(truths) => EventValue::Boolean(present(truths[at])? == 1),
        Values::DateTime(times) => EventValue::DateTime(present(times[at])?),
    })
}

fn present<T: Stored>(value: T) -> Option<T> {
    value.is_present().then_some(value)
}

impl Events {
    /// Events of some types, each given once, that happened to some rows of a block from a time on and before another, by row, time and id.
    ///
    /// Gathered events have no ids and are not read.
    ///
    /// # Cost
    /// Reads the runs that have events in these times; in each of them the rows are found in logarithmic time and their events are walked.
    pub fn recorded(
        &self,
        block: usize,
        rows: Range<usize>,
        types: &[u16],
        from_millis: i64,
        until_millis: i64,
    ) -> Vec<RecordedEvent<'_>> {
        let times = from_millis..until_millis;
        let mut found = Vec::new();
        for &code in types {
            let Some(events) = self.of_type(code) else {
                continue;
            };
            let runs = events.block(block).into_iter().flat_map(EventBlock::runs);
            for run in runs.filter(|run| has_any_of(run, &times)) {
                let of_run = (code, events, run);
                found.extend(recorded_in(of_run, &rows, &times));
            }
        }
        found.sort_by_key(|event| (event.row, event.time_millis, event.id));
        found
    }
}

/// Whether events of a run may lie in times.
fn has_any_of(run: &Run, times: &Range<i64>) -> bool {
    let (least, greatest) = run.span();
    least < times.end && greatest >= times.start
}

/// Events of a run, with the code of their type and all events of it.
fn recorded_in<'a, 'r>(
    (type_code, events, run): (u16, &'a TypeEvents, &'a Run),
    rows: &Range<usize>,
    times: &'r Range<i64>,
) -> impl Iterator<Item = RecordedEvent<'a>> + use<'a, 'r> {
    let receipts = run.receipts.as_ref();
    let positions = run.of_rows(rows);
    let of_receipts = move |receipts: &'a Receipts| {
        let within = positions.filter(|&at| times.contains(&run.times()[at]));
        within.map(move |at| RecordedEvent {
            row: run.rows()[at],
            type_code,
            id: std::str::from_utf8(receipts.ids.get(at)).unwrap_or_default(),
            time_millis: run.times()[at],
            created_millis: receipts.ticks.get(at),
            events,
            run,
            at,
        })
    };
    receipts.map(of_receipts).into_iter().flatten()
}
