//! May it run? Everything that can be known before anything is touched, told all at once.

use super::{
    files::{Migration, MigrationSet},
    limit, lint,
    look::Look,
};
use crate::{
    engine::{Engine, Survey},
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

/// Which of the pending files a run would apply.
pub fn wanted<'a>(look: &Look<'a>, goal: Option<i32>) -> Vec<&'a Migration> {
    let goal = goal.unwrap_or(i32::MAX);
    look.plan
        .pending
        .iter()
        .copied()
        .filter(|migration| migration.version <= goal)
        .collect()
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
    engine: &mut dyn Engine,
    set: &MigrationSet,
    look: &Look<'_>,
    goal: Option<i32>,
    may_create: bool,
) -> Result<Obstacles> {
    let mut obstacles = Obstacles {
        findings: blocking(look),
        ..Obstacles::default()
    };
    obstacles.failures.extend(goal_failure(set, look, goal));
    let wanted = wanted(look, goal);
    if wanted.is_empty() {
        return Ok(obstacles);
    }
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
        .extend(extension_failures(set, &look.survey));
    if !look.survey.database_exists && !may_create {
        let database = engine.database();
        obstacles.failures.push(
            Failure::usage(format!("database `{database}` does not exist"))
                .on(target)
                .remedy("correct the name, or let it be made: sgmp-db upgrade --create-database"),
        );
    }
    for migration in &wanted {
        obstacles.failures.extend(lint::refusals(target, migration));
        if let Some(limit) = &look.survey.statement_limit {
            obstacles
                .failures
                .extend(limit::too_long(&migration.up, limit).map(|failure| failure.on(target)));
        }
    }
    // While somebody else is at it the next file is not known; it is asked again under the lock.
    if look.survey.database_exists && look.survey.busy.is_none() && obstacles.is_empty() {
        obstacles.failures.extend(unmet(engine, wanted[0]).await?);
    }
    Ok(obstacles)
}

/// Findings that must be settled before anything runs. A half-applied file is work to resume.
fn blocking(look: &Look<'_>) -> Vec<Finding> {
    look.plan
        .findings
        .iter()
        .filter(|finding| finding.kind != Kind::HalfApplied)
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
            .remedy("upgrade only goes forward: name a version from the current one on")
    })
}

/// The file's `require` queries that do not hold.
pub async fn unmet(engine: &mut dyn Engine, migration: &Migration) -> Result<Vec<Failure>> {
    let mut unmet = Vec::new();
    for require in &migration.up.directives.requires {
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
                .at(migration.up.file.clone(), Some(require.line))
                .statement(require.query.clone())
                .remedy("make it true, then type the same command again; nothing was changed by this file"),
        );
    }
    Ok(unmet)
}
