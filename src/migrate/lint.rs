//! Which problems of a pending file forbid running it?

use super::{files::lint_migration, job::Job};
use crate::{engine::Direction, outcome::Failure, target::Target};

/// Problems that would make the run fail or record something untrue.
pub fn refusals(target: Target, job: &Job<'_>) -> Vec<Failure> {
    let is_up = job.direction == Direction::Apply;
    lint_migration(target, job.migration)
        .into_iter()
        .filter(|problem| problem.blocks() && (is_up || problem.file == job.script.file))
        .map(|problem| {
            let mut failure = problem.failure(target);
            failure.message.push_str("; nothing was changed");
            failure
        })
        .collect()
}
