//! Records as NDJSON: one object a line, with the names of `segue.v1.Profile`.
//!
//! | part | form |
//! | --- | --- |
//! | `emails`, `phones`, `alternate_ids` | `[{"value": …, "type": …, "inactive": true}]`, without `type` where it is empty and `inactive` where it is in use |
//! | `name` | object of its parts |
//! | `fields` | object by key |
//! | `memberships` | object by list id: `state`, `joined_at`, `active_at`, `consent_to_track`, `fields` |
//! | `tags` | array of ids |
//! | `topics`, `consents` | `[{"topic": …, "state": …}]`, `[{"consent_type": …, "state": …, "version": …, "stated_at": …, "history": [{"state": …, "version": …, "stated_at": …}]}]` |
//! | `preferences` | `[{"program": …, "channel": …, "filter": …, "choice": …, "frequency": …, "expire_at": …, "basis": …, "stated_at": …}]` |
//! | `groups` | array of names |
//! | `addresses` | `[{"type": …, "lines": […], "locality": …, "region": …, "postal_code": …, "country": …, "inactive": true}]` |
//! | times, dates | `2024-01-31T12:00:00.000Z`, `2024-01-31` |
//! | numbers | the shortest text that reads back the same; whole numbers below 2⁵³ without a point |
//! | removals | `{"profile_id": …, "removed": true}` |
//!
//! What is absent is left out, an object without members too.

use super::form::{EntryKind, Group, Place, Syntax, Values, WrittenConsent, WrittenIdentifier};
use super::json_entries::{INACTIVE, push_consents, push_entries};
use super::json_text::{close_array, named, push_number, push_string};
use super::ready::Ready;
use super::rfc3339::{push_date, push_time};
use crate::batch::Identifier;
use crate::schema::{CONSENT_STATES, MarkKind, TOPIC_STATES};

/// Writes NDJSON.
pub(super) struct Json;

/// What stands around a value or group.
pub(super) struct Label {
    /// Comma, name and colon; empty for a record.
    head: Ready,
    /// Ready texts of each option: with the head for one, bare for many.
    options: Vec<Ready>,
    /// Whether a line ends with it.
    is_line: bool,
}

impl Label {
    fn named(name: &str) -> Self {
        Self {
            head: Ready::new(named(name)),
            options: Vec::new(),
            is_line: false,
        }
    }

    /// What stands around values behind a head.
    pub(super) fn of_values(head: Vec<u8>, values: Values<'_>) -> Self {
        let options = match values {
            Values::Plain(_) => Vec::new(),
            Values::One(names) => ready_options(&head, names),
            Values::Enum(names) => ready_options(&head, names),
            Values::Many(names) => ready_options(&[], names),
        };
        Self {
            head: Ready::new(head),
            options,
            is_line: false,
        }
    }
}

/// Options by code, each behind some bytes.
fn ready_options<T: AsRef<str>>(before: &[u8], names: &[T]) -> Vec<Ready> {
    let ready = |name: &T| {
        let mut text = before.to_vec();
        push_string(name.as_ref().as_bytes(), &mut text);
        Ready::new(text)
    };
    names.iter().map(ready).collect()
}

impl Syntax for Json {
    type Label = Label;

    fn value(&self, place: Place<'_>, values: Values<'_>) -> Label {
        let (Place::Member(_, name) | Place::AccountField(_, name) | Place::ListField(_, name)) =
            place;
        Label::of_values(named(name), values)
    }

    fn collection(&self, _: u32, name: &str) -> Label {
        Label::named(name)
    }

    fn marks(&self, kind: MarkKind, states: &[(&str, bool)]) -> Label {
        let ready = |&(id, state): &(&str, bool)| Ready::new(mark(kind, id, state));
        Label {
            options: states.iter().map(ready).collect(),
            ..Label::named(kind.collection())
        }
    }

    fn group(&self, group: Group<'_>) -> Label {
        match group {
            Group::Record => Label {
                head: Ready::new(Vec::new()),
                options: Vec::new(),
                is_line: true,
            },
            Group::Name => Label::named("name"),
            Group::AccountFields | Group::ListFields => Label::named("fields"),
            Group::Memberships => Label::named("memberships"),
            Group::Membership(id) => Label::named(id),
        }
    }

    fn begin(&self, _: &[String], _: &mut Vec<u8>) {}

    fn removed(&self, profile_id: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"profile_id\":");
        push_string(profile_id, out);
        out.extend_from_slice(b",\"removed\":true}\n");
    }

    fn open(label: &Label, out: &mut Vec<u8>) -> usize {
        label.head.push(out)
    }

    fn close(label: &Label, mark: usize, out: &mut Vec<u8>) {
        let start = mark + label.head.len();
        if out.len() == start {
            out.truncate(mark);
            return;
        }
        // Each member begins with a comma; that of the first is where the object begins.
        out[start] = b'{';
        out.extend_from_slice(if label.is_line { b"}\n" } else { b"}" });
    }

    fn text(label: &Label, text: &[u8], out: &mut Vec<u8>) {
        label.head.push(out);
        push_string(text, out);
    }

    fn number(label: &Label, number: f64, out: &mut Vec<u8>) {
        label.head.push(out);
        push_number(number, out);
    }

    fn boolean(label: &Label, boolean: bool, out: &mut Vec<u8>) {
        label.head.push(out);
        out.extend_from_slice(if boolean { b"true" } else { b"false" });
    }

    fn date(label: &Label, days: i32, out: &mut Vec<u8>) {
        label.head.push(out);
        out.push(b'"');
        push_date(days, out);
        out.push(b'"');
    }

    fn date_time(label: &Label, millis: i64, out: &mut Vec<u8>) {
        label.head.push(out);
        out.push(b'"');
        push_time(millis, out);
        out.push(b'"');
    }

    fn option(label: &Label, code: u16, out: &mut Vec<u8>) {
        if let Some(option) = label.options.get(usize::from(code)) {
            option.push(out);
        }
    }

    fn options(label: &Label, codes: &[u16], out: &mut Vec<u8>) {
        label.head.push(out);
        let start = out.len();
        for code in codes {
            if let Some(option) = label.options.get(usize::from(*code)) {
                out.push(b',');
                option.push(out);
            }
        }
        close_array(start, out);
    }

    fn entries(label: &Label, kind: EntryKind, entries: &[Identifier], out: &mut Vec<u8>) {
        label.head.push(out);
        push_entries(kind, entries, out);
    }

    fn consents<'a>(
        label: &Label,
        consents: impl Iterator<Item = WrittenConsent<'a>>,
        out: &mut Vec<u8>,
    ) {
        label.head.push(out);
        push_consents(consents, out);
    }

    fn identifiers<'a>(
        label: &Label,
        identifiers: impl Iterator<Item = WrittenIdentifier<'a>>,
        out: &mut Vec<u8>,
    ) {
        let mark = label.head.push(out);
        if !push_identifiers(identifiers, out) {
            out.truncate(mark);
        }
    }
}

/// Writes an array of identifiers; answers whether there was one, else nothing is written.
pub(super) fn push_identifiers<'a>(
    identifiers: impl Iterator<Item = WrittenIdentifier<'a>>,
    out: &mut Vec<u8>,
) -> bool {
    let start = out.len();
    for identifier in identifiers {
        out.extend_from_slice(b",{\"value\":");
        push_string(identifier.value, out);
        if !identifier.kind.is_empty() {
            out.extend_from_slice(b",\"type\":");
            push_string(identifier.kind, out);
        }
        if !identifier.is_active {
            out.extend_from_slice(INACTIVE);
        }
        out.push(b'}');
    }
    let is_any = out.len() > start;
    if is_any {
        close_array(start, out);
    }
    is_any
}

/// The element of a mark in its collection.
fn mark(kind: MarkKind, id: &str, state: bool) -> Vec<u8> {
    let (member, names) = match kind {
        MarkKind::Tag => {
            let mut text = Vec::new();
            push_string(id.as_bytes(), &mut text);
            return text;
        }
        MarkKind::Topic => ("topic", TOPIC_STATES),
        MarkKind::Consent => ("consent_type", CONSENT_STATES),
    };
    let mut object = Vec::new();
    for (name, text) in [(member, id), ("state", names[usize::from(!state)])] {
        object.extend_from_slice(&named(name));
        push_string(text.as_bytes(), &mut object);
    }
    object[0] = b'{';
    object.push(b'}');
    object
}
