//! May it run? Everything that can be known before anything is touched, told all at once.

use super::{
    back,
    files::{MigrationSet, Script},
    job::jobs,
    limit, lint,
    look::Look,
    upgrade::{Options, Side},
};
use crate::{
    engine::{Direction, Engine, Survey},
    outcome::{Exit, Failure, Finding, Kind},
};
use anyhow::Result;

/// What stands in the way.
#[derive(Debug, Default)]
pub struct Obstacles {
    pub failures: Vec<Failure>,
    pub findings: Vec<Finding>,
}

impl Obstacles {
    /// Is the way free?
    pub fn is_empty(&self) -> bool {
        self.failures.is_empty() && self.findings.is_empty()
    }
}

/// What of the extension is not there, where any file needs it.
pub fn extension_failures<'s>(
    set: &MigrationSet,
    survey: &'s Survey,
) -> impl Iterator<Item = Failure> + 's {
    let needed = set.needs_timescaledb();
    survey
        .without_extension
        .iter()
        .filter(move |_| needed)
        .cloned()
}

/// Checks one database. Asks `require` queries, and nothing else, of the server.
pub async fn preflight(
    side: &mut Side<'_>,
    look: &Look<'_>,
    options: &Options<'_>,
) -> Result<Obstacles> {
    let mut obstacles = Obstacles {
        findings: blocking(look, side.direction),
        ..Obstacles::default()
    };
    match side.direction {
        Direction::Apply => obstacles
            .failures
            .extend(goal_failure(side.set, look, side.goal)),
        Direction::Revert => obstacles
            .failures
            .extend(back::refusals(side, look, options).await?),
    }
    let jobs = jobs(look, side);
    let (Some(first), engine, may_create) = (jobs.first(), &mut *side.engine, side.may_create)
    else {
        return Ok(obstacles);
    };
    let target = engine.target();
    if let Some(why) = &look.survey.read_only {
        obstacles.failures.push(
            Failure::failed(format!("the server takes no writes: {why}"))
                .on(target)
                .remedy(format!("point --{target}-host at the primary")),
        );
    }
    obstacles
        .failures
        .extend(look.survey.obstacles.iter().cloned());
    obstacles
        .failures
        .extend(extension_failures(side.set, &look.survey));
    if !look.survey.database_exists && !may_create {
        let database = engine.database();
        obstacles.failures.push(
            Failure::usage(format!("database `{database}` does not exist"))
                .on(target)
                .remedy("correct the name, or let it be made: sgmp-db upgrade --create-database"),
        );
    }
    for job in &jobs {
        obstacles.failures.extend(lint::refusals(target, job));
        if let Some(limit) = &look.survey.statement_limit {
            obstacles
                .failures
                .extend(limit::too_long(job.script, limit).map(|failure| failure.on(target)));
        }
    }
    // While somebody else is at it the next file is not known; it is asked again under the lock.
    if look.survey.database_exists && look.survey.busy.is_none() && obstacles.is_empty() {
        obstacles
            .failures
            .extend(unmet(engine, first.script).await?);
    }
    Ok(obstacles)
}

/// Findings that must be settled before anything runs. A half-applied file is work to resume, by a run that goes the
/// same way.
pub fn blocking(look: &Look<'_>, direction: Direction) -> Vec<Finding> {
    let begun = look.plan.begun.as_ref();
    let resumes = begun.is_none_or(|begun| begun.direction == direction);
    look.plan
        .findings
        .iter()
        .filter(|finding| finding.kind != Kind::HalfApplied || !resumes)
        .cloned()
        .collect()
}

fn goal_failure(set: &MigrationSet, look: &Look<'_>, goal: Option<i32>) -> Option<Failure> {
    let goal = goal?;
    let target = set.target;
    let latest = look.plan.report.latest.unwrap_or(0);
    if !set
        .migrations
        .iter()
        .any(|migration| migration.version == goal)
    {
        return Some(
            Failure::usage(format!("there is no migration V{goal} for {target}"))
                .on(target)
                .remedy(format!("the versions are 1 to {latest}: sgmp-db check")),
        );
    }
    let current = look.plan.report.version?;
    (goal < current).then(|| {
        Failure::usage(format!("the database is at V{current}, above V{goal}"))
            .on(target)
            .remedy(format!(
                "upgrade only goes forward; the way back is: sgmp-db downgrade --only {target} --to {goal}"
            ))
    })
}

/// The file's `require` queries that do not hold.
pub async fn unmet(engine: &mut dyn Engine, script: &Script) -> Result<Vec<Failure>> {
    let mut unmet = Vec::new();
    for require in &script.directives.requires {
        let failure = match engine.holds(&require.query).await {
            Ok(true) => continue,
            Ok(false) => Failure::new(Exit::Failed, require.because.clone()),
            Err(error) => {
                let failure = Failure::from_error(&error);
                Failure::new(
                    failure.exit,
                    format!(
                        "the `require` query cannot be answered: {}",
                        failure.message
                    ),
                )
            }
        };
        unmet.push(
            failure
                .on(engine.target())
                .at(script.file.clone(), Some(require.line))
                .statement(require.query.clone())
                .remedy("make it true, then type the same command again; nothing was changed by this file"),
        );
    }
    Ok(unmet)
}
