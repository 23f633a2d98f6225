//! `WriteRules`.

use pyo3::prelude::*;
use segue_kernel::batch::IdentifierKind;
use segue_kernel::error::{KernelError, Result};
use segue_kernel::table::{MatchBy, Refresh, WriteAction, WriteMode, WriteRules};
use segue_kernel::wire::{DecodeOptions, Key};

use crate::error::BindingResult;

#[pyclass(name = "WriteRules", module = "segue._kernel", frozen)]
pub(crate) struct PyWriteRules(pub(crate) WriteRules);

#[pymethods]
impl PyWriteRules {
    #[new]
    fn new(
        action: i32,
        match_by: i32,
        match_type: &str,
        write_mode: i32,
        refresh: u32,
        allow_prior_consents: bool,
        seed: [u8; 16],
    ) -> BindingResult<Self> {
        Ok(Self(WriteRules {
            action: action_of(action)?,
            match_by: match_by_of(match_by, match_type)?,
            write_mode: write_mode_of(write_mode)?,
            refresh: refresh_of(refresh)?,
            allow_prior_consents,
            seed,
        }))
    }
}

impl PyWriteRules {
    /// What decoding has to know of the rules.
    pub(crate) fn of_decoding<'a>(&'a self, options: DecodeOptions<'a>) -> DecodeOptions<'a> {
        let key = match &self.0.match_by {
            MatchBy::ProfileId => None,
            MatchBy::Identifier { kind, of_type } => Some(Key {
                kind: *kind,
                of_type: of_type.as_deref(),
            }),
        };
        DecodeOptions {
            key,
            names_only: self.0.action == WriteAction::Delete,
            refresh: self.0.refresh,
            ..options
        }
    }
}

fn invalid(problem: &str) -> KernelError {
    KernelError::DefinitionInvalid {
        what: "write rules",
        problem: problem.to_owned(),
    }
}

fn action_of(number: i32) -> Result<WriteAction> {
    match number {
        1 => Ok(WriteAction::Add),
        2 => Ok(WriteAction::Delete),
        _ => Err(invalid("there is no such action")),
    }
}

fn match_by_of(number: i32, of_type: &str) -> Result<MatchBy> {
    let kind = match number {
        1 if of_type.is_empty() => return Ok(MatchBy::ProfileId),
        1 => return Err(invalid("profile ids have no type")),
        2 => IdentifierKind::AlternateId,
        3 => IdentifierKind::Email,
        4 => IdentifierKind::Phone,
        _ => return Err(invalid("there is no such kind of identifier")),
    };
    let of_type = (!of_type.is_empty()).then(|| of_type.into());
    Ok(MatchBy::Identifier { kind, of_type })
}

fn write_mode_of(number: i32) -> Result<WriteMode> {
    match number {
        1 => Ok(WriteMode::Upsert),
        2 => Ok(WriteMode::CreateOnly),
        3 => Ok(WriteMode::UpdateOnly),
        4 => Ok(WriteMode::SkipIfSet),
        _ => Err(invalid("there is no such write mode")),
    }
}

fn refresh_of(bits: u32) -> Result<Refresh> {
    if bits >= 32 {
        return Err(invalid("there is no such collection to refresh"));
    }
    Ok(Refresh {
        alternate_ids: bits & 1 != 0,
        contacts: bits & 2 != 0,
        custom_fields: bits & 4 != 0,
        groups: bits & 8 != 0,
        tags: bits & 16 != 0,
    })
}
