//! Records as NDJSON: one object a line, with the names of `segue.v1.Profile`.
//!
//! | part | form |
//! | --- | --- |
//! | `emails`, `phones`, `alternate_ids` | `[{"value": …, "type": …}]`, without `type` where it is empty |
//! | `name` | object of its parts |
//! | `fields` | object by key |
//! | `memberships` | object by list id: `state`, `joined_at`, `active_at`, `consent_to_track`, `fields` |
//! | `tags` | array of ids |
//! | `topics`, `consents` | `[{"topic": …, "state": …}]`, `[{"consent_type": …, "state": …}]` |
//! | times, dates | `2024-01-31T12:00:00.000Z`, `2024-01-31` |
//! | numbers | the shortest text that reads back the same; whole numbers below 2⁵³ without a point |
//! | removals | `{"profile_id": …, "removed": true}` |
//!
//! What is absent is left out, an object without members too.

use super::form::{Group, Place, Syntax, Values};
use super::ready::{Ready, push_text};
use super::rfc3339::{push_date, push_time};
use crate::schema::{CONSENT_STATES, MarkKind, TOPIC_STATES};

/// From here on not every whole number is a double.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

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

    /// Adds options by code, each behind some bytes.
    fn with_options<T: AsRef<str>>(self, before: &[u8], names: &[T]) -> Self {
        let ready = |name: &T| {
            let mut text = before.to_vec();
            push_string(name.as_ref().as_bytes(), &mut text);
            Ready::new(text)
        };
        Self {
            options: names.iter().map(ready).collect(),
            ..self
        }
    }
}

/// Comma, name and colon.
fn named(name: &str) -> Vec<u8> {
    let mut head = vec![b','];
    push_string(name.as_bytes(), &mut head);
    head.push(b':');
    head
}

impl Syntax for Json {
    type Label = Label;

    fn value(&self, place: Place<'_>, values: Values<'_>) -> Label {
        let (Place::Member(_, name) | Place::AccountField(_, name) | Place::ListField(_, name)) =
            place;
        let label = Label::named(name);
        match values {
            Values::Plain(_) => label,
            Values::One(names) => label.with_options(&named(name), names),
            Values::Enum(names) => label.with_options(&named(name), names),
            Values::Many(names) => label.with_options(&[], names),
        }
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

    fn identifiers<'a>(
        label: &Label,
        identifiers: impl Iterator<Item = (&'a [u8], &'a [u8])>,
        out: &mut Vec<u8>,
    ) {
        let mark = label.head.push(out);
        let start = out.len();
        for (kind, value) in identifiers {
            out.extend_from_slice(b",{\"value\":");
            push_string(value, out);
            if !kind.is_empty() {
                out.extend_from_slice(b",\"type\":");
                push_string(kind, out);
            }
            out.push(b'}');
        }
        if out.len() == start {
            out.truncate(mark);
        } else {
            close_array(start, out);
        }
    }
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

/// Ends an array whose elements each begin with a comma; that of the first is where the array begins.
fn close_array(start: usize, out: &mut Vec<u8>) {
    match out.get_mut(start) {
        Some(comma) => *comma = b'[',
        None => out.push(b'['),
    }
    out.push(b']');
}

fn push_number(number: f64, out: &mut Vec<u8>) {
    let is_whole = number.fract() == 0.0 && number.abs() < WHOLE_MAX;
    if is_whole && (number != 0.0 || number.is_sign_positive()) {
        #[expect(clippy::cast_possible_truncation, reason = "whole and below 2⁵³")]
        let whole = number as i64;
        out.extend_from_slice(itoa::Buffer::new().format(whole).as_bytes());
    } else {
        out.extend_from_slice(ryu::Buffer::new().format_finite(number).as_bytes());
    }
}

/// Writes a text in quotes.
fn push_string(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text;
    loop {
        let plain = plain_prefix(rest);
        push_text(out, &rest[..plain]);
        let Some(&byte) = rest.get(plain) else { break };
        push_escaped(byte, out);
        rest = &rest[plain + 1..];
    }
    out.push(b'"');
}

/// Bytes before the first that must be escaped: eight at a time, then one by one.
fn plain_prefix(bytes: &[u8]) -> usize {
    let mut length = 0;
    while let Some((word, _)) = bytes[length..].split_first_chunk::<8>() {
        if has_escape(u64::from_le_bytes(*word)) {
            break;
        }
        length += 8;
    }
    let rest = &bytes[length..];
    length
        + rest
            .iter()
            .position(|&byte| must_escape(byte))
            .unwrap_or(rest.len())
}

const fn must_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Whether one of eight bytes must be escaped.
const fn has_escape(word: u64) -> bool {
    const ONES: u64 = u64::MAX / 255;
    const HIGHS: u64 = ONES << 7;
    const fn has_zero(word: u64) -> u64 {
        word.wrapping_sub(ONES) & !word
    }
    let quote = has_zero(word ^ (ONES * b'"' as u64));
    let backslash = has_zero(word ^ (ONES * b'\\' as u64));
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (quote | backslash | control) & HIGHS != 0
}

fn push_escaped(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        _ => {
            const DIGITS: &[u8; 16] = b"0123456789abcdef";
            out.extend_from_slice(b"\\u00");
            out.push(DIGITS[usize::from(byte >> 4)]);
            out.push(DIGITS[usize::from(byte & 15)]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    proptest! {
        #[test]
        fn any_text_is_read_back(text in "[\\x00-\\x7f]{0,40}|\\PC{0,20}") {
            let json = written(|out| push_string(text.as_bytes(), out));
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }

        #[test]
        fn any_finite_number_is_read_back(number in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL | proptest::num::f64::ZERO) {
            let json = written(|out| push_number(number, out));
            let read: f64 = json.parse().unwrap();
            prop_assert_eq!(read.to_bits(), number.to_bits());
            prop_assert!(serde_json::from_str::<f64>(&json).is_ok());
        }
    }

    #[test]
    fn whole_numbers_have_no_point() {
        for (number, text) in [
            (0.0, "0"),
            (-0.0, "-0.0"),
            (42.0, "42"),
            (-7.0, "-7"),
            (9_007_199_254_740_991.0, "9007199254740991"),
            (1e16, "1e16"),
            (0.5, "0.5"),
            (1e-7, "1e-7"),
        ] {
            assert_eq!(written(|out| push_number(number, out)), text);
        }
    }

    #[test]
    fn control_characters_are_escaped_at_every_position_of_a_word() {
        for at in 0..20 {
            for byte in [0_u8, 0x08, 0x0c, b'\n', 0x1f, b'"', b'\\'] {
                let mut text = "x".repeat(20);
                text.replace_range(at..=at, std::str::from_utf8(&[byte]).unwrap());
                let json = written(|out| push_string(text.as_bytes(), out));
                assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
            }
        }
    }
}
