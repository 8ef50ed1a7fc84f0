//! One database system under attack: its server, its migrations, and what an undisturbed run of them leaves.

use crate::{
    breaker::{Breaker, Seen},
    first_form,
    project::Project,
    route::{Stage, Stop, route},
    state::state,
    support::{Bastion, Kind, Sgmp, unique},
    victim::{Database, Victim},
    wire::{Protocol, Way},
};
use sgmp_db::sql::{Dialect, split};
use similar::TextDiff;

/// One database system.
pub struct Subject {
    pub victim: Victim,
    /// In between where a run has a tunnel.
    pub bastion: Bastion,
    pub protocol: Protocol,
    project: Project,
    target: &'static str,
    /// Has every database a ledger of the first form?
    first_form: bool,
    /// Every statement of every file, in order.
    pub statements: Vec<String>,
    /// What an undisturbed run leaves.
    expected: String,
    /// The way that it takes.
    pub stops: Vec<Stop>,
    /// How many packets a client sends that finds nothing to do.
    pub idle: usize,
}

impl Subject {
    /// Starts a server and runs twice without disturbance: to the end, and with nothing to do.
    pub async fn new(kind: Kind) -> Subject {
        Subject::start(kind, false).await
    }

    /// The same where every database has a ledger of the first form, which is struck up to the first
    /// statement: behind that nothing is different.
    pub async fn with_first_form(kind: Kind) -> Subject {
        let mut subject = Subject::start(kind, true).await;
        let is_before = |stop: &Stop| stop.stage == Stage::Before;
        subject.stops.retain(is_before);
        subject
    }

    /// A database of that name, as a run finds it.
    pub async fn database(&self, name: &str) -> Database {
        let database = self.victim.database(name).await;
        if self.first_form {
            first_form::put(&database).await;
        }
        database
    }

    async fn start(kind: Kind, first_form: bool) -> Subject {
        let (protocol, target, dialect) = match kind {
            Kind::Mysql => (Protocol::Mysql, "mysql", Dialect::Mysql),
            _ => (Protocol::Postgres, "timescale", Dialect::Postgres),
        };
        let project = Project::committed();
        let mut subject = Subject {
            victim: Victim::start(kind).await,
            bastion: Bastion::new("").await,
            protocol,
            statements: statements(&project, target, dialect),
            project,
            target,
            first_form,
            expected: String::new(),
            stops: Vec::new(),
            idle: 0,
        };
        let database = subject.database(&unique("calm")).await;
        let seen = subject.calm(&database).await;
        subject.stops = route(&seen, &subject.statements);
        subject.expected = state(&database).await;
        let idle = subject.calm(&database).await;
        let turns = idle.iter().filter(|seen| seen.way == Way::ToServer);
        subject.idle = turns.count();
        database.remove().await;
        subject
    }

    /// Runs without disturbance, and tells what came by.
    async fn calm(&self, database: &Database) -> Vec<Seen> {
        let breaker = Breaker::start(self.protocol, self.victim.server.port).await;
        let run = self.sgmp(database, breaker.port).run(&self.upgrade()).await;
        run.expect(0);
        breaker.seen()
    }

    /// The tool, pointed at a database behind a port.
    pub fn sgmp(&self, database: &Database, port: u16) -> Sgmp {
        self.project.sgmp(database, port)
    }

    /// The command that is interrupted, and typed again.
    pub fn upgrade(&self) -> [&'static str; 3] {
        ["upgrade", "--only", self.target]
    }

    /// What shows that the tool is content.
    pub fn status(&self) -> [&'static str; 3] {
        ["status", "--only", self.target]
    }

    /// How the database differs from what an undisturbed run leaves.
    pub async fn compare(&self, database: &Database) -> Option<String> {
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

fn statements(project: &Project, target: &str, dialect: Dialect) -> Vec<String> {
    let files = project.files(target);
    let each = files.iter().flat_map(|text| {
        let split = split(dialect, text).expect("statements");
        let texts = split.iter().map(|statement| statement.text().to_owned());
        texts.collect::<Vec<_>>()
    });
    each.collect()
}
