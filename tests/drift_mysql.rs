//! The truth about a MySQL schema: no change is missed, nothing equal is called different, and
//! what repairs a difference repairs it.

mod support;

#[path = "drift_mysql/alike.rs"]
mod alike;
#[path = "drift_mysql/attributes.rs"]
mod attributes;
#[path = "drift_mysql/change.rs"]
mod change;
#[path = "drift_mysql/client.rs"]
mod client;
#[path = "drift_mysql/command.rs"]
mod command;
#[path = "drift_mysql/pairs.rs"]
mod pairs;
#[path = "drift_mysql/programs.rs"]
mod programs;
#[path = "drift_mysql/random.rs"]
mod random;
#[path = "drift_mysql/sight.rs"]
mod sight;
#[path = "drift_mysql/states.rs"]
mod states;

use change::{Attribute, everything, told};
use mysql_async::{Conn, prelude::Queryable};
use sgmp_db::{
    engine::{Engine, alike, mysql::Mysql},
    schema::{ObjectDifference, Reading, Schema, diff},
    target::Target,
};
use std::collections::BTreeMap;
use support::{MysqlDatabase, Sgmp};

async fn read(database: &MysqlDatabase) -> Reading {
    let mut engine = database.engine();
    let reading = engine.schema().await.expect("a reading");
    engine.close().await.expect("the end of the session");
    reading
}

fn differences(expected: &Reading, actual: &Reading) -> Vec<ObjectDifference> {
    compared(&expected.schema, &actual.schema)
}

/// As `status` compares: what means the same is no difference.
fn compared(expected: &Schema, actual: &Schema) -> Vec<ObjectDifference> {
    let alike = alike(Target::Mysql, expected, actual);
    diff(expected, &alike, &everything())
}

#[tokio::test]
async fn an_install_that_flask_migrate_made_reads_like_one_of_ours() {
    let ours = MysqlDatabase::new().await;
    let sgmp = Sgmp::default().mysql(&ours);
    for version in 1..=9 {
        let to = format!("mysql={version}");
        let run = sgmp.run(&["upgrade", "--only", "mysql", "--to", &to]).await;
        run.expect(0);
        let flask = MysqlDatabase::new().await;
        let file = format!("tests/fixtures/flask/expected/{version}.sql");
        let dump = std::fs::read_to_string(file).expect("the fixture");
        let mut session = flask.session().await;
        session
            .query_drop("SET foreign_key_checks = 0")
            .await
            .expect("no checks");
        session.query_drop(dump).await.expect("the dump");
        let (expected, actual) = (read(&ours).await, read(&flask).await);
        assert_eq!(differences(&expected, &actual), [], "version {version}");
        assert!(expected.unseen.is_empty() && expected.server_major.starts_with('9'));
    }
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for key in read(&ours).await.schema.objects.into_keys() {
        *counts.entry(key.kind).or_default() += 1;
    }
    let expected = [
        ("database", 1),
        ("foreign_key", 5),
        ("index", 9),
        ("table", 5),
    ];
    assert_eq!(
        counts,
        expected
            .map(|(kind, count)| (kind.to_owned(), count))
            .into()
    );
}

/// A database under change, with the engine that reads and repairs it.
struct Bench {
    session: Conn,
    engine: Mysql,
    changes: BTreeMap<&'static str, usize>,
    wrong: Vec<String>,
}

impl Bench {
    async fn new(database: &MysqlDatabase) -> Bench {
        Bench {
            session: database.session().await,
            engine: database.engine(),
            changes: BTreeMap::new(),
            wrong: Vec::new(),
        }
    }

    async fn run(&mut self, sql: &str) -> Result<(), String> {
        let ran = self.session.query_drop(sql).await;
        ran.map_err(|error| format!("{error}, running {sql}"))
    }

    async fn read(&mut self) -> Reading {
        self.engine.schema().await.expect("a reading")
    }

    /// Steps from one state to another: told exactly, both ways; repaired, both ways; reverted.
    async fn step(
        &mut self,
        attribute: &Attribute,
        own: &str,
        (from, to): (usize, usize),
    ) -> Result<(), String> {
        self.run(&attribute.statements(from, own)).await?;
        let first = self.read().await;
        self.run(&attribute.statements(to, own)).await?;
        let second = self.read().await;
        let there = differences(&first, &second);
        same(&told(&there), &attribute.expected(from, to, own))?;
        let back = differences(&second, &first);
        same(&told(&back), &attribute.expected(to, from, own))?;
        self.repair(&there, &first, &second).await?;
        self.repair(&back, &second, &first).await?;
        self.run(&attribute.statements(from, own)).await?;
        let reverted = self.read().await;
        same(&told(&differences(&first, &reverted)), &[])?;
        *self.changes.entry(attribute.kind).or_default() += 2;
        Ok(())
    }

    async fn repair(
        &mut self,
        differences: &[ObjectDifference],
        expected: &Reading,
        actual: &Reading,
    ) -> Result<(), String> {
        let repairs = self
            .engine
            .repair(differences, &expected.schema, &actual.schema);
        let mut script = String::new();
        for repair in &repairs {
            script.push_str(&repair.sql);
            script.push_str(";\n");
            let ran = self.session.query_drop(&repair.sql).await;
            ran.map_err(|error| format!("{error}, repairing with\n{script}"))?;
        }
        let repaired = self.read().await;
        let left = told(&compared(&expected.schema, &repaired.schema));
        if left.is_empty() && repaired.schema == expected.schema {
            return Ok(());
        }
        Err(format!("still {left:?} after the repair\n{script}"))
    }

    /// Makes all subjects, then changes one attribute after the other.
    async fn prove(mut self, attributes: &[Attribute], least: &[(&str, usize)]) {
        for (index, attribute) in attributes.iter().enumerate() {
            let own = format!("t{index}");
            let setup = attribute.fill(attribute.setup, &own);
            if !setup.is_empty() {
                self.run(&setup).await.expect("the objects");
            }
        }
        for (index, attribute) in attributes.iter().enumerate() {
            let own = format!("t{index}");
            // From its setup to its first state, which some statements only do from another.
            for state in [1, 0] {
                if attribute.turn.is_empty() && !attribute.setup.is_empty() || state == 0 {
                    drop(self.run(&attribute.statements(state, &own)).await);
                }
            }
            for (from, to) in attribute.pairs() {
                // The first step finds the state that it starts from.
                if attribute.turn.is_empty() {
                    drop(self.run(&attribute.statements(1 - from, &own)).await);
                }
                if let Err(wrong) = self.step(attribute, &own, (from, to)).await {
                    let states = [attribute.states[from], attribute.states[to]];
                    let (kind, what) = (attribute.kind, attribute.what);
                    self.wrong
                        .push(format!("{kind}, {what}, {states:?}: {wrong}"));
                }
            }
        }
        assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n\n"));
        for (kind, count) in &self.changes {
            println!("{kind}: {count} changes, each told exactly, repaired and reverted");
        }
        for (kind, count) in least {
            assert!(self.changes[kind] >= *count, "{kind}: {:?}", self.changes);
        }
        self.engine.close().await.expect("the end of the session");
    }
}

fn same(actual: &[String], expected: &[String]) -> Result<(), String> {
    if actual == expected {
        return Ok(());
    }
    Err(format!("told {actual:#?}, not {expected:#?}"))
}

async fn prove(attributes: &[Attribute], least: &[(&str, usize)]) {
    let database = MysqlDatabase::new().await;
    Bench::new(&database).await.prove(attributes, least).await;
}

#[tokio::test]
async fn every_change_of_a_column_is_told_and_repaired() {
    prove(attributes::COLUMNS, &[("column", 100)]).await;
}

#[tokio::test]
async fn every_change_of_a_table_is_told_and_repaired() {
    prove(attributes::TABLES, &[("table", 30)]).await;
}

#[tokio::test]
async fn every_change_of_an_index_is_told_and_repaired() {
    prove(attributes::INDEXES, &[("index", 40)]).await;
}

#[tokio::test]
async fn every_change_of_a_foreign_key_is_told_and_repaired() {
    prove(attributes::FOREIGN_KEYS, &[("foreign_key", 20)]).await;
}

#[tokio::test]
async fn every_change_of_a_check_is_told_and_repaired() {
    prove(attributes::CHECKS, &[("check", 20)]).await;
}

#[tokio::test]
async fn every_change_of_a_partition_is_told_and_repaired() {
    prove(attributes::PARTITIONS, &[("partition", 20)]).await;
}

#[tokio::test]
async fn every_change_of_a_view_is_told_and_repaired() {
    prove(programs::VIEWS, &[("view", 30)]).await;
}

#[tokio::test]
async fn every_change_of_a_trigger_is_told_and_repaired() {
    prove(programs::TRIGGERS, &[("trigger", 20)]).await;
}

#[tokio::test]
async fn every_change_of_a_routine_is_told_and_repaired() {
    prove(programs::ROUTINES, &[("procedure", 20), ("function", 10)]).await;
}

#[tokio::test]
async fn every_change_of_an_event_is_told_and_repaired() {
    prove(programs::EVENTS, &[("event", 10)]).await;
}
