//! A cell and what it says.

use std::borrow::Cow;

use serde::Deserialize;

use super::problem::Problem;
use crate::wire::formula;

/// A cell as it stands in a line, without the quotes around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell<'a> {
    bytes: &'a [u8],
    /// Whether quotes in it stand twice.
    has_doubled: bool,
}

/// An identifier as NDJSON has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JsonIdentifier<'a> {
    #[serde(borrow, default)]
    pub(super) r#type: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) value: Cow<'a, str>,
}

impl<'a> Cell<'a> {
    pub(super) const fn new(bytes: &'a [u8], has_doubled: bool) -> Self {
        Self { bytes, has_doubled }
    }

    /// What stands between its quotes.
    pub(super) const fn inside(self) -> &'a [u8] {
        self.bytes
    }

    /// Whether it says nothing.
    pub(super) const fn is_empty(self) -> bool {
        self.bytes.is_empty()
    }

    /// The text that was written.
    #[inline]
    pub(super) fn text(self) -> Cow<'a, [u8]> {
        if self.has_doubled {
            self.halved()
        } else {
            Cow::Borrowed(formula::restored(self.bytes))
        }
    }

    #[cold]
    fn halved(self) -> Cow<'a, [u8]> {
        let mut text = Vec::with_capacity(self.bytes.len());
        let mut rest = self.bytes;
        while let Some(at) = memchr::memchr(b'"', rest) {
            text.extend_from_slice(&rest[..=at]);
            rest = &rest[at + 2..];
        }
        text.extend_from_slice(rest);
        let guards = text.len() - formula::restored(&text).len();
        text.drain(..guards);
        Cow::Owned(text)
    }
}

/// Reads the identifiers of a cell.
pub(super) fn identifiers(text: &[u8]) -> Result<Vec<JsonIdentifier<'_>>, Problem> {
    serde_json::from_slice(text).map_err(|_| Problem::ShapeMismatch {
        expected: r#"an array such as [{"type":"work","value":"+46701234567"}]"#,
    })
}

/// Reads the names of several options, when they stand in an array.
pub(super) fn options(text: &[u8]) -> Option<Vec<Cow<'_, str>>> {
    #[derive(Deserialize)]
    struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
    let names: Vec<Name<'_>> = text
        .starts_with(b"[")
        .then(|| serde_json::from_slice(text).ok())??;
    Some(names.into_iter().map(|Name(name)| name).collect())
}
