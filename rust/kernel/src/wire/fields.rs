//! Field numbers of `segue.v1` messages, one module a message.

/// `segue.v1.ProfileBatch`.
pub mod profile_batch {
    /// Keys counted by `FieldValue.key_index`.
    pub const FIELD_KEYS: u32 = 1;
    /// Profiles.
    pub const PROFILES: u32 = 2;
    /// Problems of rejected profiles.
    pub const EXCEPTIONS: u32 = 3;
}

/// `segue.v1.Profile`.
pub mod profile {
    /// The owner's id.
    pub const PROFILE_ID: u32 = 1;
    /// Ids in other systems.
    pub const ALTERNATE_IDS: u32 = 2;
    /// E-mail addresses.
    pub const EMAILS: u32 = 3;
    /// Phone numbers.
    pub const PHONES: u32 = 4;
    /// Customer type.
    pub const CUSTOMER_TYPE: u32 = 5;
    /// Name.
    pub const NAME: u32 = 6;
    /// Locale.
    pub const LOCALE: u32 = 7;
    /// Country.
    pub const COUNTRY: u32 = 8;
    /// Region.
    pub const REGION: u32 = 9;
    /// Degrees north.
    pub const LATITUDE: u32 = 10;
    /// Degrees east.
    pub const LONGITUDE: u32 = 11;
    /// Values of the account's fields.
    pub const FIELDS: u32 = 12;
    /// Places on lists.
    pub const MEMBERSHIPS: u32 = 13;
    /// Tick of the first commit; output only.
    pub const CREATED_AT_MILLIS: u32 = 14;
    /// Tick of the last commit; output only.
    pub const CHANGED_AT_MILLIS: u32 = 15;
    /// Whether the profile left the export; output only.
    pub const REMOVED: u32 = 16;
    /// Tags.
    pub const TAGS: u32 = 17;
    /// States of topics.
    pub const TOPICS: u32 = 18;
    /// States of consents.
    pub const CONSENTS: u32 = 19;
    /// Preferences.
    pub const PREFERENCES: u32 = 20;
    /// Groups.
    pub const GROUPS: u32 = 21;
    /// Tags to take off; input only.
    pub const REMOVED_TAGS: u32 = 22;
    /// Groups to leave; input only.
    pub const REMOVED_GROUPS: u32 = 23;
    /// Postal addresses.
    pub const ADDRESSES: u32 = 24;
}

/// `segue.v1.TopicState` and `segue.v1.Consent`, which begin in the same way.
pub mod mark_state {
    /// Id of the topic or consent type.
    pub const ID: u32 = 1;
    /// State.
    pub const STATE: u32 = 2;
}

/// `segue.v1.Consent`, behind what [`mark_state`] has.
pub mod consent {
    /// Version of the text.
    pub const VERSION: u32 = 3;
    /// When it was answered.
    pub const STATED_AT_MILLIS: u32 = 4;
    /// Former answers.
    pub const HISTORY: u32 = 5;
}

/// `segue.v1.ConsentAnswer`.
pub mod consent_answer {
    /// State.
    pub const STATE: u32 = 1;
    /// Version of the text.
    pub const VERSION: u32 = 2;
    /// When it was answered.
    pub const STATED_AT_MILLIS: u32 = 3;
}

/// `segue.v1.Address`.
pub mod address {
    /// The owner's word for the kind.
    pub const TYPE: u32 = 1;
    /// Street lines.
    pub const LINES: u32 = 2;
    /// City or town.
    pub const LOCALITY: u32 = 3;
    /// Region or state.
    pub const REGION: u32 = 4;
    /// Postal code.
    pub const POSTAL_CODE: u32 = 5;
    /// Country.
    pub const COUNTRY: u32 = 6;
    /// Whether it is to be the first; input only.
    pub const PRIMARY: u32 = 7;
    /// Whether it is not in use any more.
    pub const INACTIVE: u32 = 8;
}

/// `segue.v1.Preference`.
pub mod preference {
    /// The program.
    pub const PROGRAM: u32 = 1;
    /// The channel.
    pub const CHANNEL: u32 = 2;
    /// What about.
    pub const FILTER: u32 = 3;
    /// Wanted or not.
    pub const CHOICE: u32 = 4;
    /// How often.
    pub const FREQUENCY: u32 = 5;
    /// When it ends.
    pub const EXPIRE_AT_MILLIS: u32 = 6;
    /// Said or concluded.
    pub const BASIS: u32 = 7;
    /// When it was said.
    pub const STATED_AT_MILLIS: u32 = 8;
}

/// `segue.v1.Identifier`.
pub mod identifier {
    /// The address, number or id.
    pub const VALUE: u32 = 1;
    /// The owner's word for the kind.
    pub const TYPE: u32 = 2;
    /// Whether it is to be the first; input only.
    pub const PRIMARY: u32 = 3;
    /// Whether it is not in use any more.
    pub const INACTIVE: u32 = 4;
}

/// `segue.v1.PersonName`.
pub mod person_name {
    /// Prefix.
    pub const PREFIX: u32 = 1;
    /// Given name.
    pub const GIVEN_NAME: u32 = 2;
    /// Middle name.
    pub const MIDDLE_NAME: u32 = 3;
    /// Family name.
    pub const FAMILY_NAME: u32 = 4;
    /// Suffix.
    pub const SUFFIX: u32 = 5;
    /// Whole name.
    pub const FULL_NAME: u32 = 6;
}

/// `segue.v1.Membership`.
pub mod membership {
    /// The list's id.
    pub const LIST: u32 = 1;
    /// State.
    pub const STATE: u32 = 2;
    /// Joined at.
    pub const JOINED_AT_MILLIS: u32 = 3;
    /// Active since.
    pub const ACTIVE_AT_MILLIS: u32 = 4;
    /// Consent to track.
    pub const CONSENT_TO_TRACK: u32 = 5;
    /// Values of the list's fields.
    pub const FIELDS: u32 = 6;
}

/// `segue.v1.FieldValue`.
pub mod field_value {
    /// The key.
    pub const KEY: u32 = 1;
    /// Position of the key in the batch, from 1.
    pub const KEY_INDEX: u32 = 2;
    /// Text.
    pub const TEXT: u32 = 3;
    /// Number.
    pub const NUMBER: u32 = 4;
    /// Truth value.
    pub const BOOLEAN: u32 = 5;
    /// Days since 1970-01-01, zigzag.
    pub const DATE_DAYS: u32 = 6;
    /// Milliseconds since 1970 UTC.
    pub const DATE_TIME_MILLIS: u32 = 7;
    /// Options.
    pub const OPTIONS: u32 = 8;
    /// Clears.
    pub const NULL: u32 = 9;
}

/// `segue.v1.OptionList`.
pub mod option_list {
    /// Names of options.
    pub const OPTIONS: u32 = 1;
}

/// `segue.v1.RetrieveExportResponse`.
pub mod retrieve_export_response {
    /// The bytes.
    pub const DATA: u32 = 1;
    /// Position of the first of them.
    pub const OFFSET: u32 = 2;
    /// Position after the last of them.
    pub const NEXT_OFFSET: u32 = 3;
    /// CRC-32C of the bytes.
    pub const CRC32C: u32 = 4;
    /// Rows that end in the block.
    pub const ROW_COUNT: u32 = 5;
}

/// `segue.v1.WatchSegmentResponse`.
pub mod watch_segment_response {
    /// Enterings and leavings.
    pub const CHANGES: u32 = 1;
}

/// `segue.v1.MembershipChange`.
pub mod membership_change {
    /// The profile.
    pub const PROFILE_ID: u32 = 1;
    /// Whether it entered.
    pub const ENTERED: u32 = 2;
    /// Revision.
    pub const REVISION: u32 = 3;
    /// Tick of the commit, or the moment.
    pub const AT_MILLIS: u32 = 4;
}

/// `segue.v1.EventBatch`.
pub mod event_batch {
    /// The events.
    pub const EVENTS: u32 = 1;
}

/// `segue.v1.Event`.
pub mod event {
    /// The owner's id.
    pub const EVENT_ID: u32 = 1;
    /// The profile.
    pub const PROFILE_ID: u32 = 2;
    /// Id of the event type.
    pub const EVENT_TYPE: u32 = 3;
    /// When it happened.
    pub const SOURCE_TIME_MILLIS: u32 = 4;
    /// Values of properties.
    pub const DATA: u32 = 5;
}

/// `segue.v1.EventProperty`.
pub mod event_property {
    /// The property's key.
    pub const KEY: u32 = 1;
    /// Text.
    pub const TEXT: u32 = 2;
    /// Number.
    pub const NUMBER: u32 = 3;
    /// Truth value.
    pub const BOOLEAN: u32 = 4;
    /// Milliseconds since 1970 UTC.
    pub const DATE_TIME_MILLIS: u32 = 5;
}

/// `segue.v1.ImportReview`, as far as the kernel fills it.
pub mod import_review {
    /// New profiles.
    pub const CREATE_COUNT: u32 = 1;
    /// Profiles that change.
    pub const UPDATE_COUNT: u32 = 2;
    /// Profiles that do not.
    pub const UNCHANGED_COUNT: u32 = 3;
    /// Profiles that go.
    pub const ERASE_COUNT: u32 = 4;
    /// Some of them.
    pub const SAMPLES: u32 = 8;
    /// Profiles by column.
    pub const FIELD_COUNTS: u32 = 9;
}

/// `segue.v1.ProfileDifference`.
pub mod profile_difference {
    /// The profile.
    pub const PROFILE_ID: u32 = 1;
    /// Whether it is new.
    pub const CREATED: u32 = 2;
    /// What changes.
    pub const FIELDS: u32 = 3;
}

/// `segue.v1.FieldDifference`.
pub mod field_difference {
    /// The column.
    pub const FIELD_PATH: u32 = 1;
    /// Before.
    pub const OLD_VALUE: u32 = 2;
    /// After.
    pub const NEW_VALUE: u32 = 3;
}

/// `segue.v1.FieldChangeCount`.
pub mod field_change_count {
    /// The column.
    pub const FIELD_PATH: u32 = 1;
    /// Profiles.
    pub const COUNT: u32 = 2;
}
