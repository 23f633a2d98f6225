use super::{PART, joined};
use crate::batch::Identifier;

/// A postal address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Address<'a> {
    /// The owner's word for the kind.
    pub kind: &'a str,
    /// Street lines.
    pub lines: Vec<&'a str>,
    /// City or town.
    pub locality: &'a str,
    /// Region or state.
    pub region: &'a str,
    /// Postal code.
    pub postal_code: &'a str,
    /// Country.
    pub country: &'a str,
    /// Whether it is in use.
    pub is_active: bool,
    /// Whether it becomes the first; only of what is given.
    pub is_primary: bool,
}

impl<'a> Address<'a> {
    /// Whether it says nothing, and so removes the one of its type.
    pub fn is_empty(&self) -> bool {
        let mut texts = self.places().into_iter().chain(self.lines.iter().copied());
        texts.all(str::is_empty)
    }

    /// The address as an entry.
    pub fn pack(&self) -> Identifier {
        let value = if self.is_empty() {
            String::new()
        } else {
            joined(self.places().into_iter().chain(self.lines.iter().copied()))
        };
        Identifier {
            is_active: self.is_active,
            is_primary: self.is_primary,
            ..Identifier::new(self.kind, &value)
        }
    }

    /// The address of an entry.
    pub fn unpack(entry: &'a Identifier) -> Self {
        let mut parts = entry.value.split(PART);
        let mut next = || parts.next().unwrap_or_default();
        Self {
            kind: &entry.kind,
            locality: next(),
            region: next(),
            postal_code: next(),
            country: next(),
            lines: parts.collect(),
            is_active: entry.is_active,
            is_primary: entry.is_primary,
        }
    }

    const fn places(&self) -> [&'a str; 4] {
        [self.locality, self.region, self.postal_code, self.country]
    }
}
