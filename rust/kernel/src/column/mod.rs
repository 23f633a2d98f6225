//! One column by kind, in blocks of [`BLOCK_ROWS`] rows. A missing block is a block of absent values.
//!
//! Blocks are behind `Arc`: a clone of a column is a consistent picture of it, and a writer copies only the blocks that somebody else
//! still holds.

/// Rows of a block: a row of a block is numbered by a `u16`, and a set of rows is 8 KiB of words.
pub const BLOCK_ROWS: usize = 65_536;

// READ API (contract; the columns' author fills it in and may add to it):
//
// PlainBlock<T>  (T: f64 | i32 | i64 | u16)
//   fn values(&self) -> &[T]            values of rows 0..len, len <= BLOCK_ROWS; anything where absent; rows from len on are absent
//   fn presence(&self) -> &RowSet       rows with a value
//   fn range(&self) -> Option<(T, T)>   a lower and an upper bound of all values; None when there is none
//   fn get(&self, row: u16) -> Option<T>
//
// OptionsBlock
//   fn with_option(&self, code: u16) -> Option<&RowSet>   rows that have an option
//   fn options(&self) -> impl Iterator<Item = (u16, &RowSet)>   ascending codes, empty sets left out
//   fn presence(&self) -> RowSet/&RowSet                  rows with a value (for MultiSelectMany: at least one option)
//   fn codes_into(&self, row: u16, codes: &mut Vec<u16>)  ascending
//
// TextBlock
//   fn len(&self) -> usize
//   fn get(&self, row: u16) -> Option<&str>          the text as given
//   fn folded(&self, row: u16) -> Option<&[u8]>      the text as compared: folded for Text, the same bytes for ExactText
//   fn base(&self) -> &TextBase                      what a sweep reads; rows in the overlay are out of date there
//   fn overlay(&self) -> impl Iterator<Item = (u16, Option<&[u8]>)>   ascending rows that replace the base's; folded text, None: absent
//   fn presence(&self) -> ...                        rows with a value, overlay included (words or RowSet)
//   TextBase::Plain { ends/offsets, bytes: folded texts in row order, presence } | TextBase::Dictionary { codes: one a row, values: distinct folded texts }
//
// IdentifiersBlock
//   fn get(&self, row: u16) -> &[Identifier]
//
// TYPES (to be made real by the columns' author, with modules identifiers, options, plain, text):
// /// Blocks of one column.
// pub type Blocks<B> = Vec<Option<Arc<B>>>;
//
// /// A column.
// #[derive(Debug, Clone)]
// pub enum Column {
//     /// Text found without regard to case.
//     Text(Blocks<TextBlock>),
//     /// Text found exactly.
//     ExactText(Blocks<TextBlock>),
//     /// Numbers.
//     Number(Blocks<PlainBlock<f64>>),
//     /// Truth values: option 0 is false, option 1 is true.
//     Boolean(Blocks<OptionsBlock>),
//     /// Days since 1970-01-01.
//     Date(Blocks<PlainBlock<i32>>),
//     /// Milliseconds since 1970 UTC.
//     DateTime(Blocks<PlainBlock<i64>>),
//     /// Option codes.
//     MultiSelectOne(Blocks<PlainBlock<u16>>),
//     /// Sets of option codes.
//     MultiSelectMany(Blocks<OptionsBlock>),
//     /// Typed identifiers beyond a row's first.
//     Identifiers(Blocks<IdentifiersBlock>),
// }
//
