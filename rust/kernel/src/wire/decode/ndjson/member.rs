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
        (Self::Removed, "removed", "removed"),
        (Self::Tags, "tags", "tags"),
        (Self::RemovedTags, "removed_tags", "removedTags"),
        (Self::Topics, "topics", "topics"),
        (Self::Consents, "consents", "consents"),
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
}

impl OfIdentifier {
    pub(super) const ALL: Members<Self> = &[
        (Self::Value, "value", "value"),
        (Self::Type, "type", "type"),
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

/// Members of the state of a topic, and of a consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OfMark {
    Id,
    State,
}

impl OfMark {
    pub(super) const TOPIC: Members<Self> = &[
        (Self::Id, "topic", "topic"),
        (Self::State, "state", "state"),
    ];
    pub(super) const CONSENT: Members<Self> = &[
        (Self::Id, "consent_type", "consentType"),
        (Self::State, "state", "state"),
    ];
}
