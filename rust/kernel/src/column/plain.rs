use std::fmt::Debug;

use bytemuck::Pod;

use super::{BLOCK_ROWS, Block};
use crate::bitmap::RowSet;
use crate::buffer::Buffer;

/// Values stored one a row: `f64`, `i32`, `i64`, `u16`.
pub trait PlainValue: Pod + PartialOrd + Default + Debug {}

impl PlainValue for f64 {}
impl PlainValue for i32 {}
impl PlainValue for i64 {}
impl PlainValue for u16 {}

/// Values of a block, one behind the other.
#[derive(Debug, Clone)]
pub struct PlainBlock<T: PlainValue> {
    values: Buffer<T>,
    presence: RowSet,
    range: Option<(T, T)>,
}

impl<T: PlainValue> Default for PlainBlock<T> {
    fn default() -> Self {
        Self {
            values: Buffer::default(),
            presence: RowSet::new(),
            range: None,
        }
    }
}

impl<T: PlainValue> PlainBlock<T> {
    /// Takes stored parts as they are.
    pub(crate) fn from_parts(values: Buffer<T>, presence: RowSet, range: Option<(T, T)>) -> Self {
        Self {
            values,
            presence,
            range,
        }
    }

    /// Values of the rows from 0 on, with anything where they are absent. Rows behind the last are absent.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// Rows with a value.
    pub fn presence(&self) -> &RowSet {
        &self.presence
    }

    /// A lower and an upper bound of all values; `None` when there is none. Bounds may be wider than the values after some were replaced.
    pub fn range(&self) -> Option<(T, T)> {
        self.range
    }

    /// The value of a row.
    pub fn get(&self, row: u16) -> Option<T> {
        if self.presence.contains(row) {
            self.values.get(usize::from(row)).copied()
        } else {
            None
        }
    }

    /// Gives values to ascending rows without repeats, one each.
    ///
    /// # Panics
    /// When there are fewer values than rows.
    pub fn write(&mut self, rows: &[u16], values: &[T]) {
        let (Some(&first), Some(&last)) = (rows.first(), rows.last()) else {
            return;
        };
        let stored = self.values.make_mut();
        grow(stored, usize::from(last) + 1);
        if usize::from(last - first) + 1 == rows.len() {
            stored[usize::from(first)..=usize::from(last)].copy_from_slice(&values[..rows.len()]);
        } else {
            for (i, &row) in rows.iter().enumerate() {
                stored[usize::from(row)] = values[i];
            }
        }
        self.presence.insert_sorted(rows);
        self.widen(&values[..rows.len()]);
    }

    fn widen(&mut self, values: &[T]) {
        let all_new = self.presence.len() == values.len();
        let (mut low, mut high) = match self.range {
            Some(range) if !all_new => range,
            _ => (values[0], values[0]),
        };
        for &value in values {
            low = if value < low { value } else { low };
            high = if value > high { value } else { high };
        }
        self.range = Some((low, high));
    }
}

impl<T: PlainValue> Block for PlainBlock<T> {
    fn presence(&self) -> &RowSet {
        &self.presence
    }

    fn clear(&mut self, rows: &[u16]) {
        let stored = self.values.make_mut();
        for &row in rows {
            if let Some(value) = stored.get_mut(usize::from(row)) {
                *value = T::default();
            }
        }
        self.presence.remove_sorted(rows);
        if self.presence.is_empty() {
            *self = Self::default();
        }
    }

    fn erase(&mut self, rows: &[u16]) {
        self.clear(rows);
    }

    fn seal(&mut self) {
        self.values.shrink();
        self.presence.shrink();
    }

    fn memory_bytes(&self) -> usize {
        self.values.memory_bytes() + self.presence.memory_bytes()
    }
}

/// Makes values longer, at least by half but never above a block.
fn grow<T: PlainValue>(values: &mut Vec<T>, len: usize) {
    if len > values.capacity() {
        let capacity = (values.len() * 3 / 2).clamp(len, BLOCK_ROWS.max(len));
        values.reserve_exact(capacity - values.len());
    }
    if len > values.len() {
        values.resize(len, T::default());
    }
}
