//! How the records of a transaction are written.

use crate::batch::IdentifierKind;

/// What is done with records, and to which profiles. By default new and stored profiles are written, found by their ids, with consents of any
/// version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteRules {
    /// What is done.
    pub action: WriteAction,
    /// By what records find their profiles.
    pub match_by: MatchBy,
    /// Which profiles may be written. Without meaning where profiles are erased, as is what follows.
    pub write_mode: WriteMode,
    /// Collections of which everything that a record does not name is deactivated. Without meaning where only absent values are written.
    pub refresh: Refresh,
    /// Whether records may write consents of an older version than the stored one; else such records are not honored.
    pub allow_prior_consents: bool,
    /// What the ids of new profiles are made of whose records bring none, together with part and record number.
    pub seed: [u8; 16],
}

impl Default for WriteRules {
    fn default() -> Self {
        Self {
            action: WriteAction::default(),
            match_by: MatchBy::default(),
            write_mode: WriteMode::default(),
            refresh: Refresh::default(),
            allow_prior_consents: true,
            seed: [0; 16],
        }
    }
}

/// What is done with records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WriteAction {
    /// Profiles are created and updated.
    #[default]
    Add,
    /// The profiles named are erased.
    Delete,
}

/// By what records find their profiles.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum MatchBy {
    /// The owner's id.
    #[default]
    ProfileId,
    /// A record's first identifier of a kind, among all that profiles have.
    Identifier {
        /// The kind.
        kind: IdentifierKind,
        /// Only identifiers of this type count, without regard to case; "" is that of identifiers without a type. `None` for any.
        of_type: Option<Box<str>>,
    },
}

/// Which profiles may be written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WriteMode {
    /// New and stored ones.
    #[default]
    Upsert,
    /// Only new ones.
    CreateOnly,
    /// Only stored ones.
    UpdateOnly,
    /// New and stored ones, and of those only values that are absent.
    SkipIfSet,
}

/// Collections that a record replaces.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a collection of its own"
)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Refresh {
    /// Alternate ids become inactive.
    pub alternate_ids: bool,
    /// E-mail addresses, phone numbers and postal addresses become inactive.
    pub contacts: bool,
    /// Custom fields are cleared.
    pub custom_fields: bool,
    /// Groups are left.
    pub groups: bool,
    /// Tags are taken off.
    pub tags: bool,
}
