//! Records as `segue.v1.Profile`, in a batch or alone.

use super::form::{Group, Place, Syntax, Values};
use crate::batch::Texts;
use crate::schema::ColumnKind;
use crate::wire::fields::{
    field_value, identifier, membership, option_list, profile, profile_batch,
};
use crate::wire::protobuf::{
    FIXED64, LENGTH_DELIMITED, VARINT, put_bytes, put_tag, put_uint, put_varint, varint_len,
};

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
    Member(Box<[u8]>),
    /// A value in a `FieldValue`: the tag of that, then, after its length, its key and the tag of the value.
    Wrapped { tag: Box<[u8]>, inner: Box<[u8]> },
    /// At most one option: ready bytes of each.
    One(Texts),
    /// Any options in a `FieldValue`, as [`Wrapped`](Self::Wrapped); `options` are ready elements of the `OptionList`.
    Many {
        tag: Box<[u8]>,
        inner: Box<[u8]>,
        options: Texts,
    },
    /// A message: its tag, the bytes kept free for its length, and what it begins with.
    Message {
        tag: Box<[u8]>,
        length_bytes: usize,
        head: Box<[u8]>,
    },
    /// A group without a message of its own.
    Inline,
}

impl Protobuf {
    /// Tag of the `FieldValue`, and the key inside it followed by the tag of a value.
    fn wrapper(&self, message: u32, position: u32, key: &str, value: [u32; 2]) -> [Box<[u8]>; 2] {
        let mut inner = Vec::new();
        match self.keys {
            Keys::Indexed => {
                put_uint(&mut inner, field_value::KEY_INDEX, position.into());
            }
            Keys::Spelled => put_bytes(&mut inner, field_value::KEY, key.as_bytes()),
        }
        put_tag(&mut inner, value[0], value[1]);
        [tag(message, LENGTH_DELIMITED), inner.into()]
    }

    fn field(&self, message: u32, position: u32, key: &str, values: Values<'_>) -> Label {
        match values {
            Values::Plain(kind) => {
                let [tag, inner] = self.wrapper(message, position, key, value_tag(kind));
                Label::Wrapped { tag, inner }
            }
            Values::One(names) => {
                let wrapper = [field_value::TEXT, LENGTH_DELIMITED];
                let [tag, inner] = self.wrapper(message, position, key, wrapper);
                Label::One(rendered(names, |name, out| {
                    out.extend_from_slice(&tag);
                    put_varint(out, (inner.len() + sized_len(name.len())) as u64);
                    out.extend_from_slice(&inner);
                    put_sized(out, name.as_bytes());
                }))
            }
            Values::Many(names) => {
                let wrapper = [field_value::OPTIONS, LENGTH_DELIMITED];
                let [tag, inner] = self.wrapper(message, position, key, wrapper);
                let options = rendered(names, |name, out| {
                    put_bytes(out, option_list::OPTIONS, name.as_bytes());
                });
                Label::Many {
                    tag,
                    inner,
                    options,
                }
            }
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
                Label::One(rendered(names, |_, out| {
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

    fn group(&self, group: Group<'_>) -> Label {
        let message = |number, length_bytes, head: Vec<u8>| Label::Message {
            tag: tag(number, LENGTH_DELIMITED),
            length_bytes,
            head: head.into(),
        };
        match (group, self.keys) {
            (Group::Record, Keys::Indexed) => message(profile_batch::PROFILES, 2, Vec::new()),
            (Group::Name, _) => message(profile::NAME, 1, Vec::new()),
            (Group::Membership(id), _) => {
                let mut head = Vec::new();
                put_bytes(&mut head, membership::LIST, id.as_bytes());
                message(profile::MEMBERSHIPS, 1, head)
            }
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

    fn open(label: &Label, out: &mut Vec<u8>) -> usize {
        let mark = out.len();
        if let Label::Message {
            tag,
            length_bytes,
            head,
        } = label
        {
            out.extend_from_slice(tag);
            out.resize(out.len() + length_bytes, 0);
            out.extend_from_slice(head);
        }
        mark
    }

    fn close(label: &Label, mark: usize, out: &mut Vec<u8>) {
        let Label::Message {
            tag, length_bytes, ..
        } = label
        else {
            return;
        };
        let start = mark + tag.len();
        let body = start + length_bytes;
        let length = out.len() - body;
        if length == 0 {
            out.truncate(mark);
            return;
        }
        let needed = varint_len(length as u64);
        if needed > *length_bytes {
            out.resize(out.len() + needed - length_bytes, 0);
        }
        if needed != *length_bytes {
            out.copy_within(body..body + length, start + needed);
            out.truncate(start + needed + length);
        }
        set_varint(length as u64, &mut out[start..start + needed]);
    }

    fn text(label: &Label, text: &[u8], out: &mut Vec<u8>) {
        put_head(label, sized_len(text.len()), out);
        put_sized(out, text);
    }

    fn number(label: &Label, number: f64, out: &mut Vec<u8>) {
        put_head(label, 8, out);
        out.extend_from_slice(&number.to_le_bytes());
    }

    fn boolean(label: &Label, boolean: bool, out: &mut Vec<u8>) {
        put_head(label, 1, out);
        out.push(boolean.into());
    }

    fn date(label: &Label, days: i32, out: &mut Vec<u8>) {
        let zigzag = ((days << 1) ^ (days >> 31)).cast_unsigned().into();
        put_head(label, varint_len(zigzag), out);
        put_varint(out, zigzag);
    }

    fn date_time(label: &Label, millis: i64, out: &mut Vec<u8>) {
        let value = millis.cast_unsigned();
        put_head(label, varint_len(value), out);
        put_varint(out, value);
    }

    fn option(label: &Label, code: u16, out: &mut Vec<u8>) {
        if let Label::One(options) = label
            && usize::from(code) < options.len()
        {
            out.extend_from_slice(options.get(code.into()));
        }
    }

    fn options(label: &Label, codes: &[u16], out: &mut Vec<u8>) {
        let Label::Many { options, .. } = label else {
            return;
        };
        let named = || {
            codes
                .iter()
                .filter(|code| usize::from(**code) < options.len())
        };
        let length: usize = named()
            .map(|code| options.get(usize::from(*code)).len())
            .sum();
        put_head(label, sized_len(length), out);
        put_varint(out, length as u64);
        for code in named() {
            out.extend_from_slice(options.get(usize::from(*code)));
        }
    }

    fn identifiers<'a>(
        label: &Label,
        identifiers: impl Iterator<Item = (&'a [u8], &'a [u8])>,
        out: &mut Vec<u8>,
    ) {
        for (kind, value) in identifiers {
            let typed = if kind.is_empty() {
                0
            } else {
                1 + sized_len(kind.len())
            };
            put_head(label, 0, out);
            put_varint(out, (1 + sized_len(value.len()) + typed) as u64);
            put_bytes(out, identifier::VALUE, value);
            if !kind.is_empty() {
                put_bytes(out, identifier::TYPE, kind);
            }
        }
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

/// Renders options, by code.
fn rendered<T: AsRef<str>>(names: &[T], mut render: impl FnMut(&str, &mut Vec<u8>)) -> Texts {
    let mut options = Texts::default();
    let mut bytes = Vec::new();
    for name in names {
        bytes.clear();
        render(name.as_ref(), &mut bytes);
        options.push(&bytes);
    }
    options
}

/// Writes what stands before a value, which will take `value_bytes`.
fn put_head(label: &Label, value_bytes: usize, out: &mut Vec<u8>) {
    match label {
        Label::Member(tag) => out.extend_from_slice(tag),
        Label::Wrapped { tag, inner } | Label::Many { tag, inner, .. } => {
            out.extend_from_slice(tag);
            put_varint(out, (inner.len() + value_bytes) as u64);
            out.extend_from_slice(inner);
        }
        Label::One(_) | Label::Message { .. } | Label::Inline => {}
    }
}

fn tag(number: u32, wire_type: u32) -> Box<[u8]> {
    let mut out = Vec::new();
    put_tag(&mut out, number, wire_type);
    out.into()
}

/// Writes bytes after their number.
fn put_sized(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Bytes that [`put_sized`] writes.
fn sized_len(bytes: usize) -> usize {
    varint_len(bytes as u64) + bytes
}

/// Writes a varint over exactly as many bytes as it takes.
fn set_varint(mut value: u64, bytes: &mut [u8]) {
    let last = bytes.len() - 1;
    for byte in &mut bytes[..last] {
        *byte = value.to_le_bytes()[0] | 0x80;
        value >>= 7;
    }
    bytes[last] = value.to_le_bytes()[0];
}
