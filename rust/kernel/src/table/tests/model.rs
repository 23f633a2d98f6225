//! A table as anybody would write it down: a map of profiles.

use std::collections::{BTreeMap, HashMap};

use super::records::Record;
use super::{CONSENT, Value, list, value};
use crate::batch::{Identifier, IdentifierKind};
use crate::entry::{ConsentAnswers, FormerAnswer};
use crate::fold::fold;
use crate::schema::{ColumnId, builtin};
use crate::table::identifiers::{KINDS, columns_of};
use crate::table::{Refresh, Version};

/// A profile, erased or not.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Profile {
    pub(super) is_live: bool,
    changed_at: i64,
    pub(super) values: BTreeMap<ColumnId, Value>,
    pub(super) identifiers: [Vec<Identifier>; 3],
    pub(super) addresses: Vec<Identifier>,
    pub(super) preferences: BTreeMap<Box<str>, Identifier>,
    pub(super) groups: BTreeMap<Box<str>, Identifier>,
    pub(super) answers: Option<ConsentAnswers>,
}

/// All profiles, and the ids in order of their rows.
#[derive(Debug, Clone, Default)]
pub(super) struct Model {
    pub(super) profiles: HashMap<String, Profile>,
    pub(super) rows: Vec<String>,
}

impl Model {
    /// Applies the records of a block; answers how many were new.
    pub(super) fn apply(&mut self, records: &[Record], tick: i64) -> usize {
        let new = |record: &&Record| self.apply_record(record, tick, Refresh::default());
        records.iter().filter(new).count()
    }

    /// Applies a record, which refreshes some collections; answers whether the profile is new.
    pub(super) fn apply_record(&mut self, record: &Record, tick: i64, refresh: Refresh) -> bool {
        let profile = self.profiles.entry(record.id.clone()).or_insert_with(|| {
            self.rows.push(record.id.clone());
            Profile::default()
        });
        let is_new = !std::mem::replace(&mut profile.is_live, true);
        if is_new {
            profile
                .values
                .insert(builtin::CREATED_AT, Value::DateTime(tick));
        }
        profile.changed_at = tick;
        if record.joins {
            join(profile, record, tick);
        }
        answer(profile, record, tick);
        for (&column, given) in &record.values {
            match given {
                Some(given) => profile.values.insert(column, given.clone()),
                None => profile.values.remove(&column),
            };
        }
        let Refresh {
            contacts,
            alternate_ids,
            groups,
            ..
        } = refresh;
        let refreshed = [contacts, contacts, alternate_ids];
        let given = record.identifiers.iter().zip(refreshed);
        for (stored, (given, is_refreshed)) in profile.identifiers.iter_mut().zip(given) {
            give(stored, given, is_refreshed);
        }
        let given = |column| record.entries.get(&column).map_or(&[][..], Vec::as_slice);
        give(&mut profile.addresses, given(builtin::ADDRESSES), contacts);
        for given in given(builtin::PREFERENCES) {
            let mut given = given.clone();
            if given.value.ends_with('\u{1f}') {
                given.value = format!("{}{tick}", given.value).into();
            }
            profile.preferences.insert(given.kind.clone(), given);
        }
        if groups {
            profile.groups.clear();
        }
        for given in given(builtin::GROUPS) {
            profile.groups.insert(given.kind.clone(), given.clone());
        }
        for collection in [&mut profile.preferences, &mut profile.groups] {
            collection.retain(|_, entry| !entry.value.is_empty());
        }
        if record.compose_name {
            compose_name(profile);
        }
        is_new
    }

    /// Erases profiles; answers how many there were.
    pub(super) fn erase(&mut self, ids: &[String], tick: i64) -> usize {
        let mut erased = 0;
        for id in ids {
            if let Some(profile) = self.profiles.get_mut(id).filter(|profile| profile.is_live) {
                *profile = Profile {
                    changed_at: tick,
                    ..Profile::default()
                };
                erased += 1;
            }
        }
        erased
    }

    pub(super) fn drop_column(&mut self, column: ColumnId) {
        for profile in self.profiles.values_mut() {
            profile.values.remove(&column);
            profile.answers.take_if(|_| column == CONSENT);
        }
    }

    /// Compares everything that a version tells.
    pub(super) fn assert_equals(&self, version: &Version) {
        assert_eq!(version.n_rows(), self.rows.len());
        assert_eq!(
            version.live_count(),
            self.profiles.values().filter(|it| it.is_live).count()
        );
        for (row, id) in (0..).zip(&self.rows) {
            let profile = &self.profiles[id];
            assert_eq!(version.find(id), profile.is_live.then_some(row));
            assert_eq!(version.is_live(row), profile.is_live);
            let columns = (0..90).filter_map(|id| Some((id, value(version, id, row)?)));
            assert_eq!(columns.collect::<BTreeMap<_, _>>(), stored(id, profile));
        }
        assert_eq!(version.find("nobody"), None);
        for from in -1..30 {
            let changed = (0..)
                .zip(&self.rows)
                .filter(|(_, id)| self.profiles[*id].changed_at >= from);
            assert_eq!(
                version.changed_rows(from),
                changed.map(|(row, _)| row).collect::<Vec<u32>>()
            );
        }
    }

    /// Compares what is found by identifiers in the current version.
    pub(super) fn assert_finds(&self, version: &Version) {
        for kind in KINDS {
            for sought in ["a@x", "A@X", "b@x", "c@x", "ä@x", "Ä@x", ""] {
                let holders = (0..).zip(&self.rows).filter(|(_, id)| {
                    let mut all = self.profiles[*id].identifiers[kind as usize].iter();
                    all.any(|one| is_same(kind, &one.value, sought))
                });
                let holders: Vec<u32> = holders.map(|(row, _)| row).collect();
                assert_eq!(version.find_by(kind, sought), holders, "{kind:?} {sought}");
            }
        }
    }
}

impl Model {
    /// Takes back what lies between two models, as far as nobody changed it since; answers how many profiles, and the ids of the others in
    /// order of rows.
    pub(super) fn restore(
        &mut self,
        before: &Self,
        after: &Self,
        is_kept: impl Fn(ColumnId) -> bool,
        tick: i64,
    ) -> (usize, Vec<String>) {
        let (mut restored, mut refused) = (0, Vec::new());
        for id in &after.rows {
            let was = before.profiles.get(id).cloned().unwrap_or_default();
            let (became, now) = (&after.profiles[id], self.profiles.get_mut(id).unwrap());
            if !became.is_live {
                continue;
            }
            let mut written = differences(&was, became);
            written.retain(|part| part.is_kept(&is_kept));
            let mut since = differences(became, now);
            since.retain(|part| part.is_kept(&is_kept));
            let is_created = !was.is_live;
            if !is_created && written.is_empty() {
                continue;
            }
            let came_again = since.contains(&Part::Column(builtin::CREATED_AT));
            let is_changed = came_again
                || since
                    .iter()
                    .any(|part| is_created || written.contains(part));
            if !now.is_live || is_changed {
                refused.push(id.clone());
                continue;
            }
            restored += 1;
            if is_created {
                *now = Profile::default();
            }
            for part in written.into_iter().filter(|_| !is_created) {
                match part {
                    Part::Column(id) => match was.values.get(&id) {
                        Some(value) => drop(now.values.insert(id, value.clone())),
                        None => drop(now.values.remove(&id)),
                    },
                    Part::Kind(kind) => now.identifiers[kind] = was.identifiers[kind].clone(),
                    Part::Addresses => now.addresses.clone_from(&was.addresses),
                    Part::Preferences => now.preferences.clone_from(&was.preferences),
                    Part::Groups => now.groups.clone_from(&was.groups),
                    Part::Answers => now.answers.clone_from(&was.answers),
                }
            }
            now.changed_at = tick;
        }
        (restored, refused)
    }
}

/// What of a profile is compared at a time.
#[derive(Debug, PartialEq)]
enum Part {
    Column(ColumnId),
    Kind(usize),
    Addresses,
    Preferences,
    Groups,
    Answers,
}

impl Part {
    fn is_kept(&self, is_kept: &impl Fn(ColumnId) -> bool) -> bool {
        match self {
            Self::Column(id) => *id < builtin::FIRST_FREE || is_kept(*id),
            _ => true,
        }
    }
}

fn differences(one: &Profile, other: &Profile) -> Vec<Part> {
    let columns = (0..90).filter(|id| one.values.get(id) != other.values.get(id));
    let kinds = (0..3).filter(|&kind| one.identifiers[kind] != other.identifiers[kind]);
    let entries = [
        (Part::Addresses, one.addresses != other.addresses),
        (Part::Preferences, one.preferences != other.preferences),
        (Part::Groups, one.groups != other.groups),
        (Part::Answers, one.answers != other.answers),
    ];
    let entries = entries.into_iter().filter(|(_, differs)| *differs);
    columns
        .map(Part::Column)
        .chain(kinds.map(Part::Kind))
        .chain(entries.map(|(part, _)| part))
        .collect()
}

pub(super) fn is_same(kind: IdentifierKind, stored: &str, sought: &str) -> bool {
    if kind == IdentifierKind::Email {
        fold(stored) == fold(sought)
    } else {
        stored == sought
    }
}

fn join(profile: &mut Profile, record: &Record, tick: i64) {
    let before = profile.values.get(&list().state()).cloned();
    let given = record.values.get(&list().state()).cloned().flatten();
    let after = given.or(before.clone()).unwrap_or(Value::One(0));
    if before.is_none() {
        profile
            .values
            .insert(list().joined_at(), Value::DateTime(tick));
    }
    if after == Value::One(0) && before != Some(Value::One(0)) {
        profile
            .values
            .insert(list().active_at(), Value::DateTime(tick));
    }
    profile.values.insert(list().state(), after);
}

/// Follows what a record says of the consent.
fn answer(profile: &mut Profile, record: &Record, tick: i64) {
    let before = match profile.values.get(&CONSENT) {
        Some(Value::Boolean(state)) => Some(*state),
        _ => None,
    };
    let after = match record.values.get(&CONSENT) {
        Some(Some(Value::Boolean(state))) => *state,
        Some(_) => return drop(profile.answers.take()),
        None => return,
    };
    let is_plain = record.answers.is_none();
    if is_plain && before.is_none_or(|before| before == after) {
        return;
    }
    let said = record.answers.clone().unwrap_or_default();
    let is_known = profile.answers.is_some();
    let known = profile.answers.get_or_insert_default();
    let version = if said.version > 0 {
        said.version
    } else {
        known.version
    };
    let time = said.stated_at_millis.or(known.stated_at_millis);
    let says_the_same =
        (before, version, time) == (Some(after), known.version, known.stated_at_millis);
    if !is_known || !says_the_same {
        known.former.extend(before.map(|is_given| FormerAnswer {
            is_given,
            version: known.version,
            stated_at_millis: known.stated_at_millis.unwrap_or(0),
        }));
        known.version = version;
        known.stated_at_millis = said.stated_at_millis.or(Some(tick));
    }
    if !said.former.is_empty() {
        known.former = said.former;
    }
    while known.former.len() > 50 {
        known.former.remove(0);
    }
}

pub(super) fn give(stored: &mut Vec<Identifier>, given: &[Identifier], is_refreshed: bool) {
    for one in stored.iter_mut().filter(|_| is_refreshed) {
        one.is_active = false;
    }
    for (position, one) in given.iter().enumerate() {
        let place = stored.iter().position(|old| old.kind == one.kind);
        let new = Identifier {
            is_primary: false,
            ..one.clone()
        };
        if let Some(place) = place {
            stored[place] = new;
        } else if position == 0 {
            stored.insert(0, new);
        } else {
            stored.push(new);
        }
    }
    let primary = given
        .iter()
        .find(|one| one.is_primary && !one.value.is_empty());
    let is_primary = |one: &Identifier| primary.is_some_and(|primary| primary.kind == one.kind);
    let [mut first, mut others, mut last] = [vec![], vec![], vec![]];
    for one in stored.drain(..).filter(|one| !one.value.is_empty()) {
        match (one.is_active, is_primary(&one)) {
            (true, true) => first.push(one),
            (true, false) => others.push(one),
            (false, true) => last.insert(0, one),
            (false, false) => last.push(one),
        }
    }
    *stored = [first, others, last].concat();
}

fn compose_name(profile: &mut Profile) {
    let parts = [
        builtin::GIVEN_NAME,
        builtin::MIDDLE_NAME,
        builtin::FAMILY_NAME,
    ];
    let mut name = String::new();
    for part in parts {
        if let Some(Value::Text(text)) = profile.values.get(&part) {
            name = format!("{name} {text}");
        }
    }
    let name = name.trim();
    if name.is_empty() {
        profile.values.remove(&builtin::FULL_NAME);
    } else {
        profile
            .values
            .insert(builtin::FULL_NAME, Value::Text(name.into()));
    }
}

/// A profile as columns.
fn stored(id: &str, profile: &Profile) -> BTreeMap<ColumnId, Value> {
    let mut columns = profile.values.clone();
    columns.insert(builtin::PROFILE_ID, Value::Text(id.into()));
    columns.insert(builtin::CHANGED_AT, Value::DateTime(profile.changed_at));
    for (kind, all) in KINDS.into_iter().zip(&profile.identifiers) {
        let [first, first_kind, more] = columns_of(kind);
        let mut others = all.as_slice();
        if let Some((one, behind)) = all.split_first().filter(|(one, _)| one.is_active) {
            others = behind;
            columns.insert(first, Value::Text(one.value.to_string()));
            if !one.kind.is_empty() {
                columns.insert(first_kind, Value::Text(one.kind.to_string()));
            }
        }
        if !others.is_empty() {
            columns.insert(more, Value::Identifiers(others.to_vec()));
        }
    }
    let answers = profile.answers.iter().map(|answers| answers.pack(CONSENT));
    for (column, entries) in [
        (builtin::ADDRESSES, profile.addresses.clone()),
        (
            builtin::PREFERENCES,
            profile.preferences.values().cloned().collect(),
        ),
        (builtin::GROUPS, profile.groups.values().cloned().collect()),
        (builtin::CONSENT_ANSWERS, answers.collect()),
    ] {
        if !entries.is_empty() {
            columns.insert(column, Value::Identifiers(entries));
        }
    }
    columns
}
