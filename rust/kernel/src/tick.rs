//! The grid of the change clock (seed 000).
