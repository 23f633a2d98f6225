//! Names of options and their codes.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::problem::Problem;
use crate::fold::fold;

/// The options of a field by name, without regard to case.
#[derive(Default)]
pub(super) struct OptionCodes<'s> {
    exact: HashMap<&'s [u8], u16, RandomState>,
    folded: HashMap<String, u16, RandomState>,
}

impl<'s> OptionCodes<'s> {
    /// Numbers names by their position. Of names that differ only by case the first has the code of all other spellings.
    pub(super) fn new(names: impl IntoIterator<Item = &'s str>) -> Self {
        let mut codes = Self::default();
        for (code, name) in (0..=u16::MAX).zip(names) {
            codes.exact.entry(name.as_bytes()).or_insert(code);
            codes.folded.entry(fold(name)).or_insert(code);
        }
        codes
    }

    /// The code of a name.
    pub(super) fn code(&self, name: &[u8]) -> Result<u16, Problem> {
        match self.exact.get(name) {
            Some(&code) => Ok(code),
            None => self.folded_code(name),
        }
    }

    fn folded_code(&self, name: &[u8]) -> Result<u16, Problem> {
        let name = std::str::from_utf8(name).map_err(|_| Problem::NotText)?;
        self.folded
            .get(&fold(name))
            .copied()
            .ok_or(Problem::OptionUnknown)
    }
}
