//! A script and the way it goes: what a run does with one version, and the command that goes on with it.

use super::{
    files::{Migration, MigrationSet, Script},
    look::Look,
    upgrade::Side,
};
use crate::{engine::Direction, target::Target};

/// One file to run.
#[derive(Debug, Clone)]
pub struct Job<'a> {
    pub direction: Direction,
    pub migration: &'a Migration,
    pub script: &'a Script,
    target: Target,
    /// Where the run is to end, for the command that goes on with it.
    goal: i32,
}

impl Job<'_> {
    /// What to type to go on with the run.
    pub fn again(&self) -> String {
        again(self.target, self.direction, self.goal)
    }
}

/// The command that goes on with a run in that direction; one that goes back says to where.
pub fn again(target: Target, direction: Direction, goal: i32) -> String {
    match direction {
        Direction::Apply => format!("sgmp-db upgrade --only {target}"),
        Direction::Revert => format!("sgmp-db downgrade --only {target} --to {goal}"),
    }
}

/// The command that runs files in that direction.
pub fn verb(direction: Direction) -> &'static str {
    match direction {
        Direction::Apply => "upgrade",
        Direction::Revert => "downgrade",
    }
}

/// What a run does, in its order: the pending files up to the goal, or the way back of every applied version above
/// it, newest first. A version without a way back is left out; the preflight refuses it.
pub fn jobs<'a>(look: &Look<'_>, side: &Side<'a>) -> Vec<Job<'a>> {
    let target = side.set.target;
    match side.direction {
        Direction::Apply => {
            let goal = side.goal.unwrap_or(i32::MAX);
            let pending: Vec<i32> = look.plan.pending.iter().map(|one| one.version).collect();
            let files = side.set.migrations.iter();
            files
                .filter(|one| one.version <= goal && pending.contains(&one.version))
                .map(|migration| Job {
                    direction: Direction::Apply,
                    migration,
                    script: &migration.up,
                    target,
                    goal,
                })
                .collect()
        }
        Direction::Revert => above(look, side.set, side.goal)
            .into_iter()
            .filter_map(|migration| {
                Some(Job {
                    direction: Direction::Revert,
                    migration,
                    script: migration.down.as_ref()?,
                    target,
                    goal: side.goal?,
                })
            })
            .collect(),
    }
}

/// The applied versions above the goal, newest first; none where the database is to stay.
pub fn above<'a>(look: &Look<'_>, set: &'a MigrationSet, goal: Option<i32>) -> Vec<&'a Migration> {
    let Some(goal) = goal else {
        return Vec::new();
    };
    let history = &look.survey.record.history;
    let is_applied = |version: i32| history.iter().any(|row| row.version == version);
    set.migrations
        .iter()
        .rev()
        .filter(|one| one.version > goal && is_applied(one.version))
        .collect()
}
