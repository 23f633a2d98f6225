//! Values that are owned or mapped from a file, copied on the first write.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use bytemuck::Pod;
use memmap2::Mmap;

#[cfg(target_endian = "big")]
compile_error!("snapshot files are little-endian and are mapped as they are");

/// Byte multiple at which mapped values start; fits every kind of value.
pub const ALIGNMENT: usize = 8;

/// Values of one type behind each other, on the heap or in a mapped file.
///
/// Reading is the same for both. The first write copies mapped values to the heap, so files never change.
pub struct Buffer<T: Pod>(Source<T>);

enum Source<T> {
    Owned(Vec<T>),
    Mapped(Section),
}

#[derive(Clone)]
struct Section {
    map: Arc<Mmap>,
    start: usize,
    size_bytes: usize,
}

impl<T: Pod> Buffer<T> {
    /// Takes values from a mapped file, without reading them.
    ///
    /// Answers `None` when the section does not start at a multiple of [`ALIGNMENT`] or leaves the file.
    pub fn mapped(map: &Arc<Mmap>, start: usize, len: usize) -> Option<Self> {
        let size_bytes = len.checked_mul(size_of::<T>())?;
        let end = start.checked_add(size_bytes)?;
        let fits =
            start.is_multiple_of(ALIGNMENT) && align_of::<T>() <= ALIGNMENT && end <= map.len();
        let section = Section {
            map: Arc::clone(map),
            start,
            size_bytes,
        };
        fits.then_some(Self(Source::Mapped(section)))
    }

    /// The values as a vector to write to; copies them out of the file when they are mapped.
    pub fn make_mut(&mut self) -> &mut Vec<T> {
        if let Source::Mapped(_) = self.0 {
            self.0 = Source::Owned(self.to_vec());
        }
        match &mut self.0 {
            Source::Owned(values) => values,
            Source::Mapped(_) => unreachable!("copied just above"),
        }
    }

    /// Gives spare heap memory back.
    pub fn shrink(&mut self) {
        if let Source::Owned(values) = &mut self.0 {
            values.shrink_to_fit();
        }
    }

    /// Heap bytes, spare ones included. Mapped values belong to the page cache and count as nothing.
    pub fn memory_bytes(&self) -> usize {
        match &self.0 {
            Source::Owned(values) => values.capacity() * size_of::<T>(),
            Source::Mapped(_) => 0,
        }
    }
}

impl<T: Pod> Deref for Buffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &self.0 {
            Source::Owned(values) => values,
            Source::Mapped(section) => bytemuck::cast_slice(
                &section.map[section.start..section.start + section.size_bytes],
            ),
        }
    }
}

impl<T: Pod> From<Vec<T>> for Buffer<T> {
    fn from(values: Vec<T>) -> Self {
        Self(Source::Owned(values))
    }
}

impl<T: Pod> Default for Buffer<T> {
    fn default() -> Self {
        Self(Source::Owned(Vec::new()))
    }
}

impl<T: Pod> Clone for Buffer<T> {
    fn clone(&self) -> Self {
        Self(match &self.0 {
            Source::Owned(values) => Source::Owned(values.clone()),
            Source::Mapped(section) => Source::Mapped(section.clone()),
        })
    }
}

/// Shows the length and the place only: values may be personal.
impl<T: Pod> fmt::Debug for Buffer<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = match self.0 {
            Source::Owned(_) => "owned",
            Source::Mapped(_) => "mapped",
        };
        write!(formatter, "Buffer({place}, {} values)", self.len())
    }
}

#[cfg(test)]
mod tests {
    use memmap2::MmapMut;

    use super::*;

    /// 64 mapped bytes.
    fn zeros() -> Arc<Mmap> {
        let map = MmapMut::map_anon(64).and_then(MmapMut::make_read_only);
        Arc::new(map.expect("64 bytes are there"))
    }

    #[test]
    fn only_aligned_sections_inside_of_the_file_are_mapped() {
        let map = zeros();
        let len = |start, len| Buffer::<u32>::mapped(&map, start, len).map(|buffer| buffer.len());
        assert_eq!(len(0, 16), Some(16));
        assert_eq!(len(56, 2), Some(2));
        assert_eq!(len(64, 0), Some(0));
        assert_eq!(len(4, 1), None);
        assert_eq!(len(56, 3), None);
        assert_eq!(len(72, 0), None);
        assert_eq!(len(8, usize::MAX), None);
        assert_eq!(len(usize::MAX - 7, 4), None);
    }

    #[test]
    fn the_first_write_copies_mapped_values() {
        let map = zeros();
        let mapped = Buffer::<i64>::mapped(&map, 8, 3).expect("it fits");
        let mut written = mapped.clone();
        written.make_mut().push(7);
        assert_eq!((&*mapped, &*written), (&[0, 0, 0][..], &[0, 0, 0, 7][..]));
        assert_eq!(mapped.memory_bytes(), 0);
        assert!(written.memory_bytes() >= 32);
    }

    #[test]
    fn values_are_not_shown() {
        assert_eq!(
            format!("{:?}", Buffer::from(vec![1_u8, 2])),
            "Buffer(owned, 2 values)"
        );
    }
}
