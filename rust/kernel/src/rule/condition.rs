//! The condition tree as it is written: JSON, read and bounded, not yet checked against a schema.

use serde::Deserialize;

use crate::error::{KernelError, Result};
use crate::schema::ColumnId;

use super::events::written::{Did, DidThen, FirstDid};
use super::range::Bound;
use super::window::Window;

/// Deepest nesting of `and`, `or` and `not`. A level is at most two brackets, of which `serde_json` reads 128.
const DEPTH_MAX: usize = 60;

/// Most nodes of a tree, leaves included.
const NODES_MAX: usize = 10_000;

/// A condition on one profile, as written.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Condition {
    /// Every one holds; an empty one always does.
    And(Vec<Condition>),
    /// At least one holds; an empty one never does.
    Or(Vec<Condition>),
    /// The exact complement over live rows.
    Not(Box<Condition>),
    /// A comparison of one column.
    Predicate(Comparison),
    /// The place is near a point.
    Near(Near),
    /// The profile belongs to a sample.
    Sample(Sample),
    /// The profile has one of many identifiers.
    Identified(Identified),
    /// There are so many events, or they sum up to so much.
    Did(Did),
    /// The first event of all lies in a window.
    FirstDid(FirstDid),
    /// An event is followed by another.
    DidThen(DidThen),
}

/// A comparison of one column; false where the value is absent.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Comparison {
    /// The value is there.
    Provided { column: ColumnId },
    /// The text is this one.
    Equals { column: ColumnId, text: String },
    /// The text has this one somewhere.
    Contains { column: ColumnId, text: String },
    /// The text begins with this one.
    StartsWith { column: ColumnId, text: String },
    /// The text ends with this one.
    EndsWith { column: ColumnId, text: String },
    /// The value lies between two bounds; a missing bound is open.
    InRange {
        column: ColumnId,
        low: Option<serde_json::Number>,
        low_inclusive: bool,
        high: Option<serde_json::Number>,
        high_inclusive: bool,
    },
    /// The value is, or has among its options, one of these.
    AnyOf { column: ColumnId, codes: Vec<u16> },
    /// The text matches a regular expression.
    Matches { column: ColumnId, pattern: String },
    /// The text is one of these.
    TextIn {
        column: ColumnId,
        texts: Vec<String>,
    },
    /// The number, day or time is one of these.
    NumberIn {
        column: ColumnId,
        numbers: Vec<serde_json::Number>,
    },
    /// The day is one of these of its year: pairs of month * 32 + day.
    MonthDayIn {
        column: ColumnId,
        ranges: Vec<(u16, u16)>,
    },
    /// The time lies in a window.
    Within { column: ColumnId, window: Window },
}

/// The place lies at most so far from a point.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Near {
    /// Degrees north.
    pub(crate) latitude: f64,
    /// Degrees east.
    pub(crate) longitude: f64,
    pub(crate) radius_metres: f64,
}

/// A share of all profiles, the same ones for a salt.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sample {
    pub(crate) percent: f64,
    pub(crate) salt: String,
}

/// The profile has an identifier that is one of the values beside the condition.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Identified {
    /// Which identifiers are looked at.
    pub(crate) by: By,
    /// The owner's word for the kind that the identifier has, or for the kind of customer where profile ids are looked at; any when missing.
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
}

/// Which identifiers are looked at. The numbers are those of `segue.v1.MatchBy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub(crate) enum By {
    /// The profile's own id.
    ProfileId = 1,
    /// Its ids in other systems.
    AlternateId = 2,
    /// Its e-mail addresses.
    Email = 3,
    /// Its phone numbers.
    Phone = 4,
}

impl By {
    /// The identifiers of a number of `segue.v1.MatchBy`.
    pub(super) const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::ProfileId),
            2 => Some(Self::AlternateId),
            3 => Some(Self::Email),
            4 => Some(Self::Phone),
            _ => None,
        }
    }
}

impl Comparison {
    /// The column compared.
    pub(crate) fn column(&self) -> ColumnId {
        match *self {
            Self::Provided { column }
            | Self::Equals { column, .. }
            | Self::Contains { column, .. }
            | Self::StartsWith { column, .. }
            | Self::EndsWith { column, .. }
            | Self::InRange { column, .. }
            | Self::AnyOf { column, .. }
            | Self::Matches { column, .. }
            | Self::TextIn { column, .. }
            | Self::NumberIn { column, .. }
            | Self::MonthDayIn { column, .. }
            | Self::Within { column, .. } => column,
        }
    }

    /// The bounds of a range, low and high; `None` for other ops.
    pub(super) fn bounds(&self) -> Option<(Bound<'_>, Bound<'_>)> {
        match self {
            Self::InRange {
                low,
                low_inclusive,
                high,
                high_inclusive,
                ..
            } => Some((
                low.as_ref().map(|bound| (bound, *low_inclusive)),
                high.as_ref().map(|bound| (bound, *high_inclusive)),
            )),
            _ => None,
        }
    }

    /// The op as it is written.
    pub(crate) fn op(&self) -> &'static str {
        match self {
            Self::Provided { .. } => "provided",
            Self::Equals { .. } => "equals",
            Self::Contains { .. } => "contains",
            Self::StartsWith { .. } => "starts_with",
            Self::EndsWith { .. } => "ends_with",
            Self::InRange { .. } => "in_range",
            Self::AnyOf { .. } => "any_of",
            Self::Matches { .. } => "matches",
            Self::TextIn { .. } => "text_in",
            Self::NumberIn { .. } => "number_in",
            Self::MonthDayIn { .. } => "month_day_in",
            Self::Within { .. } => "within",
        }
    }
}

impl Condition {
    /// Reads a tree.
    ///
    /// # Errors
    /// [`KernelError::DefinitionInvalid`] when it is not of this form, or too deep or too large.
    pub(crate) fn from_json(json: &[u8]) -> Result<Self> {
        let condition: Self =
            serde_json::from_slice(json).map_err(|error| invalid(error.to_string()))?;
        condition.check_size()?;
        Ok(condition)
    }

    fn check_size(&self) -> Result<()> {
        let mut n_nodes = 0;
        let mut waiting = vec![(self, 1)];
        while let Some((condition, depth)) = waiting.pop() {
            n_nodes += 1;
            if n_nodes > NODES_MAX {
                return Err(invalid(format!("more than {NODES_MAX} nodes")));
            }
            let children = match condition {
                Self::And(children) | Self::Or(children) => children.as_slice(),
                Self::Not(child) => std::slice::from_ref(child.as_ref()),
                Self::Predicate(_)
                | Self::Near(_)
                | Self::Sample(_)
                | Self::Identified(_)
                | Self::Did(_)
                | Self::FirstDid(_)
                | Self::DidThen(_) => continue,
            };
            if depth > DEPTH_MAX {
                return Err(invalid(format!("nested more than {DEPTH_MAX} deep")));
            }
            waiting.extend(children.iter().map(|child| (child, depth + 1)));
        }
        Ok(())
    }
}

/// A fault of the condition.
pub(crate) fn invalid(problem: String) -> KernelError {
    KernelError::DefinitionInvalid {
        what: "condition",
        problem,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used)]

    use super::*;

    fn problem(json: &str) -> String {
        Condition::from_json(json.as_bytes())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_tree_is_read() {
        let json =
            br#"{"and": [{"not": {"predicate": {"column": 70, "op": "provided"}}}, {"or": []}]}"#;
        let provided = Condition::Predicate(Comparison::Provided { column: 70 });
        let expected = Condition::And(vec![
            Condition::Not(Box::new(provided)),
            Condition::Or(Vec::new()),
        ]);
        assert_eq!(Condition::from_json(json).unwrap(), expected);
    }

    #[test]
    fn unknown_members_and_ops_are_refused() {
        assert!(problem(r#"{"xor": []}"#).contains("unknown variant `xor`"));
        assert!(
            problem(r#"{"predicate": {"column": 1, "op": "provided", "text": "x"}}"#)
                .contains("unknown field `text`")
        );
        assert!(
            problem(r#"{"predicate": {"column": 1, "op": "sounds_like", "text": "x"}}"#)
                .contains("unknown variant `sounds_like`")
        );
        assert!(problem(r#"{"predicate": {"op": "provided"}}"#).contains("missing field `column`"));
    }

    #[test]
    fn codes_and_bounds_have_their_types() {
        assert!(
            !problem(r#"{"predicate": {"column": 1, "op": "any_of", "codes": [65536]}}"#)
                .is_empty()
        );
        assert!(
            !problem(r#"{"predicate": {"column": 1, "op": "any_of", "codes": [-1]}}"#).is_empty()
        );
        let bounds = r#""low_inclusive": true, "high": null, "high_inclusive": false"#;
        let text =
            format!(r#"{{"predicate": {{"column": 1, "op": "in_range", "low": "1", {bounds}}}}}"#);
        assert!(!problem(&text).is_empty());
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| {
            format!(
                "{}{}{}",
                r#"{"and":["#.repeat(depth),
                r#"{"or":[]}"#,
                "]}".repeat(depth)
            )
        };
        assert!(Condition::from_json(nested(DEPTH_MAX - 1).as_bytes()).is_ok());
        assert!(problem(&nested(DEPTH_MAX)).contains("nested more than 60 deep"));
        assert!(!problem(&nested(100_000)).is_empty());
    }

    #[test]
    fn size_is_bounded() {
        let wide = |n: usize| format!(r#"{{"and":[{}]}}"#, vec![r#"{"or":[]}"#; n].join(","));
        assert!(Condition::from_json(wide(NODES_MAX - 1).as_bytes()).is_ok());
        assert!(problem(&wide(NODES_MAX)).contains("more than 10000 nodes"));
    }
}
