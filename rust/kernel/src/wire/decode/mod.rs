//! Blocks to batches, every record checked.
