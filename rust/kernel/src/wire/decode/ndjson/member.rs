//! What objects have: members by the names of `segue.v1`, in both spellings that protobuf gives them in JSON.

/// Members of objects of one kind, each with its name and the other spelling of it; at most 32.
pub(super) type Members<M> = &'static [(M, &'static str, &'static str)];

/// Members of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OfProfile {
    ProfileId,
    AlternateIds,
    Emails,
    Phones,
    /// A text, by its position in `TEXTS`.
    Text(usize),
    Name,
    /// A coordinate, by its position in `COORDINATES`.
    Coordinate(usize),
    Fields,
    Memberships,
    /// Of exports only.
    Output,
    Removed,
    Tags,
    RemovedTags,
    Topics,
    Consents,
    Preferences,
    Groups,
    RemovedGroups,
    Addresses,
}

impl OfProfile {
    pub(super) const ALL: Members<Self> = &[
        (Self::ProfileId, "profile_id", "profileId"),
        (Self::AlternateIds, "alternate_ids", "alternateIds"),
        (Self::Emails, "emails", "emails"),
        (Self::Phones, "phones", "phones"),
        (Self::Text(0), "customer_type", "customerType"),
        (Self::Name, "name", "name"),
        (Self::Text(7), "locale", "locale"),
        (Self::Text(8), "country", "country"),
        (Self::Text(9), "region", "region"),
        (Self::Coordinate(0), "latitude", "latitude"),
        (Self::Coordinate(1), "longitude", "longitude"),
        (Self::Fields, "fields", "fields"),
        (Self::Memberships, "memberships", "memberships"),
        (Self::Output, "created_at", "createdAt"),
        (Self::Output, "changed_at", "changedAt"),
        (Self::Output, "import_exceptions", "importExceptions"),
        (Self::Removed, "removed", "removed"),
        (Self::Tags, "tags", "tags"),
        (Self::RemovedTags, "removed_tags", "removedTags"),
        (Self::Topics, "topics", "topics"),
        (Self::Consents, "consents", "consents"),
        (Self::Preferences, "preferences", "preferences"),
        (Self::Groups, "groups", "groups"),
        (Self::RemovedGroups, "removed_groups", "removedGroups"),
        (Self::Addresses, "addresses", "addresses"),
    ];
}

/// Members of a name: parts, by their positions in `TEXTS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OfName(pub(super) usize);

impl OfName {
    /// The parts that a whole name is made of.
    pub(super) const COMPOSED: std::ops::RangeInclusive<usize> = 2..=4;
    /// The whole name.
    pub(super) const WHOLE: usize = 6;
}

impl OfName {
    pub(super) const ALL: Members<Self> = &[
        (Self(1), "prefix", "prefix"),
        (Self(2), "given_name", "givenName"),
        (Self(3), "middle_name", "middleName"),
        (Self(4), "family_name", "familyName"),
        (Self(5), "suffix", "suffix"),
        (Self(6), "full_name", "fullName"),
    ];
}

/// Members of an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OfIdentifier {
    Value,
    Type,
    Primary,
    Inactive,
}

impl OfIdentifier {
    pub(super) const ALL: Members<Self> = &[
        (Self::Value, "value", "value"),
        (Self::Type, "type", "type"),
        (Self::Primary, "primary", "primary"),
        (Self::Inactive, "inactive", "inactive"),
    ];
}

/// Members of a membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OfMembership {
    State,
    JoinedAt,
    ActiveAt,
    ConsentToTrack,
    Fields,
}

impl OfMembership {
    pub(super) const ALL: Members<Self> = &[
        (Self::State, "state", "state"),
        (Self::JoinedAt, "joined_at", "joinedAt"),
        (Self::ActiveAt, "active_at", "activeAt"),
        (Self::ConsentToTrack, "consent_to_track", "consentToTrack"),
        (Self::Fields, "fields", "fields"),
    ];
}

/// Members of the state of a topic, and of a consent, which has more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OfMark {
    Id,
    State,
    Version,
    StatedAt,
    History,
}

impl OfMark {
    pub(super) const TOPIC: Members<Self> = &[
        (Self::Id, "topic", "topic"),
        (Self::State, "state", "state"),
    ];
    pub(super) const CONSENT: Members<Self> = &[
        (Self::Id, "consent_type", "consentType"),
        (Self::State, "state", "state"),
        (Self::Version, "version", "version"),
        (Self::StatedAt, "stated_at", "statedAt"),
        (Self::History, "history", "history"),
    ];
}

/// Members of a former answer to a consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OfAnswer {
    State,
    Version,
    StatedAt,
}

impl OfAnswer {
    pub(super) const ALL: Members<Self> = &[
        (Self::State, "state", "state"),
        (Self::Version, "version", "version"),
        (Self::StatedAt, "stated_at", "statedAt"),
    ];
}

/// Members of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OfAddress {
    Type,
    Lines,
    Locality,
    Region,
    PostalCode,
    Country,
    Primary,
    Inactive,
}

impl OfAddress {
    pub(super) const ALL: Members<Self> = &[
        (Self::Type, "type", "type"),
        (Self::Lines, "lines", "lines"),
        (Self::Locality, "locality", "locality"),
        (Self::Region, "region", "region"),
        (Self::PostalCode, "postal_code", "postalCode"),
        (Self::Country, "country", "country"),
        (Self::Primary, "primary", "primary"),
        (Self::Inactive, "inactive", "inactive"),
    ];
}

/// Members of a preference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OfPreference {
    Program,
    Channel,
    Filter,
    Choice,
    Frequency,
    ExpireAt,
    Basis,
    StatedAt,
}

impl OfPreference {
    pub(super) const ALL: Members<Self> = &[
        (Self::Program, "program", "program"),
        (Self::Channel, "channel", "channel"),
        (Self::Filter, "filter", "filter"),
        (Self::Choice, "choice", "choice"),
        (Self::Frequency, "frequency", "frequency"),
        (Self::ExpireAt, "expire_at", "expireAt"),
        (Self::Basis, "basis", "basis"),
        (Self::StatedAt, "stated_at", "statedAt"),
    ];
}
