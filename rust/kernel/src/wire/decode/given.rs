//! A value as it was given, checked and stored by the kind of its column.

use super::check;
use super::options::OptionCodes;
use super::problem::Problem;
use crate::batch::{BatchColumn, BatchValues};
use crate::schema::ColumnKind;
use crate::wire::{calendar, value};

/// A value as a record gives it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Given<'a> {
    /// Text, read as the text form of any other kind; empty text clears.
    Text(&'a [u8]),
    /// A number.
    Number(f64),
    /// A truth value.
    Boolean(bool),
    /// Days since 1970-01-01.
    Date(i32),
    /// Milliseconds since 1970 UTC.
    DateTime(i64),
    /// Options by name; none clears.
    Options(&'a [&'a [u8]]),
    /// An option by code, known to exist.
    Code(u16),
    /// Clears.
    Null,
}

/// Where values go, and what they may be.
pub(super) struct Target<'s> {
    /// Position of the column in the builder.
    pub(super) slot: usize,
    /// Most bytes of text.
    pub(super) max_text_bytes: usize,
    /// Options by name; empty unless the column holds codes.
    pub(super) options: OptionCodes<'s>,
    /// Whether a false is not kept but clears, as for tags.
    pub(super) false_clears: bool,
}

impl Target<'_> {
    /// Checks a value and appends it to the column, or marks the row as cleared.
    ///
    /// The caller makes sure that the row has neither a value nor a mark in the column yet.
    pub(super) fn store(
        &self,
        column: &mut BatchColumn,
        row: u32,
        given: Given,
    ) -> Result<(), Problem> {
        if matches!(given, Given::Null | Given::Text([]) | Given::Options([])) {
            column.cleared.push(row);
            return Ok(());
        }
        match (&mut column.values, given) {
            (BatchValues::Boolean(_), given) if self.false_clears && !boolean(given)? => {
                column.cleared.push(row);
                return Ok(());
            }
            (BatchValues::Text(texts), Given::Text(text)) => {
                check::text(text, self.max_text_bytes)?;
                texts.push(text);
            }
            (BatchValues::Number(numbers), given) => numbers.push(number(given)?),
            (BatchValues::Boolean(values), given) => values.push(boolean(given)?),
            (BatchValues::Date(days), given) => days.push(date(given)?),
            (BatchValues::DateTime(millis), given) => millis.push(date_time(given)?),
            (BatchValues::MultiSelectOne(codes), Given::Code(code)) => codes.push(code),
            (BatchValues::MultiSelectOne(codes), Given::Text(name)) => {
                codes.push(self.options.code(name)?);
            }
            (BatchValues::MultiSelectMany { codes, ends }, given) => {
                self.push_options(codes, ends, given)?;
            }
            (BatchValues::Text(_), _) => return mismatch(ColumnKind::Text),
            (BatchValues::MultiSelectOne(_), _) => return mismatch(ColumnKind::MultiSelectOne),
        }
        column.rows.push(row);
        Ok(())
    }

    /// Appends a row's codes in ascending order, each once.
    fn push_options(
        &self,
        codes: &mut Vec<u16>,
        ends: &mut Vec<u32>,
        given: Given,
    ) -> Result<(), Problem> {
        let start = codes.len();
        let pushed = match given {
            Given::Options(names) => self.push_codes(codes, names.iter().copied()),
            Given::Text(text) => {
                let separator = |&byte: &u8| byte == value::OPTION_SEPARATOR;
                self.push_codes(codes, text.split(separator).map(<[u8]>::trim_ascii))
            }
            _ => mismatch(ColumnKind::MultiSelectMany),
        };
        if let Err(problem) = pushed {
            codes.truncate(start);
            return Err(problem);
        }
        codes[start..].sort_unstable();
        let mut kept = start;
        for next in start..codes.len() {
            if kept == start || codes[next] != codes[kept - 1] {
                codes[kept] = codes[next];
                kept += 1;
            }
        }
        codes.truncate(kept);
        ends.push(u32::try_from(kept).expect("blocks are smaller than 4 GiB"));
        Ok(())
    }

    fn push_codes<'a>(
        &self,
        codes: &mut Vec<u16>,
        names: impl Iterator<Item = &'a [u8]>,
    ) -> Result<(), Problem> {
        for name in names {
            codes.push(self.options.code(name)?);
        }
        Ok(())
    }
}

const fn mismatch<T>(expected: ColumnKind) -> Result<T, Problem> {
    Err(Problem::TypeMismatch { expected })
}

/// Reads a text form.
fn read<T>(text: &[u8], form: fn(&[u8]) -> Option<T>, otherwise: Problem) -> Result<T, Problem> {
    form(text).ok_or_else(|| match std::str::from_utf8(text) {
        Ok(_) => otherwise,
        Err(_) => Problem::NotText,
    })
}

fn number(given: Given) -> Result<f64, Problem> {
    match given {
        Given::Number(number) if number.is_finite() => Ok(number),
        Given::Number(_) => Err(Problem::NotNumber),
        Given::Text(text) => read(text, value::number, Problem::NotNumber),
        _ => mismatch(ColumnKind::Number),
    }
}

/// Reads a truth value.
pub(super) fn boolean(given: Given) -> Result<bool, Problem> {
    match given {
        Given::Boolean(value) => Ok(value),
        Given::Text(text) => read(text, value::boolean, Problem::NotBoolean),
        _ => mismatch(ColumnKind::Boolean),
    }
}

fn date(given: Given) -> Result<i32, Problem> {
    match given {
        Given::Date(days) if calendar::is_day(days) => Ok(days),
        Given::Date(_) => Err(Problem::NotDate),
        Given::Text(text) => read(text, value::date, Problem::NotDate),
        _ => mismatch(ColumnKind::Date),
    }
}

/// A date is the midnight it begins with, in UTC.
fn date_time(given: Given) -> Result<i64, Problem> {
    match given {
        Given::DateTime(millis) if calendar::is_time(millis) => Ok(millis),
        Given::Date(days) if calendar::is_day(days) => Ok(i64::from(days) * calendar::DAY_MILLIS),
        Given::DateTime(_) | Given::Date(_) => Err(Problem::NotDateTime),
        Given::Text(text) => read(text, value::date_time, Problem::NotDateTime),
        _ => mismatch(ColumnKind::DateTime),
    }
}
