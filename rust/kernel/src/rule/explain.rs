//! What a plan sees and costs.

use serde_json::Value;

use crate::column::{Column, get};
use crate::table::{RowId, Version, block_and_row};

use super::plan::Plan;

/// What a plan saw of one row.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// Whether the plan holds.
    pub holds: bool,
    /// What each leaf of the condition looked at, in its order: null when absent; a text as it was given, a number, a truth value, an
    /// array of option codes, a day or milliseconds as a number; metres from the point; the row's percentile in the sample.
    pub values: Vec<Value>,
    /// When the answer changes if nothing but time does, looking ten years ahead.
    pub next_change_millis: Option<i64>,
}

impl Explanation {
    /// The values as a JSON array.
    pub fn values_json(&self) -> String {
        Value::from(self.values.as_slice()).to_string()
    }
}

impl Plan {
    /// Tells what the plan sees of a live row.
    ///
    /// # Cost
    /// As some thousand times [`matches`](Self::matches) at most, when windows move.
    pub fn explain(&self, version: &Version, row: RowId) -> Explanation {
        let (block, in_block) = block_and_row(row);
        let context = self.context(version);
        let leaves = self.tree.leaves.iter();
        Explanation {
            holds: self.matches(version, row),
            values: leaves
                .map(|leaf| leaf.seen(&context, block, in_block))
                .collect(),
            next_change_millis: self.next_change(version, row),
        }
    }

    /// Estimates the bytes that evaluating the plan reads; reads none of them.
    pub fn cost(&self, version: &Version) -> usize {
        let context = self.context(version);
        (0..version.n_blocks())
            .map(|block| self.tree.root.cost(&context, block))
            .sum()
    }
}

/// The value of a row as JSON; `None` when it is absent.
pub(super) fn value_of(column: &Column, block: usize, row: u16) -> Option<Value> {
    let codes = |codes: Vec<u16>| (!codes.is_empty()).then(|| codes.into());
    match column {
        Column::Text(blocks) | Column::ExactText(blocks) => {
            get(blocks, block)?.get(row).map(Value::from)
        }
        Column::Number(blocks) => get(blocks, block)?.get(row).map(Value::from),
        Column::Date(blocks) => get(blocks, block)?.get(row).map(Value::from),
        Column::DateTime(blocks) => get(blocks, block)?.get(row).map(Value::from),
        Column::MultiSelectOne(blocks) => codes(get(blocks, block)?.get(row).into_iter().collect()),
        Column::Boolean(blocks) => {
            let block = get(blocks, block)?;
            let is_true = block.with_option(1).is_some_and(|rows| rows.contains(row));
            block.presence().contains(row).then(|| is_true.into())
        }
        Column::MultiSelectMany(blocks) => {
            let mut of_row = Vec::new();
            get(blocks, block)?.codes_into(row, &mut of_row);
            codes(of_row)
        }
        Column::Identifiers(_) => None,
    }
}
