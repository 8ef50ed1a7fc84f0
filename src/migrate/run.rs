//! Running the pending files of one database, under its lock.

use super::{
    event::Event,
    expectation::{self, Begun},
    files::{Migration, is_atomic},
    look::{Look, look_again},
    preflight::{unmet, wanted},
    resume::{Resume, resume, settings},
    settle,
    upgrade::{Options, Side},
};
use crate::{
    engine::{Direction, Done, Engine, Progress, StepFailure, StopFlag, Work},
    outcome::{Exit, Failure, Finding, Kind, Ran, RanOutcome, TargetReport},
    sql::{Dialect, Statement, split},
    target::Target,
};
use anyhow::Result;
use std::time::{Duration, Instant};

/// What one side did.
#[derive(Debug, Default)]
pub struct SideRun {
    pub report: Option<(Target, TargetReport)>,
    pub ran: Vec<Ran>,
    pub failures: Vec<anyhow::Error>,
    pub findings: Vec<Finding>,
    pub notes: Vec<Finding>,
}

/// Runs what is pending, then settles what belongs beside the schema. Always ends the session.
pub async fn run_side(
    side: &mut Side<'_>,
    before: &Look<'_>,
    options: &Options<'_>,
    stop: &StopFlag,
) -> SideRun {
    let mut run = SideRun::default();
    if let Err(error) = run_files(side, before, options, stop, &mut run).await {
        run.failures.push(error);
    }
    if !run.failures.is_empty() {
        stop.stop_soon();
    }
    if let Err(error) = side.engine.close().await
        && run.failures.is_empty()
    {
        run.failures.push(error);
    }
    run
}

async fn run_files(
    side: &mut Side<'_>,
    before: &Look<'_>,
    options: &Options<'_>,
    stop: &StopFlag,
    run: &mut SideRun,
) -> Result<()> {
    let target = side.engine.target();
    side.engine.prepare_record().await?;
    let look = look_again(&mut *side.engine, side.set, &before.survey).await?;
    run.report = Some((target, look.plan.report.clone()));
    run.findings = look.plan.findings.clone();
    run.findings
        .retain(|finding| finding.kind != Kind::HalfApplied);
    if !run.findings.is_empty() {
        stop.stop_soon();
        return Ok(());
    }
    let at = match resume(&mut *side.engine, &look).await? {
        Ok(at) => at,
        Err(edited) => {
            run.findings.push(edited);
            stop.stop_soon();
            return Ok(());
        }
    };
    let records = !wanted(&look, side.goal).is_empty() || expectation::is_unrecorded(&look);
    let mut baseline = None;
    if records {
        match expectation::begin(side, before, &look, options, run).await? {
            Begun::Free(known) => baseline = known,
            Begun::Blocked => {
                stop.stop_soon();
                return Ok(());
            }
        }
    }
    run_pending(side, &look, at, (options, stop), run).await?;
    let mut after = before.survey.clone();
    if run.failures.is_empty() && !run.ran.is_empty() {
        after.server = side.engine.server(&before.survey.server).await?;
    }
    let look = look_again(&mut *side.engine, side.set, &after).await?;
    run.report = Some((target, look.plan.report.clone()));
    if records {
        expectation::end(side, baseline.as_ref(), &look.survey, options, run).await?;
    }
    if run.failures.is_empty() && look.plan.pending.is_empty() {
        settle::settle(side, options, run).await?;
    }
    Ok(())
}

/// File after file, until one fails or somebody asks to stop.
async fn run_pending(
    side: &mut Side<'_>,
    look: &Look<'_>,
    mut at: Resume,
    (options, stop): (&Options<'_>, &StopFlag),
    run: &mut SideRun,
) -> Result<()> {
    let engine = &mut *side.engine;
    let (target, dialect) = (engine.target(), engine.dialect());
    let scripts = wanted(look, side.goal)
        .into_iter()
        .map(|migration| Pending::new(target, dialect, migration))
        .collect::<Result<Vec<_>, _>>()?;
    for (index, pending) in scripts.iter().enumerate() {
        if stop.soon() {
            break;
        }
        let unmet = unmet(&mut *engine, pending.migration).await?;
        if !unmet.is_empty() {
            run.failures.extend(unmet.into_iter().map(Into::into));
            break;
        }
        let start = Resume::default();
        // What a file requires is asked when the one before is through.
        let next = scripts
            .get(index + 1)
            .filter(|next| next.migration.up.directives.requires.is_empty())
            .map(|next| next.work(dialect, &start, options, stop));
        let work = Work {
            next: next.as_ref(),
            ..pending.work(dialect, &at, options, stop)
        };
        let ran = run_file(&mut *engine, work, options).await;
        run.ran.push(ran.ran);
        if let Some(failure) = ran.failure {
            run.failures.push(failure.into());
            break;
        }
        at = Resume::default();
    }
    engine.forget_next().await
}

/// A file that is to be run.
struct Pending<'a> {
    migration: &'a Migration,
    statements: Vec<Statement<'a>>,
}

impl<'a> Pending<'a> {
    fn new(target: Target, dialect: Dialect, migration: &'a Migration) -> Result<Self, Failure> {
        let statements = split(dialect, &migration.up.text).map_err(|error| {
            Failure::usage(error.message.clone())
                .on(target)
                .at(&migration.up.file, Some(error.line))
        })?;
        Ok(Pending {
            migration,
            statements,
        })
    }

    fn work<'w>(
        &'w self,
        dialect: Dialect,
        at: &'w Resume,
        options: &'w Options<'_>,
        stop: &'w StopFlag,
    ) -> Work<'w> {
        let migration = self.migration;
        let directives = &migration.up.directives;
        Work {
            direction: Direction::Apply,
            version: migration.version,
            name: &migration.name,
            file: &migration.up.file,
            text: &migration.up.text,
            checksum: migration.up.checksum(),
            refinery_checksum: migration.refinery_checksum(),
            statements: &self.statements,
            from: at.from,
            settings: settings(dialect, &self.statements[..at.from]),
            continues: at.continues,
            atomic: is_atomic(dialect, &migration.up),
            lock_timeout: directives.lock_timeout.unwrap_or(options.lock_timeout),
            identity: options.identity,
            details: at.found.as_deref(),
            next: None,
            stop,
        }
    }
}

struct FileRun {
    ran: Ran,
    failure: Option<Failure>,
}

/// One file, again and again while only a lock stands in its way.
async fn run_file(engine: &mut dyn Engine, mut work: Work<'_>, options: &Options<'_>) -> FileRun {
    let (target, dialect, from) = (engine.target(), engine.dialect(), work.from);
    let (file, statements, stop) = (work.file, work.statements, work.stop);
    let count = statements.len();
    (options.observer)(Event::Started {
        target,
        file,
        from,
        statements: count,
    });
    let progress = |progress: Progress<'_>| {
        if let Progress::Statements(done) = progress {
            (options.observer)(Event::Statement {
                target,
                file,
                done,
                statements: count,
            });
        }
    };
    let mut waiting = Waiting::new(from);
    let ended = loop {
        match engine.run(&work, &progress).await {
            Err(failure)
                if failure.worth_retrying
                    && waiting.may_go_on(&failure, options.lock_wait)
                    && !stop.soon() =>
            {
                let pause = waiting.pause;
                let seconds = pause.as_secs();
                (options.observer)(Event::Retrying {
                    target,
                    file,
                    why: &failure.message,
                    seconds,
                });
                tokio::time::sleep(pause).await;
                waiting.pause *= 2;
                work.from = failure.done;
                work.settings = settings(dialect, &statements[..failure.done]);
                work.continues = failure.entry.or(work.continues);
            }
            ended => break ended,
        }
    };
    tell(&work, target, from, ended, options)
}

/// How long one statement has been waiting for a lock, over all its tries.
struct Waiting {
    done: usize,
    since: Option<Instant>,
    pause: Duration,
}

impl Waiting {
    fn new(done: usize) -> Waiting {
        Waiting {
            done,
            since: None,
            pause: Duration::from_secs(1),
        }
    }

    /// Is there time for another try? Each statement has its own.
    fn may_go_on(&mut self, failure: &StepFailure, at_most: Duration) -> bool {
        if failure.done > self.done {
            *self = Waiting::new(failure.done);
        }
        let since = *self.since.get_or_insert_with(Instant::now);
        since.elapsed() + self.pause < at_most
    }
}

/// What the file's end means: for the report, and what is in the database now.
fn tell(
    work: &Work<'_>,
    target: Target,
    from: usize,
    ended: Result<Done, StepFailure>,
    options: &Options<'_>,
) -> FileRun {
    let (total, file) = (work.statements.len(), work.file);
    let ran = |statements, duration: Duration, outcome| Ran {
        target,
        version: work.version,
        name: work.name.to_owned(),
        statements,
        duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        outcome,
    };
    match ended {
        Ok(Done { duration }) => {
            let outcome = if from > 0 {
                RanOutcome::Resumed
            } else {
                RanOutcome::Applied
            };
            let ran = ran(total, duration, outcome);
            (options.observer)(Event::Finished {
                target,
                file,
                statements: total,
                milliseconds: ran.duration_ms,
            });
            FileRun { ran, failure: None }
        }
        Err(failure) => {
            (options.observer)(Event::Failed { target, file });
            let outcome = if failure.stopped {
                RanOutcome::Stopped
            } else {
                RanOutcome::Failed
            };
            let told = explain(&failure, work, target);
            FileRun {
                ran: ran(failure.done, failure.duration, outcome),
                failure: Some(told),
            }
        }
    }
}

/// The error message of a failed file: the fact, what is in the database, what to type.
fn explain(failure: &StepFailure, work: &Work<'_>, target: Target) -> Failure {
    let (done, total) = (failure.done, work.statements.len());
    let what = match failure.statement {
        Some(index) => format!("statement {} of {total}", index + 1),
        None => "recording it".to_owned(),
    };
    let verb = match (failure.connection_lost, failure.stopped) {
        (true, _) => "the connection was lost in",
        (_, true) => "stopped in",
        _ => "failed in",
    };
    let inside = if failure.in_doubt {
        format!("{done} of {total} statements are in the database; how {what} ended is not known")
    } else if failure.connection_lost {
        "whether the file is applied is not known until the record is read again".to_owned()
    } else if done == 0 {
        "nothing of this file is in the database".to_owned()
    } else {
        format!("{done} of {total} statements are in the database and stay there")
    };
    let exit = if done > 0 || failure.in_doubt {
        Exit::HalfApplied
    } else if failure.worth_retrying {
        Exit::Lock
    } else {
        Exit::Failed
    };
    let remedy = if failure.connection_lost {
        format!(
            "see what is in the database: sgmp-db status --only {target}; go on with: sgmp-db upgrade --only {target}"
        )
    } else if failure.stopped {
        format!("go on with: sgmp-db upgrade --only {target}")
    } else if failure.in_doubt {
        in_doubt(work.version, target)
    } else if failure.worth_retrying {
        format!(
            "end whoever is in the way or wait for them, then go on with: sgmp-db upgrade --only {target} --lock-wait 10m"
        )
    } else if done > 0 {
        format!(
            "correct the file from this statement on, then go on with: sgmp-db upgrade --only {target}"
        )
    } else {
        format!("correct the file, then type: sgmp-db upgrade --only {target}")
    };
    let statement = failure
        .statement
        .and_then(|index| work.statements.get(index));
    let (line, place) = statement.map_or_else(Default::default, |statement| {
        in_file(failure, work, statement)
    });
    let mut told = Failure::new(
        exit,
        format!("{verb} {what}{place}: {}; {inside}", failure.message),
    )
    .on(target)
    .remedy(remedy);
    told = told.at(work.file, line);
    match statement {
        Some(statement) => told.statement(statement.text),
        None => told,
    }
}

/// What to type when a failed statement may have left a part of what it does.
fn in_doubt(version: i32, target: Target) -> String {
    format!(
        "look what the statement left; if all of it is there: sgmp-db resolve {version} --only {target} --applied; \
         else undo the rest by hand, correct the file, then: sgmp-db resolve {version} --only {target} --reverted; \
         then go on with: sgmp-db upgrade --only {target}"
    )
}

/// The line of the file that the server's error points to, and in words the column where it tells one.
fn in_file(
    failure: &StepFailure,
    work: &Work<'_>,
    statement: &Statement<'_>,
) -> (Option<usize>, String) {
    let Some(place) = failure.place else {
        return (Some(statement.line), String::new());
    };
    let before = &work.text[..statement.range.start];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let indent = match place.line {
        1 => before[line_start..]
            .trim_start_matches('\u{feff}')
            .chars()
            .count(),
        _ => 0,
    };
    let column = place.column.map_or_else(String::new, |column| {
        format!(" at column {}", column + indent)
    });
    (Some(statement.line + place.line.saturating_sub(1)), column)
}
