//! Conditions compiled against a schema.

use std::sync::Arc;

use crate::error::Result;
use crate::schema::{ColumnId, ColumnKind, Schema};

use super::codes::CodeSet;
use super::condition::{Comparison, Condition, invalid};
use super::evaluate::Node;
use super::predicate::{Predicate, Test};
use super::range::Bounds;
use super::text::{Pattern, Place};

/// A compiled condition. Immutable; may be shared by threads and used on any version of the account.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(super) root: Arc<Node>,
    /// The moment that relative windows are measured from, milliseconds since 1970 UTC.
    pub(super) now_millis: i64,
}

impl Plan {
    /// Compiles a condition given as JSON, to be evaluated as of a moment.
    ///
    /// # Form
    /// `{"and": […]}`, `{"or": […]}`, `{"not": …}`, `{"predicate": {"column", "op", …}}` with the ops `provided`; `equals`,
    /// `contains`, `starts_with`, `ends_with` (`text`); `in_range` (`low`, `low_inclusive`, `high`, `high_inclusive`, a null bound is
    /// open); `any_of` (`codes`). An empty `and` is every live row, an empty `or` none.
    ///
    /// # Errors
    /// [`KernelError::DefinitionInvalid`](crate::error::KernelError::DefinitionInvalid) when it is not of this form, nested more than
    /// 60 deep or larger than 10,000 nodes, when it names a column the schema does not have, or an op that does not fit the column's
    /// kind.
    pub fn compile(schema: &Schema, condition_json: &[u8], now_millis: i64) -> Result<Self> {
        let root = Arc::new(compile(schema, &Condition::from_json(condition_json)?)?);
        Ok(Self { root, now_millis })
    }

    /// The same condition at another moment; shares the compiled tree.
    #[must_use]
    pub fn at(&self, now_millis: i64) -> Self {
        Self {
            root: Arc::clone(&self.root),
            now_millis,
        }
    }
}

fn compile(schema: &Schema, condition: &Condition) -> Result<Node> {
    let all = |children: &[Condition]| {
        children
            .iter()
            .map(|child| compile(schema, child))
            .collect::<Result<Vec<_>>>()
    };
    Ok(match condition {
        Condition::And(children) => Node::and(all(children)?),
        Condition::Or(children) => Node::or(all(children)?),
        Condition::Not(child) => Node::not(compile(schema, child)?),
        Condition::Predicate(comparison) => compile_comparison(schema, comparison)?,
    })
}

fn compile_comparison(schema: &Schema, comparison: &Comparison) -> Result<Node> {
    use ColumnKind as Kind;
    let column = comparison.column();
    let kind = schema
        .kind(column)
        .ok_or_else(|| invalid(format!("column {column} is not in the schema")))?;
    let refused = || {
        invalid(format!(
            "{} does not fit column {column}, {kind:?}",
            comparison.op()
        ))
    };
    let test = match (comparison, kind) {
        (_, Kind::Identifiers) => return Err(refused()),
        (Comparison::Provided { .. }, _) => Some(Test::Provided),
        (Comparison::Equals { text, .. }, Kind::Text | Kind::ExactText) => Some(Test::Text(
            Box::new(Pattern::new(Place::Whole, &operand(kind, text))),
        )),
        (Comparison::Contains { text, .. }, Kind::Text | Kind::ExactText) => {
            Some(part(Place::Anywhere, &operand(kind, text)))
        }
        (Comparison::StartsWith { text, .. }, Kind::Text | Kind::ExactText) => {
            Some(part(Place::Start, &operand(kind, text)))
        }
        (Comparison::EndsWith { text, .. }, Kind::Text | Kind::ExactText) => {
            Some(part(Place::End, &operand(kind, text)))
        }
        (Comparison::InRange { .. }, Kind::Number | Kind::Date | Kind::DateTime) => {
            range(column, kind, comparison)?
        }
        (Comparison::AnyOf { codes, .. }, Kind::Boolean | Kind::MultiSelectMany) => {
            CodeSet::new(codes).map(Test::Options)
        }
        (Comparison::AnyOf { codes, .. }, Kind::MultiSelectOne) => {
            CodeSet::new(codes).map(Test::Code)
        }
        _ => return Err(refused()),
    };
    Ok(test.map_or(Node::NONE, |test| {
        Node::Predicate(Predicate { column, test })
    }))
}

/// The operand as stored texts are compared.
fn operand(kind: ColumnKind, text: &str) -> Vec<u8> {
    match kind {
        ColumnKind::Text => crate::fold::fold(text).into_bytes(),
        _ => text.as_bytes().to_vec(),
    }
}

/// A test for a part of the text; every text has the empty part.
fn part(place: Place, needle: &[u8]) -> Test {
    if needle.is_empty() {
        Test::Provided
    } else {
        Test::Text(Box::new(Pattern::new(place, needle)))
    }
}

/// A range as closed bounds of the column's own type; `None` when no value can lie in it.
fn range(column: ColumnId, kind: ColumnKind, comparison: &Comparison) -> Result<Option<Test>> {
    let Comparison::InRange {
        low,
        low_inclusive,
        high,
        high_inclusive,
        ..
    } = comparison
    else {
        return Ok(None);
    };
    let low = low.as_ref().map(|bound| (bound, *low_inclusive));
    let high = high.as_ref().map(|bound| (bound, *high_inclusive));
    let whole = || {
        invalid(format!(
            "a bound of column {column}, {kind:?}, is not a whole number"
        ))
    };
    Ok(match kind {
        ColumnKind::Number => Bounds::of_numbers(low, high).map(Test::Number),
        ColumnKind::Date => Bounds::of_integers(low, high)
            .ok_or_else(whole)?
            .and_then(Bounds::to_days)
            .map(Test::Date),
        _ => Bounds::of_integers(low, high)
            .ok_or_else(whole)?
            .map(Test::DateTime),
    })
}
