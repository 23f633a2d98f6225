//! Lines with problems.

use super::header;
use super::lines::Lines;
use crate::error::Result;
use crate::wire::decode::rejected::{EXCEPTIONS, Reasons};

/// Writes the header and the lines with problems, each with one more cell.
pub(in crate::wire::decode) fn rejected(data: &[u8], reasons: &Reasons) -> Result<Vec<u8>> {
    let text = header::text_of(data)?;
    let mut lines = Lines::new(text);
    let names = header::read(&mut lines)?;
    let mut out = Vec::new();
    push_line(&text[..lines.position()], EXCEPTIONS, &mut out);
    let (mut cells, mut position) = (Vec::new(), 0);
    loop {
        let start = lines.position();
        cells.clear();
        if lines.next(&mut cells, names.len()).is_none() {
            return Ok(out);
        }
        if let Some(reason) = reasons.get(position) {
            push_line(&text[start..lines.position()], reason, &mut out);
        }
        position += 1;
    }
}

/// Appends a line as it was sent, and a cell behind it.
fn push_line(line: &[u8], cell: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(bare(line));
    out.extend_from_slice(b",\"");
    out.extend_from_slice(cell.replace('"', "\"\"").as_bytes());
    out.extend_from_slice(b"\"\r\n");
}

/// A line without the ends of lines around it.
fn bare(line: &[u8]) -> &[u8] {
    let is_end = |byte: &&u8| matches!(byte, b'\r' | b'\n');
    let start = line.iter().take_while(is_end).count();
    let end = line.iter().rev().take_while(is_end).count();
    line.get(start..line.len() - end).unwrap_or_default()
}
