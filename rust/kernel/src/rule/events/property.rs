//! A question about a property of an event.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use super::written;
use crate::error::Result;
use crate::event::dictionary::Dictionary;
use crate::event::run::Run;
use crate::event::values::{Stored, Values};
use crate::event::{EventType, PropertyKind, TypeEvents};
use crate::fold;
use crate::rule::comparison;
use crate::rule::condition::{Comparison, invalid};
use crate::rule::predicate::Test;
use crate::rule::text::TextTest;
use crate::schema::ColumnKind;

/// A test that fits its property, with its operand ready.
#[derive(Debug)]
pub(super) struct PropertyTest {
    property: usize,
    test: Test,
    is_negative: bool,
    texts: PassingTexts,
}

impl PropertyTest {
    /// Makes a test, which must fit its property.
    pub(super) fn new(event_type: &EventType, written: &written::PropertyTest) -> Result<Self> {
        let (property, kind) = property_of(event_type, written.comparison.column())?;
        let is_of_profiles = matches!(
            written.comparison,
            Comparison::Within { .. } | Comparison::MonthDayIn { .. }
        );
        let kind = match kind {
            PropertyKind::Text => ColumnKind::Text,
            PropertyKind::Number => ColumnKind::Number,
            PropertyKind::Boolean => ColumnKind::Boolean,
            PropertyKind::DateTime => ColumnKind::DateTime,
        };
        let test = comparison::test_of(kind, &written.comparison)?;
        let op = written.comparison.op();
        let test = test.filter(|_| !is_of_profiles);
        let test = test
            .ok_or_else(|| invalid(format!("{op} does not fit property {property}, {kind:?}")))?;
        Ok(Self {
            property,
            test,
            is_negative: written.is_negative,
            texts: PassingTexts::default(),
        })
    }

    /// Number of the property.
    pub(super) fn property(&self) -> usize {
        self.property
    }

    /// Unmarks the events of a part of a run that do not pass: `passed[i]` belongs to position `range.start + i`.
    pub(super) fn retain(
        &self,
        events: &TypeEvents,
        run: &Run,
        range: Range<usize>,
        passed: &mut [bool],
    ) {
        let wanted = !self.is_negative;
        match (&self.test, run.values(self.property)) {
            (Test::Provided, Some(values)) => match values {
                Values::Text(values) => keep(&values[range], passed, wanted, |_| true),
                Values::Number(values) => keep(&values[range], passed, wanted, |_| true),
                Values::Boolean(values) => keep(&values[range], passed, wanted, |_| true),
                Values::DateTime(values) => keep(&values[range], passed, wanted, |_| true),
            },
            (Test::Text(test), Some(Values::Text(codes))) => {
                let dictionary = events.dictionary(self.property);
                let passing = dictionary.map(|texts| self.texts.of(&**test, texts));
                let passing = passing.unwrap_or_default();
                let holds = |code: u32| passing.get(code as usize) == Some(&true);
                keep(&codes[range], passed, wanted, holds);
            }
            (Test::Number(bounds), Some(Values::Number(values))) => {
                keep(&values[range], passed, wanted, |it| bounds.contains(&it));
            }
            (Test::NumberIn(set), Some(Values::Number(values))) => {
                keep(&values[range], passed, wanted, |it| set.contains(it));
            }
            (Test::DateTime(bounds), Some(Values::DateTime(values))) => {
                keep(&values[range], passed, wanted, |it| bounds.contains(&it));
            }
            (Test::DateTimeIn(set), Some(Values::DateTime(values))) => {
                keep(&values[range], passed, wanted, |it| set.contains(it));
            }
            (Test::Options(codes), Some(Values::Boolean(values))) => {
                keep(&values[range], passed, wanted, |it| {
                    codes.contains(it.into())
                });
            }
            _ if wanted => passed.fill(false),
            _ => {}
        }
    }
}

/// The position of a property and its kind.
pub(super) fn property_of(event_type: &EventType, number: u32) -> Result<(usize, PropertyKind)> {
    let property = event_type.properties.get(number as usize);
    let property = property.ok_or_else(|| {
        invalid(format!(
            "event type {} has no property {number}",
            event_type.code
        ))
    })?;
    Ok((number as usize, property.kind))
}

/// Unmarks the events whose answer is not the one wanted; an absent value does not pass.
fn keep<T: Stored>(values: &[T], passed: &mut [bool], wanted: bool, holds: impl Fn(T) -> bool) {
    for (passed, &value) in passed.iter_mut().zip(values) {
        *passed &= (value.is_present() && holds(value)) == wanted;
    }
}

/// Which texts of a dictionary pass a test, remembered from evaluation to evaluation: only texts that are new are asked about.
#[derive(Default)]
struct PassingTexts(Mutex<Asked>);

/// Answers by code, of the dictionary of some lineage.
#[derive(Default)]
struct Asked {
    lineage: Option<u64>,
    passing: Arc<Vec<bool>>,
}

impl PassingTexts {
    /// The answers for all texts of a dictionary, perhaps with some for later texts behind them.
    fn of(&self, test: &dyn TextTest, texts: &Dictionary) -> Arc<Vec<bool>> {
        let mut asked = self.0.lock().expect("no test of a text panics");
        if asked.lineage != Some(texts.lineage()) {
            *asked = Asked {
                lineage: Some(texts.lineage()),
                passing: Arc::default(),
            };
        }
        if asked.passing.len() < texts.len() {
            let passing = Arc::make_mut(&mut asked.passing);
            let mut folded = Vec::new();
            for text in texts.texts_from(passing.len()) {
                passing.push(test.matches(folded_text(text, &mut folded)));
            }
        }
        Arc::clone(&asked.passing)
    }
}

impl fmt::Debug for PassingTexts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PassingTexts")
    }
}

/// A text as it is compared.
fn folded_text<'a>(text: &'a [u8], folded: &'a mut Vec<u8>) -> &'a [u8] {
    match std::str::from_utf8(text) {
        Ok(text) if !fold::is_folded(text.as_bytes()) => {
            folded.clear();
            fold::fold_into(text, folded);
            folded
        }
        _ => text,
    }
}
