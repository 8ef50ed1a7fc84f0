//! Running the pending files of one database, under its lock.

use super::{
    back,
    event::Event,
    expectation::{self, Begun},
    files::{Script, is_atomic},
    job::{Job, jobs},
    look::{Look, look_again},
    preflight::{blocking, unmet},
    resume::{Resume, resume, settings},
    settle, told,
    upgrade::{Options, Side},
    watch::{At, watched},
};
use crate::{
    engine::{Direction, Done, Engine, Progress, StepFailure, StopFlag, Work},
    interrupt::Busy,
    outcome::{Failure, Finding, Ran, RanOutcome, TargetReport},
    sql::Statement,
    target::Target,
};
use anyhow::Result;
use std::{
    rc::Rc,
    time::{Duration, Instant},
};

/// What one side did.
#[derive(Debug, Default)]
pub struct SideRun {
    pub report: Option<(Target, TargetReport)>,
    pub ran: Vec<Ran>,
    pub failures: Vec<anyhow::Error>,
    pub findings: Vec<Finding>,
    pub notes: Vec<Finding>,
    /// What it is at, for whoever tells why nothing moves.
    at: Rc<At>,
}

/// Runs what is pending, then settles what belongs beside the schema. Always ends the session.
pub async fn run_side(
    side: &mut Side<'_>,
    before: &Look<'_>,
    options: &Options<'_>,
    stop: &StopFlag,
) -> SideRun {
    let mut run = SideRun::default();
    // Behind a failure that was told with what to type, an error says only that the session is gone,
    // or that a repeated cancel struck what came after.
    let (watcher, target, at) = (
        side.engine.watcher(),
        side.engine.target(),
        Rc::clone(&run.at),
    );
    let files = run_files(side, before, options, stop, &mut run);
    if let Err(error) = watched(files, watcher, target, &at, options.observer).await
        && run.failures.is_empty()
    {
        run.failures.push(match stop.now() {
            true => stopped_beside(&error, target).into(),
            false => error,
        });
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

/// A cancel struck a statement of ours and none of a file.
fn stopped_beside(error: &anyhow::Error, target: Target) -> Failure {
    let words = Failure::from_error(error).message;
    Failure::failed(format!(
        "stopped by a signal before the next statement of a file was sent ({words})"
    ))
    .on(target)
    .remedy(format!(
        "see what is in the database: sgmp-db status --only {target}; go on with: sgmp-db upgrade --only {target}"
    ))
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
    run.findings = blocking(&look, side.direction);
    if side.direction == Direction::Revert {
        // Somebody else may have been at work while we waited for the lock.
        let refused = back::refusals(side, &look, options).await?;
        run.failures.extend(refused.into_iter().map(Into::into));
    }
    if !run.findings.is_empty() || !run.failures.is_empty() {
        stop.stop_soon();
        return Ok(());
    }
    let at = match resume(&mut *side.engine, &look, side.direction).await? {
        Ok(at) => at,
        Err(edited) => {
            run.findings.push(edited);
            stop.stop_soon();
            return Ok(());
        }
    };
    let records = !jobs(&look, side).is_empty() || expectation::is_unrecorded(&look);
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
    let is_up = side.direction == Direction::Apply;
    if run.failures.is_empty() && is_up && look.plan.pending.is_empty() {
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
    let jobs = jobs(look, side);
    let engine = &mut *side.engine;
    let target = engine.target();
    let scripts = jobs
        .iter()
        .map(|job| Pending::new(target, job))
        .collect::<Result<Vec<_>, _>>()?;
    for (index, pending) in scripts.iter().enumerate() {
        if stop.soon() {
            break;
        }
        let unmet = unmet(&mut *engine, pending.job.script).await?;
        if !unmet.is_empty() {
            run.failures.extend(unmet.into_iter().map(Into::into));
            break;
        }
        let start = Resume::default();
        // What a file requires is asked when the one before is through.
        let follows = |ahead: usize| {
            let script = scripts.get(index + ahead)?;
            let asks = !script.job.script.directives.requires.is_empty();
            // Whoever stops between two files of a way back may want to go up again: nothing is begun ahead.
            let is_back = script.job.direction == Direction::Revert;
            (!asks && !is_back).then(|| script.work(&start, options, stop))
        };
        let after = follows(2);
        let next = follows(1).map(|next| Work {
            next: after.as_ref(),
            ..next
        });
        let work = Work {
            next: next.as_ref(),
            ..pending.work(&at, options, stop)
        };
        let ran = run_file(&mut *engine, work, (options, &pending.job.again()), &run.at).await;
        run.at.between();
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
    job: &'a Job<'a>,
    statements: &'a [Statement],
}

impl<'a> Pending<'a> {
    fn new(target: Target, job: &'a Job<'a>) -> Result<Self, Failure> {
        let statements = job.script.sql.parsed().map_err(|error| {
            Failure::usage(error.message.clone())
                .on(target)
                .at(&job.script.file, Some(error.line))
        })?;
        Ok(Pending { job, statements })
    }

    fn work<'w>(
        &'w self,
        at: &'w Resume,
        options: &'w Options<'_>,
        stop: &'w StopFlag,
    ) -> Work<'w> {
        let (migration, script) = (self.job.migration, self.job.script);
        let directives = &script.directives;
        let is_up = self.job.direction == Direction::Apply;
        let edited = (!is_up && options.allow_edited_down).then_some("--allow-edited-down");
        let down = migration.down.as_ref().filter(|_| is_up);
        Work {
            direction: self.job.direction,
            version: migration.version,
            name: &migration.name,
            file: &script.file,
            text: script.text(),
            checksum: script.checksum(),
            refinery_checksum: migration.refinery_checksum(),
            down: down.map(Script::checksum),
            statements: self.statements,
            from: at.from,
            settings: settings(&self.statements[..at.from]),
            continues: at.continues,
            atomic: is_atomic(script),
            lock_timeout: directives.lock_timeout.unwrap_or(options.lock_timeout),
            identity: options.identity,
            details: at.found.as_deref().or(edited),
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
async fn run_file(
    engine: &mut dyn Engine,
    mut work: Work<'_>,
    (options, again): (&Options<'_>, &str),
    at: &At,
) -> FileRun {
    let (target, from) = (engine.target(), work.from);
    let (file, statements, stop) = (work.file, work.statements, work.stop);
    let count = statements.len();
    (options.observer)(Event::Started {
        target,
        file,
        from,
        statements: count,
    });
    let begin = |index: usize| {
        if let Some(statement) = statements.get(index) {
            at.statement(file, index + 1, statement.text());
        }
    };
    begin(from);
    let progress = |progress: Progress<'_>| {
        if let Progress::Statements(done) = progress {
            begin(done);
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
        let busy = Busy::begin();
        let ran = engine.run(&work, &progress).await;
        drop(busy);
        match ran {
            Err(failure)
                if failure.worth_retrying
                    && waiting.may_go_on(&failure, options.lock_wait)
                    && !stop.soon() =>
            {
                let pause = waiting.pause;
                begin(failure.done);
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
                work.settings = settings(&statements[..failure.done]);
                work.continues = failure.entry.or(work.continues);
            }
            ended => break ended,
        }
    };
    tell(&work, (target, again), from, ended, options)
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
    (target, again): (Target, &str),
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
            let outcome = if work.direction == Direction::Revert {
                RanOutcome::Reverted
            } else if from > 0 {
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
            let told = told::explain(&failure, work, (target, again));
            FileRun {
                ran: ran(failure.done, failure.duration, outcome),
                failure: Some(told),
            }
        }
    }
}
