//! What write rules mean, for the model: one record after the other.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::model::{Model, Profile, give, is_same};
use super::records::Record;
use crate::batch::{Identifier, IdentifierKind, RecordReason};
use crate::fold::fold;
use crate::schema::builtin;
use crate::table::{MatchBy, WriteAction, WriteMode, WriteRules};

/// What became of a record.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outcome {
    /// Written, or erased: the profile's id, and whether it was new.
    Applied(String, bool),
    NotHonored,
    Wrong(RecordReason),
}

impl Model {
    /// Applies a record of a part by rules.
    pub(super) fn apply_by(
        &mut self,
        record: &Record,
        rules: &WriteRules,
        numbers: (u32, u32),
        tick: i64,
    ) -> Outcome {
        let stored = match self.meant(record, &rules.match_by) {
            Ok(stored) => stored,
            Err(reason) => return Outcome::Wrong(reason),
        };
        if rules.action == WriteAction::Delete {
            let Some(id) = stored else {
                return Outcome::NotHonored;
            };
            assert_eq!(self.erase(std::slice::from_ref(&id), tick), 1);
            return Outcome::Applied(id, false);
        }
        let is_stored = stored.is_some();
        let id = stored.unwrap_or_else(|| match &*record.id {
            "" => made_id(rules.seed, numbers),
            id => id.to_owned(),
        });
        if !is_stored && self.live(&id).is_some() {
            return Outcome::Wrong(RecordReason::ProfileIdTaken);
        }
        let forbids = match rules.write_mode {
            WriteMode::CreateOnly => is_stored,
            WriteMode::UpdateOnly => !is_stored,
            WriteMode::Upsert | WriteMode::SkipIfSet => false,
        };
        if forbids
            || (rules.write_mode != WriteMode::SkipIfSet && self.is_prior(&id, record, rules))
        {
            return Outcome::NotHonored;
        }
        let record = Record {
            id: id.clone(),
            ..record.clone()
        };
        match self.live(&id).cloned() {
            Some(before) if rules.write_mode == WriteMode::SkipIfSet => {
                self.add_absent(record, before, tick);
            }
            _ => drop(self.apply_record(&record, tick, rules.refresh)),
        }
        Outcome::Applied(id, !is_stored)
    }

    /// Whether a record gives a consent of an older version than the stored one, and may not.
    fn is_prior(&self, id: &str, record: &Record, rules: &WriteRules) -> bool {
        let stored = self.live(id).and_then(|profile| profile.answers.as_ref());
        let given = record.answers.as_ref().map_or(0, |given| given.version);
        let is_prior = given > 0 && stored.is_some_and(|stored| stored.version > given);
        is_prior && !rules.allow_prior_consents
    }

    /// The id of the stored profile that a record means.
    fn meant(&self, record: &Record, match_by: &MatchBy) -> Result<Option<String>, RecordReason> {
        let MatchBy::Identifier { kind, of_type } = match_by else {
            return Ok(self.live(&record.id).map(|_| record.id.clone()));
        };
        let counts = |one: &&Identifier| {
            let same = |wanted: &str| fold(wanted) == fold(&one.kind);
            !one.value.is_empty() && of_type.as_deref().is_none_or(same)
        };
        let key = record.identifiers[*kind as usize].iter().find(counts);
        let Some(key) = key else {
            return Err(RecordReason::IdentifierMissing);
        };
        let holds = |id: &&String| {
            self.live(id).is_some_and(|profile| {
                let mut all = profile.identifiers[*kind as usize].iter().filter(counts);
                all.any(|one| is_same(*kind, &one.value, &key.value))
            })
        };
        match self.rows.iter().filter(holds).collect::<Vec<_>>()[..] {
            [] => Ok(None),
            [id] if record.id.is_empty() || record.id == *id => Ok(Some(id.clone())),
            _ => Err(RecordReason::ProfileAmbiguous),
        }
    }

    fn live(&self, id: &str) -> Option<&Profile> {
        self.profiles.get(id).filter(|profile| profile.is_live)
    }

    /// Applies what a record says of absent values, and then puts everything back that was there before.
    fn add_absent(&mut self, mut record: Record, before: Profile, tick: i64) {
        record
            .values
            .retain(|column, _| !before.values.contains_key(column));
        let given = std::mem::take(&mut record.identifiers);
        let addresses = record.entries.remove(&builtin::ADDRESSES);
        for (column, held) in [
            (builtin::PREFERENCES, &before.preferences),
            (builtin::GROUPS, &before.groups),
        ] {
            if let Some(given) = record.entries.get_mut(&column) {
                given.retain(|one| !held.contains_key(&one.kind));
            }
        }
        let id = record.id.clone();
        self.apply(&[record], tick);
        let profile = self.profiles.get_mut(&id).unwrap();
        let before_values: BTreeMap<_, _> = before.values;
        profile.values.extend(before_values);
        for (held, given) in profile.identifiers.iter_mut().zip(given) {
            add_new(held, given);
        }
        add_new(&mut profile.addresses, addresses.unwrap_or_default());
    }
}

/// Adds what is of a new type behind what is held.
fn add_new(held: &mut Vec<Identifier>, given: Vec<Identifier>) {
    if held.is_empty() {
        return give(held, &given, false);
    }
    for one in given {
        if !one.value.is_empty() && held.iter().all(|other| other.kind != one.kind) {
            let is_primary = false;
            held.push(Identifier { is_primary, ..one });
        }
    }
    held.sort_by_key(|one| !one.is_active);
}

fn made_id(seed: [u8; 16], (part, record): (u32, u32)) -> String {
    let mut bytes = seed.to_vec();
    bytes.extend(part.to_be_bytes());
    bytes.extend(record.to_be_bytes());
    let digest = Sha256::digest(bytes);
    let half: [u8; 16] = digest[..16].try_into().unwrap();
    format!("{:032x}", u128::from_be_bytes(half))
}

/// Kinds that records are matched by in tests, with the types that count.
pub(super) fn match_bys() -> Vec<MatchBy> {
    let by = |kind, of_type: Option<&str>| MatchBy::Identifier {
        kind,
        of_type: of_type.map(Into::into),
    };
    vec![
        MatchBy::ProfileId,
        by(IdentifierKind::Email, None),
        by(IdentifierKind::Email, Some("H")),
        by(IdentifierKind::Phone, None),
        by(IdentifierKind::AlternateId, Some("w")),
        by(IdentifierKind::AlternateId, Some("")),
    ]
}
