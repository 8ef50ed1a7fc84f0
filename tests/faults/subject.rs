//! One database system under attack: its server, its migrations, and what an undisturbed run of them leaves.

use crate::{
    attack::{self, Attack, Blow, Kind as Interruption},
    breaker::Breaker,
    log::{Case, Log},
    project::Project,
    route::{Stop, route},
    state::state,
    support::{Kind, Sgmp, unique},
    victim::{Database, Victim},
    wire::Protocol,
};
use futures_util::future::join_all;
use sgmp_db::sql::{Dialect, split};
use similar::TextDiff;
use std::time::Duration;

/// One database system.
pub struct Subject {
    pub victim: Victim,
    pub protocol: Protocol,
    project: Project,
    target: &'static str,
    dialect: Dialect,
    /// What an undisturbed run leaves.
    expected: String,
    /// The way that it takes.
    pub stops: Vec<Stop>,
}

/// How many runs are interrupted together.
const TOGETHER: usize = 16;

impl Subject {
    /// Starts a server and runs once without disturbance.
    pub async fn new(kind: Kind) -> Subject {
        let mysql = kind == Kind::Mysql;
        let mut subject = Subject {
            victim: Victim::start(kind).await,
            protocol: if mysql {
                Protocol::Mysql
            } else {
                Protocol::Postgres
            },
            project: Project::committed(),
            target: if mysql { "mysql" } else { "timescale" },
            dialect: if mysql {
                Dialect::Mysql
            } else {
                Dialect::Postgres
            },
            expected: String::new(),
            stops: Vec::new(),
        };
        let database = subject.victim.database(&unique("calm")).await;
        let breaker = Breaker::start(subject.protocol, subject.victim.server.port).await;
        let run = subject
            .sgmp(&database, breaker.port)
            .run(&subject.upgrade())
            .await;
        run.expect(0);
        subject.expected = state(&database).await;
        subject.stops = route(&breaker.seen(), &subject.statements());
        database.remove().await;
        subject
    }

    /// Every statement of every file, in order.
    fn statements(&self) -> Vec<String> {
        let files = self.project.files(self.target);
        let each = files.iter().flat_map(|text| {
            let split = split(self.dialect, text).expect("statements");
            let texts = split.iter().map(|statement| statement.text.to_owned());
            texts.collect::<Vec<_>>()
        });
        each.collect()
    }

    /// The tool, pointed at a database behind a port.
    pub fn sgmp(&self, database: &Database, port: u16) -> Sgmp {
        self.project.sgmp(database, port)
    }

    /// The command that is interrupted, and typed again.
    pub fn upgrade(&self) -> [&'static str; 3] {
        ["upgrade", "--only", self.target]
    }

    /// Interrupts a run at each of these points, the marked ones again while they resume, and
    /// lets each finish.
    pub async fn batch(&self, blow: Blow, cases: &mut [Case]) {
        let names = cases.iter().map(|_| unique("case"));
        let databases =
            join_all(names.map(|name| async move { self.victim.database(&name).await })).await;
        let all: Vec<usize> = (0..cases.len()).collect();
        self.interrupt(blow, cases, &databases, &all).await;
        let again: Vec<usize> = all
            .into_iter()
            .filter(|index| cases[*index].again.is_some())
            .collect();
        if !again.is_empty() {
            self.interrupt(blow, cases, &databases, &again).await;
        }
        let finishing = cases.iter_mut().zip(&databases);
        join_all(finishing.map(|(case, database)| self.finish(case, database))).await;
    }

    async fn interrupt(
        &self,
        blow: Blow,
        cases: &mut [Case],
        databases: &[Database],
        chosen: &[usize],
    ) {
        let begun = chosen.iter().map(|index| {
            let case = &cases[*index];
            let stop = match (&case.again, case.runs.is_empty()) {
                (Some(again), false) => again,
                _ => &case.stop,
            };
            Attack::begin(self, &databases[*index], stop)
        });
        let attacks = join_all(begun).await;
        let there: Vec<bool> = attacks.iter().map(Attack::is_there).collect();
        let runs = attack::strike(self, blow, attacks).await;
        for ((index, run), there) in chosen.iter().zip(runs).zip(there) {
            cases[*index].interrupted += usize::from(there);
            cases[*index].runs.push(run);
        }
    }

    /// The same command again must finish the job, and leave what an undisturbed run leaves.
    async fn finish(&self, case: &mut Case, database: &Database) {
        let port = self.victim.server.port;
        let mut command = self.upgrade().to_vec();
        command.extend(["--wait", "60s"]);
        let sgmp = self.sgmp(database, port);
        let run = sgmp.run(&command).await;
        case.problem = match run.code {
            Some(0) => self.compare(database).await,
            _ => Some(format!("upgrade typed again does not end with 0: {run:#?}")),
        };
        if case.problem.is_none() {
            let status = sgmp.run(&["status", "--only", self.target]).await;
            if status.code != Some(0) {
                case.problem = Some(format!("status is not content: {status:#?}"));
            }
        }
        case.runs.push(run);
        // What failed stays to be looked at for as long as the server does.
        if case.problem.is_none() {
            database.remove().await;
        }
    }

    async fn compare(&self, database: &Database) -> Option<String> {
        let actual = state(database).await;
        (actual != self.expected).then(|| {
            let diff = TextDiff::from_lines(&self.expected, &actual);
            let diff = diff
                .unified_diff()
                .header("undisturbed", "this one")
                .to_string();
            format!("the end state in {} differs:\n{diff}", database.name())
        })
    }
}

/// Attacks a subject at all `stops` with that kind of interruption; every tenth is struck again.
pub async fn attack(subject: &Subject, kind: Interruption, stops: &[Stop], log: &mut Log) {
    const PAUSES: [u64; 5] = [0, 2, 0, 8, 30];
    let mut cases: Vec<Case> = stops
        .iter()
        .enumerate()
        .map(|(index, stop)| {
            // A prime step: every stage of a resuming run is met.
            let again = &subject.stops[(index * 37 + 11) % subject.stops.len()];
            Case::new(kind, stop.clone(), (index % 10 == 4).then(|| again.clone()))
        })
        .collect();
    for (number, batch) in cases.chunks_mut(TOGETHER).enumerate() {
        let pause = Duration::from_millis(PAUSES[number % PAUSES.len()]);
        subject.batch(Blow { kind, pause }, batch).await;
    }
    log.add(cases);
}
