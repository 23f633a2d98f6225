use std::sync::OnceLock;

use super::Block;
use crate::batch::Identifier;
use crate::bitmap::RowSet;
use crate::buffer::Buffer;

/// Rows that are written one by one. Not tuned by measurement.
const FEW_ROWS: usize = 4;

type Entry = (u16, Box<[Identifier]>);

/// Typed identifiers of the few rows that have more than one, or entries of another collection.
#[derive(Debug, Clone, Default)]
pub struct IdentifiersBlock {
    presence: RowSet,
    /// Ascending rows with their identifiers; read from `stored` when one is first asked for.
    entries: OnceLock<Vec<Entry>>,
    stored: Buffer<u8>,
}

impl IdentifiersBlock {
    /// Takes a stored block, whose [`encoded`](Self::encoded) bytes are read when an identifier is first asked for.
    pub(crate) fn from_parts(presence: RowSet, stored: Buffer<u8>) -> Self {
        Self {
            presence,
            entries: OnceLock::new(),
            stored,
        }
    }

    /// The identifiers of a row, in order.
    pub fn get(&self, row: u16) -> &[Identifier] {
        let entries = self.entries();
        match entries.binary_search_by_key(&row, |entry| entry.0) {
            Ok(position) => &entries[position].1,
            Err(_) => &[],
        }
    }

    /// Replaces the identifiers of ascending rows without repeats. A row without any becomes absent.
    ///
    /// # Cost
    /// Some rows go into their places, each of which may move all entries behind it; more are merged with all entries.
    pub fn write(&mut self, rows: &[u16], identifiers: Vec<Box<[Identifier]>>) {
        if rows.len() <= FEW_ROWS {
            for (&row, new) in rows.iter().zip(identifiers) {
                self.write_one(row, new);
            }
            return;
        }
        let entries = self.entries_mut();
        let mut old = std::mem::take(entries).into_iter().peekable();
        for (&row, new) in rows.iter().zip(identifiers) {
            while let Some(before) = old.next_if(|entry| entry.0 < row) {
                entries.push(before);
            }
            old.next_if(|entry| entry.0 == row);
            if !new.is_empty() {
                entries.push((row, new));
            }
        }
        entries.extend(old);
        let present: Vec<u16> = entries.iter().map(|entry| entry.0).collect();
        self.presence = RowSet::from_sorted(&present);
    }

    fn write_one(&mut self, row: u16, new: Box<[Identifier]>) {
        let is_present = !new.is_empty();
        let entries = self.entries_mut();
        match entries.binary_search_by_key(&row, |entry| entry.0) {
            Ok(position) if is_present => entries[position].1 = new,
            Ok(position) => drop(entries.remove(position)),
            Err(position) if is_present => entries.insert(position, (row, new)),
            Err(_) => {}
        }
        if is_present {
            self.presence.insert(row);
        } else {
            self.presence.remove(row);
        }
    }

    /// The block as bytes: for each row its number, the number of its identifiers, and of each the length and bytes of kind and value and
    /// one byte, 1 where it is in use, else 0; all numbers are little-endian, rows 2 and the others 4 bytes long.
    pub(crate) fn encoded(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (row, identifiers) in self.entries() {
            bytes.extend_from_slice(&row.to_le_bytes());
            push_length(identifiers.len(), &mut bytes);
            for one in identifiers {
                for text in [&one.kind, &one.value] {
                    push_length(text.len(), &mut bytes);
                    bytes.extend_from_slice(text.as_bytes());
                }
                bytes.push(one.is_active.into());
            }
        }
        bytes
    }

    fn entries(&self) -> &Vec<Entry> {
        self.entries.get_or_init(|| {
            let mut bytes = &*self.stored;
            std::iter::from_fn(|| take_entry(&mut bytes)).collect()
        })
    }

    fn entries_mut(&mut self) -> &mut Vec<Entry> {
        self.entries();
        self.stored = Buffer::default();
        self.entries.get_mut().expect("made just above")
    }
}

impl Block for IdentifiersBlock {
    fn presence(&self) -> &RowSet {
        &self.presence
    }

    fn clear(&mut self, rows: &[u16]) {
        self.presence.remove_sorted(rows);
        self.entries_mut()
            .retain(|entry| rows.binary_search(&entry.0).is_err());
    }

    fn erase(&mut self, rows: &[u16]) {
        self.clear(rows);
    }

    fn seal(&mut self) {
        self.presence.shrink();
        if let Some(entries) = self.entries.get_mut() {
            entries.shrink_to_fit();
        }
    }

    fn memory_bytes(&self) -> usize {
        let Some(entries) = self.entries.get() else {
            return self.presence.memory_bytes();
        };
        let identifiers = entries.iter().flat_map(|entry| &entry.1);
        let texts: usize = identifiers
            .map(|one| size_of::<Identifier>() + one.kind.len() + one.value.len())
            .sum();
        entries.capacity() * size_of::<Entry>() + texts + self.presence.memory_bytes()
    }
}

fn push_length(length: usize, bytes: &mut Vec<u8>) {
    let length = u32::try_from(length).expect("blocks of records are smaller than 4 GiB");
    bytes.extend_from_slice(&length.to_le_bytes());
}

/// Takes an entry off the front of encoded bytes; `None` at their end and where they are damaged.
fn take_entry(bytes: &mut &[u8]) -> Option<Entry> {
    let (row, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    let count = take_length(bytes)?;
    let identifiers = (0..count)
        .map(|_| {
            Some(Identifier {
                kind: take_text(bytes)?,
                value: take_text(bytes)?,
                is_active: take_flag(bytes)?,
                is_primary: false,
            })
        })
        .collect::<Option<Box<[_]>>>()?;
    Some((u16::from_le_bytes(*row), identifiers))
}

fn take_length(bytes: &mut &[u8]) -> Option<usize> {
    let (length, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    usize::try_from(u32::from_le_bytes(*length)).ok()
}

fn take_flag(bytes: &mut &[u8]) -> Option<bool> {
    let (flag, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(*flag == 1)
}

fn take_text(bytes: &mut &[u8]) -> Option<Box<str>> {
    let length = take_length(bytes)?;
    let (text, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(std::str::from_utf8(text).ok()?.into())
}
