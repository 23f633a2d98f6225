//! Everything that can go wrong in the kernel. No variant carries customer data.

/// A failure of a call. Problems of single records are not failures: see [`RecordException`](crate::batch::RecordException).
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KernelError {
    /// A time left the range of years 1 to 9999, or its next tick would.
    #[error("row {row}: time is outside of years 1 to 9999")]
    TimeOutOfRange {
        /// First row at fault, from 0.
        row: usize,
    },
    /// The bytes are not what their format says.
    #[error("not a {format} block: {problem} at byte {offset}")]
    BlockInvalid {
        /// The format stated.
        format: &'static str,
        /// What was found.
        problem: String,
        /// Where.
        offset: usize,
    },
    /// A block is, or becomes when its compression is undone, larger than it may be.
    #[error("a block of {size_bytes} bytes holds more than the {maximum} that are taken: {remedy}")]
    BlockTooLarge {
        /// Its size as it came.
        size_bytes: usize,
        /// Most bytes that it may hold.
        maximum: usize,
        /// What to do.
        remedy: &'static str,
    },
    /// An export was asked for bytes behind its end.
    #[error("offset {offset} lies behind the end of the export at {end}")]
    OffsetOutOfRange {
        /// The byte asked for.
        offset: u64,
        /// Size of the export.
        end: u64,
    },
    /// A schema, condition or snapshot handed in by our own Python side is wrong.
    #[error("{what} is not valid: {problem}")]
    DefinitionInvalid {
        /// As `schema`, `condition` or `snapshot`.
        what: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// A regular expression of a condition is malformed, or would cost too much.
    #[error("the regular expression is not accepted: {problem}")]
    PatternTooCostly {
        /// What is wrong with it.
        problem: String,
    },
    /// A snapshot's files are missing, damaged or of another version.
    #[error("snapshot file {file}: {problem}")]
    SnapshotInvalid {
        /// File name inside the snapshot.
        file: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The operating system refused a file operation.
    #[error("{operation} {file}: {problem}")]
    FileFailed {
        /// As `write`.
        operation: &'static str,
        /// File name inside the snapshot.
        file: String,
        /// The system's words.
        problem: String,
    },
    /// The account holds as many rows as can be numbered.
    #[error("an account holds at most {maximum} profiles")]
    TableFull {
        /// The limit.
        maximum: u32,
    },
}

/// The result of a kernel call.
pub type Result<T> = std::result::Result<T, KernelError>;
