//! A selection of rows as blocks that can be resumed.
