//! Recording events in a version that nobody else writes to.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::RowId;
use super::apply::write_profile_ids;
use super::members::constant_time;
use super::placement::{Placement, block_and_row};
use super::prefetch::AHEAD;
use super::profile_ids;
use super::values;
use super::version::Version;
use crate::batch::{RecordException, RecordReason, Texts};
use crate::error::Result;
use crate::event::EventBatch;
use crate::event::block::bucket_of;
use crate::event::run::Placed;
use crate::schema::builtin;

/// How far after a commit's tick an event may have happened, milliseconds.
const MAX_AHEAD_MILLIS: i64 = 24 * 3_600_000;

/// What recording a batch of events did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recorded {
    /// Events recorded.
    pub recorded: usize,
    /// Events that were known.
    pub known: usize,
    /// Recorded events of profiles that are not there.
    pub waiting: usize,
    /// Problems of events that only the table shows, in order of records.
    pub exceptions: Vec<RecordException>,
    /// Profiles that are there and have a new event, ascending.
    pub rows: Vec<RowId>,
    /// Codes of the types of recorded events, ascending.
    pub type_codes: Vec<u16>,
}

/// Events that are to be recorded.
#[derive(Default)]
struct Accepted {
    /// Positions in the batch, ascending.
    events: Vec<u32>,
    /// The row of each, live or not; `None` where the profile has none yet.
    rows: Vec<Option<RowId>>,
}

/// Records a batch of events.
///
/// # Errors
/// [`KernelError::TableFull`](crate::error::KernelError::TableFull), with nothing recorded.
pub(super) fn record(
    version: &mut Version,
    batch: &EventBatch,
    refuse_unknown_profiles: bool,
    tick_millis: i64,
) -> Result<Recorded> {
    let mut recorded = Recorded::default();
    let accepted = accept(
        version,
        batch,
        refuse_unknown_profiles,
        tick_millis,
        &mut recorded,
    );
    let rows =
        number(version, batch, &accepted).inspect_err(|_| withdraw(version, batch, &accepted))?;
    let is_live: Vec<bool> = rows.iter().map(|&row| version.is_live(row)).collect();
    let live = rows.iter().zip(&is_live).filter(|(_, is_live)| **is_live);
    recorded.rows = sorted_once(live.map(|(&row, _)| row));
    recorded.recorded = rows.len();
    recorded.waiting = is_live.iter().filter(|is_live| !**is_live).count();
    let placed: Vec<Placed> = accepted
        .events
        .iter()
        .zip(&rows)
        .map(|(&event, &row)| place(batch, event, row))
        .collect();
    recorded.type_codes = sorted_once(placed.iter().map(|placed| placed.type_code));
    version.events.store(batch, placed, tick_millis);
    stamp_changed(version, &recorded.rows, tick_millis);
    Ok(recorded)
}

/// Takes the ids of events out again that are not recorded after all.
fn withdraw(version: &Version, batch: &EventBatch, accepted: &Accepted) {
    let mut ids = version.events.ids();
    for &event in &accepted.events {
        ids.remove(batch.id_hashes[event as usize]);
    }
}

/// Sorts out which events are to be recorded, and enters their ids.
fn accept(
    version: &Version,
    batch: &EventBatch,
    refuse_unknown_profiles: bool,
    tick_millis: i64,
    recorded: &mut Recorded,
) -> Accepted {
    let mut accepted = Accepted::default();
    let mut ids = version.events.ids();
    let rows = profile_ids::find_all(version, &batch.profile_ids);
    for (event, row) in (0..).zip(rows) {
        let at = event as usize;
        if let Some(&ahead) = batch.id_hashes.get(at + AHEAD) {
            ids.prefetch(ahead);
        }
        let (id, content) = (batch.id_hashes[at], batch.content_hashes[at]);
        let before = ids.get(id);
        if before == Some(content) {
            recorded.known += 1;
            continue;
        }
        let is_unknown = || row.is_none_or(|row| !version.is_live(row));
        let problems = [
            (before.is_some(), RecordReason::EventChanged),
            (
                batch.source_times[at] > tick_millis.saturating_add(MAX_AHEAD_MILLIS),
                RecordReason::EventTimeAhead,
            ),
            (
                refuse_unknown_profiles && is_unknown(),
                RecordReason::ProfileUnknown,
            ),
        ];
        let found = problems.into_iter().filter(|(is_wrong, _)| *is_wrong);
        let found: Vec<RecordReason> = found.map(|(_, reason)| reason).collect();
        if found.is_empty() {
            ids.insert(id, content);
            accepted.events.push(event);
            accepted.rows.push(row);
        }
        let exceptions = found.into_iter().map(|reason| exception(batch, at, reason));
        recorded.exceptions.extend(exceptions);
    }
    accepted
}

#[cold]
fn exception(batch: &EventBatch, event: usize, reason: RecordReason) -> RecordException {
    let (field_path, message) = match reason {
        RecordReason::EventChanged => (
            "event_id",
            "an event of this id came before with other content: give each event an id of its own",
        ),
        RecordReason::EventTimeAhead => (
            "source_time_millis",
            "more than 24 hours after the server's clock: correct the time, or send the event later",
        ),
        _ => (
            "profile_id",
            "no such profile: import it first, or let events of unknown profiles be kept for them",
        ),
    };
    RecordException {
        record_number: batch.record_numbers[event],
        profile_id: String::from_utf8_lossy(batch.event_ids.get(event)).into_owned(),
        field_path: field_path.into(),
        reason,
        message: message.into(),
    }
}

/// The rows of events; profiles without one get the next ones, which are not live.
fn number(version: &mut Version, batch: &EventBatch, accepted: &Accepted) -> Result<Vec<RowId>> {
    let mut position_by_id: HashMap<&[u8], usize, RandomState> = HashMap::default();
    let mut new_ids = Texts::default();
    for (&event, _) in accepted
        .events
        .iter()
        .zip(&accepted.rows)
        .filter(|(_, row)| row.is_none())
    {
        let id = batch.profile_ids.get(event as usize);
        position_by_id.entry(id).or_insert_with(|| {
            new_ids.push(id);
            new_ids.len() - 1
        });
    }
    let resolved = profile_ids::resolve(version, &new_ids)?;
    if !new_ids.is_empty() {
        version.add_waiting_rows(new_ids.len());
        let placement = Placement::new(resolved.rows.clone());
        let mut place = version.columns.take(builtin::PROFILE_ID);
        write_profile_ids(
            &mut place,
            &new_ids,
            &resolved,
            &placement,
            &version.indexes,
        );
        version.columns.put(builtin::PROFILE_ID, place);
    }
    let row_of = |(&event, &row): (&u32, &Option<RowId>)| {
        row.unwrap_or_else(|| {
            let id = batch.profile_ids.get(event as usize);
            resolved.rows[position_by_id[id]]
        })
    };
    Ok(accepted
        .events
        .iter()
        .zip(&accepted.rows)
        .map(row_of)
        .collect())
}

fn place(batch: &EventBatch, event: u32, row: RowId) -> Placed {
    let time = batch.source_times[event as usize];
    let (block, row) = block_and_row(row);
    Placed {
        type_code: batch.type_codes[event as usize],
        block: u16::try_from(block).expect("rows are numbered in 32 bits"),
        bucket: bucket_of(time),
        row,
        time,
        event,
    }
}

/// Gives profiles the tick as the time of their last change.
pub(super) fn stamp_changed(version: &mut Version, rows: &[RowId], tick_millis: i64) {
    let all = (0..).take(rows.len()).collect();
    let changed_at = constant_time(builtin::CHANGED_AT, all, tick_millis);
    let placement = Placement::new(rows.to_vec());
    let mut place = version.columns.take(builtin::CHANGED_AT);
    values::write(&mut place, &changed_at, &placement);
    version.columns.put(builtin::CHANGED_AT, place);
}

fn sorted_once<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    values.dedup();
    values
}
