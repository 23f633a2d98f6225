//! Blocks in and blocks out.
