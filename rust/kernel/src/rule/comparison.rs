//! Comparisons compiled: kinds checked, operands folded.

use serde_json::Number;

use crate::error::Result;
use crate::fold::fold;
use crate::schema::{ColumnKind, Schema};

use super::codes::CodeSet;
use super::condition::{Comparison, invalid};
use super::month_day::MonthDays;
use super::numbers::{Listed, NumberSet};
use super::predicate::{Predicate, Test};
use super::range::Bounds;
use super::text::{Pattern, Place, TextSet, expression};

/// Most values that are listed in a comparison.
const LISTED_MAX: usize = 100_000;

/// Makes the test of a comparison, which must fit its column.
pub(super) fn compile(schema: &Schema, comparison: &Comparison) -> Result<Predicate> {
    let column = comparison.column();
    let kind = schema
        .kind(column)
        .ok_or_else(|| invalid(format!("column {column} is not in the schema")))?;
    let op = comparison.op();
    let test = test_of(kind, comparison)?
        .ok_or_else(|| invalid(format!("{op} does not fit column {column}, {kind:?}")))?;
    Ok(Predicate { column, test })
}

/// Makes the test of a comparison; `None` when it does not fit the kind of values.
pub(super) fn test_of(kind: ColumnKind, comparison: &Comparison) -> Result<Option<Test>> {
    Ok(match (comparison, kind) {
        (_, ColumnKind::Identifiers) => None,
        (Comparison::Provided { .. }, _) => Some(Test::Provided),
        (_, ColumnKind::Text) => text_test(comparison, true)?,
        (_, ColumnKind::ExactText) => text_test(comparison, false)?,
        (_, ColumnKind::Number) => number_test(comparison)?,
        (_, ColumnKind::Date) => date_test(comparison)?,
        (_, ColumnKind::DateTime) => date_time_test(comparison)?,
        (Comparison::AnyOf { codes, .. }, ColumnKind::MultiSelectOne) => {
            Some(possible(CodeSet::new(codes), Test::Code))
        }
        (Comparison::AnyOf { codes, .. }, ColumnKind::Boolean | ColumnKind::MultiSelectMany) => {
            Some(possible(CodeSet::new(codes), Test::Options))
        }
        _ => None,
    })
}

/// The test of an operand, if any value can pass it.
fn possible<T>(operand: Option<T>, test: impl Fn(T) -> Test) -> Test {
    operand.map_or(Test::Never, test)
}

/// A test of texts, which are folded or exact; `None` when there is none of the op.
fn text_test(comparison: &Comparison, folds: bool) -> Result<Option<Test>> {
    let operand = |text: &str| {
        if folds {
            fold(text).into_bytes()
        } else {
            text.as_bytes().to_vec()
        }
    };
    Ok(Some(match comparison {
        Comparison::Equals { text, .. } => {
            Test::Text(Box::new(Pattern::new(Place::Whole, &operand(text))))
        }
        Comparison::Contains { text, .. } => part(Place::Anywhere, &operand(text)),
        Comparison::StartsWith { text, .. } => part(Place::Start, &operand(text)),
        Comparison::EndsWith { text, .. } => part(Place::End, &operand(text)),
        Comparison::Matches { pattern, .. } => Test::Text(expression::compile(pattern, folds)?),
        Comparison::TextIn { texts, .. } => {
            check_listed(comparison, texts)?;
            let set = TextSet::new(texts.iter().map(|text| operand(text)));
            possible(set, |set| Test::Text(Box::new(set)))
        }
        _ => return Ok(None),
    }))
}

/// A test for a part of the text; every text has the empty part.
fn part(place: Place, needle: &[u8]) -> Test {
    if needle.is_empty() {
        Test::Provided
    } else {
        Test::Text(Box::new(Pattern::new(place, needle)))
    }
}

fn number_test(comparison: &Comparison) -> Result<Option<Test>> {
    let range = comparison.bounds().map(|(low, high)| {
        let bounds = Bounds::of_numbers(low, high);
        possible(bounds, Test::Number)
    });
    Ok(match range {
        Some(range) => Some(range),
        None => listed(comparison, Test::NumberIn)?,
    })
}

fn date_test(comparison: &Comparison) -> Result<Option<Test>> {
    if let Comparison::MonthDayIn { ranges, .. } = comparison {
        let days = MonthDays::new(ranges).ok_or_else(|| {
            invalid(
                "month_day_in needs pairs of month * 32 + day, the first not above the second"
                    .to_owned(),
            )
        })?;
        return Ok(Some(possible(days, Test::MonthDayIn)));
    }
    match whole_bounds(comparison)? {
        Some(bounds) => {
            let days = bounds.and_then(Bounds::to_days);
            Ok(Some(possible(days, Test::Date)))
        }
        None => listed(comparison, Test::DateIn),
    }
}

fn date_time_test(comparison: &Comparison) -> Result<Option<Test>> {
    if let Comparison::Within { window, .. } = comparison {
        let window = Some(*window).filter(|window| !window.is_empty());
        return Ok(Some(possible(window, Test::Within)));
    }
    match whole_bounds(comparison)? {
        Some(bounds) => Ok(Some(possible(bounds, Test::DateTime))),
        None => listed(comparison, Test::DateTimeIn),
    }
}

/// The bounds of a range of whole numbers: outer `None` when the comparison is none, inner when nothing lies between them.
#[expect(
    clippy::option_option,
    reason = "another op and an empty range are two answers"
)]
fn whole_bounds(comparison: &Comparison) -> Result<Option<Option<Bounds<i64>>>> {
    let Some((low, high)) = comparison.bounds() else {
        return Ok(None);
    };
    let column = comparison.column();
    Bounds::of_integers(low, high)
        .map(Some)
        .ok_or_else(|| invalid(format!("a bound of column {column} is not a whole number")))
}

/// A test of listed numbers; `None` when the comparison is none.
fn listed<T: Listed>(
    comparison: &Comparison,
    test: impl Fn(NumberSet<T>) -> Test,
) -> Result<Option<Test>> {
    let Comparison::NumberIn { column, numbers } = comparison else {
        return Ok(None);
    };
    check_listed::<Number>(comparison, numbers)?;
    let set = NumberSet::new(numbers)
        .ok_or_else(|| invalid(format!("a number for column {column} is not a whole one")))?;
    Ok(Some(possible(set, test)))
}

fn check_listed<T>(comparison: &Comparison, values: &[T]) -> Result<()> {
    if values.len() > LISTED_MAX {
        let op = comparison.op();
        return Err(invalid(format!("{op} lists more than {LISTED_MAX} values")));
    }
    Ok(())
}
