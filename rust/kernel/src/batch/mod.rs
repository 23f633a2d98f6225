//! Records that were decoded and checked, as columns, not yet applied.
//!
//! Decoders write batches, [`table`](crate::table) applies them, and both hold to this file. A batch has only the valid records of a
//! block; the others are in [`Batch::exceptions`]. Records of one profile are kept, all of them: the batch tells where it must be cut so
//! that each run of rows has distinct ids, and the runs are applied in order.

mod compaction;
mod slice;

use std::ops::Range;

use crate::schema::{ColumnId, List};

/// A problem of one record; holds no personal data besides the record's own id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordException {
    /// Position of the record in its block, from 1.
    pub record_number: u32,
    /// The record's own id, when it could be read.
    pub profile_id: String,
    /// What in the record is wrong, as `emails[0].value` or `memberships[newsletter].fields[Age]`.
    pub field_path: String,
    /// Why.
    pub reason: RecordReason,
    /// The same in words, with what to do.
    pub message: String,
}

/// Why a record is refused. The numbers are those of `segue.v1.ErrorReason`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum RecordReason {
    /// No profile id.
    ProfileIdMissing = 40,
    /// Longer than the field allows.
    TextTooLong = 41,
    /// Not UTF-8, or with U+0000.
    TextInvalid = 42,
    /// Another type than the field's.
    TypeMismatch = 43,
    /// Not a finite number.
    NumberInvalid = 44,
    /// Not a date or time, or outside of years 1 to 9999.
    DateInvalid = 45,
    /// No such option.
    OptionUnknown = 46,
    /// No such field.
    FieldUnknown = 47,
    /// No such list.
    ListUnknown = 48,
    /// Not an e-mail address.
    EmailInvalid = 49,
    /// Not E.164.
    PhoneInvalid = 50,
    /// Stands twice where it may stand once.
    Duplicate = 51,
    /// Damaged bytes inside a whole batch.
    RecordInvalid = 52,
    /// No such tag.
    TagUnknown = 53,
    /// No such topic.
    TopicUnknown = 54,
    /// No such consent type.
    ConsentTypeUnknown = 55,
    /// No event id.
    EventIdMissing = 56,
    /// An event of this id came before with other content.
    EventChanged = 57,
    /// No such event type.
    EventTypeUnknown = 58,
    /// No such property of the event type.
    PropertyUnknown = 59,
    /// More than 24 hours in the future.
    EventTimeAhead = 60,
    /// No such profile, and those are refused.
    ProfileUnknown = 61,
    /// A required property is missing or malformed.
    PropertyInvalid = 62,
    /// Several profiles have the identifier, or the record names two.
    ProfileAmbiguous = 63,
    /// No identifier to find the profile by.
    IdentifierMissing = 64,
    /// The id of a profile to be created belongs to another.
    ProfileIdTaken = 65,
    /// A preference without channel or filter, or with a choice or basis that there is none of.
    PreferenceInvalid = 66,
    /// What an import wrote was changed since, so that it cannot be taken back.
    ProfileChanged = 67,
}

/// Texts one behind the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts {
    /// All texts, UTF-8, without separators.
    pub bytes: Vec<u8>,
    /// End of each text in `bytes`; the first starts at 0.
    pub ends: Vec<u32>,
}

impl Texts {
    /// Number of texts.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Appends a text.
    ///
    /// # Panics
    /// When the texts together pass 4 GiB; blocks are far smaller.
    pub fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.ends
            .push(u32::try_from(self.bytes.len()).expect("blocks are smaller than 4 GiB"));
    }

    /// Makes room for more texts of some bytes, and for no more than those.
    pub(crate) fn reserve(&mut self, n_texts: usize, n_bytes: usize) {
        self.ends.reserve_exact(n_texts);
        self.bytes.reserve_exact(n_bytes);
    }

    fn memory_bytes(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * size_of::<u32>()
    }

    /// The text at a position.
    pub fn get(&self, position: usize) -> &[u8] {
        let start = if position == 0 {
            0
        } else {
            self.ends[position - 1] as usize
        };
        &self.bytes[start..self.ends[position] as usize]
    }
}

/// New values of one column: the value at position `i` belongs to batch row `rows[i]`.
///
/// `rows` ascend and have no repeats; a row is in `rows` or in `cleared`, not in both; in neither, it keeps its stored value.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchColumn {
    /// The column.
    pub column: ColumnId,
    /// Batch rows with a value, from 0, ascending.
    pub rows: Vec<u32>,
    /// Their values.
    pub values: BatchValues,
    /// Batch rows whose stored value goes, ascending.
    pub cleared: Vec<u32>,
}

impl BatchColumn {
    /// Makes room for more values, texts of some bytes, and for no more than those.
    pub(crate) fn reserve(&mut self, n_rows: usize, n_bytes: usize) {
        self.rows.reserve_exact(n_rows);
        match &mut self.values {
            BatchValues::Text(texts) => texts.reserve(n_rows, n_bytes),
            BatchValues::Number(values) => values.reserve_exact(n_rows),
            BatchValues::Boolean(values) => values.reserve_exact(n_rows),
            BatchValues::Date(values) => values.reserve_exact(n_rows),
            BatchValues::DateTime(values) => values.reserve_exact(n_rows),
            BatchValues::MultiSelectOne(codes) => codes.reserve_exact(n_rows),
            BatchValues::MultiSelectMany { ends, .. } => ends.reserve_exact(n_rows),
        }
    }

    /// Bytes of its texts.
    pub(crate) fn text_bytes(&self) -> usize {
        match &self.values {
            BatchValues::Text(texts) => texts.bytes.len(),
            _ => 0,
        }
    }

    fn memory_bytes(&self) -> usize {
        let rows = self.rows.capacity() + self.cleared.capacity();
        rows * size_of::<u32>() + self.values.memory_bytes()
    }
}

/// Values of a batch column by kind.
#[derive(Debug, Clone, PartialEq)]
pub enum BatchValues {
    /// Text and exact text.
    Text(Texts),
    /// Finite numbers.
    Number(Vec<f64>),
    /// Truth values.
    Boolean(Vec<bool>),
    /// Days since 1970-01-01.
    Date(Vec<i32>),
    /// Milliseconds since 1970 UTC.
    DateTime(Vec<i64>),
    /// Option codes.
    MultiSelectOne(Vec<u16>),
    /// Option codes of each row one behind the other, ascending and without repeats within a row; `ends` as in [`Texts`].
    MultiSelectMany {
        /// All codes.
        codes: Vec<u16>,
        /// End of each row's codes.
        ends: Vec<u32>,
    },
}

impl BatchValues {
    fn memory_bytes(&self) -> usize {
        match self {
            Self::Text(texts) => texts.memory_bytes(),
            Self::Number(values) => values.capacity() * size_of::<f64>(),
            Self::Boolean(values) => values.capacity(),
            Self::Date(values) => values.capacity() * size_of::<i32>(),
            Self::DateTime(values) => values.capacity() * size_of::<i64>(),
            Self::MultiSelectOne(codes) => codes.capacity() * size_of::<u16>(),
            Self::MultiSelectMany { codes, ends } => {
                codes.capacity() * size_of::<u16>() + ends.capacity() * size_of::<u32>()
            }
        }
    }
}

/// Which collection of identifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum IdentifierKind {
    /// E-mail addresses.
    Email = 0,
    /// Phone numbers.
    Phone = 1,
    /// Ids in other systems.
    AlternateId = 2,
}

impl IdentifierKind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::Email, Self::Phone, Self::AlternateId];
}

/// A typed identifier, or another entry of a collection by its key. An empty value removes the stored one of its type.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identifier {
    /// The owner's word for the kind; empty is a kind too. In other collections the key.
    pub kind: Box<str>,
    /// The address, number or id. In other collections the parts of the entry, as [`entry`](crate::entry) packs them.
    pub value: Box<str>,
    /// Whether it is in use. Those that are not stand behind those that are.
    pub is_active: bool,
    /// Whether it becomes the first. Only what is given has it; of what is stored the place says so.
    pub is_primary: bool,
}

impl Identifier {
    /// One that is in use.
    pub fn new(kind: &str, value: &str) -> Self {
        Self {
            kind: kind.into(),
            value: value.into(),
            is_active: true,
            is_primary: false,
        }
    }
}

/// Identifiers given for rows. Each replaces the stored one of its type; other types stay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BatchIdentifiers {
    /// Rows with exactly one identifier, of empty type, not empty itself, in use and not said to be the first, ascending: nearly all.
    pub plain_rows: Vec<u32>,
    /// Their values.
    pub plain: Texts,
    /// The other rows that have some, ascending, with their identifiers in order; the first becomes the row's first unless that type was
    /// stored already, which then keeps its place.
    pub typed: Vec<(u32, Vec<Identifier>)>,
}

impl BatchIdentifiers {
    fn memory_bytes(&self) -> usize {
        self.plain_rows.capacity() * size_of::<u32>() + self.plain.memory_bytes()
    }
}

/// Entries given for rows in a collection other than those of identifiers. Each replaces the stored one of its key; others stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchEntries {
    /// The collection: `ADDRESSES`, `PREFERENCES`, `GROUPS` or `CONSENT_ANSWERS`.
    pub column: ColumnId,
    /// Batch rows that have some, ascending, with their entries in order, no key twice.
    pub rows: Vec<(u32, Vec<Identifier>)>,
}

/// Rows that a block places on a list, whether or not it says more of the membership.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchMembers {
    /// The list.
    pub list: List,
    /// Batch rows, ascending. Given states, times and consents are ordinary batch columns.
    pub rows: Vec<u32>,
}

/// Decoded records of one block.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// Records in the block, good and bad.
    pub record_count: u32,
    /// Records with at least one exception.
    pub invalid_count: u32,
    /// Every problem of every record, in order of records.
    pub exceptions: Vec<RecordException>,
    /// Ids of the valid records: one for each batch row. Empty where a record that is matched by another identifier has none.
    pub profile_ids: Texts,
    /// The record of each batch row, ascending; empty when no record was taken out, so that row `i` is record `i + 1`.
    pub record_numbers: Vec<u32>,
    /// Batch rows before which a new run of distinct ids begins, ascending; nearly always none. Batches to be matched by another
    /// identifier have none.
    pub cuts: Vec<u32>,
    /// Values, at most one entry a column; identifiers and profile ids excepted.
    pub columns: Vec<BatchColumn>,
    /// Identifiers, by [`IdentifierKind`].
    pub identifiers: [BatchIdentifiers; 3],
    /// Columns of consents of which something is said, ascending.
    pub consents: Vec<ColumnId>,
    /// Entries of the other collections, at most one item a collection. Of answers to consents only what is said besides the state.
    pub entries: Vec<BatchEntries>,
    /// Places on lists, at most one entry a list.
    pub members: Vec<BatchMembers>,
    /// Rows that give a given, middle or family name and not the whole, or clear the whole, ascending: their `FULL_NAME` is made anew when
    /// the batch is applied.
    pub compose_name: Vec<u32>,
}

impl Batch {
    /// Number of batch rows, which are the valid records.
    pub fn n_rows(&self) -> usize {
        self.profile_ids.len()
    }

    /// About the bytes that the records hold in memory: of columns and ids as they are allocated, of rarer entries a guess.
    pub fn memory_bytes(&self) -> usize {
        const ENTRY_BYTES: usize = 128;
        let columns: usize = self.columns.iter().map(BatchColumn::memory_bytes).sum();
        let identifiers = self.identifiers.iter();
        let plain: usize = identifiers
            .clone()
            .map(BatchIdentifiers::memory_bytes)
            .sum();
        let typed: usize = identifiers.map(|given| given.typed.len()).sum();
        let entries: usize = self.entries.iter().map(|given| given.rows.len()).sum();
        let members: usize = self.members.iter().map(|list| list.rows.capacity()).sum();
        let rows = self.record_numbers.capacity() + self.compose_name.capacity() + members;
        self.profile_ids.memory_bytes()
            + columns
            + plain
            + rows * size_of::<u32>()
            + (typed + entries + self.exceptions.len()) * ENTRY_BYTES
    }

    /// Position in the block, from 1, of the record of a batch row.
    pub fn record_number(&self, row: u32) -> u32 {
        let of_row = self.record_numbers.get(row as usize).copied();
        of_row.unwrap_or(row + 1)
    }

    /// Runs of batch rows whose ids are distinct, in order; one of all rows when no id stands twice.
    ///
    /// # Panics
    /// When there are 2^32 rows; blocks are far smaller.
    pub fn runs(&self) -> impl Iterator<Item = Range<u32>> {
        let n_rows = u32::try_from(self.n_rows()).expect("records are counted in 32 bits");
        let starts = std::iter::once(0).chain(self.cuts.iter().copied());
        let ends = self.cuts.iter().copied().chain([n_rows]);
        starts.zip(ends).map(|(start, end)| start..end)
    }
}
