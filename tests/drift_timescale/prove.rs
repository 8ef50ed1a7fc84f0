//! One change at a time: found as expected, repaired, done again, undone by hand.

use super::{
    cases::{Case, Repairable},
    repaired::Bench,
};
use crate::support::server::Kind;
use sgmp_db::schema::{Change, ObjectDifference, Reading, Repair};
use std::collections::BTreeMap;

/// A server's database with one object of each kind.
pub const BASE: &str = include_str!("base.sql");
/// What the community edition has on top.
pub const BASE_COMMUNITY: &str = include_str!("base_community.sql");

/// A database in use: one session that changes it, one that reads it.
struct Proof {
    bench: Bench,
    original: Reading,
}

/// Proves every case on one database, and returns how many changes were made by kind.
pub async fn prove(kind: Kind, cases: &[&Case]) -> BTreeMap<&'static str, usize> {
    let mut made = BTreeMap::new();
    let mut failures = Vec::new();
    let mut proof = Proof::new(kind).await;
    for case in cases {
        *made.entry(case.kind).or_default() += 1;
        if let Err(words) = proof.prove(case).await {
            failures.push(format!("{}\n{words}", case.change));
            proof = Proof::new(kind).await;
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

impl Proof {
    async fn new(kind: Kind) -> Proof {
        let mut bench = Bench::new(kind).await;
        bench.admin.batch_execute(BASE).await.expect("the base");
        if kind == Kind::Community {
            let aggregates = bench.admin.batch_execute(BASE_COMMUNITY).await;
            aggregates.expect("aggregates");
        }
        let original = bench.read().await;
        assert_eq!(original.unseen, []);
        Proof { bench, original }
    }

    async fn prove(&mut self, case: &Case) -> Result<(), String> {
        self.run(case.change).await?;
        let (found, repairs) = self.bench.repairs(&self.original).await;
        let lines = lines(&found).join("; ");
        if lines != case.finding {
            return Err(format!("found    {lines}\nexpected {}", case.finding));
        }
        if case.repair == Repairable::Yes {
            self.bench.both(&self.original, &repairs).await?;
            if case.revert.is_empty() {
                return Ok(());
            }
            self.run(case.change).await?;
        }
        self.run(case.revert).await?;
        let (left, _) = self.bench.repairs(&self.original).await;
        match left.is_empty() {
            true => Ok(()),
            false => Err(format!(
                "left after the change was undone\n{}",
                self::lines(&left).join("\n")
            )),
        }
    }

    /// Several statements at once, as a person types them.
    async fn run(&self, sql: &str) -> Result<(), String> {
        self.bench.admin.batch_execute(sql).await.map_err(|error| {
            let words = error.as_db_error().map(ToString::to_string);
            format!("{} at {sql}", words.unwrap_or_else(|| error.to_string()))
        })
    }
}

/// The statements, with a mark at what loses something.
pub fn texts(repairs: &[Repair]) -> String {
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
