//! Lines with problems.

use super::cell::Cell;
use super::header;
use super::lines::Lines;
use crate::error::Result;
use crate::wire::decode::rejected::{EXCEPTIONS, Reasons};

/// Writes the header and the lines with problems, each with one more cell, in place of that of an earlier import.
pub(in crate::wire::decode) fn rejected(data: &[u8], reasons: &Reasons) -> Result<Vec<u8>> {
    let text = header::text_of(data)?;
    let width = header::read(&mut Lines::new(text))?.len();
    let (mut lines, mut cells, mut out) = (Lines::new(text), Vec::new(), Vec::new());
    let (mut number, mut has_reasons) = (0, false);
    loop {
        let start = lines.position();
        cells.clear();
        let Some(read) = lines.next(&mut cells, width) else {
            return Ok(out);
        };
        let last = cells.last().filter(|_| read == Ok(width));
        let reason = if number == 0 {
            has_reasons = last.is_some_and(|last| *last.text() == *EXCEPTIONS.as_bytes());
            Some(EXCEPTIONS)
        } else {
            reasons.get(number - 1)
        };
        if let Some(reason) = reason {
            let line = &text[start..lines.position()];
            push_line(line, last.filter(|_| has_reasons), reason, &mut out);
        }
        number += 1;
    }
}

/// Appends a line as it was sent, without its last cell where that is given, and a cell behind it.
fn push_line(line: &[u8], last: Option<&Cell>, cell: &str, out: &mut Vec<u8>) {
    let kept = last.map_or(line, |last| {
        let start = last.inside().as_ptr().addr() - line.as_ptr().addr();
        memchr::memrchr(b',', &line[..start]).map_or(line, |comma| &line[..comma])
    });
    out.extend_from_slice(bare(kept));
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
