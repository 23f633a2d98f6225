//! Values of a property, one for each event of a run.

use bytemuck::Pod;

use super::definition::PropertyKind;
use crate::buffer::Buffer;

/// Values by kind. Where an event has none, a value stands that no event can have.
#[derive(Debug, Clone)]
pub enum Values {
    /// Codes of a [`Dictionary`](super::dictionary::Dictionary).
    Text(Buffer<u32>),
    /// Finite numbers; NaN is absent.
    Number(Buffer<f64>),
    /// 0 is false, 1 is true.
    Boolean(Buffer<u8>),
    /// Milliseconds since 1970 UTC.
    DateTime(Buffer<i64>),
}

/// A value as it is stored.
pub trait Stored: Pod {
    /// Stands where an event has no value.
    const ABSENT: Self;
    /// Whether the event has a value.
    fn is_present(self) -> bool;
    /// The values, when they are of this kind.
    fn of(values: &Values) -> Option<&Buffer<Self>>;
    /// The values, made when they are missing or of another kind, to be written to.
    fn open(place: &mut Option<Values>, len: usize) -> &mut [Self];
}

macro_rules! stored {
    ($value:ty, $kind:ident, $absent:expr, |$it:ident| $is_present:expr) => {
        impl Stored for $value {
            const ABSENT: Self = $absent;

            fn is_present(self) -> bool {
                let $it = self;
                $is_present
            }

            fn of(values: &Values) -> Option<&Buffer<Self>> {
                match values {
                    Values::$kind(values) => Some(values),
                    _ => None,
                }
            }

            fn open(place: &mut Option<Values>, len: usize) -> &mut [Self] {
                if !matches!(place, Some(Values::$kind(_))) {
                    *place = Some(Values::$kind(vec![Self::ABSENT; len].into()));
                }
                match place {
                    Some(Values::$kind(values)) => values.make_mut(),
                    _ => unreachable!("made just above"),
                }
            }
        }
    };
}

stored!(u32, Text, u32::MAX, |code| code != u32::MAX);
stored!(f64, Number, f64::NAN, |number| !number.is_nan());
stored!(u8, Boolean, 2, |truth| truth < 2);
stored!(i64, DateTime, i64::MIN, |millis| millis != i64::MIN);

impl Values {
    /// What they are.
    pub fn kind(&self) -> PropertyKind {
        match self {
            Self::Text(_) => PropertyKind::Text,
            Self::Number(_) => PropertyKind::Number,
            Self::Boolean(_) => PropertyKind::Boolean,
            Self::DateTime(_) => PropertyKind::DateTime,
        }
    }

    /// Number of values, absent ones included.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::Number(values) => values.len(),
            Self::Boolean(values) => values.len(),
            Self::DateTime(values) => values.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Heap bytes.
    pub(super) fn memory_bytes(&self) -> usize {
        match self {
            Self::Text(values) => values.memory_bytes(),
            Self::Number(values) => values.memory_bytes(),
            Self::Boolean(values) => values.memory_bytes(),
            Self::DateTime(values) => values.memory_bytes(),
        }
    }

    /// Values of several runs, each of some length and perhaps without values, in a new order of all events. `None` when none is left.
    pub(super) fn gathered(parts: &[(Option<&Self>, usize)], order: &[u32]) -> Option<Self> {
        match parts.iter().find_map(|(values, _)| *values)? {
            Self::Text(_) => gather_present(parts, order).map(Self::Text),
            Self::Number(_) => gather_present(parts, order).map(Self::Number),
            Self::Boolean(_) => gather_present(parts, order).map(Self::Boolean),
            Self::DateTime(_) => gather_present(parts, order).map(Self::DateTime),
        }
    }
}

fn gather_present<T: Stored>(
    parts: &[(Option<&Values>, usize)],
    order: &[u32],
) -> Option<Buffer<T>> {
    let mut all: Vec<T> = Vec::with_capacity(parts.iter().map(|(_, len)| len).sum());
    for &(values, len) in parts {
        match values.and_then(T::of) {
            Some(values) => all.extend_from_slice(values),
            None => all.resize(all.len() + len, T::ABSENT),
        }
    }
    let gathered = pick(&all, order);
    let is_needed = gathered.iter().any(|value| value.is_present());
    is_needed.then(|| gathered.into())
}

/// The values at some positions.
pub(super) fn pick<T: Copy>(all: &[T], order: &[u32]) -> Vec<T> {
    order.iter().map(|&at| all[at as usize]).collect()
}
