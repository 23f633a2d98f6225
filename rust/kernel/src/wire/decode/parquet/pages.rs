//! What pages may claim: sizes and counts that stay within limits, and encodings whose memory follows from them.
//!
//! The general reader makes room by what the head of a page claims, and of gzip takes whatever comes out.

use parquet::basic::{Compression as Codec, Type};
use parquet::file::metadata::ColumnChunkMetaData;

use super::invalid;
use super::thrift::{Compact, kind};
use crate::error::{KernelError, Result};
use crate::wire::decode::arrow::max_stored_bytes;
use crate::wire::{Compression, SizeLimits};

/// Bytes that a value in a list takes while it is read, with its levels.
const ITEM_BYTES: usize = 32;

/// Encodings of values by their numbers: plain, two of dictionaries, runs, deltas of numbers, and streams of bytes. Those of deltas of texts
/// are not among them: some bytes can stand for any text.
const ENCODINGS: [usize; 6] = [0, 2, 3, 5, 8, 9];

/// `PageHeader`.
mod page {
    pub(super) const UNCOMPRESSED_BYTES: i16 = 2;
    pub(super) const COMPRESSED_BYTES: i16 = 3;
    pub(super) const DATA: i16 = 5;
    pub(super) const DICTIONARY: i16 = 7;
    pub(super) const DATA_V2: i16 = 8;
}

/// `DataPageHeader` and `DictionaryPageHeader`.
const FIRST: Values = Values {
    count: 1,
    encoding: 2,
    levels: None,
    is_compressed: None,
};

/// `DataPageHeaderV2`.
const SECOND: Values = Values {
    count: 1,
    encoding: 4,
    levels: Some([5, 6]),
    is_compressed: Some(7),
};

/// Numbers of what the head of a page says of its values.
#[derive(Clone, Copy)]
struct Values {
    count: i16,
    encoding: i16,
    levels: Option<[i16; 2]>,
    is_compressed: Option<i16>,
}

/// What the head of a page claims.
#[derive(Default)]
struct Head {
    uncompressed_bytes: Option<usize>,
    compressed_bytes: Option<usize>,
    value_count: Option<usize>,
    encoding: Option<usize>,
    is_dictionary: bool,
    /// Bytes before the compressed ones: of repetitions, and of definitions.
    level_bytes: [Option<usize>; 2],
    is_compressed: Option<bool>,
}

/// Counts what the pages of a file claim.
pub(super) struct Claims<'d> {
    data: &'d [u8],
    limits: SizeLimits,
    /// Bytes that may still be claimed.
    bytes_left: usize,
    /// Values in lists that may still be claimed.
    items_left: usize,
}

impl<'d> Claims<'d> {
    pub(super) fn new(data: &'d [u8], limits: SizeLimits) -> Self {
        Self {
            data,
            limits,
            bytes_left: limits.most_of(data.len()),
            items_left: max_stored_bytes(limits) / ITEM_BYTES,
        }
    }

    /// Checks the pages of a column in a row group.
    ///
    /// # Errors
    /// They are damaged, of a compression or encoding that is not read, or claim more than the limits allow.
    pub(super) fn check(&mut self, column: &ColumnChunkMetaData) -> Result<()> {
        let name = column.column_path().string();
        let codec = column.compression();
        if !is_read(codec) {
            return Err(invalid(format!(
                "column {name:?} is compressed by {codec}: write it with SNAPPY, GZIP, ZSTD, LZ4_RAW or none"
            )));
        }
        let damaged = || invalid(format!("the pages of column {name:?} are damaged"));
        let (start, length) = column.byte_range();
        let mut rest = usize::try_from(start)
            .ok()
            .and_then(|start| self.data.get(start..))
            .and_then(|rest| rest.get(..usize::try_from(length).ok()?))
            .ok_or_else(damaged)?;
        while !rest.is_empty() {
            let mut head = Compact::new(rest);
            let read = Head::read(&mut head).ok_or_else(damaged)?;
            let body = &rest[rest.len() - head.bytes_left()..];
            let compressed = read.compressed_bytes.ok_or_else(damaged)?;
            let (page, next) = body.split_at_checked(compressed).ok_or_else(damaged)?;
            if read.encoding.is_some_and(|it| !ENCODINGS.contains(&it)) {
                return Err(invalid(format!(
                    "column {name:?} is encoded by DELTA_LENGTH_BYTE_ARRAY, DELTA_BYTE_ARRAY or in a way unknown: write it with plain or \
                     dictionary encoding"
                )));
            }
            self.count(&read, column).ok_or_else(|| self.excess())?;
            if matches!(codec, Codec::GZIP(_)) && read.is_compressed != Some(false) {
                check_gzip(page, &read).ok_or_else(damaged)?;
            }
            rest = next;
        }
        Ok(())
    }

    /// `None` when more is claimed than may be.
    fn count(&mut self, head: &Head, column: &ColumnChunkMetaData) -> Option<()> {
        let bytes = head.uncompressed_bytes?;
        let values = head.value_count.unwrap_or(0);
        self.bytes_left = self.bytes_left.checked_sub(bytes)?;
        if head.is_dictionary {
            // Each value has a byte at least.
            return (values <= bytes).then_some(());
        }
        if column.column_descr().max_rep_level() > 0 {
            self.items_left = self.items_left.checked_sub(values)?;
        }
        let is_fixed = column.column_type() == Type::FIXED_LEN_BYTE_ARRAY;
        (!is_fixed || column.column_descr().type_length() > 0).then_some(())
    }

    fn excess(&self) -> KernelError {
        self.limits.excess(self.data.len())
    }
}

impl Head {
    /// Reads the head of a page; `None` when it is damaged, or says something twice.
    ///
    /// The general reader goes by numbers alone, whatever types stand with them: a number of another type is damage.
    fn read(from: &mut Compact) -> Option<Self> {
        let mut head = Self::default();
        from.fields(|from, number, field| {
            match number {
                page::UNCOMPRESSED_BYTES => integer(&mut head.uncompressed_bytes, from, field)?,
                page::COMPRESSED_BYTES => integer(&mut head.compressed_bytes, from, field)?,
                page::DATA | page::DICTIONARY | page::DATA_V2 if field == kind::STRUCT => {
                    head.is_dictionary = number == page::DICTIONARY;
                    let is_second = number == page::DATA_V2;
                    head.read_values(from, if is_second { SECOND } else { FIRST })?;
                }
                page::DATA | page::DICTIONARY | page::DATA_V2 => return None,
                _ => return Some(false),
            }
            Some(true)
        })?;
        Some(head)
    }

    fn read_values(&mut self, from: &mut Compact, numbers: Values) -> Option<()> {
        let levels = numbers.levels.map(|levels| levels.map(Some));
        let [repetitions, definitions] = levels.unwrap_or_default();
        from.fields(|from, number, field| {
            if number == numbers.count {
                integer(&mut self.value_count, from, field)?;
            } else if number == numbers.encoding {
                integer(&mut self.encoding, from, field)?;
            } else if Some(number) == repetitions {
                integer(&mut self.level_bytes[0], from, field)?;
            } else if Some(number) == definitions {
                integer(&mut self.level_bytes[1], from, field)?;
            } else if Some(number) == numbers.is_compressed {
                let is_compressed = match field {
                    kind::TRUE => true,
                    kind::FALSE => false,
                    _ => return None,
                };
                once(&mut self.is_compressed, is_compressed)?;
            } else {
                return Some(false);
            }
            Some(true)
        })
    }
}

/// Reads a number that stands once.
fn integer(place: &mut Option<usize>, from: &mut Compact, field: u8) -> Option<()> {
    once(place, (field == kind::I32).then(|| from.count())??)
}

fn once<T>(place: &mut Option<T>, value: T) -> Option<()> {
    place.replace(value).is_none().then_some(())
}

const fn is_read(codec: Codec) -> bool {
    matches!(
        codec,
        Codec::UNCOMPRESSED | Codec::SNAPPY | Codec::GZIP(_) | Codec::ZSTD(_) | Codec::LZ4_RAW
    )
}

/// Checks that gzip restores to no more than the head claims.
fn check_gzip(page: &[u8], head: &Head) -> Option<()> {
    let [repetitions, definitions] = head.level_bytes.map(Option::unwrap_or_default);
    let level_bytes = repetitions.checked_add(definitions)?;
    let max_bytes = head.uncompressed_bytes?.checked_sub(level_bytes)?;
    let limits = SizeLimits {
        max_bytes,
        max_ratio: usize::MAX,
    };
    let compressed = page.get(level_bytes..)?;
    // A page without values may be compressed to nothing.
    if max_bytes > 0 {
        Compression::Gzip.open(compressed, limits).ok()?;
    }
    Some(())
}
