//! Records as `segue.v1.Profile`, in a batch or alone.

use super::form::{EntryKind, Group, Place, Syntax, Values, WrittenConsent, WrittenIdentifier};
use super::protobuf_entries::{put_address, put_consent, put_preference};
use super::ready::{Ready, push_text, push_varint};
use crate::batch::Identifier;
use crate::entry::{Address, Preference};
use crate::schema::{ColumnKind, MarkKind};
use crate::wire::fields::{
    field_value, identifier, mark_state, membership, option_list, profile, profile_batch,
};
use crate::wire::protobuf::{
    FIXED64, LENGTH_DELIMITED, VARINT, put_bytes, put_tag, put_uint, put_varint, varint_len,
};

/// Lengths below take one byte, so they can be set after the fact.
const ONE_BYTE_LENGTHS: usize = 0x80;

/// How a value names its field.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keys {
    /// By its position in `ProfileBatch.field_keys`: the profiles stand in a batch.
    Indexed,
    /// By its key: the profile stands alone.
    Spelled,
}

/// Writes `segue.v1.Profile`.
pub(super) struct Protobuf {
    /// How values name their fields.
    pub(super) keys: Keys,
}

/// What stands around a value or group.
pub(super) enum Label {
    /// A member: its tag.
    Member(Ready),
    /// A value in a `FieldValue`: the tag of that, one byte for its length, its key and the tag of the value.
    Wrapped(Ready),
    /// Options with nothing around them: ready bytes of each.
    Each(Vec<Ready>),
    /// Any options in a `FieldValue`, around as [`Wrapped`](Self::Wrapped): ready elements of the `OptionList`.
    Many { around: Ready, options: Vec<Ready> },
    /// A message: its tag, the bytes kept free for its length, and what it begins with.
    Message {
        tag_bytes: usize,
        length_bytes: usize,
        head: Ready,
    },
    /// A group without a message of its own.
    Inline,
}

impl Protobuf {
    /// What stands before a value in a `FieldValue`, whose own length is left open.
    fn around(&self, message: u32, position: u32, key: &str, value: [u32; 2]) -> Ready {
        let mut around = Vec::new();
        put_tag(&mut around, message, LENGTH_DELIMITED);
        around.push(0);
        match self.keys {
            Keys::Indexed => put_uint(&mut around, field_value::KEY_INDEX, position.into()),
            Keys::Spelled => put_bytes(&mut around, field_value::KEY, key.as_bytes()),
        }
        put_tag(&mut around, value[0], value[1]);
        Ready::new(around)
    }

    fn field(&self, message: u32, position: u32, key: &str, values: Values<'_>) -> Label {
        let around = |value| self.around(message, position, key, value);
        match values {
            Values::Plain(kind) => Label::Wrapped(around(value_tag(kind))),
            Values::One(names) => {
                let around = around([field_value::TEXT, LENGTH_DELIMITED]);
                Label::Each(rendered(names, |name, out| {
                    put_around(&around, sized_len(name.len()), out);
                    put_sized(out, name.as_bytes());
                }))
            }
            Values::Many(names) => Label::Many {
                around: around([field_value::OPTIONS, LENGTH_DELIMITED]),
                options: rendered(names, |name, out| {
                    put_bytes(out, option_list::OPTIONS, name.as_bytes());
                }),
            },
            Values::Enum(_) => Label::Inline,
        }
    }
}

impl Syntax for Protobuf {
    type Label = Label;

    fn value(&self, place: Place<'_>, values: Values<'_>) -> Label {
        match (place, values) {
            (Place::AccountField(position, key), _) => {
                self.field(profile::FIELDS, position, key, values)
            }
            (Place::ListField(position, key), _) => {
                self.field(membership::FIELDS, position, key, values)
            }
            (Place::Member(number, _), Values::Enum(names)) => {
                let mut value = 0;
                Label::Each(rendered(names, |_, out| {
                    value += 1;
                    put_uint(out, number, value);
                }))
            }
            (Place::Member(number, _), Values::Plain(kind)) => {
                Label::Member(tag(number, value_tag(kind)[1]))
            }
            (Place::Member(number, _), _) => Label::Member(tag(number, LENGTH_DELIMITED)),
        }
    }

    fn collection(&self, number: u32, _: &str) -> Label {
        Label::Member(tag(number, LENGTH_DELIMITED))
    }

    fn marks(&self, kind: MarkKind, states: &[(&str, bool)]) -> Label {
        let ready = |&(id, state): &(&str, bool)| Ready::new(mark(kind, id, state));
        Label::Each(states.iter().map(ready).collect())
    }

    fn group(&self, group: Group<'_>) -> Label {
        match (group, self.keys) {
            (Group::Record, Keys::Indexed) => message(profile_batch::PROFILES, 2, None),
            (Group::Name, _) => message(profile::NAME, 1, None),
            (Group::Membership(id), _) => message(profile::MEMBERSHIPS, 1, Some(id)),
            _ => Label::Inline,
        }
    }

    fn begin(&self, keys: &[String], out: &mut Vec<u8>) {
        for key in keys {
            put_bytes(out, profile_batch::FIELD_KEYS, key.as_bytes());
        }
    }

    fn removed(&self, profile_id: &[u8], out: &mut Vec<u8>) {
        let label = self.group(Group::Record);
        let mark = Self::open(&label, out);
        put_bytes(out, profile::PROFILE_ID, profile_id);
        put_uint(out, profile::REMOVED, 1);
        Self::close(&label, mark, out);
    }

    #[inline]
    fn open(label: &Label, out: &mut Vec<u8>) -> usize {
        match label {
            Label::Message { head, .. } => head.push(out),
            _ => out.len(),
        }
    }

    #[inline]
    fn close(label: &Label, mark: usize, out: &mut Vec<u8>) {
        let Label::Message {
            tag_bytes,
            length_bytes,
            ..
        } = label
        else {
            return;
        };
        let start = mark + tag_bytes;
        let length = out.len() - start - length_bytes;
        if length == 0 {
            out.truncate(mark);
            return;
        }
        let needed = varint_len(length as u64);
        if needed != *length_bytes {
            move_body(out, start, *length_bytes, needed);
        }
        set_varint(length as u64, &mut out[start..start + needed]);
    }

    #[inline]
    fn text(label: &Label, text: &[u8], out: &mut Vec<u8>) {
        put_head(label, sized_len(text.len()), out);
        push_varint(out, text.len() as u64);
        push_text(out, text);
    }

    #[inline]
    fn number(label: &Label, number: f64, out: &mut Vec<u8>) {
        put_head(label, 8, out);
        out.extend_from_slice(&number.to_le_bytes());
    }

    #[inline]
    fn boolean(label: &Label, boolean: bool, out: &mut Vec<u8>) {
        put_head(label, 1, out);
        out.push(boolean.into());
    }

    #[inline]
    fn date(label: &Label, days: i32, out: &mut Vec<u8>) {
        let zigzag = ((days << 1) ^ (days >> 31)).cast_unsigned().into();
        put_head(label, varint_len(zigzag), out);
        push_varint(out, zigzag);
    }

    #[inline]
    fn date_time(label: &Label, millis: i64, out: &mut Vec<u8>) {
        let value = millis.cast_unsigned();
        put_head(label, varint_len(value), out);
        push_varint(out, value);
    }

    #[inline]
    fn option(label: &Label, code: u16, out: &mut Vec<u8>) {
        if let Label::Each(options) = label
            && let Some(option) = options.get(usize::from(code))
        {
            option.push(out);
        }
    }

    #[inline]
    fn options(label: &Label, codes: &[u16], out: &mut Vec<u8>) {
        match label {
            Label::Each(options) => {
                for option in named(options, codes) {
                    option.push(out);
                }
            }
            Label::Many { around, options } => {
                let length: usize = named(options, codes).map(Ready::len).sum();
                put_around(around, sized_len(length), out);
                push_varint(out, length as u64);
                for option in named(options, codes) {
                    option.push(out);
                }
            }
            _ => {}
        }
    }

    fn entries(label: &Label, kind: EntryKind, entries: &[Identifier], out: &mut Vec<u8>) {
        let mut message = Vec::new();
        for entry in entries {
            message.clear();
            match kind {
                EntryKind::Addresses => put_address(&Address::unpack(entry), &mut message),
                EntryKind::Preferences => put_preference(&Preference::unpack(entry), &mut message),
                EntryKind::Groups => message.extend_from_slice(entry.kind.as_bytes()),
            }
            put_head(label, 0, out);
            put_sized(out, &message);
        }
    }

    fn consents<'a>(
        _: &Label,
        consents: impl Iterator<Item = WrittenConsent<'a>>,
        out: &mut Vec<u8>,
    ) {
        let mut message = Vec::new();
        for consent in consents {
            message.clear();
            put_consent(&consent, &mut message);
            put_bytes(out, profile::CONSENTS, &message);
        }
    }

    #[inline]
    fn identifiers<'a>(
        label: &Label,
        identifiers: impl Iterator<Item = WrittenIdentifier<'a>>,
        out: &mut Vec<u8>,
    ) {
        for WrittenIdentifier {
            kind,
            value,
            is_active,
        } in identifiers
        {
            let typed = if kind.is_empty() {
                0
            } else {
                1 + sized_len(kind.len())
            };
            put_head(label, 0, out);
            let flagged = if is_active { 0 } else { 2 };
            push_varint(out, (1 + sized_len(value.len()) + typed + flagged) as u64);
            put_tag(out, identifier::VALUE, LENGTH_DELIMITED);
            push_varint(out, value.len() as u64);
            push_text(out, value);
            if !kind.is_empty() {
                put_bytes(out, identifier::TYPE, kind);
            }
            if !is_active {
                put_uint(out, identifier::INACTIVE, 1);
            }
        }
    }
}

/// Those of some codes that have a name.
#[inline]
fn named<'a>(options: &'a [Ready], codes: &'a [u16]) -> impl Iterator<Item = &'a Ready> {
    codes
        .iter()
        .filter_map(|code| options.get(usize::from(*code)))
}

/// A message that begins with the id of a list, or with nothing.
fn message(number: u32, length_bytes: usize, list: Option<&str>) -> Label {
    let mut head = Vec::new();
    put_tag(&mut head, number, LENGTH_DELIMITED);
    let tag_bytes = head.len();
    head.resize(tag_bytes + length_bytes, 0);
    if let Some(id) = list {
        put_bytes(&mut head, membership::LIST, id.as_bytes());
    }
    Label::Message {
        tag_bytes,
        length_bytes,
        head: Ready::new(head),
    }
}

/// Number and wire type of the value in a `FieldValue`.
fn value_tag(kind: ColumnKind) -> [u32; 2] {
    match kind {
        ColumnKind::Number => [field_value::NUMBER, FIXED64],
        ColumnKind::Boolean => [field_value::BOOLEAN, VARINT],
        ColumnKind::Date => [field_value::DATE_DAYS, VARINT],
        ColumnKind::DateTime => [field_value::DATE_TIME_MILLIS, VARINT],
        ColumnKind::MultiSelectMany => [field_value::OPTIONS, LENGTH_DELIMITED],
        ColumnKind::Text
        | ColumnKind::ExactText
        | ColumnKind::MultiSelectOne
        | ColumnKind::Identifiers => [field_value::TEXT, LENGTH_DELIMITED],
    }
}

/// The element of a mark in its collection.
fn mark(kind: MarkKind, id: &str, state: bool) -> Vec<u8> {
    let mut element = Vec::new();
    let number = match kind {
        MarkKind::Tag => {
            put_bytes(&mut element, profile::TAGS, id.as_bytes());
            return element;
        }
        MarkKind::Topic => profile::TOPICS,
        MarkKind::Consent => profile::CONSENTS,
    };
    let mut message = Vec::new();
    put_bytes(&mut message, mark_state::ID, id.as_bytes());
    put_uint(&mut message, mark_state::STATE, if state { 1 } else { 2 });
    put_bytes(&mut element, number, &message);
    element
}

/// Renders options, by code.
fn rendered<T: AsRef<str>>(names: &[T], mut render: impl FnMut(&str, &mut Vec<u8>)) -> Vec<Ready> {
    let ready = |name: &T| {
        let mut bytes = Vec::new();
        render(name.as_ref(), &mut bytes);
        Ready::new(bytes)
    };
    names.iter().map(ready).collect()
}

/// Writes what stands before a value, which will take `value_bytes`.
#[inline]
fn put_head(label: &Label, value_bytes: usize, out: &mut Vec<u8>) {
    match label {
        Label::Member(tag) => {
            tag.push(out);
        }
        Label::Wrapped(around) => put_around(around, value_bytes, out),
        Label::Each(_) | Label::Many { .. } | Label::Message { .. } | Label::Inline => {}
    }
}

/// Writes what stands around a value of `value_bytes` in a `FieldValue`, whose tag takes one byte.
#[inline]
fn put_around(around: &Ready, value_bytes: usize, out: &mut Vec<u8>) {
    let start = around.push(out) + 1;
    let length = around.len() - 2 + value_bytes;
    if length < ONE_BYTE_LENGTHS {
        out[start] = length.to_le_bytes()[0];
    } else {
        let needed = varint_len(length as u64);
        move_body(out, start, 1, needed);
        set_varint(length as u64, &mut out[start..start + needed]);
    }
}

/// Moves everything behind a length when that takes another number of bytes than were kept free.
#[cold]
fn move_body(out: &mut Vec<u8>, start: usize, free: usize, needed: usize) {
    let end = out.len();
    out.resize(end.max(end + needed - free), 0);
    out.copy_within(start + free..end, start + needed);
    out.truncate(end + needed - free);
}

fn tag(number: u32, wire_type: u32) -> Ready {
    let mut tag = Vec::new();
    put_tag(&mut tag, number, wire_type);
    Ready::new(tag)
}

/// Writes bytes after their number.
fn put_sized(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Bytes that [`put_sized`] writes.
#[inline]
fn sized_len(bytes: usize) -> usize {
    varint_len(bytes as u64) + bytes
}

/// Writes a varint over exactly as many bytes as it takes.
#[inline]
fn set_varint(mut value: u64, bytes: &mut [u8]) {
    for byte in bytes {
        let more = if value < 0x80 { 0 } else { 0x80 };
        *byte = value.to_le_bytes()[0] & 0x7f | more;
        value >>= 7;
    }
}
