//! The cells of an Arrow array as given values.

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Float16Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, GenericListArray, LargeStringArray, OffsetSizeTrait, StringArray,
    StringViewArray,
};
use arrow_schema::{DataType, TimeUnit};

use crate::schema::ColumnKind;
use crate::wire::calendar::DAY_MILLIS;
use crate::wire::decode::given::Given;

/// Whether an array of a type can hold values of a kind.
pub(super) fn fits(data_type: &DataType, kind: ColumnKind) -> bool {
    match data_type {
        DataType::Float16 | DataType::Float32 | DataType::Float64 => kind == ColumnKind::Number,
        DataType::Date32 | DataType::Date64 => {
            matches!(kind, ColumnKind::Date | ColumnKind::DateTime)
        }
        DataType::Timestamp(..) => matches!(kind, ColumnKind::Date | ColumnKind::DateTime),
        DataType::List(item) | DataType::LargeList(item) => {
            kind == ColumnKind::MultiSelectMany && is_text(item.data_type())
        }
        DataType::Null => true,
        other => is_text(other),
    }
}

/// Whether [`Strings`] can be made of an array: text, and integers and truth values, which are read as their text.
pub(super) fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Boolean
        | DataType::Null => true,
        DataType::Dictionary(_, values) => {
            matches!(
                **values,
                DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
            )
        }
        other => other.is_integer(),
    }
}

/// Texts of an array.
pub(super) enum Strings {
    Utf8(StringArray),
    LargeUtf8(LargeStringArray),
    Utf8View(StringViewArray),
    /// Positions among values.
    Dictionary(Vec<Option<usize>>, Box<Strings>),
    Absent,
}

impl Strings {
    /// Takes an array for which [`is_text`] holds; all texts of any other are absent.
    pub(super) fn new(array: &ArrayRef) -> Self {
        match array.data_type() {
            DataType::Utf8 => Self::Utf8(array.as_string().clone()),
            DataType::LargeUtf8 => Self::LargeUtf8(array.as_string().clone()),
            DataType::Utf8View => Self::Utf8View(array.as_string_view().clone()),
            DataType::Dictionary(..) => Self::of_dictionary(array),
            DataType::Boolean => Self::Utf8(
                array
                    .as_boolean()
                    .iter()
                    .map(|value| value.map(|v| if v { "true" } else { "false" }))
                    .collect(),
            ),
            DataType::Int8 => Self::of_integers::<Int8Type>(array),
            DataType::Int16 => Self::of_integers::<Int16Type>(array),
            DataType::Int32 => Self::of_integers::<Int32Type>(array),
            DataType::Int64 => Self::of_integers::<Int64Type>(array),
            DataType::UInt8 => Self::of_integers::<UInt8Type>(array),
            DataType::UInt16 => Self::of_integers::<UInt16Type>(array),
            DataType::UInt32 => Self::of_integers::<UInt32Type>(array),
            DataType::UInt64 => Self::of_integers::<UInt64Type>(array),
            _ => Self::Absent,
        }
    }

    fn of_dictionary(array: &ArrayRef) -> Self {
        let dictionary = array.as_any_dictionary();
        if dictionary.values().is_empty() {
            return Self::Absent;
        }
        let keys = dictionary.normalized_keys();
        let keys = keys.into_iter().enumerate();
        Self::Dictionary(
            keys.map(|(row, key)| dictionary.keys().is_valid(row).then_some(key))
                .collect(),
            Box::new(Self::new(dictionary.values())),
        )
    }

    fn of_integers<T: ArrowPrimitiveType<Native: itoa::Integer>>(array: &ArrayRef) -> Self {
        let integers = array.as_primitive::<T>();
        let mut texts = StringBuilder::with_capacity(integers.len(), 8 * integers.len());
        let mut digits = itoa::Buffer::new();
        for integer in integers {
            texts.append_option(integer.map(|integer| digits.format(integer)));
        }
        Self::Utf8(texts.finish())
    }

    /// The text of a row.
    #[inline]
    pub(super) fn get(&self, row: usize) -> Option<&[u8]> {
        match self {
            Self::Utf8(texts) => texts.is_valid(row).then(|| texts.value(row).as_bytes()),
            Self::LargeUtf8(texts) => texts.is_valid(row).then(|| texts.value(row).as_bytes()),
            Self::Utf8View(texts) => texts.is_valid(row).then(|| texts.value(row).as_bytes()),
            Self::Dictionary(keys, values) => values.get(keys[row]?),
            Self::Absent => None,
        }
    }
}

/// Calls a function with each row that has a value, in order, and the value as a column of a kind takes it.
///
/// The array is of a type that [`fits`] the kind.
pub(super) fn for_each(array: &ArrayRef, kind: ColumnKind, mut take: impl FnMut(usize, Given)) {
    let is_number = kind == ColumnKind::Number;
    match array.data_type() {
        DataType::Float16 => numbers::<Float16Type>(array, f64::from, take),
        DataType::Float32 => numbers::<Float32Type>(array, f64::from, take),
        DataType::Float64 => numbers::<Float64Type>(array, |number| number, take),
        DataType::Int8 if is_number => numbers::<Int8Type>(array, f64::from, take),
        DataType::Int16 if is_number => numbers::<Int16Type>(array, f64::from, take),
        DataType::Int32 if is_number => numbers::<Int32Type>(array, f64::from, take),
        DataType::Int64 if is_number => numbers::<Int64Type>(array, nearest_to_signed, take),
        DataType::UInt8 if is_number => numbers::<UInt8Type>(array, f64::from, take),
        DataType::UInt16 if is_number => numbers::<UInt16Type>(array, f64::from, take),
        DataType::UInt32 if is_number => numbers::<UInt32Type>(array, f64::from, take),
        DataType::UInt64 if is_number => numbers::<UInt64Type>(array, nearest_to_unsigned, take),
        DataType::Boolean if kind == ColumnKind::Boolean => {
            for (row, value) in array.as_boolean().iter().enumerate() {
                if let Some(value) = value {
                    take(row, Given::Boolean(value));
                }
            }
        }
        DataType::Date32 => primitives::<Date32Type>(array, Given::Date, take),
        DataType::Date64 => primitives::<Date64Type>(array, |millis| day_of(millis, false), take),
        DataType::Timestamp(unit, _) => times(array, *unit, kind == ColumnKind::Date, take),
        DataType::List(_) => lists(array.as_list::<i32>(), take),
        DataType::LargeList(_) => lists(array.as_list::<i64>(), take),
        _ => {
            let strings = Strings::new(array);
            for row in 0..array.len() {
                if let Some(text) = strings.get(row) {
                    take(row, Given::Text(text));
                }
            }
        }
    }
}

fn primitives<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    given: impl Fn(T::Native) -> Given<'static>,
    mut take: impl FnMut(usize, Given),
) {
    let array = array.as_primitive::<T>();
    let values = array.values();
    for (row, &value) in values.iter().enumerate() {
        if array.is_valid(row) {
            take(row, given(value));
        }
    }
}

fn numbers<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    number: impl Fn(T::Native) -> f64,
    take: impl FnMut(usize, Given),
) {
    primitives::<T>(array, |value| Given::Number(number(value)), take);
}

#[expect(clippy::cast_precision_loss, reason = "fields hold the nearest double")]
const fn nearest_to_signed(integer: i64) -> f64 {
    integer as f64
}

#[expect(clippy::cast_precision_loss, reason = "fields hold the nearest double")]
const fn nearest_to_unsigned(integer: u64) -> f64 {
    integer as f64
}

/// Times in milliseconds, finer parts cut off; or days, where dates are wanted.
fn times(array: &ArrayRef, unit: TimeUnit, as_date: bool, take: impl FnMut(usize, Given)) {
    let given = |millis| {
        if as_date {
            day_of(millis, true)
        } else {
            Given::DateTime(millis)
        }
    };
    match unit {
        TimeUnit::Second => {
            primitives::<TimestampSecondType>(
                array,
                |time| given(time.saturating_mul(1_000)),
                take,
            );
        }
        TimeUnit::Millisecond => primitives::<TimestampMillisecondType>(array, given, take),
        TimeUnit::Microsecond => {
            primitives::<TimestampMicrosecondType>(
                array,
                |time| given(time.div_euclid(1_000)),
                take,
            );
        }
        TimeUnit::Nanosecond => {
            primitives::<TimestampNanosecondType>(
                array,
                |time| given(time.div_euclid(1_000_000)),
                take,
            );
        }
    }
}

/// The day of a time; a time that must be midnight and is not stays a time, which a date column refuses.
fn day_of(millis: i64, must_be_midnight: bool) -> Given<'static> {
    match i32::try_from(millis.div_euclid(DAY_MILLIS)) {
        Ok(days) if !must_be_midnight || millis.rem_euclid(DAY_MILLIS) == 0 => Given::Date(days),
        _ => Given::DateTime(millis),
    }
}

fn lists<O: OffsetSizeTrait>(array: &GenericListArray<O>, mut take: impl FnMut(usize, Given)) {
    let strings = Strings::new(array.values());
    let mut options = Vec::new();
    for row in (0..array.len()).filter(|&row| array.is_valid(row)) {
        options.clear();
        options.extend(items(array, row).filter_map(|item| strings.get(item)));
        take(row, Given::Options(&options));
    }
}

/// Positions of a row's items among the values of a list.
pub(super) fn items<O: OffsetSizeTrait>(
    array: &GenericListArray<O>,
    row: usize,
) -> std::ops::Range<usize> {
    let offsets = array.value_offsets();
    offsets[row].as_usize()..offsets[row + 1].as_usize()
}
