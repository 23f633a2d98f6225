//! What a footer may claim: a schema of bearable depth, and no more of anything than it has bytes.
//!
//! The general reader reads schemas by recursion and makes room by what lists claim to hold.

use super::invalid;
use super::thrift::{Compact, kind};
use crate::error::Result;

const MAGIC: &[u8] = b"PAR1";

const ENCRYPTED_MAGIC: &[u8] = b"PARE";

/// Most bytes of a footer: some 25,000 column chunks, which take far more memory than bytes.
const MAX_FOOTER_BYTES: usize = 4 << 20;

/// Groups in groups of a schema.
const MAX_NESTING: usize = 64;

/// `FileMetaData.schema`.
const SCHEMA: i16 = 2;

/// `SchemaElement.num_children`.
const CHILD_COUNT: i16 = 5;

/// Checks the marks of a file and its footer.
pub(super) fn check(data: &[u8]) -> Result<()> {
    if data.ends_with(ENCRYPTED_MAGIC) {
        return Err(invalid("it is encrypted: write it without encryption"));
    }
    let body = data
        .strip_prefix(MAGIC)
        .and_then(|rest| rest.strip_suffix(MAGIC))
        .and_then(|rest| rest.split_last_chunk::<4>());
    let Some((body, length)) = body else {
        return Err(invalid(
            "it is cut off, or no Parquet file: send a whole file",
        ));
    };
    let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
    if length > MAX_FOOTER_BYTES {
        return Err(invalid(format!(
            "its footer has {length} bytes, at most {MAX_FOOTER_BYTES} are taken: write larger row groups"
        )));
    }
    let footer = body
        .len()
        .checked_sub(length)
        .map(|start| &body[start..])
        .ok_or_else(|| invalid("its footer is longer than the file"))?;
    let is_good = is_bearable(footer);
    is_good.ok_or_else(|| invalid("its footer is damaged, or nested too deep"))
}

fn is_bearable(footer: &[u8]) -> Option<()> {
    Compact::new(footer).fields(|footer, number, field| {
        if number != SCHEMA {
            return Some(false);
        }
        // The general reader goes by numbers alone, whatever types stand with them.
        let (count, element) = (field == kind::LIST).then(|| footer.list())??;
        if element != kind::STRUCT {
            return None;
        }
        let mut nesting = Nesting::default();
        for _ in 0..count {
            let mut children = 0;
            footer.fields(|footer, number, field| {
                if number != CHILD_COUNT {
                    return Some(false);
                }
                children = (field == kind::I32).then(|| footer.count())??;
                Some(true)
            })?;
            if children > count {
                return None;
            }
            nesting.push(children)?;
        }
        Some(true)
    })
}

/// Groups that the next element of a schema stands in, each with how many more it has.
#[derive(Default)]
struct Nesting(Vec<usize>);

impl Nesting {
    fn push(&mut self, children: usize) -> Option<()> {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
        if let Some(left) = self.0.last_mut() {
            *left -= 1;
        }
        if children > 0 {
            self.0.push(children);
        }
        (self.0.len() <= MAX_NESTING).then_some(())
    }
}
