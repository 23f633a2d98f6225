//! The leaves as they are written.

use serde::Deserialize;
use serde_json::{Map, Number, Value};

use crate::rule::condition::Comparison;
use crate::rule::window::Window;

/// Events of a type that pass every test.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Matched {
    pub(crate) event_type: u16,
    #[serde(rename = "where")]
    pub(crate) tests: Vec<PropertyTest>,
}

/// A test of a property, written as a comparison with `property` instead of `column`, and `negative`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub(crate) struct PropertyTest {
    /// Its column is the number of the property.
    pub(crate) comparison: Comparison,
    pub(crate) is_negative: bool,
}

impl TryFrom<Map<String, Value>> for PropertyTest {
    type Error = String;

    fn try_from(mut members: Map<String, Value>) -> Result<Self, String> {
        let property = members.remove("property");
        let property = property.ok_or("a test has no property")?;
        let is_negative = match members.remove("negative") {
            None => false,
            Some(negative) => negative.as_bool().ok_or("negative is no truth value")?,
        };
        if members.insert("column".to_owned(), property).is_some() {
            return Err("a test of a property has no column".to_owned());
        }
        let comparison = serde_json::from_value(Value::Object(members));
        Ok(Self {
            comparison: comparison.map_err(|error| error.to_string())?,
            is_negative,
        })
    }
}

/// The number of events in a window, or the sum of a property over them, lies in a range.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Did {
    pub(crate) event_type: u16,
    #[serde(rename = "where")]
    pub(crate) tests: Vec<PropertyTest>,
    pub(crate) window: Window,
    /// Number of the property that is summed up; null counts the events.
    pub(crate) sum_of: Option<u16>,
    pub(crate) low: Option<Number>,
    pub(crate) low_inclusive: bool,
    pub(crate) high: Option<Number>,
    pub(crate) high_inclusive: bool,
}

/// The first event of all lies in a window.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FirstDid {
    pub(crate) event_type: u16,
    #[serde(rename = "where")]
    pub(crate) tests: Vec<PropertyTest>,
    pub(crate) window: Window,
}

/// An event in a window is followed by another, later and at most so long after.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DidThen {
    pub(crate) first: Matched,
    pub(crate) second: Matched,
    pub(crate) within_millis: i64,
    pub(crate) window: Window,
}
