//! From what is to what the files say, on all databases at once.

use super::{
    dry_run,
    event::{Event, Observer},
    expectation,
    files::MigrationSet,
    job::jobs,
    look::{Look, look},
    preflight::{Obstacles, preflight},
    run::{SideRun, run_side},
    settle::{self, Beside, DataLoss},
};
use crate::{
    drift::Committed,
    engine::{Canceller, Direction, Engine, Identity, LockRequest, Progress, StopFlag},
    interrupt::{Signals, Stage, second},
    outcome::{Document, Exit, Failure, Finding, Kind},
    policy::Policies,
};
use anyhow::Result;
use futures_util::future::join_all;
use std::time::Duration;

/// One database with its files.
pub struct Side<'a> {
    pub engine: &'a mut dyn Engine,
    pub set: &'a MigrationSet,
    /// What the files beside the migrations say about the schema.
    pub committed: &'a Committed,
    /// What policies.yaml says; none where there is no such file.
    pub policies: Option<&'a Policies>,
    /// Which way its files are run.
    pub direction: Direction,
    /// Version to stop at; none is the latest upwards, and no change on the way back.
    pub goal: Option<i32>,
    /// The version from which somebody agreed to go back; none where nobody was asked.
    pub agreed_at: Option<i32>,
    /// May an absent database be made?
    pub may_create: bool,
}

/// How to go about it.
pub struct Options<'a> {
    pub dry_run: bool,
    /// How long to wait for the session lock.
    pub lock_wait: Duration,
    /// How long a statement waits for a table, where its file does not say.
    pub lock_timeout: Duration,
    /// Go on where the schema is not as expected?
    pub allow_drift: bool,
    /// Run down files that are not known to be what they were when their version was applied?
    pub allow_edited_down: bool,
    /// May a policy change make the server drop data?
    pub data_loss: DataLoss<'a>,
    pub identity: &'a Identity,
    pub observer: Observer<'a>,
}

const PLANNING: &str = "planning; nothing was changed";

/// Brings every side to where it is to be and tells in `document` what happened. Codes that no finding or failure
/// stands for (a signal) are returned.
pub async fn upgrade(
    sides: &mut [Side<'_>],
    options: &Options<'_>,
    document: &mut Document,
) -> Result<Option<Exit>> {
    let mut signals = Signals::listen();
    let direction = way(sides);
    let _stage = Stage::enter(match direction {
        Direction::Apply => |exit| stopped_before(exit, PLANNING, Direction::Apply),
        Direction::Revert => |exit| stopped_before(exit, PLANNING, Direction::Revert),
    });
    let looking = join_all(
        sides
            .iter_mut()
            .map(|side| look(&mut *side.engine, side.set)),
    );
    // A server that is still starting may be waited for long.
    let looked = tokio::select! {
        looked = looking => looked,
        exit = signals.next() => {
            document.fail(&stopped_before(exit, "connecting; nothing was changed", direction).into());
            return Ok(Some(exit));
        }
    };
    let mut looks = Vec::new();
    for looked in looked {
        match looked {
            Ok(look) => looks.push(look),
            Err(error) => document.fail(&error),
        }
    }
    report(&looks, document);
    if !document.failures().is_empty() || blocked(sides, &mut looks, options, document).await? {
        return Ok(None);
    }
    if options.dry_run {
        dry_run::describe(sides, &mut looks, document).await?;
        return Ok(None);
    }
    let stop = StopFlag::default();
    let mut at_work = Vec::new();
    let besides: Vec<Beside> = looks
        .iter_mut()
        .map(|look| std::mem::take(&mut look.beside))
        .collect();
    for ((side, look), beside) in sides.iter_mut().zip(&looks).zip(besides) {
        let is_up = side.direction == Direction::Apply;
        if !jobs(look, side).is_empty() || (is_up && expectation::is_unrecorded(look)) {
            at_work.push((side, look));
            continue;
        }
        if beside.has_work(options) {
            at_work.push((side, look));
        } else {
            beside.tell(document);
        }
    }
    tokio::select! {
        locked = lock_all(&mut at_work, options, &stop) => if let Err(error) = locked {
            document.fail(&error);
            return Ok(None);
        },
        exit = signals.next() => {
            document.fail(&stopped_before(exit, "waiting for the lock; no file was begun", direction).into());
            return Ok(Some(exit));
        }
    }
    let _stage = Stage::enter(match direction {
        Direction::Apply => stopped_between,
        Direction::Revert => stopped_between_back,
    });
    let exit = run_all(at_work, options, &stop, &mut signals, document).await;
    Ok(exit)
}

/// Preflight of all; true when something stands in the way anywhere.
async fn blocked(
    sides: &mut [Side<'_>],
    looks: &mut [Look<'_>],
    options: &Options<'_>,
    document: &mut Document,
) -> Result<bool> {
    let checks = sides
        .iter_mut()
        .zip(looks)
        .map(|(side, look)| obstacles(side, look, options));
    let mut blocked = false;
    for checked in join_all(checks).await {
        let (Obstacles { failures, findings }, notes) = checked?;
        document.notes.extend(notes);
        blocked |= !failures.is_empty() || !findings.is_empty();
        failures
            .into_iter()
            .for_each(|failure| document.fail(&failure.into()));
        document.findings.extend(findings);
    }
    if blocked && document.failures().is_empty() {
        document.fail(&nothing_applied(&document.findings, options.dry_run).into());
    }
    Ok(blocked)
}

/// The last line of an upgrade that findings stop.
fn nothing_applied(findings: &[Finding], dry_run: bool) -> Failure {
    let verb = if dry_run { "would be" } else { "was" };
    let is_drift = findings.iter().any(|finding| finding.kind == Kind::Drift);
    let why = match is_drift {
        true => "the schema is not what is expected",
        false => "see the findings",
    };
    let exits = findings.iter().map(|finding| finding.kind.exit());
    let exit = Exit::ranked(exits).first().copied().unwrap_or(Exit::Failed);
    let failure = Failure::new(exit, format!("nothing {verb} applied: {why}"));
    match is_drift {
        true => failure.remedy(
            "see the difference: sgmp-db diff; what repairs it: sgmp-db diff --sql; to upgrade all the same: sgmp-db upgrade --allow-drift",
        ),
        false => failure,
    }
}

/// What stands in one side's way, the schema included, and notes about it.
async fn obstacles(
    side: &mut Side<'_>,
    look: &mut Look<'_>,
    options: &Options<'_>,
) -> Result<(Obstacles, Vec<Finding>)> {
    let mut obstacles = preflight(side, look, options).await?;
    if !obstacles.is_empty() {
        return Ok((obstacles, Vec::new()));
    }
    look.drift = expectation::look(side, &look.survey).await?;
    let target = side.engine.target();
    let (blocking, notes) = expectation::judged(target, &look.drift, options);
    obstacles.findings.extend(blocking);
    if obstacles.is_empty() && side.direction == Direction::Apply {
        look.beside = settle::look(side, look, options).await?;
        obstacles.failures = std::mem::take(&mut look.beside.refusals);
    }
    Ok((obstacles, notes))
}

/// Takes the locks one after the other, always in the same order: two runs that each had one and
/// waited for the other's would wait for ever. Absent databases are made only when every lock that
/// can be taken before is held, so that a lock that is not free leaves nothing behind.
async fn lock_all(
    at_work: &mut [(&mut Side<'_>, &Look<'_>)],
    options: &Options<'_>,
    stop: &StopFlag,
) -> Result<()> {
    for (side, look) in at_work.iter_mut() {
        if look.survey.database_exists || side.engine.locks_without_database() {
            lock(side, options, stop).await?;
        }
    }
    for (side, look) in at_work.iter_mut() {
        if !look.survey.database_exists {
            side.engine.create_database().await?;
            let (target, database) = (side.engine.target(), side.engine.database());
            (options.observer)(Event::Created { target, database });
            if !side.engine.locks_without_database() {
                lock(side, options, stop).await?;
            }
        }
    }
    Ok(())
}

pub(super) async fn lock(
    side: &mut Side<'_>,
    options: &Options<'_>,
    stop: &StopFlag,
) -> Result<()> {
    let target = side.engine.target();
    let progress = |progress: Progress<'_>| {
        if let Progress::Waiting(holder) = progress {
            (options.observer)(Event::Waiting { target, holder });
        }
    };
    side.engine
        .lock(&LockRequest {
            wait: options.lock_wait,
            progress: &progress,
            stop,
        })
        .await
}

/// Runs all sides at once; a signal cancels on the servers and lets each side record how far it got.
async fn run_all(
    at_work: Vec<(&mut Side<'_>, &Look<'_>)>,
    options: &Options<'_>,
    stop: &StopFlag,
    signals: &mut Signals,
    document: &mut Document,
) -> Option<Exit> {
    let cancellers: Vec<_> = at_work
        .iter()
        .filter_map(|(side, _)| side.engine.canceller())
        .collect();
    let runs = join_all(
        at_work
            .into_iter()
            .map(|(side, look)| run_side(side, look, options, stop)),
    );
    tokio::pin!(runs);
    let mut stopped_by = None;
    let finished = loop {
        tokio::select! {
            finished = &mut runs => break finished,
            exit = signals.next() => {
                if stopped_by.replace(exit).is_some() {
                    document.fail(&second(exit).into());
                    return Some(exit);
                }
                stop.stop_now();
            }
            () = cancel_until_idle(&cancellers), if stopped_by.is_some() => {}
        }
    };
    for SideRun {
        report,
        ran,
        failures,
        findings,
        notes,
        ..
    } in finished
    {
        document.targets.extend(report);
        document.ran.extend(ran);
        failures.iter().for_each(|error| document.fail(error));
        document.findings.extend(findings);
        document.notes.extend(notes);
    }
    let is_open = document
        .targets
        .values()
        .any(|report| !report.pending.is_empty());
    if let Some(exit) = stopped_by
        && document.failures().is_empty()
        && is_open
    {
        document.fail(&stopped_between(exit).into());
    }
    stopped_by
}

/// A signal before anything ran.
fn stopped_before(exit: Exit, what: &str, direction: Direction) -> Failure {
    Failure::new(exit, format!("stopped by a signal while {what}")).remedy(match direction {
        Direction::Apply => "begin again with: sgmp-db upgrade",
        Direction::Revert => "see what is there: sgmp-db status; then type the same command again",
    })
}

/// A signal while no server was at work for us: whatever was sent is recorded.
fn stopped_between(exit: Exit) -> Failure {
    Failure::new(
        exit,
        "stopped by a signal before the next statement was sent",
    )
    .remedy("see what is in the databases: sgmp-db status; go on with: sgmp-db upgrade")
}

/// The same on the way back.
fn stopped_between_back(exit: Exit) -> Failure {
    stopped_between(exit)
        .remedy("see what is in the databases: sgmp-db status; then type the same command again")
}

/// Which way this run goes: all sides go the same.
fn way(sides: &[Side<'_>]) -> Direction {
    sides
        .first()
        .map_or(Direction::Apply, |side| side.direction)
}

/// A cancel that arrives between two statements is lost, so it is repeated for as long as the runs go on.
async fn cancel_until_idle(cancellers: &[Box<dyn Canceller>]) {
    for canceled in join_all(cancellers.iter().map(|canceller| canceller.cancel())).await {
        // A server that cannot be reached to cancel cannot be told otherwise either: the run's own
        // session will notice, and the flag stops it after its statement.
        drop(canceled);
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
}

fn report(looks: &[Look<'_>], document: &mut Document) {
    for look in looks {
        document
            .targets
            .insert(look.plan.target, look.plan.report.clone());
        document.notes.extend(look.plan.notes.iter().cloned());
    }
}
