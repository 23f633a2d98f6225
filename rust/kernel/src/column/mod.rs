//! One column by kind, in blocks of [`BLOCK_ROWS`] rows. A missing block is a block of absent values.
//!
//! Blocks are behind `Arc`: a clone of a column is a consistent picture of it, and a writer copies only the blocks that somebody else
//! still holds.

mod difference;
mod identifiers;
mod options;
mod plain;
#[cfg(test)]
mod tests;
mod text;

use std::sync::Arc;

pub use identifiers::IdentifiersBlock;
pub use options::OptionsBlock;
pub use plain::{PlainBlock, PlainValue};
pub(crate) use text::Originals;
pub use text::{Arena, DictionaryText, PlainText, TextBase, TextBlock};

use crate::bitmap::{RowSet, Words};
use crate::schema::ColumnKind;

/// Rows of a block: a row of a block is numbered by a `u16`, and a set of rows is 8 KiB of words.
pub const BLOCK_ROWS: usize = 65_536;

/// Blocks of one column.
pub type Blocks<B> = Vec<Option<Arc<B>>>;

/// What blocks of every kind can do.
pub trait Block: Clone {
    /// Rows with a value.
    fn presence(&self) -> &RowSet;

    /// Makes the values of ascending rows absent.
    fn clear(&mut self, rows: &[u16]);

    /// Makes the values of ascending rows absent and leaves nothing of them in memory.
    fn erase(&mut self, rows: &[u16]);

    /// Chooses the smallest form and gives spare memory back: for a block that will hardly be appended to any more.
    fn seal(&mut self);

    /// Heap bytes, spare ones included; mapped values count as nothing.
    fn memory_bytes(&self) -> usize;
}

/// A column.
#[derive(Debug, Clone)]
pub enum Column {
    /// Text found without regard to case.
    Text(Blocks<TextBlock>),
    /// Text found exactly.
    ExactText(Blocks<TextBlock>),
    /// Numbers.
    Number(Blocks<PlainBlock<f64>>),
    /// Truth values: option 0 is false, option 1 is true.
    Boolean(Blocks<OptionsBlock>),
    /// Days since 1970-01-01.
    Date(Blocks<PlainBlock<i32>>),
    /// Milliseconds since 1970 UTC.
    DateTime(Blocks<PlainBlock<i64>>),
    /// Option codes.
    MultiSelectOne(Blocks<PlainBlock<u16>>),
    /// Sets of option codes.
    MultiSelectMany(Blocks<OptionsBlock>),
    /// Typed identifiers beyond a row's first, or other entries.
    Identifiers(Blocks<IdentifiersBlock>),
}

/// Evaluates an expression with `$blocks` bound to the blocks of a column, whatever their kind.
macro_rules! with_blocks {
    ($column:expr, $blocks:ident => $answer:expr) => {
        match $column {
            Column::Text($blocks) | Column::ExactText($blocks) => $answer,
            Column::Number($blocks) => $answer,
            Column::Boolean($blocks) | Column::MultiSelectMany($blocks) => $answer,
            Column::Date($blocks) => $answer,
            Column::DateTime($blocks) => $answer,
            Column::MultiSelectOne($blocks) => $answer,
            Column::Identifiers($blocks) => $answer,
        }
    };
}

impl Column {
    /// A column without values.
    pub fn new(kind: ColumnKind) -> Self {
        match kind {
            ColumnKind::Text => Self::Text(Blocks::new()),
            ColumnKind::ExactText => Self::ExactText(Blocks::new()),
            ColumnKind::Number => Self::Number(Blocks::new()),
            ColumnKind::Boolean => Self::Boolean(Blocks::new()),
            ColumnKind::Date => Self::Date(Blocks::new()),
            ColumnKind::DateTime => Self::DateTime(Blocks::new()),
            ColumnKind::MultiSelectOne => Self::MultiSelectOne(Blocks::new()),
            ColumnKind::MultiSelectMany => Self::MultiSelectMany(Blocks::new()),
            ColumnKind::Identifiers => Self::Identifiers(Blocks::new()),
        }
    }

    /// What it holds.
    pub fn kind(&self) -> ColumnKind {
        match self {
            Self::Text(_) => ColumnKind::Text,
            Self::ExactText(_) => ColumnKind::ExactText,
            Self::Number(_) => ColumnKind::Number,
            Self::Boolean(_) => ColumnKind::Boolean,
            Self::Date(_) => ColumnKind::Date,
            Self::DateTime(_) => ColumnKind::DateTime,
            Self::MultiSelectOne(_) => ColumnKind::MultiSelectOne,
            Self::MultiSelectMany(_) => ColumnKind::MultiSelectMany,
            Self::Identifiers(_) => ColumnKind::Identifiers,
        }
    }

    /// Blocks up to the last that holds or held a value.
    pub fn n_blocks(&self) -> usize {
        with_blocks!(self, blocks => blocks.len())
    }

    /// Rows of a block with a value; `None` when the block is missing.
    pub fn presence(&self, block: usize) -> Option<&RowSet> {
        with_blocks!(self, blocks => Some(get(blocks, block)?.presence()))
    }

    /// Sets the bits of a block's rows with a value.
    pub fn or_presence_into(&self, block: usize, words: &mut Words) {
        if let Some(presence) = self.presence(block) {
            presence.or_into(words);
        }
    }

    /// Makes the values of ascending rows of a block absent.
    pub fn clear_rows(&mut self, block: usize, rows: &[u16]) {
        with_blocks!(self, blocks => {
            if let Some(block) = existing_mut(blocks, block, rows) {
                block.clear(rows);
            }
        });
    }

    /// Makes the values of ascending rows of a block absent and leaves nothing of them in this column's memory.
    ///
    /// # Cost
    /// Text blocks are built anew. Clones of the column keep the values until they are dropped.
    pub fn erase_rows(&mut self, block: usize, rows: &[u16]) {
        with_blocks!(self, blocks => {
            if let Some(block) = existing_mut(blocks, block, rows) {
                block.erase(rows);
            }
        });
    }

    /// Chooses the smallest form of a block and gives spare memory back; for a block whose last row has been numbered.
    pub fn seal(&mut self, block: usize) {
        with_blocks!(self, blocks => {
            if let Some(Some(block)) = blocks.get_mut(block) {
                Arc::make_mut(block).seal();
            }
        });
    }

    /// Heap bytes; blocks shared with other versions are counted in each.
    pub fn memory_bytes(&self) -> usize {
        with_blocks!(self, blocks => {
            let list = blocks.capacity() * size_of::<Option<Arc<()>>>();
            list + blocks.iter().flatten().map(|block| size_of_val(&**block) + block.memory_bytes()).sum::<usize>()
        })
    }
}

/// A block to read; `None` when it is missing.
pub fn get<B>(blocks: &Blocks<B>, block: usize) -> Option<&B> {
    blocks.get(block)?.as_deref()
}

/// A block to write to, made by `new` when it is missing and copied when somebody else holds it.
pub fn get_mut<B: Block>(blocks: &mut Blocks<B>, block: usize, new: impl FnOnce() -> B) -> &mut B {
    if blocks.len() <= block {
        blocks.resize(block + 1, None);
    }
    Arc::make_mut(blocks[block].get_or_insert_with(|| Arc::new(new())))
}

/// A block to write to, when it has one of the rows.
fn existing_mut<'a, B: Block>(
    blocks: &'a mut Blocks<B>,
    block: usize,
    rows: &[u16],
) -> Option<&'a mut B> {
    let block = blocks.get_mut(block)?.as_mut()?;
    let presence = block.presence();
    rows.iter()
        .any(|&row| presence.contains(row))
        .then(|| Arc::make_mut(block))
}
