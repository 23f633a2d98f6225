//! And, or, not over the rows still standing, cheapest first.

use std::sync::Arc;

use rayon::prelude::*;

use crate::bitmap::{BLOCK_WORDS, Words};
use crate::table::{RowId, Version, block_and_row};

use super::context::Context;
use super::leaf::Leaf;
use super::plan::Plan;
use super::selection::{Selection, count};

/// A compiled tree: flat, without constants below its root.
#[derive(Debug)]
pub(super) enum Node {
    /// Every one holds; an empty one always does.
    And(Vec<Node>),
    /// At least one holds; an empty one never does.
    Or(Vec<Node>),
    /// The complement.
    Not(Box<Node>),
    /// A question about a row.
    Leaf(Arc<dyn Leaf>),
}

impl Node {
    /// Holds for every row.
    pub(super) const ALL: Self = Self::And(Vec::new());
    /// Holds for no row.
    pub(super) const NONE: Self = Self::Or(Vec::new());

    fn is_all(&self) -> bool {
        matches!(self, Self::And(children) if children.is_empty())
    }

    fn is_none(&self) -> bool {
        matches!(self, Self::Or(children) if children.is_empty())
    }

    /// All of them together.
    pub(super) fn and(children: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(children.len());
        for child in children {
            match child {
                Self::And(inner) => flat.extend(inner),
                child if child.is_none() => return Self::NONE,
                child => flat.push(child),
            }
        }
        Self::single(flat).unwrap_or_else(Self::And)
    }

    /// Any of them.
    pub(super) fn or(children: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(children.len());
        for child in children {
            match child {
                Self::Or(inner) => flat.extend(inner),
                child if child.is_all() => return Self::ALL,
                child => flat.push(child),
            }
        }
        Self::single(flat).unwrap_or_else(Self::Or)
    }

    /// The complement.
    pub(super) fn not(child: Self) -> Self {
        match child {
            Self::Not(inner) => *inner,
            child if child.is_all() => Self::NONE,
            child if child.is_none() => Self::ALL,
            child => Self::Not(Box::new(child)),
        }
    }

    /// The only one, or all of them back.
    fn single(mut children: Vec<Self>) -> Result<Self, Vec<Self>> {
        match children.pop() {
            Some(only) if children.is_empty() => Ok(only),
            Some(last) => {
                children.push(last);
                Err(children)
            }
            None => Err(children),
        }
    }

    /// A question, unless its answer is known.
    pub(super) fn leaf(leaf: Arc<dyn Leaf>) -> Self {
        if leaf.is_impossible() {
            Self::NONE
        } else {
            Self::Leaf(leaf)
        }
    }

    /// The questions asked, in the order of the tree.
    pub(super) fn leaves(&self) -> Vec<&Arc<dyn Leaf>> {
        match self {
            Self::And(children) | Self::Or(children) => {
                children.iter().flat_map(Self::leaves).collect()
            }
            Self::Not(child) => child.leaves(),
            Self::Leaf(leaf) => vec![leaf],
        }
    }

    /// Keeps the bits of rows for which the node holds.
    fn retain(&self, context: &Context<'_>, block: usize, words: &mut Words) {
        match self {
            Self::And(children) => {
                for child in cheapest_first(children, context, block) {
                    if is_empty(words) {
                        return;
                    }
                    child.retain(context, block, words);
                }
            }
            Self::Or(children) => {
                let mut left = Box::new(*words);
                for child in cheapest_first(children, context, block) {
                    if is_empty(&left) {
                        return;
                    }
                    let mut found = left.clone();
                    child.retain(context, block, &mut found);
                    remove(&mut left, &found);
                }
                remove(words, &left);
            }
            Self::Not(child) => {
                let mut found = Box::new(*words);
                child.retain(context, block, &mut found);
                remove(words, &found);
            }
            Self::Leaf(leaf) => leaf.retain(context, block, words),
        }
    }

    /// About the bytes that are read for a block; 0 when the answer is known without reading.
    pub(super) fn cost(&self, context: &Context<'_>, block: usize) -> usize {
        match self {
            Self::And(children) | Self::Or(children) => children
                .iter()
                .map(|child| child.cost(context, block))
                .sum(),
            Self::Not(child) => child.cost(context, block),
            Self::Leaf(leaf) => leaf.cost(context, block),
        }
    }

    /// Whether the node holds for one row.
    fn matches(&self, context: &Context<'_>, block: usize, row: u16) -> bool {
        match self {
            Self::And(children) => children
                .iter()
                .all(|child| child.matches(context, block, row)),
            Self::Or(children) => children
                .iter()
                .any(|child| child.matches(context, block, row)),
            Self::Not(child) => !child.matches(context, block, row),
            Self::Leaf(leaf) => leaf.matches(context, block, row),
        }
    }
}

fn cheapest_first<'a>(
    children: &'a [Node],
    context: &Context<'_>,
    block: usize,
) -> impl Iterator<Item = &'a Node> {
    let mut order: Vec<_> = children
        .iter()
        .map(|child| (child.cost(context, block), child))
        .collect();
    order.sort_by_key(|&(cost, _)| cost);
    order.into_iter().map(|(_, child)| child)
}

fn is_empty(words: &Words) -> bool {
    words.iter().all(|&word| word == 0)
}

fn remove(words: &mut Words, removed: &Words) {
    words
        .iter_mut()
        .zip(removed)
        .for_each(|(word, removed)| *word &= !removed);
}

impl Plan {
    pub(super) fn context<'a>(&self, version: &'a Version) -> Context<'a> {
        Context {
            version,
            now_millis: self.now_millis,
        }
    }

    /// Finds the live rows that satisfy the plan.
    ///
    /// # Cost
    /// About one pass over every column the plan reads, blocks in parallel; blocks that the least and greatest value of a column rule
    /// out, or in which nothing is stored, are not read. Text is read for the rows that cheaper comparisons left standing.
    pub fn evaluate(&self, version: &Version) -> Selection {
        let blocks = (0..version.n_blocks())
            .into_par_iter()
            .map(|block| {
                let mut words = Box::new([0; BLOCK_WORDS]);
                self.evaluate_block(version, block, &mut words);
                (!is_empty(&words)).then_some(words)
            })
            .collect();
        Selection { blocks }
    }

    /// Counts the live rows that satisfy the plan; as [`evaluate`](Self::evaluate), without keeping them.
    pub fn count(&self, version: &Version) -> usize {
        (0..version.n_blocks())
            .into_par_iter()
            .map(|block| {
                let mut words = [0; BLOCK_WORDS];
                self.evaluate_block(version, block, &mut words);
                count(&words)
            })
            .sum()
    }

    /// Writes one bit for each row of a block: whether it is live and satisfies the plan.
    pub fn evaluate_block(&self, version: &Version, block: usize, words: &mut Words) {
        words.fill(0);
        version.live(block).or_into(words);
        self.retain_block(version, block, words);
    }

    /// Keeps the bits of those rows of a block, live or not, that satisfy the plan.
    pub(crate) fn retain_block(&self, version: &Version, block: usize, words: &mut Words) {
        self.tree.root.retain(&self.context(version), block, words);
    }

    /// Tells whether a row, live or not, satisfies the plan. Microseconds.
    pub(crate) fn accepts(&self, version: &Version, row: RowId) -> bool {
        let (block, row) = block_and_row(row);
        self.tree.root.matches(&self.context(version), block, row)
    }

    /// Tells whether a row is live and satisfies the plan. Microseconds.
    pub fn matches(&self, version: &Version, row: RowId) -> bool {
        version.is_live(row) && self.accepts(version, row)
    }
}
