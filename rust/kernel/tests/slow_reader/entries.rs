//! Addresses, preferences, groups and answers to consents, part by part.

use segue_kernel::batch::{Identifier, RecordReason as R};
use segue_kernel::entry::{Address, ConsentAnswers, FormerAnswer, Preference, group};
use segue_kernel::schema::{ColumnId, builtin as b};
use segue_kernel::wire::calendar;

use super::{Row, text};
use crate::segue_v1 as v1;

/// Reads the entries of a profile, those of consents excepted.
pub(super) fn read(row: &mut Row, profile: &v1::Profile) {
    for (position, given) in profile.addresses.iter().enumerate() {
        read_address(row, position, given);
    }
    for (position, given) in profile.preferences.iter().enumerate() {
        read_preference(row, position, given);
    }
    for (collection, names, is_in) in [
        ("groups", &profile.groups, true),
        ("removed_groups", &profile.removed_groups, false),
    ] {
        for (position, name) in names.iter().enumerate() {
            let path = format!("{collection}[{position}]");
            let is_missing = name.is_empty().then_some(R::TextInvalid);
            if check(row, is_missing.or(part(name, 100)), &path) {
                push(row, b::GROUPS, group(name, is_in), &path);
            }
        }
    }
}

/// Reads what is said of a consent besides its state.
pub(super) fn read_answers(row: &mut Row, column: ColumnId, path: &str, given: &v1::Consent) {
    let mut is_good = check(
        row,
        given.stated_at_millis.and_then(time),
        &format!("{path}.stated_at_millis"),
    );
    for (position, former) in given.history.iter().enumerate() {
        let path = format!("{path}.history[{position}]");
        let state = (![1, 2].contains(&former.state)).then_some(R::TypeMismatch);
        is_good &= check(row, state, &format!("{path}.state"));
        let stated = time(former.stated_at_millis);
        is_good &= check(row, stated, &format!("{path}.stated_at_millis"));
    }
    let says_nothing =
        given.version == 0 && given.stated_at_millis.is_none() && given.history.is_empty();
    if !is_good || ![1, 2].contains(&given.state) || says_nothing {
        return;
    }
    let former = given.history.iter().map(|former| FormerAnswer {
        is_given: former.state == 1,
        version: former.version,
        stated_at_millis: former.stated_at_millis,
    });
    let answers = ConsentAnswers {
        version: given.version,
        stated_at_millis: given.stated_at_millis,
        former: former
            .skip(given.history.len().saturating_sub(50))
            .collect(),
    };
    let entries = row.entries.entry(b::CONSENT_ANSWERS).or_default();
    entries.push(answers.pack(column));
}

fn read_address(row: &mut Row, position: usize, given: &v1::Address) {
    let path = format!("addresses[{position}]");
    let mut is_good = true;
    for (name, text, max_bytes) in [
        ("type", &given.r#type, 100),
        ("locality", &given.locality, 100),
        ("region", &given.region, 100),
        ("postal_code", &given.postal_code, 20),
        ("country", &given.country, 100),
    ] {
        is_good &= check(row, part(text, max_bytes), &format!("{path}.{name}"));
    }
    if given.lines.len() > 5 {
        is_good &= check(row, Some(R::TextTooLong), &format!("{path}.lines"));
    } else {
        for (line, text) in given.lines.iter().enumerate() {
            is_good &= check(row, part(text, 250), &format!("{path}.lines[{line}]"));
        }
    }
    if is_good {
        let address = Address {
            kind: &given.r#type,
            lines: given.lines.iter().map(String::as_str).collect(),
            locality: &given.locality,
            region: &given.region,
            postal_code: &given.postal_code,
            country: &given.country,
            is_active: !given.inactive,
            is_primary: given.primary,
        };
        push(row, b::ADDRESSES, address.pack(), &format!("{path}.type"));
    }
}

fn read_preference(row: &mut Row, position: usize, given: &v1::Preference) {
    let path = format!("preferences[{position}]");
    let mut is_good = true;
    for (name, text, max_bytes) in [
        ("program", &given.program, 50),
        ("filter", &given.filter, 50),
        ("frequency", &given.frequency, 20),
    ] {
        is_good &= check(row, part(text, max_bytes), &format!("{path}.{name}"));
    }
    for (name, is_wrong) in [
        ("filter", given.filter.is_empty()),
        ("channel", !(1..=5).contains(&given.channel)),
        ("choice", !(0..=2).contains(&given.choice)),
        ("basis", !(0..=2).contains(&given.basis)),
    ] {
        let reason = is_wrong.then_some(R::PreferenceInvalid);
        is_good &= check(row, reason, &format!("{path}.{name}"));
    }
    for (name, millis) in [
        ("expire_at_millis", given.expire_at_millis),
        ("stated_at_millis", given.stated_at_millis),
    ] {
        is_good &= check(row, millis.and_then(time), &format!("{path}.{name}"));
    }
    if is_good {
        let preference = Preference {
            program: &given.program,
            channel: u16::try_from(given.channel - 1).expect("checked above"),
            filter: &given.filter,
            is_wanted: [None, Some(true), Some(false)][given.choice.unsigned_abs() as usize],
            frequency: &given.frequency,
            expire_at_millis: given.expire_at_millis,
            is_implied: given.basis == 2,
            stated_at_millis: given.stated_at_millis,
        };
        push(row, b::PREFERENCES, preference.pack(), &path);
    }
}

fn push(row: &mut Row, column: ColumnId, entry: Identifier, path: &str) {
    let entries = row.entries.entry(column).or_default();
    if entries.iter().any(|other| other.kind == entry.kind) {
        row.problems.push((path.to_owned(), R::Duplicate));
    } else {
        entries.push(entry);
    }
}

fn check(row: &mut Row, problem: Option<R>, path: &str) -> bool {
    row.problems
        .extend(problem.map(|reason| (path.to_owned(), reason)));
    problem.is_none()
}

fn part(given: &str, max_bytes: usize) -> Option<R> {
    let is_reserved = given.contains(['\u{1e}', '\u{1f}']);
    let reason = text(given, max_bytes).err();
    reason.or(is_reserved.then_some(R::TextInvalid))
}

fn time(millis: i64) -> Option<R> {
    (!calendar::is_time(millis)).then_some(R::DateInvalid)
}
