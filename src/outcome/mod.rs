//! What does the shell learn? Exit codes, failures, findings, and the one document of `--json`.

mod document;
mod exit;
mod failure;
mod finding;
mod remedy;
mod ruled;

pub use crate::schema::Change;
pub use document::{
    Applied, Document, ErrorReport, FilesReport, Pending, Plain, Ran, RanOutcome, ServerReport,
    TargetReport,
};
pub use exit::Exit;
pub use failure::Failure;
pub use finding::{Finding, Kind};
pub use remedy::{Call, VERBS, flag_typed, quoted};
pub use ruled::Ruled;
