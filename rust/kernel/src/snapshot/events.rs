//! What the directory of a file of events says, and in which order.
//!
//! Runs are mapped like columns; texts, of which there are few, are copied.

use std::sync::Arc;

use super::codec::Stored;
use super::reader::SectionReader;
use super::writer::SectionWriter;
use crate::batch::Texts;
use crate::buffer::Buffer;
use crate::error::Result;
use crate::event::TypeEvents;
use crate::event::block::EventBlock;
use crate::event::dictionary::{Dictionary, PART_TEXTS};
use crate::event::receipt::{IdTexts, Receipts, Ticks};
use crate::event::run::Run;
use crate::event::values::Values;

impl Stored for TypeEvents {
    fn store(&self, writer: &mut SectionWriter) -> Result<()> {
        self.dictionaries.store(writer)?;
        self.blocks.store(writer)
    }

    fn load(reader: &mut SectionReader<'_>) -> Result<Self> {
        Ok(Self {
            dictionaries: Stored::load(reader)?,
            blocks: Stored::load(reader)?,
        })
    }
}

impl Stored for Dictionary {
    fn store(&self, writer: &mut SectionWriter) -> Result<()> {
        writer.count(self.parts().len());
        for part in self.parts() {
            writer.values(&part.ends)?;
            writer.values(&part.bytes)?;
        }
        Ok(())
    }

    fn load(reader: &mut SectionReader<'_>) -> Result<Self> {
        let n_parts = reader.count(u32::MAX as usize / PART_TEXTS)?;
        let parts: Vec<Arc<Texts>> = (0..n_parts)
            .map(|_| load_texts(reader).map(Arc::new))
            .collect::<Result<_>>()?;
        let are_full = |parts: &[Arc<Texts>]| parts.iter().all(|part| part.len() == PART_TEXTS);
        match parts.split_last() {
            Some((_, full)) if !are_full(full) => Err(reader.damaged()),
            _ => Ok(Self::from_parts(parts)),
        }
    }
}

fn load_texts(reader: &mut SectionReader<'_>) -> Result<Texts> {
    let ends: Buffer<u32> = reader.values(PART_TEXTS)?;
    let bytes: Buffer<u8> = reader.values(u32::MAX as usize)?;
    let last = ends.last().map_or(0, |&end| end as usize);
    if !ends.is_sorted() || last != bytes.len() {
        return Err(reader.damaged());
    }
    Ok(Texts {
        bytes: bytes.to_vec(),
        ends: ends.to_vec(),
    })
}

impl Stored for EventBlock {
    fn store(&self, writer: &mut SectionWriter) -> Result<()> {
        writer.count(self.bucketed_runs().len());
        for (bucket, run) in self.bucketed_runs() {
            writer.word(to_word((*bucket).into()));
            run.store(writer)?;
        }
        Ok(())
    }

    fn load(reader: &mut SectionReader<'_>) -> Result<Self> {
        let n_runs = reader.count(u32::MAX as usize)?;
        let runs = (0..n_runs).map(|_| {
            let bucket = i32::try_from(from_word(reader.word()?)).map_err(|_| reader.damaged())?;
            Ok((bucket, Stored::load(reader)?))
        });
        Ok(Self::from_runs(runs.collect::<Result<_>>()?))
    }
}

impl Stored for Run {
    fn store(&self, writer: &mut SectionWriter) -> Result<()> {
        writer.values(&self.rows)?;
        writer.values(&self.times)?;
        writer.word(to_word(self.span.0));
        writer.word(to_word(self.span.1));
        self.properties.store(writer)?;
        self.receipts.store(writer)
    }

    fn load(reader: &mut SectionReader<'_>) -> Result<Self> {
        let rows: Buffer<u16> = reader.values(usize::MAX)?;
        let len = rows.len();
        let run = Self {
            rows,
            times: reader.values(len)?,
            span: (from_word(reader.word()?), from_word(reader.word()?)),
            properties: Stored::load(reader)?,
            receipts: Stored::load(reader)?,
        };
        let mut values = run.properties.iter().flatten();
        let has_len = |receipts: &Receipts| receipts.ids.len() == len;
        let is_whole = run.times.len() == len && run.receipts.as_ref().is_none_or(has_len);
        if !is_whole || values.any(|values| values.len() != len) {
            return Err(reader.damaged());
        }
        Ok(run)
    }
}

impl Stored for Receipts {
    fn store(&self, writer: &mut SectionWriter) -> Result<()> {
        writer.values(&self.ids.ends)?;
        writer.values(&self.ids.bytes)?;
        writer.values(&self.contents)?;
        writer.values(&self.ticks.distinct)?;
        writer.values(&self.ticks.positions)
    }

    fn load(reader: &mut SectionReader<'_>) -> Result<Self> {
        let ids = IdTexts {
            ends: reader.values(u32::MAX as usize)?,
            bytes: reader.values(u32::MAX as usize)?,
        };
        let len = ids.len();
        let contents: Buffer<u32> = reader.values(len)?;
        let ticks = Ticks {
            distinct: reader.values(len)?,
            positions: reader.values(len)?,
        };
        let n_positions = if ticks.distinct.len() > 1 { len } else { 0 };
        let is_whole = contents.len() == len && ticks.positions.len() == n_positions;
        if !is_whole || ticks.distinct.is_empty() {
            return Err(reader.damaged());
        }
        Ok(Self {
            ids,
            contents,
            ticks,
        })
    }
}

impl Stored for Values {
    fn store(&self, writer: &mut SectionWriter) -> Result<()> {
        writer.word(self.kind() as u64);
        match self {
            Self::Text(values) => writer.values(values),
            Self::Number(values) => writer.values(values),
            Self::Boolean(values) => writer.values(values),
            Self::DateTime(values) => writer.values(values),
        }
    }

    fn load(reader: &mut SectionReader<'_>) -> Result<Self> {
        Ok(match reader.word()? {
            0 => Self::Text(reader.values(usize::MAX)?),
            1 => Self::Number(reader.values(usize::MAX)?),
            2 => Self::Boolean(reader.values(usize::MAX)?),
            3 => Self::DateTime(reader.values(usize::MAX)?),
            _ => return Err(reader.damaged()),
        })
    }
}

fn to_word(value: i64) -> u64 {
    value.cast_unsigned()
}

fn from_word(word: u64) -> i64 {
    word.cast_signed()
}
