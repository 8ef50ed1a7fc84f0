//! One change at a time: found as expected, repaired, done again, undone by hand.

use super::{
    cases::{Case, Repairable},
    look::engine,
};
use crate::support::{TimescaleDatabase, server::Kind};
use sgmp_db::{
    engine::{Engine, timescale::Timescale},
    schema::{Change, ObjectDifference, Reading, Repair, Scope, diff},
};
use std::collections::BTreeMap;

/// A server's database with one object of each kind.
pub const BASE: &str = include_str!("base.sql");
/// What the community edition has on top.
pub const BASE_COMMUNITY: &str = include_str!("base_community.sql");

/// A database in use: one session that changes it, one that reads it.
struct Bench {
    admin: tokio_postgres::Client,
    engine: Timescale,
    original: Reading,
}

/// Proves every case on one database, and returns how many changes were made by kind.
pub async fn prove(kind: Kind, cases: &[&Case]) -> BTreeMap<&'static str, usize> {
    let mut made = BTreeMap::new();
    let mut failures = Vec::new();
    let mut bench = Bench::new(kind).await;
    for case in cases {
        *made.entry(case.kind).or_default() += 1;
        if let Err(words) = bench.prove(case).await {
            failures.push(format!("{}\n{words}", case.change));
            bench = Bench::new(kind).await;
        }
    }
    let total: usize = made.values().sum();
    println!("{kind:?}: {total} changes: {made:?}");
    assert!(
        failures.is_empty(),
        "{} of {total} failed:\n\n{}",
        failures.len(),
        failures.join("\n\n")
    );
    made
}

impl Bench {
    async fn new(kind: Kind) -> Bench {
        let database = TimescaleDatabase::new(kind).await;
        let admin = database.session().await;
        admin.batch_execute(BASE).await.expect("the base");
        if kind == Kind::Community {
            admin
                .batch_execute(BASE_COMMUNITY)
                .await
                .expect("aggregates");
        }
        let mut engine = engine(&database);
        let original = engine.schema().await.expect("a reading");
        assert_eq!(original.unseen, []);
        Bench {
            admin,
            engine,
            original,
        }
    }

    async fn prove(&mut self, case: &Case) -> Result<(), String> {
        self.run(case.change).await?;
        let (actual, found) = self.look().await;
        let lines = lines(&found).join("; ");
        if lines != case.finding {
            return Err(format!("found    {lines}\nexpected {}", case.finding));
        }
        if case.repair == Repairable::Yes {
            let repairs = self
                .engine
                .repair(&found, &self.original.schema, &actual.schema);
            // Statement by statement, as a file of them is run.
            for repair in &repairs {
                let told = |error| format!("{error}\nof {}", texts(&repairs));
                self.run(&repair.sql).await.map_err(told)?;
            }
            self.is_clean(&format!("after {}", texts(&repairs))).await?;
            if case.revert.is_empty() {
                return Ok(());
            }
            self.run(case.change).await?;
        }
        self.run(case.revert).await?;
        self.is_clean("after the change was undone").await
    }

    async fn is_clean(&mut self, when: &str) -> Result<(), String> {
        let (_, left) = self.look().await;
        match left.is_empty() {
            true => Ok(()),
            false => Err(format!("left {when}\n{}", lines(&left).join("\n"))),
        }
    }

    async fn look(&mut self) -> (Reading, Vec<ObjectDifference>) {
        let actual = self.engine.schema().await.expect("a reading");
        let scope = Scope {
            same_major: true,
            ..Scope::default()
        };
        let found = diff(&self.original.schema, &actual.schema, &scope);
        (actual, found)
    }

    async fn run(&self, sql: &str) -> Result<(), String> {
        self.admin.batch_execute(sql).await.map_err(|error| {
            let words = error.as_db_error().map(ToString::to_string);
            format!("{} at {sql}", words.unwrap_or_else(|| error.to_string()))
        })
    }
}

fn texts(repairs: &[Repair]) -> String {
    repairs
        .iter()
        .map(|repair| {
            let mark = repair.destructive.as_ref().map_or("", |_| "! ");
            format!("  {mark}{};\n", repair.sql)
        })
        .collect()
}

/// Differences as the cases name them.
pub fn lines(differences: &[ObjectDifference]) -> Vec<String> {
    let word = |change: Change| match change {
        Change::Missing => "missing",
        Change::Unexpected => "unexpected",
        Change::Changed => "changed",
    };
    differences
        .iter()
        .flat_map(|one| match one.change() {
            Change::Changed => one
                .paths
                .iter()
                .map(|path| format!("{} {} {}", one.key, path.path, word(path.change)))
                .collect(),
            whole => vec![format!("{} {}", one.key, word(whole))],
        })
        .collect()
}
