//! Which profiles records mean that are matched by another identifier than the profile id.

use std::borrow::Cow;
use std::collections::HashSet;

use foldhash::fast::RandomState;
use sha2::{Digest, Sha256};

use super::apply::Manner;
use super::identifiers::{is_held, is_same_type};
use super::index::{Indexes, key_of};
use super::prefetch::AHEAD;
use super::slots::Slots;
use super::version::{Version, text_bytes};
use super::{IdentifierKind, RowId};
use crate::batch::{Batch, RecordException, RecordReason, Texts};
use crate::schema::builtin;
use crate::wire::decode::collection;

/// The identifiers of a batch's records that count, in the form in which they are compared.
pub(super) struct Matcher<'a> {
    batch: &'a Batch,
    kind: IdentifierKind,
    of_type: Option<&'a str>,
    /// The records' one behind the other's; a record is looked for by its first.
    keys: Vec<Cow<'a, [u8]>>,
    /// End of each record's keys.
    ends: Vec<usize>,
    /// Hash of each record's first key; of a record without, any.
    hashes: Vec<u32>,
}

/// Records that follow each other and do not depend on each other.
pub(super) struct Segment {
    /// Batch row behind the last of them.
    pub(super) end: u32,
    /// Those that have a profile, with its id, stored or new.
    pub(super) records: Batch,
    /// Problems of the others.
    pub(super) exceptions: Vec<RecordException>,
}

/// What a segment will have written.
#[derive(Default)]
struct Pending<'a> {
    rows: HashSet<RowId, RandomState>,
    keys: HashSet<&'a [u8], RandomState>,
    new_ids: HashSet<Vec<u8>, RandomState>,
}

/// Profiles with an identifier.
enum Holders {
    Nobody,
    One(RowId),
    Several,
}

/// The profile that a record means.
enum Meant<'a> {
    Stored(RowId),
    /// One to be created with an id.
    New(Cow<'a, [u8]>),
    Wrong(Problem),
    /// To be told when the segment is written.
    Later,
}

/// What is wrong with a record.
#[derive(Clone, Copy)]
enum Problem {
    KeyMissing,
    SeveralHaveIt,
    TwoAreNamed,
    IdTaken,
}

impl<'a> Matcher<'a> {
    /// Takes the identifiers of a kind, and of a type unless any will do, out of a batch.
    pub(super) fn new(
        indexes: &Indexes,
        batch: &'a Batch,
        kind: IdentifierKind,
        of_type: Option<&'a str>,
    ) -> Self {
        let counts = |given: &str| of_type.is_none_or(|wanted| is_same_type(wanted, given));
        let given = &batch.identifiers[kind as usize];
        let plain_counts = counts("");
        let mut plain = given.plain_rows.iter().zip(0..).peekable();
        let mut typed = given.typed.iter().peekable();
        let (mut keys, mut ends, mut hashes) = (Vec::new(), Vec::new(), Vec::new());
        for (row, _) in (0..).zip(&batch.profile_ids.ends) {
            let start = keys.len();
            if let Some((_, position)) = plain.next_if(|(of, _)| **of == row)
                && plain_counts
            {
                keys.push(key_of(kind, given.plain.get(position)));
            }
            if let Some((_, all)) = typed.next_if(|(of, _)| *of == row) {
                let counting = all
                    .iter()
                    .filter(|one| !one.value.is_empty() && counts(&one.kind));
                keys.extend(counting.map(|one| key_of(kind, one.value.as_bytes())));
            }
            ends.push(keys.len());
            let first = keys.get(start).map_or(&[][..], |key| key);
            hashes.push(indexes.identifiers(kind).hash(first));
        }
        Self {
            batch,
            kind,
            of_type,
            keys,
            ends,
            hashes,
        }
    }

    /// Resolves records from a batch row on, up to one that depends on them.
    pub(super) fn segment(&self, version: &Version, start: u32, manner: Manner<'_>) -> Segment {
        let slots = version.indexes.identifiers(self.kind).read();
        let ids = version.column(builtin::PROFILE_ID);
        let mut pending = Pending::default();
        let (mut new_ids, mut left_out, mut exceptions) =
            (Texts::default(), Vec::new(), Vec::new());
        let mut end = start;
        while (end as usize) < self.ends.len() {
            if let Some(&ahead) = self.hashes.get(end as usize + AHEAD) {
                slots.prefetch(ahead);
            }
            match self.meant(version, &slots, end, &pending, manner) {
                Meant::Stored(row) => {
                    new_ids.push(text_bytes(ids, row).unwrap_or_default());
                    pending.rows.insert(row);
                    pending
                        .keys
                        .extend(self.keys_of(end).iter().map(|key| &**key));
                }
                Meant::New(id) => {
                    new_ids.push(&id);
                    pending.new_ids.insert(id.into_owned());
                    pending
                        .keys
                        .extend(self.keys_of(end).iter().map(|key| &**key));
                }
                Meant::Wrong(problem) => {
                    left_out.push(end - start);
                    exceptions.push(self.exception(end, problem));
                }
                Meant::Later => break,
            }
            end += 1;
        }
        let mut records = self.batch.slice(start..end);
        records.cuts.clear();
        records.remove_rows(&left_out);
        records.profile_ids = new_ids;
        Segment {
            end,
            records,
            exceptions,
        }
    }

    /// The row that a record names; `None` when nobody has its identifier.
    ///
    /// # Errors
    /// What is wrong with the record.
    pub(super) fn named(
        &self,
        version: &Version,
        batch_row: u32,
        counts: impl FnMut(RowId) -> bool,
    ) -> Result<Option<RowId>, RecordException> {
        let slots = version.indexes.identifiers(self.kind).read();
        let problem = match self.holders(version, &slots, batch_row, counts) {
            _ if self.keys_of(batch_row).is_empty() => Problem::KeyMissing,
            Holders::Nobody => return Ok(None),
            Holders::One(row) if self.may_be(version, batch_row, row) => return Ok(Some(row)),
            Holders::One(_) => Problem::TwoAreNamed,
            Holders::Several => Problem::SeveralHaveIt,
        };
        Err(self.exception(batch_row, problem))
    }

    fn meant(
        &self,
        version: &Version,
        slots: &Slots,
        batch_row: u32,
        pending: &Pending<'_>,
        manner: Manner<'_>,
    ) -> Meant<'a> {
        let Some(key) = self.keys_of(batch_row).first() else {
            return Meant::Wrong(Problem::KeyMissing);
        };
        let mut is_pending = pending.keys.contains(&**key);
        let holders = self.holders(version, slots, batch_row, |row| {
            let is_written = pending.rows.contains(&row);
            is_pending |= is_written;
            !is_written
        });
        match holders {
            // What the segment writes leaves these alone.
            Holders::Several => Meant::Wrong(Problem::SeveralHaveIt),
            _ if is_pending => Meant::Later,
            Holders::One(row) if self.may_be(version, batch_row, row) => Meant::Stored(row),
            Holders::One(_) => Meant::Wrong(Problem::TwoAreNamed),
            Holders::Nobody => {
                let id = match self.batch.profile_ids.get(batch_row as usize) {
                    [] => Cow::Owned(made_id(manner, self.batch.record_number(batch_row))),
                    id => Cow::Borrowed(id),
                };
                if pending.new_ids.contains(&*id) {
                    Meant::Later
                } else if is_taken(version, &id) {
                    Meant::Wrong(Problem::IdTaken)
                } else {
                    Meant::New(id)
                }
            }
        }
    }

    /// Live rows that have a record's identifier, of those that count.
    fn holders(
        &self,
        version: &Version,
        slots: &Slots,
        batch_row: u32,
        mut counts: impl FnMut(RowId) -> bool,
    ) -> Holders {
        let Some(key) = self.keys_of(batch_row).first() else {
            return Holders::Nobody;
        };
        let mut holders = Holders::Nobody;
        for row in slots.candidates(self.hashes[batch_row as usize]) {
            let holds = version.is_live(row)
                && is_held(&version.columns, self.kind, self.of_type, row, key)
                && counts(row);
            holders = match holders {
                Holders::Nobody if holds => Holders::One(row),
                Holders::One(_) if holds => return Holders::Several,
                holders => holders,
            };
        }
        holders
    }

    /// Whether a record has no id of its own, or that of a row.
    fn may_be(&self, version: &Version, batch_row: u32, row: RowId) -> bool {
        let own = self.batch.profile_ids.get(batch_row as usize);
        own.is_empty() || text_bytes(version.column(builtin::PROFILE_ID), row) == Some(own)
    }

    fn keys_of(&self, batch_row: u32) -> &[Cow<'a, [u8]>] {
        let at = batch_row as usize;
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.keys[start..self.ends[at]]
    }

    #[cold]
    fn exception(&self, batch_row: u32, problem: Problem) -> RecordException {
        let id = self.batch.profile_ids.get(batch_row as usize);
        let (reason, field_path, message) = match problem {
            Problem::KeyMissing => (
                RecordReason::IdentifierMissing,
                collection(self.kind),
                "the identifier that profiles are matched by is missing: give each record one",
            ),
            Problem::SeveralHaveIt => (
                RecordReason::ProfileAmbiguous,
                collection(self.kind),
                "several profiles have the first identifier: take it from all but one of them, or match by the profile id",
            ),
            Problem::TwoAreNamed => (
                RecordReason::ProfileAmbiguous,
                "profile_id",
                "the profile with the first identifier has another id: correct one of the two, or leave the id out",
            ),
            Problem::IdTaken => (
                RecordReason::ProfileIdTaken,
                "profile_id",
                "a profile with this id is there and has not the first identifier: correct one of the two, or leave the id out",
            ),
        };
        RecordException {
            record_number: self.batch.record_number(batch_row),
            profile_id: String::from_utf8_lossy(id).into_owned(),
            field_path: field_path.into(),
            reason,
            message: message.into(),
        }
    }
}

fn is_taken(version: &Version, id: &[u8]) -> bool {
    std::str::from_utf8(id).is_ok_and(|id| version.find(id).is_some())
}

/// The id of a new profile whose record has none: the first half of SHA-256 over seed, part and record number (big-endian), in hexadecimal
/// digits.
fn made_id(manner: Manner<'_>, record_number: u32) -> Vec<u8> {
    let digest = Sha256::new()
        .chain_update(manner.rules.seed)
        .chain_update(manner.part_number.to_be_bytes())
        .chain_update(record_number.to_be_bytes())
        .finalize();
    let half = digest.first_chunk().expect("SHA-256 has 32 bytes");
    format!("{:032x}", u128::from_be_bytes(*half)).into_bytes()
}
