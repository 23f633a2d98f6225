//! How much memory the values of an Arrow array take once they are stored, whatever few bytes an encoding lets them take.

use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, GenericListArray, OffsetSizeTrait, StringViewArray};
use arrow_schema::DataType;

use super::cells::Strings;

/// Bytes of a value beside its text: a row number and the value itself, or the end of its text.
const VALUE_BYTES: usize = 8;

/// Bytes of an identifier beside its texts.
const IDENTIFIER_BYTES: usize = 64;

/// About how many bytes the values of an array take.
///
/// # Cost
/// Constant, but for dictionaries, views and lists, whose values or offsets are looked at.
pub(super) fn stored_bytes(array: &ArrayRef) -> usize {
    let values = n_values(array).saturating_mul(VALUE_BYTES);
    values.saturating_add(text_bytes(array))
}

/// Values of an array that are not null.
pub(super) fn n_values(array: &ArrayRef) -> usize {
    match array.data_type() {
        DataType::Null => 0,
        _ => array.len() - array.null_count(),
    }
}

/// The part of [`stored_bytes`] that comes on top of a number for each value.
pub(super) fn text_bytes(array: &ArrayRef) -> usize {
    match array.data_type() {
        DataType::Utf8 => span(array.as_string::<i32>().value_offsets()).len(),
        DataType::LargeUtf8 => span(array.as_string::<i64>().value_offsets()).len(),
        DataType::Utf8View => view_bytes(array.as_string_view()),
        DataType::Dictionary(..) => repeated_bytes(array),
        DataType::List(_) => items_bytes(array.as_list::<i32>()),
        DataType::LargeList(_) => items_bytes(array.as_list::<i64>()),
        DataType::Struct(_) => {
            let members = array.as_struct().columns().iter().map(stored_bytes);
            members.fold(
                IDENTIFIER_BYTES.saturating_mul(n_values(array)),
                usize::saturating_add,
            )
        }
        _ => 0,
    }
}

fn view_bytes(texts: &StringViewArray) -> usize {
    texts
        .iter()
        .flatten()
        .map(str::len)
        .fold(0, usize::saturating_add)
}

/// Bytes of the texts of a dictionary, each as often as it is used.
fn repeated_bytes(array: &ArrayRef) -> usize {
    let strings = Strings::new(array);
    let texts = (0..array.len()).filter_map(|row| strings.get(row));
    texts.map(<[u8]>::len).fold(0, usize::saturating_add)
}

/// Bytes of what stands in a list's rows; offsets ascend, so that no item stands in two of them.
fn items_bytes<O: OffsetSizeTrait>(array: &GenericListArray<O>) -> usize {
    let items = span(array.value_offsets());
    stored_bytes(&array.values().slice(items.start, items.len()))
}

/// From the first offset to the last.
fn span<O: OffsetSizeTrait>(offsets: &[O]) -> Range<usize> {
    match offsets {
        [first, .., last] => first.as_usize()..last.as_usize(),
        _ => 0..0,
    }
}
