//! An account: rows, columns, identifier indexes, versions, commits.
