//! Comparisons compiled: kinds checked, operands folded.

use crate::error::Result;
use crate::schema::{ColumnId, ColumnKind, Schema};

use super::codes::CodeSet;
use super::condition::{Comparison, invalid};
use super::predicate::{Predicate, Test};
use super::range::Bounds;
use super::text::{Pattern, Place};
use super::window::Window;

/// Makes the test of a comparison, which must fit its column.
pub(super) fn compile(schema: &Schema, comparison: &Comparison) -> Result<Predicate> {
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
        (Comparison::Within { window, .. }, Kind::DateTime) => Some(within(*window)),
        _ => return Err(refused()),
    };
    let test = test.unwrap_or(Test::Never);
    Ok(Predicate { column, test })
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

fn within(window: Window) -> Test {
    if window.is_empty() {
        Test::Never
    } else {
        Test::Within(window)
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
