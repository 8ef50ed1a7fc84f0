//! A repair, run as `diff --sql` prints it: without what is withheld, and whole.

use super::{
    look::engine,
    orders::{Loses, Order},
    prove::{lines, texts},
};
use crate::support::{TimescaleDatabase, server::Kind};
use sgmp_db::{
    engine::{Engine, timescale::Timescale},
    schema::{ObjectDifference, Reading, Repair, Scope, diff},
    sql::{Dialect, split},
};

/// Proves every state in a database of its own, over what is common to all.
pub async fn prove(kind: Kind, common: &str, orders: &[Order]) {
    let mut failures = Vec::new();
    for order in orders {
        if let Err(words) = one(kind, common, order).await {
            failures.push(format!(
                "{}\n  by hand: {}\n{words}",
                order.made, order.change
            ));
        }
    }
    println!("{kind:?}: {} states", orders.len());
    assert!(
        failures.is_empty(),
        "{} of {} failed:\n\n{}",
        failures.len(),
        orders.len(),
        failures.join("\n\n")
    );
}

async fn one(kind: Kind, common: &str, order: &Order) -> Result<(), String> {
    let mut bench = Bench::new(kind).await;
    bench.run(common).await?;
    bench.run(order.made).await?;
    let expected = bench.read().await;
    bench.run(order.change).await?;
    let (found, repairs) = bench.repairs(&expected).await;
    let told = lines(&found).join("; ");
    let found = match told == order.finding {
        true => Ok(()),
        false => Err(format!("found    {told}\nexpected {}", order.finding)),
    };
    bench
        .both(&expected, &repairs)
        .await
        .map_err(|words| format!("{told}\n{words}"))?;
    let loses = repairs.iter().any(|one| one.destructive.is_some());
    if loses != (order.loses == Loses::Something) {
        return Err(format!(
            "it loses something: {loses}, in\n{}",
            texts(&repairs)
        ));
    }
    let then = bench.run(order.then).await;
    then.map_err(|told| format!("{told}\nafter\n{}", texts(&repairs)))?;
    found
}

/// A database, with a session that changes it and one that reads it.
pub struct Bench {
    pub admin: tokio_postgres::Client,
    pub engine: Timescale,
}

impl Bench {
    /// On an empty database.
    pub async fn new(kind: Kind) -> Bench {
        let database = TimescaleDatabase::new(kind).await;
        Bench {
            admin: database.session().await,
            engine: engine(&database),
        }
    }

    /// One reading.
    pub async fn read(&mut self) -> Reading {
        self.engine.schema().await.expect("a reading")
    }

    /// What differs, and what repairs it.
    pub async fn repairs(&mut self, expected: &Reading) -> (Vec<ObjectDifference>, Vec<Repair>) {
        let actual = self.read().await;
        let scope = Scope {
            same_major: true,
            ..Scope::default()
        };
        let found = diff(&expected.schema, &actual.schema, &scope);
        let repairs = self.engine.repair(&found, &expected.schema, &actual.schema);
        (found, repairs)
    }

    /// What loses nothing works without the rest, and then all of what is left leads to in sync.
    pub async fn both(&mut self, expected: &Reading, repairs: &[Repair]) -> Result<(), String> {
        let harmless: Vec<Repair> = repairs
            .iter()
            .filter(|one| one.destructive.is_none())
            .cloned()
            .collect();
        let part = harmless.len() < repairs.len();
        let told =
            |words: String| format!("without what is withheld: {words}\nof\n{}", texts(repairs));
        self.script(&harmless).await.map_err(told)?;
        if part {
            let (_, rest) = self.repairs(expected).await;
            self.script(&rest).await?;
        }
        let (left, again) = self.repairs(expected).await;
        match left.is_empty() {
            true => Ok(()),
            false => Err(format!(
                "left {}\nafter\n{}\nand then\n{}",
                lines(&left).join("; "),
                texts(repairs),
                texts(&again)
            )),
        }
    }

    /// In one transaction, with a commit behind what needs one.
    pub async fn script(&self, repairs: &[Repair]) -> Result<(), String> {
        self.run("BEGIN").await?;
        for repair in repairs {
            if let Err(error) = self.run_whole(&repair.sql).await {
                self.run("ROLLBACK").await?;
                return Err(format!("{error}\nin\n{}", texts(repairs)));
            }
            if repair.commits {
                self.run("COMMIT; BEGIN").await?;
            }
        }
        self.run("COMMIT").await
    }

    /// In a transaction that is taken back; a new value that must be committed is not tried.
    pub async fn tried(&self, repairs: &[Repair]) -> Result<(), String> {
        self.run("BEGIN").await?;
        for repair in repairs.iter().filter(|one| !one.commits) {
            if let Err(error) = self.run_whole(&repair.sql).await {
                self.run("ROLLBACK").await?;
                return Err(format!("{error}\nin\n{}", texts(repairs)));
            }
        }
        self.run("ROLLBACK").await
    }

    /// Statement by statement.
    pub async fn run(&self, sql: &str) -> Result<(), String> {
        for statement in split(Dialect::Postgres, sql).map_err(|error| format!("{error:?}"))? {
            self.run_whole(statement.text()).await?;
        }
        Ok(())
    }

    async fn run_whole(&self, sql: &str) -> Result<(), String> {
        // Where no statement does it there is only a note.
        self.admin.batch_execute(sql).await.map_err(|error| {
            let words = error
                .as_db_error()
                .map(|one| format!("{one}: {}", one.detail().unwrap_or_default()));
            format!("{} at {sql}", words.unwrap_or_else(|| error.to_string()))
        })
    }
}
