//! Many runs, each interrupted at a spot of its own, then finished by the same command and judged.

use crate::{
    attack::{self, Attack, Blow, Kind},
    breaker::Seen,
    log::{Case, Log},
    resuming::Resuming,
    route::{Stage, Stop},
    subject::Subject,
    support::{Run, unique},
    victim::Database,
};
use futures_util::{StreamExt, future::join_all, stream};
use std::time::{Duration, Instant};

/// How many runs are under way at the same time where each has its own end.
const AT_ONCE: usize = 8;

/// How many runs one kill of the server ends.
const TOGETHER: usize = 32;

/// One of so many runs is struck again while it resumes.
const AGAIN: usize = 6;

/// In milliseconds, between what passes last and the interruption.
const PAUSES: [u64; 5] = [0, 2, 0, 8, 30];

/// Interrupts a run at each of these stops with that kind of interruption.
pub async fn attack(subject: &Subject, kind: Kind, stops: &[Stop], log: &mut Log) {
    let begun = log.runs();
    let case = |(index, stop): (usize, &Stop)| {
        let number = begun + index;
        // A run that is only delayed does not resume.
        let again = number % AGAIN == 3 && kind != Kind::Delay;
        Case::new(kind, stop.clone(), again.then_some(number / AGAIN))
    };
    let cases: Vec<Case> = stops.iter().enumerate().map(case).collect();
    let (together, at_once) = match kind {
        Kind::KillServer => (TOGETHER, 1),
        _ => (1, AT_ONCE),
    };
    let mut batches = Vec::new();
    let mut cases = cases.into_iter().peekable();
    while cases.peek().is_some() {
        let batch: Vec<Case> = cases.by_ref().take(together).collect();
        let pause = Duration::from_millis(PAUSES[(begun + batches.len()) % PAUSES.len()]);
        batches.push(
            Batch {
                subject,
                blow: Blow { kind, pause },
            }
            .run(batch),
        );
    }
    let mut running = stream::iter(batches).buffer_unordered(at_once);
    while let Some(cases) = running.next().await {
        log.add(cases);
    }
}

/// Runs that are struck together.
struct Batch<'s> {
    subject: &'s Subject,
    blow: Blow,
}

/// A case under way.
struct Patient {
    case: Case,
    database: Database,
    /// Until when a session that has lost its client holds the lock.
    locked: Option<Instant>,
}

impl Batch<'_> {
    async fn run(self, cases: Vec<Case>) -> Vec<Case> {
        let patients = cases.into_iter().map(|case| async {
            Patient {
                case,
                database: self.subject.database(&unique("case")).await,
                locked: None,
            }
        });
        let mut patients = join_all(patients).await;
        let first = patients.iter_mut().map(|patient| {
            let stop = patient.case.stop.clone();
            (patient, stop)
        });
        let struck = self.interrupt(first.collect()).await;
        let again = patients
            .iter_mut()
            .zip(struck)
            .filter_map(|(patient, seen)| {
                let resuming = Resuming {
                    seen: &seen?,
                    statements: &self.subject.statements,
                    idle: self.subject.idle,
                };
                let stop = resuming.again(patient.case.again?);
                Some((patient, stop))
            });
        let again: Vec<_> = again.collect();
        if !again.is_empty() {
            self.interrupt(again).await;
        }
        let finishing = patients.into_iter().map(|patient| self.finish(patient));
        join_all(finishing).await
    }

    /// Interrupts runs, and tells what had come by of those that came to their stop.
    async fn interrupt(&self, chosen: Vec<(&mut Patient, Stop)>) -> Vec<Option<Vec<Seen>>> {
        let begun = chosen.iter().map(|(patient, stop)| {
            Attack::begin(
                self.subject,
                &patient.database,
                (self.blow.kind, stop.spot.clone()),
            )
        });
        let attacks = join_all(begun).await;
        let struck = attack::strike(self.subject, self.blow, attacks).await;
        let each = chosen.into_iter().zip(struck).map(|((patient, stop), struck)| {
            // Not the last statement's: the lock is given back behind it.
            let under_way = matches!(stop.stage, Stage::Statement(number, _) if number < self.subject.statements.len());
            patient.locked = struck.lingers.filter(|_| under_way);
            patient.case.runs.push(struck.run);
            struck.there.then(|| {
                patient.case.struck.push(stop);
                struck.seen
            })
        });
        each.collect()
    }

    /// The same command again must finish the job, and leave what an undisturbed run leaves.
    async fn finish(&self, patient: Patient) -> Case {
        let Patient {
            mut case,
            database,
            locked,
        } = patient;
        case.problem = self.judge(&mut case, &database, locked).await.err();
        // What failed stays to be looked at for as long as the server does.
        if case.problem.is_none() {
            database.remove().await;
        }
        case
    }

    async fn judge(
        &self,
        case: &mut Case,
        database: &Database,
        locked: Option<Instant>,
    ) -> Result<(), String> {
        let sgmp = self.subject.sgmp(database, self.subject.victim.server.port);
        if self.blow.kind != Kind::Delay {
            let mut command = self.subject.upgrade().to_vec();
            command.extend(["--wait", "60s"]);
            case.runs.push(sgmp.run(&command).await);
        }
        if case.runs.last().is_none_or(|run| run.code != Some(0)) {
            return Err("the last call does not end with 0".to_owned());
        }
        if let Some(until) = locked {
            if Instant::now() < until {
                return Err("it did not wait for the lock of a session without a client".to_owned());
            }
            let told = |run: &Run| run.all().contains("waiting for the lock");
            case.waited = Some(case.runs.last().is_some_and(told));
        }
        if let Some(difference) = self.subject.compare(database).await {
            return Err(difference);
        }
        let status = sgmp.run(&self.subject.status()).await;
        if status.code != Some(0) {
            case.runs.push(status);
            return Err("status is not content".to_owned());
        }
        Ok(())
    }
}
