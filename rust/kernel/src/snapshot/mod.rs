//! A version as files.
