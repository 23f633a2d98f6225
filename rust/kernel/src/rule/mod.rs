//! Conditions, compiled plans, evaluation.
