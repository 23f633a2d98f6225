//! What the directory of a file says of each kind of block, and in which order.
//!
//! Loading takes arrays as they are and checks only their lengths, so that nothing is read.

use std::sync::Arc;

use super::reader::SectionReader;
use super::writer::SectionWriter;
use crate::bitmap::{BLOCK_WORDS, Form, RankedRows, RowSet};
use crate::column::{
    Arena, BLOCK_ROWS, Block, Column, DictionaryText, IdentifiersBlock, OptionsBlock, Originals,
    PlainBlock, PlainText, PlainValue, TextBase, TextBlock,
};
use crate::error::Result;
use crate::schema::ColumnKind;

/// Something that a file can hold.
pub(super) trait Stored: Sized {
    fn store(&self, writer: &mut SectionWriter) -> Result<()>;
    fn load(reader: &mut SectionReader<'_>) -> Result<Self>;
}

impl Stored for RowSet {
    fn store(&self, writer: &mut SectionWriter) -> Result<()> {
        match self.form() {
            Form::Prefix(len) => {
                writer.word(0);
                writer.word(u64::from(*len));
                Ok(())
            }
            Form::Sparse(rows) => {
                writer.word(1);
                writer.values(rows)
            }
            Form::Dense { words, len } => {
                writer.word(2);
                writer.word(u64::from(*len));
                writer.values(words)
            }
        }
    }

    fn load(reader: &mut SectionReader<'_>) -> Result<Self> {
        let form = match reader.word()? {
            0 => Form::Prefix(load_len(reader)?),
            1 => Form::Sparse(reader.values(BLOCK_ROWS)?),
            2 => Form::Dense {
                len: load_len(reader)?,
                words: reader.values(BLOCK_WORDS)?,
            },
            _ => return Err(reader.damaged()),
        };
        Self::from_form(form).ok_or_else(|| reader.damaged())
    }
}

fn load_len(reader: &mut SectionReader<'_>) -> Result<u32> {
    u32::try_from(reader.count(BLOCK_ROWS)?).map_err(|_| reader.damaged())
}

impl Stored for RankedRows {
    fn store(&self, writer: &mut SectionWriter) -> Result<()> {
        self.rows().store(writer)?;
        writer.values(self.ranks())
    }

    fn load(reader: &mut SectionReader<'_>) -> Result<Self> {
        Ok(Self::from_parts(
            RowSet::load(reader)?,
            reader.values(BLOCK_WORDS)?,
        ))
    }
}

impl Stored for Arena {
    fn store(&self, writer: &mut SectionWriter) -> Result<()> {
        writer.values(self.offsets())?;
        writer.values(self.bytes())
    }

    fn load(reader: &mut SectionReader<'_>) -> Result<Self> {
        Ok(Self::from_parts(
            reader.values(BLOCK_ROWS + 1)?,
            reader.values(u32::MAX as usize)?,
        ))
    }
}

impl Stored for Originals {
    fn store(&self, writer: &mut SectionWriter) -> Result<()> {
        self.rows().store(writer)?;
        self.texts().store(writer)
    }

    fn load(reader: &mut SectionReader<'_>) -> Result<Self> {
        Ok(Self::from_parts(
            RankedRows::load(reader)?,
            Arena::load(reader)?,
        ))
    }
}

impl Stored for TextBase {
    fn store(&self, writer: &mut SectionWriter) -> Result<()> {
        match self {
            Self::Plain(plain) => {
                writer.word(0);
                plain.texts().store(writer)?;
                plain.originals().store(writer)
            }
            Self::Dictionary(dictionary) => {
                writer.word(1);
                writer.values(dictionary.codes())?;
                dictionary.values().store(writer)?;
                dictionary.originals().store(writer)
            }
        }
    }

    fn load(reader: &mut SectionReader<'_>) -> Result<Self> {
        match reader.word()? {
            0 => {
                let texts = Arena::load(reader)?;
                Ok(Self::Plain(PlainText::from_parts(
                    texts,
                    Originals::load(reader)?,
                )))
            }
            1 => {
                let codes = reader.values(BLOCK_ROWS)?;
                let values = Arena::load(reader)?;
                let originals = Arena::load(reader)?;
                Ok(Self::Dictionary(DictionaryText::from_parts(
                    codes, values, originals,
                )))
            }
            _ => Err(reader.damaged()),
        }
    }
}

impl Stored for TextBlock {
    fn store(&self, writer: &mut SectionWriter) -> Result<()> {
        let merged = self.merged();
        writer.word(u64::from(merged.folds()));
        merged.presence().store(writer)?;
        merged.base().store(writer)
    }

    fn load(reader: &mut SectionReader<'_>) -> Result<Self> {
        let folds = reader.count(1)? == 1;
        let presence = RowSet::load(reader)?;
        Ok(Self::from_parts(TextBase::load(reader)?, presence, folds))
    }
}

impl<T: PlainValue> Stored for PlainBlock<T> {
    fn store(&self, writer: &mut SectionWriter) -> Result<()> {
        writer.values(self.values())?;
        self.presence().store(writer)?;
        writer.word(u64::from(self.range().is_some()));
        let (low, high) = self.range().unwrap_or_default();
        writer.word(to_word(low));
        writer.word(to_word(high));
        Ok(())
    }

    fn load(reader: &mut SectionReader<'_>) -> Result<Self> {
        let values = reader.values(BLOCK_ROWS)?;
        let presence = RowSet::load(reader)?;
        let has_range = reader.count(1)? == 1;
        let range = (from_word(reader.word()?), from_word(reader.word()?));
        Ok(Self::from_parts(
            values,
            presence,
            has_range.then_some(range),
        ))
    }
}

fn to_word<T: PlainValue>(value: T) -> u64 {
    let mut word = [0; size_of::<u64>()];
    word[..size_of::<T>()].copy_from_slice(bytemuck::bytes_of(&value));
    u64::from_le_bytes(word)
}

fn from_word<T: PlainValue>(word: u64) -> T {
    bytemuck::pod_read_unaligned(&word.to_le_bytes()[..size_of::<T>()])
}

impl Stored for OptionsBlock {
    fn store(&self, writer: &mut SectionWriter) -> Result<()> {
        self.presence().store(writer)?;
        writer.count(self.options().count());
        for (code, rows) in self.options() {
            writer.word(u64::from(code));
            rows.store(writer)?;
        }
        Ok(())
    }

    fn load(reader: &mut SectionReader<'_>) -> Result<Self> {
        let presence = RowSet::load(reader)?;
        let n_options = reader.count(usize::from(u16::MAX) + 1)?;
        let sets = (0..n_options)
            .map(|_| {
                let code = u16::try_from(reader.word()?).map_err(|_| reader.damaged())?;
                Ok((code, RowSet::load(reader)?))
            })
            .collect::<Result<_>>()?;
        Ok(Self::from_parts(sets, presence))
    }
}

impl Stored for IdentifiersBlock {
    fn store(&self, writer: &mut SectionWriter) -> Result<()> {
        self.presence().store(writer)?;
        writer.values(&self.encoded())
    }

    fn load(reader: &mut SectionReader<'_>) -> Result<Self> {
        Ok(Self::from_parts(
            RowSet::load(reader)?,
            reader.values(usize::MAX)?,
        ))
    }
}

impl<S: Stored> Stored for Arc<S> {
    fn store(&self, writer: &mut SectionWriter) -> Result<()> {
        S::store(self, writer)
    }

    fn load(reader: &mut SectionReader<'_>) -> Result<Self> {
        S::load(reader).map(Self::new)
    }
}

impl<S: Stored> Stored for Option<S> {
    fn store(&self, writer: &mut SectionWriter) -> Result<()> {
        writer.word(u64::from(self.is_some()));
        self.as_ref().map_or(Ok(()), |value| value.store(writer))
    }

    fn load(reader: &mut SectionReader<'_>) -> Result<Self> {
        let is_some = reader.count(1)? == 1;
        is_some.then(|| S::load(reader)).transpose()
    }
}

impl<S: Stored> Stored for Vec<S> {
    fn store(&self, writer: &mut SectionWriter) -> Result<()> {
        writer.count(self.len());
        self.iter().try_for_each(|value| value.store(writer))
    }

    fn load(reader: &mut SectionReader<'_>) -> Result<Self> {
        let len = reader.count(BLOCK_ROWS)?;
        (0..len).map(|_| S::load(reader)).collect()
    }
}

/// Writes the blocks of a column; its kind stands in the manifest.
pub(super) fn store_column(column: &Column, writer: &mut SectionWriter) -> Result<()> {
    match column {
        Column::Text(blocks) | Column::ExactText(blocks) => blocks.store(writer),
        Column::Number(blocks) => blocks.store(writer),
        Column::Boolean(blocks) | Column::MultiSelectMany(blocks) => blocks.store(writer),
        Column::Date(blocks) => blocks.store(writer),
        Column::DateTime(blocks) => blocks.store(writer),
        Column::MultiSelectOne(blocks) => blocks.store(writer),
        Column::Identifiers(blocks) => blocks.store(writer),
    }
}

/// Takes the blocks of a column of a kind.
pub(super) fn load_column(kind: ColumnKind, reader: &mut SectionReader<'_>) -> Result<Column> {
    Ok(match kind {
        ColumnKind::Text => Column::Text(Stored::load(reader)?),
        ColumnKind::ExactText => Column::ExactText(Stored::load(reader)?),
        ColumnKind::Number => Column::Number(Stored::load(reader)?),
        ColumnKind::Boolean => Column::Boolean(Stored::load(reader)?),
        ColumnKind::Date => Column::Date(Stored::load(reader)?),
        ColumnKind::DateTime => Column::DateTime(Stored::load(reader)?),
        ColumnKind::MultiSelectOne => Column::MultiSelectOne(Stored::load(reader)?),
        ColumnKind::MultiSelectMany => Column::MultiSelectMany(Stored::load(reader)?),
        ColumnKind::Identifiers => Column::Identifiers(Stored::load(reader)?),
    })
}
