//! Event types and their properties.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;

use crate::error::{KernelError, Result};

/// Codes below it are those of built-in event types.
pub const FIRST_OWN_CODE: u16 = 16;

/// Position of the property `campaign` of built-in types.
pub const CAMPAIGN: usize = 0;

/// Position of the property `link` of built-in types.
pub const LINK: usize = 1;

/// Ids of the built-in event types in the order of their codes.
const BUILT_IN: [&str; 5] = ["sent", "opened", "clicked", "unsubscribed", "bounced"];

/// The built-in type of a click, which needs a link.
const CLICKED: u16 = 2;

/// What a property holds. The numbers stand in snapshots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PropertyKind {
    /// Text, found without regard to case.
    Text = 0,
    /// Finite double.
    Number = 1,
    /// True or false.
    Boolean = 2,
    /// Milliseconds since 1970 UTC.
    DateTime = 3,
}

/// A property of an event type. Its number is its position.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Property {
    /// Key in events; compared exactly.
    pub key: String,
    /// Type of its values.
    #[serde(rename = "type")]
    pub kind: PropertyKind,
}

/// A kind of events.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventType {
    /// Word for it in events.
    pub id: String,
    /// Number, given once and never used again.
    pub code: u16,
    /// Its properties. They are appended, never moved or removed.
    pub properties: Vec<Property>,
}

impl EventType {
    /// The types that every account has.
    pub(crate) fn built_in() -> impl Iterator<Item = Self> {
        let properties = ["campaign", "link"].map(|key| Property {
            key: key.into(),
            kind: PropertyKind::Text,
        });
        (0..).zip(BUILT_IN).map(move |(code, id)| Self {
            id: id.into(),
            code,
            properties: properties.to_vec(),
        })
    }

    /// Whether every account has it.
    pub fn is_built_in(&self) -> bool {
        self.code < FIRST_OWN_CODE
    }

    /// Whether its events need a value of a property.
    pub fn requires(&self, property: usize) -> bool {
        match property {
            CAMPAIGN => self.is_built_in(),
            LINK => self.code == CLICKED,
            _ => false,
        }
    }
}

/// The event types of an account, built-in ones included.
#[derive(Debug)]
pub(crate) struct EventTypes {
    all: Vec<EventType>,
    by_id: HashMap<String, usize>,
}

impl EventTypes {
    /// Takes the account's own event types.
    ///
    /// # Errors
    /// [`KernelError::DefinitionInvalid`] when an id or a code stands twice or belongs to a built-in type.
    pub(crate) fn new(own: Vec<EventType>) -> Result<Self> {
        let all: Vec<EventType> = EventType::built_in().chain(own).collect();
        let by_id: HashMap<String, usize> = all
            .iter()
            .enumerate()
            .map(|(at, event_type)| (event_type.id.clone(), at))
            .collect();
        let codes: HashSet<u16> = all.iter().map(|event_type| event_type.code).collect();
        let has_own_codes = all[BUILT_IN.len()..].iter().all(|own| !own.is_built_in());
        if by_id.len() == all.len() && codes.len() == all.len() && has_own_codes {
            return Ok(Self { all, by_id });
        }
        Err(KernelError::DefinitionInvalid {
            what: "schema",
            problem: "an id or code of an event type stands twice or is a built-in one's".into(),
        })
    }

    pub(crate) fn by_id(&self, id: &str) -> Option<&EventType> {
        self.by_id.get(id).map(|&at| &self.all[at])
    }

    pub(crate) fn by_code(&self, code: u16) -> Option<&EventType> {
        self.all.iter().find(|event_type| event_type.code == code)
    }
}

impl Default for EventTypes {
    fn default() -> Self {
        Self::new(Vec::new()).expect("built-in types stand once")
    }
}
