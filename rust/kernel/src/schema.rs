//! Which fields, lists and marks an account has, and the columns that hold them.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::error::{KernelError, Result};
use crate::event::definition::{EventType, EventTypes};

/// Number of a column in an account; given once and never used again.
pub type ColumnId = u32;

/// Columns that every account has.
pub mod builtin {
    use super::ColumnId;

    /// The owner's id; exact text.
    pub const PROFILE_ID: ColumnId = 0;
    /// Customer type; text.
    pub const CUSTOMER_TYPE: ColumnId = 1;
    /// Name prefix; text.
    pub const NAME_PREFIX: ColumnId = 2;
    /// Given name; text.
    pub const GIVEN_NAME: ColumnId = 3;
    /// Middle name; text.
    pub const MIDDLE_NAME: ColumnId = 4;
    /// Family name; text.
    pub const FAMILY_NAME: ColumnId = 5;
    /// Name suffix; text.
    pub const NAME_SUFFIX: ColumnId = 6;
    /// Whole name; text.
    pub const FULL_NAME: ColumnId = 7;
    /// Locale; text.
    pub const LOCALE: ColumnId = 8;
    /// Country; text.
    pub const COUNTRY: ColumnId = 9;
    /// Region; text.
    pub const REGION: ColumnId = 10;
    /// Degrees north; number.
    pub const LATITUDE: ColumnId = 11;
    /// Degrees east; number.
    pub const LONGITUDE: ColumnId = 12;
    /// First e-mail address; text.
    pub const EMAIL: ColumnId = 13;
    /// Its type; text, absent when empty.
    pub const EMAIL_TYPE: ColumnId = 14;
    /// The other e-mail addresses; identifiers.
    pub const EMAIL_MORE: ColumnId = 15;
    /// First phone number; exact text.
    pub const PHONE: ColumnId = 16;
    /// Its type; text, absent when empty.
    pub const PHONE_TYPE: ColumnId = 17;
    /// The other phone numbers; identifiers.
    pub const PHONE_MORE: ColumnId = 18;
    /// First alternate id; exact text.
    pub const ALTERNATE_ID: ColumnId = 19;
    /// Its type; text, absent when empty.
    pub const ALTERNATE_ID_TYPE: ColumnId = 20;
    /// The other alternate ids; identifiers.
    pub const ALTERNATE_ID_MORE: ColumnId = 21;
    /// Tick of the commit that created the profile; milliseconds.
    pub const CREATED_AT: ColumnId = 22;
    /// Tick of the last commit that wrote the profile; milliseconds.
    pub const CHANGED_AT: ColumnId = 23;
    /// Postal addresses by type; entries.
    pub const ADDRESSES: ColumnId = 24;
    /// Preferences by program, channel and filter; entries.
    pub const PREFERENCES: ColumnId = 25;
    /// Groups by name; entries.
    pub const GROUPS: ColumnId = 26;
    /// Answers to consents, by the number of the consent type's column; entries.
    pub const CONSENT_ANSWERS: ColumnId = 27;
    /// First number for lists and fields.
    pub const FIRST_FREE: ColumnId = 64;
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    /// Text, found without regard to case.
    Text,
    /// Text, found exactly.
    ExactText,
    /// Finite double.
    Number,
    /// True or false.
    Boolean,
    /// Days since 1970-01-01.
    Date,
    /// Milliseconds since 1970 UTC.
    DateTime,
    /// At most one option: a code from 0.
    MultiSelectOne,
    /// Any number of options: codes from 0.
    MultiSelectMany,
    /// Typed identifiers beyond a row's first, or other entries by their keys.
    Identifiers,
}

/// A custom field.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Where its values are.
    pub column: ColumnId,
    /// Id of its list; `None` for a field of the account.
    #[serde(default)]
    pub list: Option<String>,
    /// Key in records.
    pub key: String,
    /// Type of its values; neither `ExactText` nor `Identifiers`.
    #[serde(rename = "type")]
    pub kind: ColumnKind,
    /// Names of its options; a code is a position here. Options are appended, never moved or removed.
    #[serde(default)]
    pub options: Vec<String>,
}

/// A list. Its four membership columns follow each other.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// Last part of its resource name.
    pub id: String,
    /// First of its four columns.
    pub column: ColumnId,
}

impl List {
    /// State; codes are those of `segue.v1.MembershipState` less one: 0 is ACTIVE. Absent: not on the list.
    pub const fn state(&self) -> ColumnId {
        self.column
    }
    /// Joined at; milliseconds.
    pub const fn joined_at(&self) -> ColumnId {
        self.column + 1
    }
    /// Active since; milliseconds.
    pub const fn active_at(&self) -> ColumnId {
        self.column + 2
    }
    /// Consent to track; codes are those of `segue.v1.ConsentToTrack` less one.
    pub const fn consent_to_track(&self) -> ColumnId {
        self.column + 3
    }
}

/// What a mark is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum MarkKind {
    /// A word that profiles have or do not have: true, or absent.
    Tag = 0,
    /// Something to hear of: true is subscribed, false unsubscribed.
    Topic = 1,
    /// A consent asked for: true is given, false withdrawn.
    Consent = 2,
}

impl MarkKind {
    /// Every kind, in the order in which records hold them.
    pub const ALL: [Self; 3] = [Self::Tag, Self::Topic, Self::Consent];

    /// The states that are stored.
    pub const fn states(self) -> &'static [bool] {
        match self {
            Self::Tag => &[true],
            Self::Topic | Self::Consent => &[true, false],
        }
    }

    /// Name of the collection in records.
    pub const fn collection(self) -> &'static str {
        match self {
            Self::Tag => "tags",
            Self::Topic => "topics",
            Self::Consent => "consents",
        }
    }

    /// Its name, which goes before an id in the columns of flat formats.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tag => "tag",
            Self::Topic => "topic",
            Self::Consent => "consent",
        }
    }
}

/// A tag, a topic or a consent type: a column of truth values.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// What it is.
    pub kind: MarkKind,
    /// Last part of its resource name; marks of different kinds may share it.
    pub id: String,
    /// Where the profiles' states are.
    pub column: ColumnId,
}

impl Mark {
    /// Name of its column in flat formats, as `tag:vip`.
    pub fn flat_name(&self) -> String {
        format!("{}:{}", self.kind.name(), self.id)
    }
}

/// Most marks of an account: encoders number the two states of each in 16 bits.
const MAX_MARKS: usize = 1 << 15;

/// Names of a topic's states: of true, and of false.
pub const TOPIC_STATES: [&str; 2] = ["Subscribed", "Unsubscribed"];

/// Names of a consent's states: of true, and of false.
pub const CONSENT_STATES: [&str; 2] = ["Given", "Withdrawn"];

/// Names of the membership states in the order of their codes.
pub const MEMBERSHIP_STATES: [&str; 6] = [
    "Active",
    "Unconfirmed",
    "Unsubscribed",
    "Bounced",
    "Deleted",
    "Inactive",
];

/// Names of the answers to consent in the order of their codes.
pub const CONSENTS_TO_TRACK: [&str; 2] = ["Yes", "No"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Definition {
    lists: Vec<List>,
    fields: Vec<Field>,
    #[serde(default)]
    marks: Vec<Mark>,
    #[serde(default)]
    event_types: Vec<EventType>,
}

/// An account's lists, fields and marks at one version of its definitions. Immutable.
#[derive(Debug, Default)]
pub struct Schema {
    lists: Vec<List>,
    fields: Vec<Field>,
    marks: Vec<Mark>,
    list_by_id: HashMap<String, usize>,
    field_by_key: HashMap<(Option<String>, String), usize>,
    /// By kind.
    mark_by_id: [HashMap<String, usize>; MarkKind::ALL.len()],
    event_types: EventTypes,
}

impl Schema {
    /// Reads a schema from JSON: `{"lists": [{"id", "column"}], "fields": [{"column", "list", "key", "type", "options"}], "marks":
    /// [{"kind", "id", "column"}], "event_types": [{"id", "code", "properties": [{"key", "type"}]}]}`.
    ///
    /// # Errors
    /// [`KernelError::DefinitionInvalid`] when it is not of this form, or has more than 32,768 marks.
    pub fn from_json(json: &[u8]) -> Result<Self> {
        let Definition {
            lists,
            fields,
            marks,
            event_types,
        } = serde_json::from_slice(json).map_err(|error| KernelError::DefinitionInvalid {
            what: "schema",
            problem: error.to_string(),
        })?;
        if marks.len() > MAX_MARKS {
            return Err(KernelError::DefinitionInvalid {
                what: "schema",
                problem: format!("more than {MAX_MARKS} marks"),
            });
        }
        let list_by_id = lists
            .iter()
            .enumerate()
            .map(|(i, list)| (list.id.clone(), i))
            .collect();
        let field_by_key = fields
            .iter()
            .enumerate()
            .map(|(i, field)| ((field.list.clone(), field.key.to_lowercase()), i))
            .collect();
        let mut mark_by_id = MarkKind::ALL.map(|_| HashMap::new());
        for (i, mark) in marks.iter().enumerate() {
            mark_by_id[mark.kind as usize].insert(mark.id.clone(), i);
        }
        Ok(Self {
            lists,
            fields,
            marks,
            list_by_id,
            field_by_key,
            mark_by_id,
            event_types: EventTypes::new(event_types)?,
        })
    }

    /// Lists in order of creation.
    pub fn lists(&self) -> &[List] {
        &self.lists
    }

    /// Fields in order of creation.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Tags, topics and consent types in order of creation.
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// The list of an id.
    pub fn list(&self, id: &str) -> Option<&List> {
        self.list_by_id.get(id).map(|&i| &self.lists[i])
    }

    /// The event type of an id.
    pub fn event_type(&self, id: &str) -> Option<&EventType> {
        self.event_types.by_id(id)
    }

    /// The event type of a code.
    pub fn event_type_of_code(&self, code: u16) -> Option<&EventType> {
        self.event_types.by_code(code)
    }

    /// The field of a key on a list, or on the account for `None`; keys compare without regard to case.
    pub fn field(&self, list: Option<&str>, key: &str) -> Option<&Field> {
        self.field_by_key
            .get(&(list.map(str::to_owned), key.to_lowercase()))
            .map(|&i| &self.fields[i])
    }

    /// The mark of a kind and an id; ids compare exactly.
    pub fn mark(&self, kind: MarkKind, id: &str) -> Option<&Mark> {
        self.mark_by_id[kind as usize]
            .get(id)
            .map(|&i| &self.marks[i])
    }

    /// What a column holds, by this schema.
    pub fn kind(&self, column: ColumnId) -> Option<ColumnKind> {
        use builtin as b;
        match column {
            b::PROFILE_ID | b::PHONE | b::ALTERNATE_ID => Some(ColumnKind::ExactText),
            b::LATITUDE | b::LONGITUDE => Some(ColumnKind::Number),
            b::EMAIL_MORE
            | b::PHONE_MORE
            | b::ALTERNATE_ID_MORE
            | b::ADDRESSES..=b::CONSENT_ANSWERS => Some(ColumnKind::Identifiers),
            b::CREATED_AT | b::CHANGED_AT => Some(ColumnKind::DateTime),
            b::CUSTOMER_TYPE..=b::CHANGED_AT => Some(ColumnKind::Text),
            _ => self
                .kind_of_member_column(column)
                .or_else(|| self.kind_of_field(column))
                .or_else(|| self.kind_of_mark(column)),
        }
    }

    fn kind_of_field(&self, column: ColumnId) -> Option<ColumnKind> {
        let field = self.fields.iter().find(|field| field.column == column)?;
        Some(field.kind)
    }

    fn kind_of_mark(&self, column: ColumnId) -> Option<ColumnKind> {
        let is_mark = self.marks.iter().any(|mark| mark.column == column);
        is_mark.then_some(ColumnKind::Boolean)
    }

    fn kind_of_member_column(&self, column: ColumnId) -> Option<ColumnKind> {
        let list = self
            .lists
            .iter()
            .find(|list| (list.column..list.column + 4).contains(&column))?;
        Some(match column - list.column {
            1 | 2 => ColumnKind::DateTime,
            _ => ColumnKind::MultiSelectOne,
        })
    }
}
