//! Which problems of a pending file forbid running it?

use super::files::{Migration, lint_migration};
use crate::{outcome::Failure, target::Target};

/// Problems that would make the run fail or record something untrue.
pub fn refusals(target: Target, migration: &Migration) -> Vec<Failure> {
    lint_migration(target, migration)
        .into_iter()
        .filter(|problem| problem.blocks())
        .map(|problem| {
            let mut failure = problem.failure(target);
            failure.message.push_str("; nothing was changed");
            failure
        })
        .collect()
}
