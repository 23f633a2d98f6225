//! What the type of an Arrow column can hold.

use arrow_schema::FieldRef;

use super::{cells, identifiers};
use crate::schema::ColumnKind;
use crate::wire::decode::layout::FlatColumn;

/// Characters of the name of a type that a message repeats: nested types can be of any.
const TYPE_CHARS_MAX: usize = 60;

impl FlatColumn for FieldRef {
    fn name(&self) -> &str {
        self.as_ref().name()
    }

    fn is_text(&self) -> bool {
        cells::is_text(self.data_type())
    }

    fn fits(&self, kind: ColumnKind) -> bool {
        cells::fits(self.data_type(), kind)
    }

    fn is_nested(&self) -> bool {
        identifiers::is_nested(self.data_type())
    }

    fn type_name(&self) -> String {
        self.data_type()
            .to_string()
            .chars()
            .take(TYPE_CHARS_MAX)
            .collect()
    }
}
