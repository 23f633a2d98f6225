//! The line that names the columns.

use super::cell::Cell;
use super::invalid;
use super::lines::Lines;
use crate::error::Result;
use crate::schema::ColumnKind;
use crate::wire::decode::BYTE_ORDER_MARK;
use crate::wire::decode::layout::FlatColumn;

/// Most columns: far more than an account has fields.
const MAX_COLUMNS: usize = 10_000;

/// What other programs separate cells by.
const OTHER_SEPARATORS: [char; 3] = [';', '\t', '|'];

/// A column by its name; text can hold whatever it says.
pub(super) struct Name(pub(super) String);

impl FlatColumn for Name {
    fn name(&self) -> &str {
        &self.0
    }

    fn is_text(&self) -> bool {
        true
    }

    fn fits(&self, _: ColumnKind) -> bool {
        true
    }

    fn is_nested(&self) -> bool {
        true
    }

    fn type_name(&self) -> String {
        "text".to_owned()
    }
}

/// The text behind the byte order mark.
pub(super) fn text_of(data: &[u8]) -> Result<&[u8]> {
    let is_utf16 = match data {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => true,
        [first, second, ..] => *first == 0 || *second == 0,
        _ => false,
    };
    if is_utf16 {
        return Err(invalid("it is UTF-16: save it as UTF-8"));
    }
    Ok(data.strip_prefix(BYTE_ORDER_MARK).unwrap_or(data))
}

/// Reads the names of the columns.
pub(super) fn read(lines: &mut Lines) -> Result<Vec<Name>> {
    let mut cells = Vec::new();
    match lines.next(&mut cells, MAX_COLUMNS) {
        None => {
            return Err(invalid(
                "it has no header: name the columns in the first line",
            ));
        }
        Some(Err(problem)) => return Err(invalid(format!("its header has {problem}"))),
        Some(Ok(count)) if count > MAX_COLUMNS => {
            return Err(invalid(format!(
                "it has {count} columns, at most {MAX_COLUMNS} are taken: leave some out"
            )));
        }
        Some(Ok(_)) => {}
    }
    let names = cells
        .into_iter()
        .map(name)
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| invalid("its header is not UTF-8: save it as UTF-8"))?;
    if names.iter().any(|Name(name)| name.contains('\r')) {
        return Err(invalid(
            "its lines end in CR alone: end them with LF or CR LF",
        ));
    }
    if let [Name(only)] = &names[..]
        && let Some(separator) = only.chars().find(|char| OTHER_SEPARATORS.contains(char))
    {
        return Err(invalid(format!(
            "its cells are separated by {separator:?}: separate them by commas"
        )));
    }
    Ok(names)
}

fn name(cell: Cell) -> Option<Name> {
    String::from_utf8(cell.text().into_owned()).ok().map(Name)
}
