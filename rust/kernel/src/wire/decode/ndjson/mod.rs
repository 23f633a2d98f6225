//! The reader of NDJSON: a profile a line, as exports write it.
//!
//! One pass over borrowed slices; only texts with escapes are copied. A line that is not JSON, not UTF-8 or not an object is a problem of
//! its record, and so is everything inside it.
//!
//! | said | means |
//! | --- | --- |
//! | nothing | the stored value stays |
//! | `null`, `""`, `[]` for a field, `null` for a text, a coordinate, a name or a state | it goes |
//! | an identifier of which the value is `null` or `""` | the stored one of its type goes |
//! | `created_at`, `changed_at` | nothing: exports have them |
//! | `"removed": true` | refused |
//!
//! Names of members have the spelling of exports, or `lowerCamelCase`; each may stand once. Texts are read for every type, as in all
//! formats. Empty lines are not counted, lines may end in CR LF, and the last one need not end.
//!
//! | module | holds |
//! | --- | --- |
//! | `record` | the reader of a profile; `identifiers`, `values`, `memberships`, `marks` those of its parts |
//! | `member`, `names` | names of members, and what they lead to |
//! | `lexer` | JSON from left to right, with `text` and `number` |

mod entries;
mod identifiers;
mod lexer;
mod marks;
mod member;
mod memberships;
mod names;
mod number;
mod record;
mod rejected;
mod text;
mod values;

use self::lexer::Lexer;
use self::record::RecordReader;
pub(super) use self::rejected::rejected;
use super::{BYTE_ORDER_MARK, DecodeOptions};
use crate::batch::Batch;
use crate::error::{KernelError, Result};
use crate::schema::{List, Schema};
use crate::wire::BlockFormat;

/// Decodes and checks lines.
pub(super) fn decode<'s>(
    schema: &'s Schema,
    list: Option<&'s List>,
    data: &[u8],
    options: &DecodeOptions,
) -> Result<Batch> {
    let text = data.strip_prefix(BYTE_ORDER_MARK).unwrap_or(data);
    let is_utf8 = simdutf8::basic::from_utf8(text).is_ok();
    check_begin(text, is_utf8)?;
    let has_escapes = memchr::memchr(b'\\', text).is_some();
    let mut room = vec![0; if has_escapes { text.len() } else { 0 }];
    let mut reader = RecordReader::new(schema, list, Lexer::new(&mut room), options);
    let mut record_count = 0;
    for line in lines(text) {
        reader.read(record_count, line);
        if !is_utf8 && simdutf8::basic::from_utf8(line).is_err() {
            reader.report_not_text(record_count);
        }
        let offset = line.as_ptr().addr() - data.as_ptr().addr();
        reader.builder.make_room(offset + line.len(), data.len());
        reader.builder.check_problems(BlockFormat::Ndjson, offset)?;
        record_count += 1;
    }
    Ok(reader.finish(record_count))
}

fn invalid(problem: String, offset: usize) -> KernelError {
    KernelError::BlockInvalid {
        format: BlockFormat::Ndjson.name(),
        problem,
        offset,
    }
}

/// Refuses what is UTF-16, and what is no text at all: some other file.
fn check_begin(text: &[u8], is_utf8: bool) -> Result<()> {
    let is_utf16 = matches!(
        text,
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [b'{', 0, ..] | [0, b'{', ..]
    );
    let is_object = |line: &[u8]| line.trim_ascii_start().starts_with(b"{");
    let is_text = |line: &[u8]| is_object(line) && simdutf8::basic::from_utf8(line).is_ok();
    if is_utf16 {
        Err(invalid("it is UTF-16: write it as UTF-8".to_owned(), 0))
    } else if !is_utf8 && !lines(text).next().is_some_and(is_object) && !lines(text).any(is_text) {
        let problem = "it is no text: send an object a line, as UTF-8 and not compressed";
        Err(invalid(problem.to_owned(), 0))
    } else {
        Ok(())
    }
}

/// Lines with more than white space, without their ends.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    let next = move || {
        if rest.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let line = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or_default();
        Some(line)
    };
    std::iter::from_fn(next).filter(|line| !line.trim_ascii_start().is_empty())
}
