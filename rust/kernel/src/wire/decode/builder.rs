//! The batch in the making.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::DecodeOptions;
use super::check;
use super::given::{Given, Target};
use super::identifier::KeyRule;
use super::options::OptionCodes;
use super::problem::{Place, Problem, collection};
use crate::batch::{
    Batch, BatchColumn, BatchEntries, BatchIdentifiers, BatchMembers, BatchValues, IdentifierKind,
    RecordException, Texts,
};
use crate::error::{KernelError, Result};
use crate::schema::{
    CONSENTS_TO_TRACK, ColumnId, ColumnKind, Field, List, MEMBERSHIP_STATES, Mark, MarkKind,
    builtin,
};
use crate::wire::BlockFormat;

/// Problems that a block may have: a hostile block of empty records would otherwise take a thousand times its size.
const MAX_EXCEPTIONS_A_BLOCK: usize = 200_000;

/// Problems of one record that are listed.
const MAX_EXCEPTIONS_A_RECORD: usize = 100;

/// Records by which the room is made that a block needs.
const SAMPLE_RECORDS: usize = 256;

/// One part in so many is made more room than expected.
const ROOM_PART: usize = 16;

/// Columns of a record that hold one text each: number, place and limit in bytes, in the order of their numbers from
/// [`builtin::CUSTOMER_TYPE`] on.
pub(super) const TEXTS: [(ColumnId, &str, usize); 10] = [
    (builtin::CUSTOMER_TYPE, "customer_type", 100),
    (builtin::NAME_PREFIX, "name.prefix", 250),
    (builtin::GIVEN_NAME, "name.given_name", 250),
    (builtin::MIDDLE_NAME, "name.middle_name", 250),
    (builtin::FAMILY_NAME, "name.family_name", 250),
    (builtin::NAME_SUFFIX, "name.suffix", 250),
    (builtin::FULL_NAME, "name.full_name", 1_000),
    (builtin::LOCALE, "locale", 35),
    (builtin::COUNTRY, "country", 100),
    (builtin::REGION, "region", 100),
];

/// Columns of a record that hold a coordinate each: number, place and limit in degrees.
pub(super) const COORDINATES: [(ColumnId, &str, f64); 2] = [
    (builtin::LATITUDE, "latitude", 90.0),
    (builtin::LONGITUDE, "longitude", 180.0),
];

/// Where the parts of memberships of one list go.
pub(super) struct MembershipTargets<'s> {
    /// The list.
    pub(super) list: &'s List,
    /// Position of its members in the builder.
    pub(super) members: usize,
    /// State.
    pub(super) state: Target<'s>,
    /// Joined at.
    pub(super) joined_at: Target<'s>,
    /// Active since.
    pub(super) active_at: Target<'s>,
    /// Consent to track.
    pub(super) consent_to_track: Target<'s>,
}

/// Columns of all records of a block so far, bad records included: a row is a record.
pub(super) struct Builder {
    pub(super) profile_ids: Texts,
    pub(super) columns: Vec<BatchColumn>,
    pub(super) identifiers: [BatchIdentifiers; 3],
    pub(super) entries: Vec<BatchEntries>,
    /// Columns of consents.
    consents: Vec<ColumnId>,
    pub(super) members: Vec<BatchMembers>,
    pub(super) compose_name: Vec<u32>,
    pub(super) exceptions: Vec<RecordException>,
    pub(super) key: Option<KeyRule>,
    names_only: bool,
    /// Whether room was made for the whole block.
    has_room: bool,
    slot_by_column: HashMap<ColumnId, usize, RandomState>,
}

impl Builder {
    /// A batch without records.
    pub(super) fn new(options: &DecodeOptions) -> Self {
        Self {
            profile_ids: Texts::default(),
            columns: Vec::new(),
            identifiers: Default::default(),
            entries: Vec::new(),
            consents: Vec::new(),
            members: Vec::new(),
            compose_name: Vec::new(),
            exceptions: Vec::new(),
            key: options.key.map(KeyRule::new),
            names_only: options.names_only,
            has_room: false,
            slot_by_column: HashMap::default(),
        }
    }

    /// Position of a column, which is added when it is new.
    pub(super) fn slot(&mut self, column: ColumnId, kind: ColumnKind) -> usize {
        let Self {
            columns,
            slot_by_column,
            ..
        } = self;
        *slot_by_column.entry(column).or_insert_with(|| {
            columns.push(BatchColumn {
                column,
                rows: Vec::new(),
                values: no_values(kind),
                cleared: Vec::new(),
            });
            columns.len() - 1
        })
    }

    /// The target of a column without options.
    pub(super) fn plain_target<'s>(
        &mut self,
        column: ColumnId,
        kind: ColumnKind,
        max_text_bytes: usize,
    ) -> Target<'s> {
        Target {
            slot: self.slot(column, kind),
            max_text_bytes,
            options: OptionCodes::default(),
            false_clears: false,
        }
    }

    /// The target of a mark.
    pub(super) fn mark_target<'s>(&mut self, mark: &Mark) -> Target<'s> {
        if mark.kind == MarkKind::Consent && !self.consents.contains(&mark.column) {
            self.consents.push(mark.column);
        }
        Target {
            false_clears: mark.kind == MarkKind::Tag,
            ..self.plain_target(mark.column, ColumnKind::Boolean, 0)
        }
    }

    /// The target of a field.
    pub(super) fn field_target<'s>(
        &mut self,
        field: &'s Field,
        max_text_bytes: usize,
    ) -> Target<'s> {
        let options = OptionCodes::new(field.options.iter().map(String::as_str));
        Target {
            slot: self.slot(field.column, field.kind),
            max_text_bytes,
            options,
            false_clears: false,
        }
    }

    /// The targets of a list's memberships.
    pub(super) fn membership_targets<'s>(&mut self, list: &'s List) -> MembershipTargets<'s> {
        let mut named = |column, names: &'static [&'static str]| Target {
            slot: self.slot(column, ColumnKind::MultiSelectOne),
            max_text_bytes: 0,
            options: OptionCodes::new(names.iter().copied()),
            false_clears: false,
        };
        let state = named(list.state(), &MEMBERSHIP_STATES);
        let consent_to_track = named(list.consent_to_track(), &CONSENTS_TO_TRACK);
        MembershipTargets {
            list,
            members: self.members_slot(list),
            state,
            joined_at: self.plain_target(list.joined_at(), ColumnKind::DateTime, 0),
            active_at: self.plain_target(list.active_at(), ColumnKind::DateTime, 0),
            consent_to_track,
        }
    }

    /// Position of a list's members, which are added when they are new.
    pub(super) fn members_slot(&mut self, list: &List) -> usize {
        self.members
            .iter()
            .position(|members| members.list.column == list.column)
            .unwrap_or_else(|| {
                self.members.push(BatchMembers {
                    list: list.clone(),
                    rows: Vec::new(),
                });
                self.members.len() - 1
            })
    }

    /// Appends the profile id of a row; one that is not valid leaves the row without. It may be missing where records are matched by
    /// another identifier.
    #[inline]
    pub(super) fn push_profile_id(&mut self, row: u32, id: &[u8]) {
        let checked = match id {
            [] if self.key.is_some() => Ok(()),
            [] => Err(Problem::IdMissing),
            id => check::text(id, check::MAX_PROFILE_ID_BYTES),
        };
        match checked {
            Ok(()) => self.profile_ids.push(id),
            Err(problem) => {
                self.profile_ids.push(&[]);
                self.report(row, Place::Named("profile_id"), problem);
            }
        }
    }

    /// Stores a value for a row, or reports why it cannot be; a second value of a row in one column is a duplicate.
    #[inline]
    pub(super) fn store(&mut self, target: &Target, row: u32, given: Given, place: Place) {
        let column = &mut self.columns[target.slot];
        let stored = if column.rows.last() == Some(&row) || column.cleared.last() == Some(&row) {
            Err(Problem::Duplicate)
        } else {
            target.store(column, row, given)
        };
        if let Err(problem) = stored {
            self.report(row, place, problem);
        }
    }

    /// Stores a coordinate; NaN clears.
    pub(super) fn store_coordinate(
        &mut self,
        target: &Target,
        row: u32,
        degrees: f64,
        limit: f64,
        place: Place,
    ) {
        if degrees.is_nan() {
            self.store(target, row, Given::Null, place);
        } else if degrees.abs() <= limit {
            self.store(target, row, Given::Number(degrees), place);
        } else {
            self.report(
                row,
                place,
                Problem::NumberOutside {
                    low: -limit,
                    high: limit,
                },
            );
        }
    }

    /// Notes a problem of a row. The profile id is filled in at the end.
    #[cold]
    pub(super) fn report(&mut self, row: u32, place: Place, problem: Problem) {
        if self.names_only && !self.names_profile(place) {
            return;
        }
        let record_number = row + 1;
        let listed = self.exceptions.len();
        if listed >= MAX_EXCEPTIONS_A_RECORD
            && self.exceptions[listed - MAX_EXCEPTIONS_A_RECORD].record_number == record_number
        {
            return;
        }
        self.exceptions.push(RecordException {
            record_number,
            profile_id: String::new(),
            field_path: place.to_string(),
            reason: problem.reason(),
            message: problem.to_string(),
        });
    }

    /// Whether a place is part of what a record names its profile by.
    pub(super) fn names_profile(&self, place: Place) -> bool {
        let is_key = |name: &str| self.key.as_ref().is_some_and(|key| key.stands_in(name));
        match place {
            Place::Named(name) => matches!(name, "" | "profile_id") || is_key(name),
            Place::Identifier { kind, .. } => is_key(collection(kind)),
            _ => false,
        }
    }

    /// Leaves only what names profiles.
    fn keep_names(&mut self) {
        self.columns.clear();
        self.entries.clear();
        self.members.clear();
        self.compose_name.clear();
        for kind in IdentifierKind::ALL {
            if !self.is_keyed_by(kind) {
                self.identifiers[kind as usize] = BatchIdentifiers::default();
            }
        }
    }

    /// Makes room for a whole block, once, when enough records have been read, by what they needed: growing would copy most of it twice, and
    /// leave room that nobody needs. To be called after each record, or after some, with the bytes read so far and those of the block.
    #[inline]
    pub(super) fn make_room(&mut self, read_bytes: usize, block_bytes: usize) {
        if !self.has_room && self.profile_ids.len() >= SAMPLE_RECORDS {
            self.has_room = true;
            self.make_room_by_sample(read_bytes, block_bytes);
        }
    }

    #[cold]
    fn make_room_by_sample(&mut self, read_bytes: usize, block_bytes: usize) {
        let more = |len: usize| {
            let expected = len.saturating_mul(block_bytes) / read_bytes.max(1);
            (expected + expected / ROOM_PART).saturating_sub(len)
        };
        let more_texts = |texts: &mut Texts| {
            texts.reserve(more(texts.len()), more(texts.bytes.len()));
        };
        more_texts(&mut self.profile_ids);
        for column in &mut self.columns {
            column.reserve(more(column.rows.len()), more(column.text_bytes()));
        }
        for identifiers in &mut self.identifiers {
            let rows = more(identifiers.plain_rows.len());
            identifiers.plain_rows.reserve_exact(rows);
            more_texts(&mut identifiers.plain);
        }
        for members in &mut self.members {
            members.rows.reserve_exact(more(members.rows.len()));
        }
    }

    /// Refuses a block that has more problems than can be told, the last of them at an offset.
    pub(super) fn check_problems(&self, format: BlockFormat, offset: usize) -> Result<()> {
        if self.exceptions.len() > MAX_EXCEPTIONS_A_BLOCK {
            return Err(KernelError::BlockInvalid {
                format: format.name(),
                problem: format!(
                    "more than {MAX_EXCEPTIONS_A_BLOCK} problems: correct the records or send smaller blocks; one more"
                ),
                offset,
            });
        }
        Ok(())
    }

    /// Takes the bad records out and puts everything in order.
    pub(super) fn finish(mut self, record_count: u32) -> Batch {
        self.exceptions
            .sort_by_key(|exception| exception.record_number);
        for exception in &mut self.exceptions {
            let id = self.profile_ids.get(exception.record_number as usize - 1);
            exception.profile_id = String::from_utf8_lossy(id).into_owned();
        }
        let bad = bad_rows(&self.exceptions);
        if self.names_only {
            self.keep_names();
        }
        let mut batch = Batch {
            record_count,
            invalid_count: u32::try_from(bad.len()).expect("records are counted in 32 bits"),
            exceptions: self.exceptions,
            profile_ids: self.profile_ids,
            columns: self.columns,
            identifiers: self.identifiers,
            entries: self.entries,
            members: self.members,
            compose_name: self.compose_name,
            ..Batch::default()
        };
        batch.remove_rows(&bad);
        batch.columns.retain(|column| !column.is_empty());
        batch.columns.sort_by_key(|column| column.column);
        self.consents
            .retain(|consent| batch.columns.iter().any(|column| column.column == *consent));
        self.consents.sort_unstable();
        batch.consents = self.consents;
        batch.entries.retain(|entries| !entries.rows.is_empty());
        batch.entries.sort_by_key(|entries| entries.column);
        batch.members.retain(|members| !members.rows.is_empty());
        batch.members.sort_by_key(|members| members.list.column);
        if self.key.is_none() {
            batch.cuts = cuts_between(&batch.profile_ids);
        }
        batch
    }
}

/// Where runs of distinct ids begin, the first one excepted. While ids ascend there is nothing to be looked for.
fn cuts_between(ids: &Texts) -> Vec<u32> {
    if (1..ids.len()).all(|row| ids.get(row - 1) < ids.get(row)) {
        return Vec::new();
    }
    let mut cuts = Vec::new();
    let mut run_start = 0;
    let mut last_rows = HashMap::with_capacity_and_hasher(ids.len(), RandomState::default());
    for (row, at) in (0..).zip(0..ids.len()) {
        let before = last_rows.insert(ids.get(at), row);
        if before.is_some_and(|before| before >= run_start) {
            cuts.push(row);
            run_start = row;
        }
    }
    cuts
}

/// Rows with an exception, ascending.
fn bad_rows(exceptions: &[RecordException]) -> Vec<u32> {
    let mut rows: Vec<u32> = exceptions
        .iter()
        .map(|exception| exception.record_number - 1)
        .collect();
    rows.dedup();
    rows
}

/// No values of a kind.
pub(super) fn no_values(kind: ColumnKind) -> BatchValues {
    match kind {
        ColumnKind::Text | ColumnKind::ExactText | ColumnKind::Identifiers => {
            BatchValues::Text(Texts::default())
        }
        ColumnKind::Number => BatchValues::Number(Vec::new()),
        ColumnKind::Boolean => BatchValues::Boolean(Vec::new()),
        ColumnKind::Date => BatchValues::Date(Vec::new()),
        ColumnKind::DateTime => BatchValues::DateTime(Vec::new()),
        ColumnKind::MultiSelectOne => BatchValues::MultiSelectOne(Vec::new()),
        ColumnKind::MultiSelectMany => BatchValues::MultiSelectMany {
            codes: Vec::new(),
            ends: Vec::new(),
        },
    }
}
