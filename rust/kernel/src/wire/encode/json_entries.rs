//! Addresses, preferences, groups and answers to consents as JSON.

use super::form::{EntryKind, WrittenConsent};
use super::json_text::{close_array, named, push_number, push_string};
use super::rfc3339::push_time;
use crate::batch::Identifier;
use crate::entry::{
    Address, CHANNELS, ConsentAnswers, PREFERENCE_BASES, PREFERENCE_CHOICES, Preference,
};
use crate::schema::CONSENT_STATES;

/// Member of what is not in use any more.
pub(super) const INACTIVE: &[u8] = b",\"inactive\":true";

/// Writes an array of the entries of a collection, at least one.
pub(super) fn push_entries(kind: EntryKind, entries: &[Identifier], out: &mut Vec<u8>) {
    push_array(entries, out, |entry, out| match kind {
        EntryKind::Addresses => push_address(&Address::unpack(entry), out),
        EntryKind::Preferences => push_preference(&Preference::unpack(entry), out),
        EntryKind::Groups => push_string(entry.kind.as_bytes(), out),
    });
}

/// Writes an array of consents, at least one.
pub(super) fn push_consents<'a>(
    consents: impl Iterator<Item = WrittenConsent<'a>>,
    out: &mut Vec<u8>,
) {
    push_array(consents, out, |consent, out| {
        push_object(out, |out| {
            push_text("consent_type", consent.id, out);
            let state = Some(consent.is_given);
            match &consent.answers {
                Some(answers) => push_known(state, answers, out),
                None => push_answer(state, 0, None, out),
            }
        });
    });
}

/// Writes an array of what is known of consents besides their states, at least one; each with the id of its type.
pub(super) fn push_answers<'a>(
    answers: impl Iterator<Item = (&'a str, ConsentAnswers)>,
    out: &mut Vec<u8>,
) {
    push_array(answers, out, |(id, answers), out| {
        push_object(out, |out| {
            push_text("consent_type", id, out);
            push_known(None, &answers, out);
        });
    });
}

/// Writes the members of an answer and of the former ones.
fn push_known(is_given: Option<bool>, answers: &ConsentAnswers, out: &mut Vec<u8>) {
    push_answer(is_given, answers.version, answers.stated_at_millis, out);
    if !answers.former.is_empty() {
        out.extend_from_slice(&named("history"));
        push_array(&answers.former, out, |former, out| {
            let time = Some(former.stated_at_millis).filter(|&millis| millis != 0);
            push_object(out, |out| {
                push_answer(Some(former.is_given), former.version, time, out);
            });
        });
    }
}

fn push_answer(
    is_given: Option<bool>,
    version: u32,
    stated_at_millis: Option<i64>,
    out: &mut Vec<u8>,
) {
    if let Some(is_given) = is_given {
        push_text("state", CONSENT_STATES[usize::from(!is_given)], out);
    }
    if version > 0 {
        out.extend_from_slice(&named("version"));
        push_number(version.into(), out);
    }
    push_moment("stated_at", stated_at_millis, out);
}

fn push_address(address: &Address<'_>, out: &mut Vec<u8>) {
    push_object(out, |out| {
        push_some_text("type", address.kind, out);
        if !address.lines.is_empty() {
            out.extend_from_slice(&named("lines"));
            push_array(&address.lines, out, |line, out| {
                push_string(line.as_bytes(), out);
            });
        }
        push_some_text("locality", address.locality, out);
        push_some_text("region", address.region, out);
        push_some_text("postal_code", address.postal_code, out);
        push_some_text("country", address.country, out);
        if !address.is_active {
            out.extend_from_slice(INACTIVE);
        }
    });
}

fn push_preference(preference: &Preference<'_>, out: &mut Vec<u8>) {
    let name = |names: &'static [&'static str], code: usize| names.get(code).copied();
    push_object(out, |out| {
        push_some_text("program", preference.program, out);
        let channel = name(&CHANNELS, usize::from(preference.channel));
        push_some_text("channel", channel.unwrap_or_default(), out);
        push_text("filter", preference.filter, out);
        let choice = usize::from(preference.is_wanted != Some(true));
        push_text("choice", PREFERENCE_CHOICES[choice], out);
        push_some_text("frequency", preference.frequency, out);
        push_moment("expire_at", preference.expire_at_millis, out);
        let basis = usize::from(preference.is_implied);
        push_text("basis", PREFERENCE_BASES[basis], out);
        push_moment("stated_at", preference.stated_at_millis, out);
    });
}

/// Writes an array of items, at least one.
fn push_array<T>(
    items: impl IntoIterator<Item = T>,
    out: &mut Vec<u8>,
    mut push: impl FnMut(T, &mut Vec<u8>),
) {
    let start = out.len();
    for item in items {
        out.push(b',');
        push(item, out);
    }
    close_array(start, out);
}

/// Writes an object of members, at least one, each of which begins with a comma.
fn push_object(out: &mut Vec<u8>, members: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    members(out);
    out[start] = b'{';
    out.push(b'}');
}

fn push_text(name: &str, text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(&named(name));
    push_string(text.as_bytes(), out);
}

fn push_some_text(name: &str, text: &str, out: &mut Vec<u8>) {
    if !text.is_empty() {
        push_text(name, text, out);
    }
}

fn push_moment(name: &str, millis: Option<i64>, out: &mut Vec<u8>) {
    if let Some(millis) = millis {
        out.extend_from_slice(&named(name));
        out.push(b'"');
        push_time(millis, out);
        out.push(b'"');
    }
}
