//! What can be wrong with a record, where, and in which words. No words hold customer data.

use std::fmt;

use crate::batch::{IdentifierKind, RecordReason};
use crate::event::PropertyKind;
use crate::schema::{ColumnKind, MarkKind};
use crate::wire::protobuf::Damage;

/// Characters of a list id or field key that a path repeats.
const NAME_CHARS_MAX: usize = 100;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Problem {
    IdMissing,
    KeyMissing,
    TooLong {
        bytes: usize,
        max_bytes: usize,
    },
    NotText,
    TypeMismatch {
        expected: ColumnKind,
    },
    /// Not of the form that a document has there.
    ShapeMismatch {
        expected: &'static str,
    },
    NotBoolean,
    NotNumber,
    NumberOutside {
        low: f64,
        high: f64,
    },
    NotDate,
    NotDateTime,
    OptionUnknown,
    FieldUnknown,
    ListUnknown,
    MarkUnknown {
        kind: MarkKind,
    },
    StateUnknown,
    NotEmail,
    NotPhone,
    Duplicate,
    KeyIndexOutside {
        key_count: usize,
    },
    EventIdMissing,
    EventTypeUnknown,
    MillisOutside,
    PropertyUnknown,
    PropertyType {
        expected: PropertyKind,
    },
    PropertyMissing,
    NotFinite,
    NotCampaign,
    Removal,
    NotPart,
    TooManyLines {
        max: usize,
    },
    GroupMissing,
    FilterMissing,
    PreferenceNumber,
    /// A line of a table has other cells than its header.
    CellCount {
        found: usize,
        expected: usize,
    },
    /// A line of a table has quotes where none may stand.
    Quoting,
    /// A line of a table begins a cell in quotes that none end.
    Unclosed,
    TimeOutside,
    Damaged {
        problem: &'static str,
        offset: usize,
    },
}

impl Problem {
    /// Damage that was found in the bytes of a message.
    pub(super) const fn damaged(bytes: &[u8], damage: Damage) -> Self {
        Self::Damaged {
            problem: damage.problem,
            offset: bytes.len() - damage.bytes_left,
        }
    }

    pub(super) const fn reason(self) -> RecordReason {
        match self {
            Self::IdMissing => RecordReason::ProfileIdMissing,
            Self::KeyMissing => RecordReason::IdentifierMissing,
            Self::TooLong { .. } | Self::TooManyLines { .. } => RecordReason::TextTooLong,
            Self::NotText | Self::NotPart | Self::GroupMissing => RecordReason::TextInvalid,
            Self::FilterMissing | Self::PreferenceNumber => RecordReason::PreferenceInvalid,
            Self::TypeMismatch { .. }
            | Self::ShapeMismatch { .. }
            | Self::NotBoolean
            | Self::StateUnknown
            | Self::PropertyType { .. } => RecordReason::TypeMismatch,
            Self::NotNumber | Self::NumberOutside { .. } | Self::NotFinite => {
                RecordReason::NumberInvalid
            }
            Self::NotDate | Self::NotDateTime | Self::MillisOutside | Self::TimeOutside => {
                RecordReason::DateInvalid
            }
            Self::OptionUnknown => RecordReason::OptionUnknown,
            Self::FieldUnknown => RecordReason::FieldUnknown,
            Self::ListUnknown => RecordReason::ListUnknown,
            Self::MarkUnknown { kind } => match kind {
                MarkKind::Tag => RecordReason::TagUnknown,
                MarkKind::Topic => RecordReason::TopicUnknown,
                MarkKind::Consent => RecordReason::ConsentTypeUnknown,
            },
            Self::NotEmail => RecordReason::EmailInvalid,
            Self::NotPhone => RecordReason::PhoneInvalid,
            Self::Duplicate => RecordReason::Duplicate,
            Self::EventIdMissing => RecordReason::EventIdMissing,
            Self::EventTypeUnknown => RecordReason::EventTypeUnknown,
            Self::PropertyUnknown => RecordReason::PropertyUnknown,
            Self::PropertyMissing | Self::NotCampaign => RecordReason::PropertyInvalid,
            Self::KeyIndexOutside { .. }
            | Self::Removal
            | Self::CellCount { .. }
            | Self::Quoting
            | Self::Unclosed
            | Self::Damaged { .. } => RecordReason::RecordInvalid,
        }
    }
}

impl fmt::Display for Problem {
    #[expect(clippy::too_many_lines, reason = "an arm each, of words alone")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IdMissing => {
                f.write_str("the profile id is missing: give each record one of 1 to 255 bytes")
            }
            Self::KeyMissing => f.write_str(
                "the identifier that profiles are matched by is missing: give each record one of the kind and type that the import was \
                 opened with",
            ),
            Self::TooLong { bytes, max_bytes } => {
                write!(f, "{bytes} bytes long: at most {max_bytes} are taken")
            }
            Self::NotText => {
                f.write_str("not UTF-8 text, or with U+0000: send UTF-8 without U+0000")
            }
            Self::TypeMismatch { expected } => {
                write!(
                    f,
                    "a value of another type: send {}, or its text form",
                    plural(*expected)
                )
            }
            Self::ShapeMismatch { expected } => {
                write!(f, "a value of another form: send {expected}")
            }
            Self::NotBoolean => {
                f.write_str("not a truth value: write true, false, yes, no, 1 or 0")
            }
            Self::NotNumber => f.write_str("not a finite number: write it as 42, -0.5 or 1e3"),
            Self::NumberOutside { low, high } => {
                write!(f, "outside of {low} to {high}: correct the number")
            }
            Self::NotDate => f.write_str("not a date of years 1 to 9999: write it as 2024-01-31"),
            Self::NotDateTime => {
                f.write_str("not a time of years 1 to 9999: write it as 2024-01-31T12:00:00Z")
            }
            Self::OptionUnknown => {
                f.write_str("no such option: use one of the field's, or add it to the field")
            }
            Self::FieldUnknown => {
                f.write_str("no such field: create it, or import with unknown fields ignored")
            }
            Self::ListUnknown => f.write_str("no such list: create it, or correct its id"),
            Self::MarkUnknown { kind } => {
                write!(
                    f,
                    "no such {}: create it, or import with unknown fields ignored",
                    words(*kind)
                )
            }
            Self::StateUnknown => f.write_str("no such state: send one of the protocol's"),
            Self::NotEmail => f.write_str("not an e-mail address: write it as name@example.com"),
            Self::NotPhone => f.write_str(
                "not a phone number in E.164 form: write it as +46701234567, with 7 to 15 digits",
            ),
            Self::Duplicate => {
                f.write_str("stands twice where it may stand once: remove one of them")
            }
            Self::KeyIndexOutside { key_count } => {
                write!(
                    f,
                    "the key index counts from 1 to the batch's {key_count} field keys: correct it"
                )
            }
            Self::EventIdMissing => {
                f.write_str("the event id is missing: give each event one of 1 to 128 bytes")
            }
            Self::EventTypeUnknown => {
                f.write_str("no such event type: create it, or correct its id")
            }
            Self::MillisOutside => {
                f.write_str("outside of years 1 to 9999: send milliseconds since 1970 UTC")
            }
            Self::PropertyUnknown => {
                f.write_str("no such property: add it to the event type, or correct its key")
            }
            Self::PropertyType { expected } => {
                let expected = match expected {
                    PropertyKind::Text => "a text",
                    PropertyKind::Number => "a number",
                    PropertyKind::Boolean => "a truth value",
                    PropertyKind::DateTime => "a time",
                };
                write!(f, "a value of another type: send {expected}")
            }
            Self::PropertyMissing => {
                f.write_str("the property is missing or has no value: events of this type need it")
            }
            Self::NotFinite => f.write_str("not a finite number: leave it out, or correct it"),
            Self::NotCampaign => {
                f.write_str("not a campaign's id: send 16 or 32 hexadecimal digits")
            }
            Self::Removal => f.write_str(
                "an import removes no profiles: leave the record out, or erase the profile",
            ),
            Self::NotPart => f.write_str("with U+001E or U+001F: leave these characters out"),
            Self::TooManyLines { max } => write!(f, "more than {max} lines: join some of them"),
            Self::GroupMissing => {
                f.write_str("the name of the group is missing: give one of 1 to 100 bytes")
            }
            Self::FilterMissing => f.write_str(
                "the filter is missing, which says what the preference is about: give one of 1 to 50 bytes",
            ),
            Self::TimeOutside => f.write_str(
                "not a time of years 1 to 9999: send milliseconds since 1970 UTC, as text 2024-01-31T12:00:00Z",
            ),
            Self::PreferenceNumber => {
                f.write_str("missing, or there is none such: send one of the protocol's")
            }
            Self::CellCount { found, expected } => {
                write!(
                    f,
                    "{found} cells where the header has {expected}: give each line as many, and put cells with commas in quotes"
                )
            }
            Self::Quoting => f.write_str(
                "quotes inside a cell, reading went on at the next line: put such a cell in quotes, and double those in it",
            ),
            Self::Unclosed => f.write_str(
                "quotes that nothing closes: close them, or double those that belong to the text",
            ),
            Self::Damaged { problem, offset } => {
                write!(
                    f,
                    "damaged: {problem} at byte {offset} of it: encode the record again"
                )
            }
        }
    }
}

const fn words(kind: MarkKind) -> &'static str {
    match kind {
        MarkKind::Tag => "tag",
        MarkKind::Topic => "topic",
        MarkKind::Consent => "consent type",
    }
}

const fn plural(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Text | ColumnKind::ExactText | ColumnKind::Identifiers => "texts",
        ColumnKind::Number => "numbers",
        ColumnKind::Boolean => "truth values",
        ColumnKind::Date => "dates",
        ColumnKind::DateTime => "times",
        ColumnKind::MultiSelectOne => "names of options as text",
        ColumnKind::MultiSelectMany => "lists of options",
    }
}

/// Where in a record something is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place<'a> {
    /// A member of the record or a column of a flat format, by name; empty for the record as a whole.
    Named(&'a str),
    /// An identifier, or a part of it.
    Identifier {
        kind: IdentifierKind,
        position: usize,
        part: &'a str,
    },
    /// A field of the account, or of a list.
    Field {
        list: Option<&'a [u8]>,
        key: &'a [u8],
    },
    /// A property of an event, by its key.
    Datum(&'a [u8]),
    /// A membership.
    Membership { list: &'a [u8] },
    /// A part of a membership.
    MembershipPart { list: &'a [u8], part: &'a str },
    /// A mark, by the collection it stands in.
    Mark { collection: &'a str, id: &'a [u8] },
    /// A part of a mark.
    MarkPart {
        collection: &'a str,
        id: &'a [u8],
        part: &'a str,
    },
    /// A part of a former answer to a consent.
    FormerAnswer {
        id: &'a [u8],
        position: usize,
        part: &'a str,
    },
    /// An element of another collection, or a part of it.
    Entry {
        collection: &'a str,
        position: usize,
        part: &'a str,
    },
    /// A line of an address.
    AddressLine { address: usize, line: usize },
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Named(name) => f.write_str(&shortened(name.as_bytes())),
            Self::Identifier {
                kind,
                position,
                part: "",
            } => {
                write!(f, "{}[{position}]", collection(kind))
            }
            Self::Identifier {
                kind,
                position,
                part,
            } => {
                write!(f, "{}[{position}].{part}", collection(kind))
            }
            Self::Field { list: None, key } => write!(f, "fields[{}]", shortened(key)),
            Self::Field {
                list: Some(list),
                key,
            } => {
                write!(
                    f,
                    "memberships[{}].fields[{}]",
                    shortened(list),
                    shortened(key)
                )
            }
            Self::Datum(key) => write!(f, "data[{}]", shortened(key)),
            Self::Membership { list } => write!(f, "memberships[{}]", shortened(list)),
            Self::MembershipPart { list, part } => {
                write!(f, "memberships[{}].{part}", shortened(list))
            }
            Self::Mark { collection, id } => write!(f, "{collection}[{}]", shortened(id)),
            Self::MarkPart {
                collection,
                id,
                part,
            } => {
                write!(f, "{collection}[{}].{part}", shortened(id))
            }
            Self::FormerAnswer { id, position, part } => {
                write!(f, "consents[{}].history[{position}].{part}", shortened(id))
            }
            Self::Entry {
                collection,
                position,
                part: "",
            } => write!(f, "{collection}[{position}]"),
            Self::Entry {
                collection,
                position,
                part,
            } => write!(f, "{collection}[{position}].{part}"),
            Self::AddressLine { address, line } => {
                write!(f, "addresses[{address}].lines[{line}]")
            }
        }
    }
}

/// Name of the collection of a kind in records.
pub(crate) const fn collection(kind: IdentifierKind) -> &'static str {
    match kind {
        IdentifierKind::Email => "emails",
        IdentifierKind::Phone => "phones",
        IdentifierKind::AlternateId => "alternate_ids",
    }
}

/// The beginning of a name, of bearable length.
pub(super) fn shortened(name: &[u8]) -> String {
    let end = name.len().min(4 * NAME_CHARS_MAX);
    String::from_utf8_lossy(&name[..end])
        .chars()
        .take(NAME_CHARS_MAX)
        .collect()
}
