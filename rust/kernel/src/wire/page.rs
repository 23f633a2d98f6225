//! A page of the profiles that satisfy a plan, or of a maintained segment, in a stated order.

use std::cmp::Ordering;

use rayon::prelude::*;

use super::encode::encode_batch;
use crate::bitmap::{BLOCK_WORDS, RowSet, Words, count};
use crate::column::{BLOCK_ROWS, Column, get};
use crate::error::{KernelError, Result};
use crate::rule::Plan;
use crate::schema::{ColumnId, Schema, builtin};
use crate::table::{RowId, Version};

/// What pages are ordered by; ties by profile id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageOrder {
    /// First e-mail address, folded.
    Email,
    /// Whole name, folded.
    Name,
    /// When the membership became active, or without a list when the profile was created.
    Time,
}

impl PageOrder {
    /// The order of a number of the binding.
    pub const fn from_number(number: i32) -> Option<Self> {
        match number {
            0 => Some(Self::Email),
            1 => Some(Self::Name),
            2 => Some(Self::Time),
            _ => None,
        }
    }
}

/// What is asked of a page.
#[derive(Debug, Clone)]
pub struct PageRequest {
    /// The order; absent values come first.
    pub order: PageOrder,
    /// From the last to the first: turns ties and absent values too.
    pub descending: bool,
    /// The list whose membership gives times; `None` for the whole account.
    pub list: Option<String>,
    /// Only profiles with a time at or after this one.
    pub active_from_millis: Option<i64>,
    /// Profiles before the page.
    pub offset: usize,
    /// Profiles on the page at most.
    pub limit: usize,
}

/// Whose page it is.
#[derive(Debug, Clone, Copy)]
pub enum PageOf<'a> {
    /// Profiles that satisfy a plan.
    Plan(&'a Plan),
    /// Members of a maintained segment; nobody when it is not maintained.
    Maintained(&'a str),
}

impl PageOf<'_> {
    fn rows_into(self, version: &Version, block: usize, words: &mut Words) {
        match self {
            Self::Plan(plan) => plan.evaluate_block(version, block, words),
            Self::Maintained(segment) => version.members_into(segment, block, words),
        }
    }
}

/// Returns a page as a serialized `segue.v1.ProfileBatch` with field keys spelled out, and the number of profiles on all pages.
///
/// # Errors
/// [`KernelError::DefinitionInvalid`] when the list is not in the schema.
///
/// # Cost
/// One evaluation of a plan, none of a maintained segment, and one look at the ordered column for each profile; only those up to the end of the page are kept, and only
/// those on it are sorted and encoded.
pub fn page(
    version: &Version,
    schema: &Schema,
    of: PageOf<'_>,
    request: &PageRequest,
) -> Result<(Vec<u8>, usize)> {
    let time = time_column(schema, request.list.as_deref())?;
    let ordered = Ordered::new(version, request, time);
    let end = request.offset.saturating_add(request.limit);
    let blocks: Vec<(usize, Vec<Entry>)> = (0..version.n_blocks())
        .into_par_iter()
        .map(|block| {
            let mut words = [0; BLOCK_WORDS];
            of.rows_into(version, block, &mut words);
            if let Some(from) = request.active_from_millis {
                retain_from(version.column(time), block, from, &mut words);
            }
            let mut entries = ordered.entries(block, &words);
            ordered.keep_first(&mut entries, end);
            (count(&words), entries)
        })
        .collect();
    let total = blocks.iter().map(|(count, _)| count).sum();
    let mut entries: Vec<Entry> = blocks.into_iter().flat_map(|(_, first)| first).collect();
    ordered.keep_first(&mut entries, end);
    ordered.drop_first(&mut entries, request.offset);
    entries.sort_unstable_by(|a, b| ordered.compare(a, b));
    let rows: Vec<RowId> = entries.iter().map(|entry| entry.row).collect();
    Ok((encode_batch(version, schema, &rows), total))
}

/// The column of times.
fn time_column(schema: &Schema, list: Option<&str>) -> Result<ColumnId> {
    let Some(id) = list else {
        return Ok(builtin::CREATED_AT);
    };
    let unknown = || KernelError::DefinitionInvalid {
        what: "page",
        problem: "its list is not in the schema".to_owned(),
    };
    Ok(schema.list(id).ok_or_else(unknown)?.active_at())
}

/// Keeps the bits of rows whose time is at or after one.
fn retain_from(column: Option<&Column>, block: usize, from: i64, words: &mut Words) {
    let mut kept = [0; BLOCK_WORDS];
    if let Some(Column::DateTime(blocks)) = column
        && let Some(times) = get(blocks, block)
    {
        for row in &RowSet::from_words(words) {
            let is_kept = times.get(row).is_some_and(|millis| millis >= from);
            kept[usize::from(row) / 64] |= u64::from(is_kept) << (row % 64);
        }
    }
    *words = kept;
}

/// A row with the beginning of what it is ordered by: 0 where that is absent, else a bit above 15 bytes of text or above a time.
struct Entry {
    prefix: u128,
    row: RowId,
}

/// Bytes of a text in a prefix.
const PREFIX_BYTES: usize = 15;

/// Rows in their order.
struct Ordered<'a> {
    version: &'a Version,
    column: Option<&'a Column>,
    descending: bool,
}

impl<'a> Ordered<'a> {
    fn new(version: &'a Version, request: &PageRequest, time: ColumnId) -> Self {
        let column = match request.order {
            PageOrder::Email => builtin::EMAIL,
            PageOrder::Name => builtin::FULL_NAME,
            PageOrder::Time => time,
        };
        Self {
            version,
            column: version.column(column),
            descending: request.descending,
        }
    }

    /// The rows of a block whose bit is set.
    fn entries(&self, block: usize, words: &Words) -> Vec<Entry> {
        let rows = RowSet::from_words(words);
        let entry = |row: u16, prefix| Entry {
            prefix,
            row: RowId::try_from(block * BLOCK_ROWS + usize::from(row)).expect("a version's row"),
        };
        match self.column {
            Some(Column::Text(blocks)) if let Some(texts) = get(blocks, block) => {
                let prefix = |row| texts.folded(row).map_or(0, text_prefix);
                rows.iter().map(|row| entry(row, prefix(row))).collect()
            }
            Some(Column::DateTime(blocks)) if let Some(times) = get(blocks, block) => {
                let prefix = |row| times.get(row).map_or(0, time_prefix);
                rows.iter().map(|row| entry(row, prefix(row))).collect()
            }
            _ => rows.iter().map(|row| entry(row, 0)).collect(),
        }
    }

    /// Keeps the entries that come first, in any order.
    fn keep_first(&self, entries: &mut Vec<Entry>, n: usize) {
        if n < entries.len() {
            entries.select_nth_unstable_by(n, |a, b| self.compare(a, b));
            entries.truncate(n);
        }
    }

    /// Drops the entries that come first; leaves the others in any order.
    fn drop_first(&self, entries: &mut Vec<Entry>, n: usize) {
        if n < entries.len() {
            entries.select_nth_unstable_by(n, |a, b| self.compare(a, b));
        }
        entries.drain(..n.min(entries.len()));
    }

    fn compare(&self, a: &Entry, b: &Entry) -> Ordering {
        let ascending = a
            .prefix
            .cmp(&b.prefix)
            .then_with(|| self.text(a.row).cmp(&self.text(b.row)))
            .then_with(|| self.profile_id(a.row).cmp(&self.profile_id(b.row)));
        if self.descending {
            ascending.reverse()
        } else {
            ascending
        }
    }

    /// The text that a row is ordered by, as it is compared.
    fn text(&self, row: RowId) -> Option<&[u8]> {
        match self.column? {
            Column::Text(blocks) => get(blocks, block_of(row))?.folded(row_in_block(row)),
            _ => None,
        }
    }

    fn profile_id(&self, row: RowId) -> Option<&[u8]> {
        match self.version.column(builtin::PROFILE_ID)? {
            Column::ExactText(blocks) => get(blocks, block_of(row))?.original(row_in_block(row)),
            _ => None,
        }
    }
}

fn text_prefix(text: &[u8]) -> u128 {
    let mut bytes = [0; 1 + PREFIX_BYTES];
    bytes[0] = 1;
    let len = text.len().min(PREFIX_BYTES);
    bytes[1..=len].copy_from_slice(&text[..len]);
    u128::from_be_bytes(bytes)
}

fn time_prefix(millis: i64) -> u128 {
    1 << 64 | u128::from(millis.cast_unsigned() ^ 1 << 63)
}

fn block_of(row: RowId) -> usize {
    row as usize / BLOCK_ROWS
}

fn row_in_block(row: RowId) -> u16 {
    crate::bitmap::to_row(row as usize % BLOCK_ROWS)
}
