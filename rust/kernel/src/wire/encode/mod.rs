//! Rows to blocks.
