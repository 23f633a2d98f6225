//! What only reading events back and recording them again needs: ids, contents and the ticks of the commits that recorded them.

use super::values::pick;
use crate::buffer::Buffer;

/// Ids, hashes of contents and ticks of a run's events, in their order.
#[derive(Debug, Clone)]
pub(crate) struct Receipts {
    pub(crate) ids: IdTexts,
    pub(crate) contents: Buffer<u32>,
    pub(crate) ticks: Ticks,
}

impl Receipts {
    /// Those of several runs, in a new order of all events.
    pub(super) fn gathered(parts: &[&Self], order: &[u32]) -> Self {
        let ids: Vec<&[u8]> = parts.iter().flat_map(|part| part.ids.iter()).collect();
        let contents: Vec<&[u32]> = parts.iter().map(|part| &*part.contents).collect();
        let ticks: Vec<_> = parts.iter().map(|it| (&it.ticks, it.ids.len())).collect();
        Self {
            ids: IdTexts::new(order.iter().map(|&at| ids[at as usize])),
            contents: pick(&contents.concat(), order).into(),
            ticks: Ticks::gathered(&ticks, order),
        }
    }

    /// Heap bytes.
    pub(super) fn memory_bytes(&self) -> usize {
        self.ids.ends.memory_bytes()
            + self.ids.bytes.memory_bytes()
            + self.contents.memory_bytes()
            + self.ticks.distinct.memory_bytes()
            + self.ticks.positions.memory_bytes()
    }
}

/// The owner's ids of events, one behind the other.
#[derive(Debug, Clone)]
pub(crate) struct IdTexts {
    /// End of each id in `bytes`; the first starts at 0.
    pub(crate) ends: Buffer<u32>,
    pub(crate) bytes: Buffer<u8>,
}

impl IdTexts {
    /// Copies ids.
    ///
    /// # Panics
    /// When they have 4 GiB together.
    pub(super) fn new<'a>(ids: impl ExactSizeIterator<Item = &'a [u8]> + Clone) -> Self {
        let mut ends = Vec::with_capacity(ids.len());
        let mut bytes = Vec::with_capacity(ids.clone().map(<[u8]>::len).sum());
        for id in ids {
            bytes.extend_from_slice(id);
            ends.push(u32::try_from(bytes.len()).expect("runs hold less than 4 GiB of ids"));
        }
        Self {
            ends: ends.into(),
            bytes: bytes.into(),
        }
    }

    /// Number of ids.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// An id; empty where a mapped file is damaged.
    #[inline]
    pub(super) fn get(&self, at: usize) -> &[u8] {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        let range = start as usize..self.ends[at] as usize;
        self.bytes.get(range).unwrap_or(&[])
    }

    /// All ids.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|at| self.get(at))
    }
}

/// The ticks of the commits that recorded events.
///
/// All events of a commit share one, so there are few: an event costs four bytes, and none in a run of one commit.
#[derive(Debug, Clone)]
pub(crate) struct Ticks {
    /// Ticks, each once and ascending; not empty. Milliseconds since 1970 UTC.
    pub(crate) distinct: Buffer<i64>,
    /// Each event's position in `distinct`; nothing where there is one tick.
    pub(crate) positions: Buffer<u32>,
}

impl Ticks {
    /// Those of events that one commit records.
    pub(super) fn new(tick_millis: i64) -> Self {
        Self {
            distinct: vec![tick_millis].into(),
            positions: Buffer::default(),
        }
    }

    /// The tick of an event; some other one, or 0, where a mapped file is damaged.
    #[inline]
    pub(super) fn get(&self, at: usize) -> i64 {
        let tick = self.distinct.get(self.position(at));
        tick.copied().unwrap_or_default()
    }

    fn position(&self, at: usize) -> usize {
        self.positions
            .get(at)
            .map_or(0, |&position| position as usize)
    }

    /// Those of several runs, each of some length, in a new order of all events or some of them.
    fn gathered(parts: &[(&Self, usize)], order: &[u32]) -> Self {
        let all = parts.iter().flat_map(|(ticks, _)| &*ticks.distinct);
        let mut all: Vec<i64> = all.copied().collect();
        all.sort_unstable();
        all.dedup();
        let mut positions = Vec::new();
        if all.len() > 1 {
            for &(ticks, len) in parts {
                let moved = moved_to(&ticks.distinct, &all);
                let position = |at| moved.get(ticks.position(at)).copied().unwrap_or_default();
                positions.extend((0..len).map(position));
            }
            positions = pick(&positions, order);
        }
        Self::of(all, positions)
    }

    /// Takes ascending ticks, of which those go that no event has.
    fn of(mut distinct: Vec<i64>, mut positions: Vec<u32>) -> Self {
        let mut is_used = vec![positions.is_empty(); distinct.len()];
        for &position in &positions {
            is_used[position as usize] = true;
        }
        if is_used.contains(&false) {
            let used = distinct
                .iter()
                .zip(&is_used)
                .filter(|(_, is_used)| **is_used);
            let kept: Vec<i64> = used.map(|(&tick, _)| tick).collect();
            let moved = moved_to(&distinct, &kept);
            for position in &mut positions {
                *position = moved[*position as usize];
            }
            distinct = kept;
        }
        if distinct.len() == 1 {
            positions = Vec::new();
        }
        Self {
            distinct: distinct.into(),
            positions: positions.into(),
        }
    }
}

/// Where each of some ticks stands among others.
fn moved_to(ticks: &[i64], others: &[i64]) -> Vec<u32> {
    let position = |tick: &i64| others.partition_point(|other| other < tick);
    let positions = ticks.iter().map(position);
    positions
        .map(|position| u32::try_from(position).expect("ticks are fewer than events"))
        .collect()
}
