//! Two states of a column: where they differ, and rows of one made what they are in the other.

use std::sync::Arc;

use super::{
    Block, Blocks, Column, IdentifiersBlock, OptionsBlock, PlainBlock, PlainValue, TextBlock, get,
    get_mut,
};
use crate::bitmap::{BLOCK_WORDS, RowSet, Words};

/// Evaluates an expression with two names bound to the blocks of two columns of the same kind.
macro_rules! with_both_blocks {
    ($one:expr, $other:expr, ($a:ident, $b:ident) => $answer:expr, _ => $otherwise:expr) => {
        match ($one, $other) {
            (Column::Text($a), Column::Text($b))
            | (Column::ExactText($a), Column::ExactText($b)) => $answer,
            (Column::Number($a), Column::Number($b)) => $answer,
            (Column::Boolean($a), Column::Boolean($b))
            | (Column::MultiSelectMany($a), Column::MultiSelectMany($b)) => $answer,
            (Column::Date($a), Column::Date($b)) => $answer,
            (Column::DateTime($a), Column::DateTime($b)) => $answer,
            (Column::MultiSelectOne($a), Column::MultiSelectOne($b)) => $answer,
            (Column::Identifiers($a), Column::Identifiers($b)) => $answer,
            _ => $otherwise,
        }
    };
}

impl Column {
    /// Whether a block is the same memory in both, or missing in both. Blocks that only have the same values are not.
    pub(crate) fn shares_block(&self, other: &Self, block: usize) -> bool {
        with_both_blocks!(self, other, (one, other) => is_shared(one, other, block), _ => false)
    }

    /// The rows among `within` whose values differ: one of them is absent, or they are not the same to the last bit, texts as they were
    /// given.
    ///
    /// # Cost
    /// Nothing for a block that both share; else the presence, and the values of the rows that have one in both.
    pub(crate) fn differing(&self, other: &Self, block: usize, within: &Words) -> RowSet {
        if self.shares_block(other, block) {
            return RowSet::new();
        }
        let (one_has, other_has) = (self.present(block), other.present(block));
        let mut differing = [0; BLOCK_WORDS];
        let mut both = [0; BLOCK_WORDS];
        for (word, &within) in within.iter().enumerate() {
            differing[word] = (one_has[word] ^ other_has[word]) & within;
            both[word] = one_has[word] & other_has[word] & within;
        }
        let both = RowSet::from_words(&both);
        if !both.is_empty() {
            with_both_blocks!(self, other, (one, other) => {
                if let (Some(one), Some(other)) = (get(one, block), get(other, block)) {
                    one.differing(other, &both).or_into(&mut differing);
                }
            }, _ => both.or_into(&mut differing));
        }
        RowSet::from_words(&differing)
    }

    /// Makes ascending rows of a block what they are in another column of the same kind, absent ones included.
    ///
    /// # Panics
    /// When the other column is of another kind.
    pub(crate) fn copy_rows(&mut self, from: &Self, block: usize, rows: &[u16]) {
        let presence = from.presence(block);
        let has = |row: &u16| presence.is_some_and(|presence| presence.contains(*row));
        let (given, absent): (Vec<u16>, Vec<u16>) = rows.iter().partition(|row| has(row));
        self.clear_rows(block, &absent);
        let kind = self.kind();
        with_both_blocks!(self, from, (to, from) => {
            if let Some(from) = get(from, block).filter(|_| !given.is_empty()) {
                get_mut(to, block, || from.blank()).copy(from, &given);
            }
        }, _ => panic!("values of another column for one of {kind:?}"));
    }

    /// Makes a block that of another column of the same kind, by sharing it.
    ///
    /// # Panics
    /// When the other column is of another kind.
    pub(crate) fn share_block(&mut self, from: &Self, block: usize) {
        let kind = self.kind();
        with_both_blocks!(self, from, (to, from) => {
            if to.len() <= block {
                to.resize(block + 1, None);
            }
            to[block] = from.get(block).cloned().flatten();
        }, _ => panic!("a block of another column for one of {kind:?}"));
    }

    fn present(&self, block: usize) -> Words {
        let mut words = [0; BLOCK_WORDS];
        self.or_presence_into(block, &mut words);
        words
    }
}

fn is_shared<B>(one: &Blocks<B>, other: &Blocks<B>, block: usize) -> bool {
    let of = |blocks: &Blocks<B>| blocks.get(block)?.as_ref().map(Arc::as_ptr);
    of(one) == of(other)
}

/// What comparing and copying asks of blocks.
trait Comparable: Block {
    /// The rows among `both`, which have a value in both blocks, whose values differ.
    fn differing(&self, other: &Self, both: &RowSet) -> RowSet;

    /// Gives ascending rows the values that they have in another block; each has one there.
    fn copy(&mut self, from: &Self, rows: &[u16]);

    /// A block of this kind without values.
    fn blank(&self) -> Self;
}

impl Comparable for TextBlock {
    fn differing(&self, other: &Self, both: &RowSet) -> RowSet {
        let differs = |&row: &u16| self.original(row) != other.original(row);
        let rows: Vec<u16> = match self.overlaid_in_either(other) {
            Some(rows) => rows
                .into_iter()
                .filter(|&row| both.contains(row))
                .filter(differs)
                .collect(),
            None => both.iter().filter(differs).collect(),
        };
        RowSet::from_sorted(&rows)
    }

    fn copy(&mut self, from: &Self, rows: &[u16]) {
        let text = |&row: &u16| from.original(row).unwrap_or_default();
        self.write(rows, &rows.iter().map(text).collect::<Vec<_>>());
    }

    fn blank(&self) -> Self {
        if self.folds() {
            Self::folding()
        } else {
            Self::exact()
        }
    }
}

impl<T: PlainValue> Comparable for PlainBlock<T> {
    fn differing(&self, other: &Self, both: &RowSet) -> RowSet {
        let (one, other) = (self.values(), other.values());
        let differs = |&row: &u16| {
            let (one, other) = (&one[usize::from(row)], &other[usize::from(row)]);
            bytemuck::bytes_of(one) != bytemuck::bytes_of(other)
        };
        RowSet::from_sorted(&both.iter().filter(differs).collect::<Vec<_>>())
    }

    fn copy(&mut self, from: &Self, rows: &[u16]) {
        let values = from.values();
        let of_rows: Vec<T> = rows.iter().map(|&row| values[usize::from(row)]).collect();
        self.write(rows, &of_rows);
    }

    fn blank(&self) -> Self {
        Self::default()
    }
}

impl Comparable for OptionsBlock {
    fn differing(&self, other: &Self, both: &RowSet) -> RowSet {
        let mut differing = [0; BLOCK_WORDS];
        let mut compare = |one: Option<&RowSet>, other: Option<&RowSet>| {
            let one = one.map_or([0; BLOCK_WORDS], RowSet::to_words);
            let other = other.map_or([0; BLOCK_WORDS], RowSet::to_words);
            for (word, differing) in differing.iter_mut().enumerate() {
                *differing |= one[word] ^ other[word];
            }
        };
        for (code, rows) in self.options() {
            compare(Some(rows), other.with_option(code));
        }
        for (code, rows) in other.options() {
            if self.with_option(code).is_none() {
                compare(None, Some(rows));
            }
        }
        both.and_into(&mut differing);
        RowSet::from_words(&differing)
    }

    fn copy(&mut self, from: &Self, rows: &[u16]) {
        let (mut codes, mut ends) = (Vec::new(), Vec::with_capacity(rows.len()));
        for &row in rows {
            from.codes_into(row, &mut codes);
            ends.push(u32::try_from(codes.len()).expect("a block has fewer options"));
        }
        self.write(rows, &codes, &ends);
    }

    fn blank(&self) -> Self {
        Self::default()
    }
}

impl Comparable for IdentifiersBlock {
    fn differing(&self, other: &Self, both: &RowSet) -> RowSet {
        let differs = |&row: &u16| self.get(row) != other.get(row);
        RowSet::from_sorted(&both.iter().filter(differs).collect::<Vec<_>>())
    }

    fn copy(&mut self, from: &Self, rows: &[u16]) {
        let all = rows.iter().map(|&row| from.get(row).into());
        self.write(rows, all.collect());
    }

    fn blank(&self) -> Self {
        Self::default()
    }
}
