//! The migration files and everything that is known about them without a server.

mod create;
mod directives;
mod discover;
mod lint;
mod parallel;
mod review;
mod script;
mod session;
mod source;
mod sum;
mod transaction;

pub use create::{Created, create};
pub use directives::{Allow, Directives, Require};
pub use lint::{LintProblem, lint, lint_migration};
pub use review::{Broken, review};
pub use script::{Migration, MigrationSet, Script, checksum};
pub use source::{Origin, Source};
pub use sum::{Sum, SumState};
pub use transaction::is_atomic;
