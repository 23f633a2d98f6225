"""Field masks of update calls."""

from google.protobuf.field_mask_pb2 import FieldMask


def changed_paths(**values: object) -> FieldMask:
    """Names the fields whose new value is given; None keeps a field."""
    return FieldMask(paths=[path for path, value in values.items() if value is not None])
