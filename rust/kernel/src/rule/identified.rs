//! Profiles that have one of many identifiers.

use std::sync::Arc;

use serde_json::Value;

use crate::batch::Identifier;
use crate::bitmap::Words;
use crate::column::{Block, Column, IdentifiersBlock, TextBlock, get};
use crate::error::Result;
use crate::fold::fold;
use crate::schema::{ColumnId, builtin};

use super::condition::{By, Identified, invalid};
use super::context::Context;
use super::leaf::Leaf;
use super::match_values::MatchValues;
use super::text::{Pattern, Place, TextSet, TextTest};

/// Profiles with an identifier of a kind, perhaps of a type, that is among some.
#[derive(Debug)]
pub(super) struct Identifiers {
    /// Column of the only or first identifier.
    first: ColumnId,
    /// Column of its type.
    first_type: ColumnId,
    /// Column of the others.
    more: Option<ColumnId>,
    /// The type, folded; any when missing.
    wanted_type: Option<Pattern>,
    /// Whether it is that of identifiers without a type.
    wants_untyped: bool,
    /// Whether identifiers are compared without regard to case.
    folds: bool,
    /// Identifiers as they are compared; `None` when there is none.
    values: Option<Arc<TextSet>>,
}

impl Identifiers {
    /// Looks for values, which are prepared for the first condition that does.
    pub(super) fn new(identified: &Identified, values: Option<&MatchValues>) -> Result<Self> {
        let Some(values) = values.filter(|values| values.by() == identified.by) else {
            return Err(invalid(
                "identified comes without values of its kind".to_owned(),
            ));
        };
        let [first, first_type] = match identified.by {
            By::ProfileId => [builtin::PROFILE_ID, builtin::CUSTOMER_TYPE],
            By::AlternateId => [builtin::ALTERNATE_ID, builtin::ALTERNATE_ID_TYPE],
            By::Email => [builtin::EMAIL, builtin::EMAIL_TYPE],
            By::Phone => [builtin::PHONE, builtin::PHONE_TYPE],
        };
        let more = match identified.by {
            By::ProfileId => None,
            By::AlternateId => Some(builtin::ALTERNATE_ID_MORE),
            By::Email => Some(builtin::EMAIL_MORE),
            By::Phone => Some(builtin::PHONE_MORE),
        };
        let folds = identified.by == By::Email;
        let kind = identified.kind.as_deref();
        Ok(Self {
            first,
            first_type,
            more,
            wanted_type: kind.map(|kind| Pattern::new(Place::Whole, fold(kind).as_bytes())),
            wants_untyped: kind == Some(""),
            folds,
            values: values.set(),
        })
    }

    /// Whether an identifier is among the values, given as it is compared.
    fn has_value(&self, value: &[u8]) -> bool {
        self.values
            .as_ref()
            .is_some_and(|values| values.matches(value))
    }

    /// Whether a type, folded, is the wanted one.
    fn has_type(&self, kind: &[u8]) -> bool {
        self.wanted_type
            .as_ref()
            .is_none_or(|wanted| wanted.matches(kind))
    }

    fn is_wanted(&self, other: &Identifier) -> bool {
        self.has_type(fold(&other.kind).as_bytes())
            && self.has_value(&compared(&other.value, self.folds))
    }

    /// Keeps the bits of rows whose first identifier is of the wanted type and among the values.
    fn retain_first(&self, context: &Context<'_>, block: usize, words: &mut Words) {
        match (&self.values, texts(context, self.first, block)) {
            (Some(values), Some(texts)) => values.retain_in_block(texts, words),
            _ => return words.fill(0),
        }
        let Some(wanted) = &self.wanted_type else {
            return;
        };
        match texts(context, self.first_type, block) {
            Some(types) if self.wants_untyped => types.presence().and_not_into(words),
            Some(types) => wanted.retain_in_block(types, words),
            None if self.wants_untyped => {}
            None => words.fill(0),
        }
    }

    fn more<'a>(&self, context: &Context<'a>, block: usize) -> Option<&'a IdentifiersBlock> {
        match context.version.column(self.more?)? {
            Column::Identifiers(blocks) => get(blocks, block),
            _ => None,
        }
    }

    fn first_is_wanted(&self, context: &Context<'_>, block: usize, row: u16) -> bool {
        let folded = |column| texts(context, column, block).and_then(|texts| texts.folded(row));
        folded(self.first).is_some_and(|value| self.has_value(value))
            && self.has_type(folded(self.first_type).unwrap_or_default())
    }
}

impl Leaf for Identifiers {
    /// # Cost
    /// About two nanoseconds a row, plus one look-up for each row that passes the sieve, and some for each further identifier of rows that
    /// still stand.
    fn retain(&self, context: &Context<'_>, block: usize, words: &mut Words) {
        let stands = |row: u16| words[usize::from(row / 64)] >> (row % 64) & 1 == 1;
        let found: Vec<u16> = self.more(context, block).map_or_else(Vec::new, |more| {
            let standing = more.presence().iter().filter(|&row| stands(row));
            standing
                .filter(|&row| more.get(row).iter().any(|other| self.is_wanted(other)))
                .collect()
        });
        self.retain_first(context, block, words);
        for row in found {
            words[usize::from(row / 64)] |= 1 << (row % 64);
        }
    }

    fn cost(&self, context: &Context<'_>, block: usize) -> usize {
        let Some(values) = &self.values else {
            return 0;
        };
        let of_first = texts(context, self.first, block).map(|texts| values.cost_of_block(texts));
        let of_type = self.wanted_type.as_ref().and_then(|wanted| {
            let types = texts(context, self.first_type, block)?;
            Some(wanted.cost_of_block(types))
        });
        let of_more = self
            .more(context, block)
            .map(|more| more.presence().len() * size_of::<Identifier>());
        [of_first, of_type, of_more].into_iter().flatten().sum()
    }

    fn matches(&self, context: &Context<'_>, block: usize, row: u16) -> bool {
        self.first_is_wanted(context, block, row)
            || self
                .more(context, block)
                .is_some_and(|more| more.get(row).iter().any(|other| self.is_wanted(other)))
    }

    /// All identifiers of the kind and type, the first first.
    fn seen(&self, context: &Context<'_>, block: usize, row: u16) -> Value {
        let given = |column| texts(context, column, block).and_then(|texts| texts.get(row));
        let first_type = given(self.first_type).unwrap_or_default();
        let first = given(self.first).filter(|_| self.has_type(fold(first_type).as_bytes()));
        let more = self
            .more(context, block)
            .map_or(&[][..], |more| more.get(row));
        let others = more
            .iter()
            .filter(|other| self.has_type(fold(&other.kind).as_bytes()));
        let all: Vec<&str> = first
            .into_iter()
            .chain(others.map(|other| &*other.value))
            .collect();
        if all.is_empty() {
            Value::Null
        } else {
            all.into()
        }
    }

    fn is_impossible(&self) -> bool {
        self.values.is_none()
    }

    fn columns(&self) -> Vec<ColumnId> {
        let first = (self.first != builtin::PROFILE_ID).then_some(self.first);
        let first_type = self.wanted_type.as_ref().map(|_| self.first_type);
        [first, first_type, self.more]
            .into_iter()
            .flatten()
            .collect()
    }
}

fn compared(value: &str, folds: bool) -> Vec<u8> {
    if folds {
        fold(value).into_bytes()
    } else {
        value.as_bytes().to_vec()
    }
}

fn texts<'a>(context: &Context<'a>, column: ColumnId, block: usize) -> Option<&'a TextBlock> {
    match context.version.column(column)? {
        Column::Text(blocks) | Column::ExactText(blocks) => get(blocks, block),
        _ => None,
    }
}
