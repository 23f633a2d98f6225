//! Events of one type, block and bucket, sorted by row and time.

use std::ops::Range;

use super::batch::{DatumValue, EventBatch};
use super::dictionary::Dictionary;
use super::hash::event_id_hash;
use super::receipt::{IdTexts, Receipts, Ticks};
use super::values::{Stored, Values, pick};
use crate::buffer::Buffer;

/// Sorted events as columns of equal length; never empty.
#[derive(Debug, Clone)]
pub struct Run {
    pub(crate) rows: Buffer<u16>,
    pub(crate) times: Buffer<i64>,
    /// By number of the property; `None` where no event has a value.
    pub(crate) properties: Vec<Option<Values>>,
    /// The least and the greatest time.
    pub(crate) span: (i64, i64),
    /// `None` in a gathered run, which nobody asks for them.
    pub(crate) receipts: Option<Receipts>,
}

/// An event of a batch with its place; in the order in which events are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Placed {
    pub(crate) type_code: u16,
    pub(crate) block: u16,
    pub(crate) bucket: i32,
    pub(crate) row: u16,
    pub(crate) time: i64,
    /// Position in the batch.
    pub(crate) event: u32,
}

impl Run {
    /// Takes sorted events of a batch that a commit of a tick records; their texts go to the dictionaries of the type.
    pub(super) fn new(
        placed: &[Placed],
        batch: &EventBatch,
        tick_millis: i64,
        dictionaries: &mut Vec<Option<Dictionary>>,
    ) -> Self {
        let events = || placed.iter().map(|placed| placed.event as usize);
        let mut properties = Vec::new();
        for (at, event) in events().enumerate() {
            for datum in batch.data_of(event) {
                let property = usize::from(datum.property);
                let place = place_of(&mut properties, property);
                let len = placed.len();
                match datum.value {
                    DatumValue::Text(text) => {
                        let dictionary = place_of(dictionaries, property);
                        let dictionary = dictionary.get_or_insert_default();
                        let code = dictionary.code_of(batch.texts.get(text as usize));
                        u32::open(place, len)[at] = code;
                    }
                    DatumValue::Number(number) => f64::open(place, len)[at] = number,
                    DatumValue::Boolean(truth) => u8::open(place, len)[at] = truth.into(),
                    DatumValue::DateTime(millis) => i64::open(place, len)[at] = millis,
                }
            }
        }
        let times: Vec<i64> = placed.iter().map(|placed| placed.time).collect();
        Self {
            rows: placed
                .iter()
                .map(|placed| placed.row)
                .collect::<Vec<_>>()
                .into(),
            span: span_of(&times),
            times: times.into(),
            properties,
            receipts: Some(receipts_of(placed, batch, tick_millis)),
        }
    }

    /// All events of several runs; `keeps` tells by block row which stay. `None` when none does.
    pub(super) fn merged(runs: &[&Self], keeps: impl Fn(u16) -> bool) -> Option<Self> {
        let rows = concatenated(runs, |run| &run.rows);
        let times = concatenated(runs, |run| &run.times);
        let mut order: Vec<u32> = (0..)
            .zip(&rows)
            .filter_map(|(at, &row)| keeps(row).then_some(at))
            .collect();
        // A stable sort finds the sorted runs and merges them.
        order.sort_by_key(|&at| (rows[at as usize], times[at as usize]));
        let n_properties = runs.iter().map(|run| run.properties.len()).max()?;
        let gathered = |property| {
            let parts: Vec<_> = runs
                .iter()
                .map(|run| (run.values(property), run.len()))
                .collect();
            Values::gathered(&parts, &order)
        };
        let times = pick(&times, &order);
        let receipts: Option<Vec<_>> = runs.iter().map(|run| run.receipts.as_ref()).collect();
        (!order.is_empty()).then(|| Self {
            rows: pick(&rows, &order).into(),
            span: span_of(&times),
            times: times.into(),
            properties: (0..n_properties).map(gathered).collect(),
            receipts: receipts.map(|receipts| Receipts::gathered(&receipts, &order)),
        })
    }

    /// The events at some positions, which are given other rows, ascending, and are left without receipts.
    pub(super) fn picked(&self, positions: &[u32], rows: Vec<u16>) -> Self {
        let times = pick(&self.times, positions);
        let of_property =
            |values: &Option<Values>| Values::gathered(&[(values.as_ref(), self.len())], positions);
        Self {
            rows: rows.into(),
            span: span_of(&times),
            times: times.into(),
            properties: self.properties.iter().map(of_property).collect(),
            receipts: None,
        }
    }

    /// Number of events.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none, which no run of a block is.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Block row of each event, ascending.
    pub fn rows(&self) -> &[u16] {
        &self.rows
    }

    /// Source time of each event, ascending within a row.
    pub fn times(&self) -> &[i64] {
        &self.times
    }

    /// Hashes of each event's id and content.
    pub(super) fn hashes(&self) -> impl Iterator<Item = (u64, u32)> {
        let receipts = self.receipts.iter();
        receipts.flat_map(|receipts| {
            let ids = receipts.ids.iter().map(event_id_hash);
            ids.zip(receipts.contents.iter().copied())
        })
    }

    /// Hash of an event's id.
    pub(super) fn id_hash(&self, at: usize) -> Option<u64> {
        let receipts = self.receipts.as_ref();
        receipts.map(|receipts| event_id_hash(receipts.ids.get(at)))
    }

    /// Bytes of all ids.
    pub(super) fn id_bytes(&self) -> usize {
        let receipts = self.receipts.as_ref();
        receipts.map_or(0, |receipts| receipts.ids.bytes.len())
    }

    /// Values of a property; `None` when no event has one.
    pub fn values(&self, property: usize) -> Option<&Values> {
        self.properties.get(property)?.as_ref()
    }

    /// The least and the greatest source time.
    pub fn span(&self) -> (i64, i64) {
        self.span
    }

    /// Positions of the events of a row. Logarithmic.
    pub fn of_row(&self, row: u16) -> Range<usize> {
        let start = self.rows.partition_point(|&other| other < row);
        let len = self.rows[start..].partition_point(|&other| other == row);
        start..start + len
    }

    /// Positions of the events of a range of rows. Logarithmic.
    pub(super) fn of_rows(&self, rows: &Range<usize>) -> Range<usize> {
        let start = self
            .rows
            .partition_point(|&row| usize::from(row) < rows.start);
        let len = self.rows[start..].partition_point(|&row| usize::from(row) < rows.end);
        start..start + len
    }

    /// Heap bytes.
    pub(super) fn memory_bytes(&self) -> usize {
        let values = self.properties.iter().flatten();
        size_of::<Self>()
            + self.rows.memory_bytes()
            + self.times.memory_bytes()
            + self.properties.capacity() * size_of::<Option<Values>>()
            + values.map(Values::memory_bytes).sum::<usize>()
            + self.receipts.as_ref().map_or(0, Receipts::memory_bytes)
    }
}

fn receipts_of(placed: &[Placed], batch: &EventBatch, tick_millis: i64) -> Receipts {
    let events = placed.iter().map(|placed| placed.event as usize);
    let contents = events.clone().map(|event| batch.content_hashes[event]);
    Receipts {
        ids: IdTexts::new(events.map(|event| batch.event_ids.get(event))),
        contents: contents.collect::<Vec<_>>().into(),
        ticks: Ticks::new(tick_millis),
    }
}

/// The place at a position, behind empty ones when it is new.
fn place_of<T>(places: &mut Vec<Option<T>>, at: usize) -> &mut Option<T> {
    if places.len() <= at {
        places.resize_with(at + 1, || None);
    }
    &mut places[at]
}

fn concatenated<T: bytemuck::Pod>(runs: &[&Run], column: impl Fn(&Run) -> &Buffer<T>) -> Vec<T> {
    let mut all = Vec::with_capacity(runs.iter().map(|run| run.len()).sum());
    for run in runs {
        all.extend_from_slice(column(run));
    }
    all
}

fn span_of(times: &[i64]) -> (i64, i64) {
    let fold = |(least, greatest): (i64, i64), &time: &i64| (least.min(time), greatest.max(time));
    times.iter().fold((i64::MAX, i64::MIN), fold)
}
