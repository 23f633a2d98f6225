"""Guesses a field's type from a column's first values."""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from segue.v1.field_pb2 import FieldType

_PATTERNS: Final = (
    # Digits that begin with 0 or +, or that a double cannot hold, are codes and not quantities.
    (FieldType.FIELD_TYPE_NUMBER, r"^-?(0|[1-9][0-9]{0,14})(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?$"),
    (FieldType.FIELD_TYPE_BOOLEAN, r"^(?i:true|false|yes|no)$"),
    (FieldType.FIELD_TYPE_DATE, r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
    (
        FieldType.FIELD_TYPE_DATE_TIME,
        r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})?$",
    ),
)


def infer_type(values: pa.ChunkedArray) -> FieldType.ValueType | None:
    """Returns the type that all values fit, TEXT when none does or there is no value.

    None stands for values that no field can hold without more being said, as lists whose options are not known.
    """
    arrow_type = values.type
    if pa.types.is_dictionary(arrow_type):
        arrow_type = arrow_type.value_type
    if _is_text(arrow_type):
        return _infer_from_text(values.cast(pa.string()))
    if pa.types.is_boolean(arrow_type):
        return FieldType.FIELD_TYPE_BOOLEAN
    if pa.types.is_date(arrow_type):
        return FieldType.FIELD_TYPE_DATE
    if pa.types.is_timestamp(arrow_type):
        return FieldType.FIELD_TYPE_DATE_TIME
    if _is_number(arrow_type):
        return FieldType.FIELD_TYPE_NUMBER
    return FieldType.FIELD_TYPE_TEXT if pa.types.is_null(arrow_type) else None


def _infer_from_text(values: pa.ChunkedArray) -> FieldType.ValueType:
    present = values.drop_null()
    present = present.filter(pc.not_equal(present, ""))
    if len(present) == 0:
        return FieldType.FIELD_TYPE_TEXT
    for field_type, pattern in _PATTERNS:
        if pc.all(pc.match_substring_regex(present, pattern)).as_py():
            return field_type
    return FieldType.FIELD_TYPE_TEXT


def _is_text(arrow_type: pa.DataType) -> bool:
    return bool(pa.types.is_string(arrow_type) or pa.types.is_large_string(arrow_type))


def _is_number(arrow_type: pa.DataType) -> bool:
    kinds = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
    return any(is_kind(arrow_type) for is_kind in kinds)
