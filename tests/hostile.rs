//! What somebody calls an object is never more than a name: not for psql and mysql, which get the statements
//! of `diff --sql`, not for the terminal, not for GitHub Actions.
//!
//! `SGMP_DB_HOSTILE_SEEDS` says how many random schemas each database gets, `SGMP_DB_HOSTILE_FIRST` which is
//! the first.

mod support;

#[path = "hostile/items.rs"]
mod items;
#[path = "hostile/nasty.rs"]
mod nasty;
#[path = "hostile/outputs.rs"]
mod outputs;
#[path = "hostile/server.rs"]
mod server;

use items::Item;
use nasty::Dice;
use outputs::{harmless, harmless_everywhere, harmless_on_a_terminal};
use serde_json::Value;
use server::Database;
use std::collections::BTreeSet;
use support::{Sgmp, killed};
use tempfile::TempDir;

const TABLES: usize = 5;

/// What became of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    AsExpected,
    Missing,
    Unexpected,
}

/// One random schema, and where it is.
struct Case {
    target: &'static str,
    seed: u64,
    database: Database,
    directory: TempDir,
    sgmp: Sgmp,
    /// A file that a command of the shell would make.
    file: String,
}

impl Case {
    async fn new(target: &'static str, seed: u64) -> Case {
        let database = Database::new(target).await;
        let directory = killed::project(target, &[]);
        let sgmp = database.sgmp().standing_in(directory.path());
        let file = format!("/tmp/k{:x}{seed}", std::process::id());
        Case {
            target,
            seed,
            database,
            directory,
            sgmp,
            file,
        }
    }

    fn call<'a>(&self, words: &[&'a str]) -> Vec<&'a str> {
        let only = if self.target == "mysql" {
            "mysql"
        } else {
            "timescale"
        };
        [words, &["--only", only, "--migrations", "."]].concat()
    }

    /// Makes what the migrations leave, and changes it by hand.
    async fn build(&self) {
        let mut dice = Dice(self.seed);
        let drawn = self.database.items(&mut dice, &self.file, TABLES);
        let scratch = Database::new(self.target).await;
        let items = taken(&scratch, &drawn, self.seed).await;
        let fates = fates(&items, &mut dice);
        let mut file = String::from(
            "CREATE TABLE canary (a int);\nINSERT INTO canary VALUES (7);\nCREATE TABLE parent (id int PRIMARY KEY);\n",
        );
        for (item, fate) in items.iter().zip(&fates) {
            if *fate != Fate::Unexpected {
                file.push_str(&format!("{};\n", item.make));
            }
        }
        killed::write(self.directory.path(), self.target, 1, &file);
        let run = self.sgmp.run(&self.call(&["upgrade"])).await;
        assert_eq!(
            run.code,
            Some(0),
            "seed {}: {}\n{file}",
            self.seed,
            run.all()
        );
        harmless(&run.all(), &format!("seed {}, upgrade", self.seed));
        for (item, fate) in items.iter().zip(&fates).rev() {
            if *fate == Fate::Missing {
                // It may have gone with its table.
                drop(self.database.run(&item.remove).await);
            }
        }
        for (item, fate) in items.iter().zip(&fates) {
            if *fate == Fate::Unexpected {
                let made = self.database.run(&item.make).await;
                made.unwrap_or_else(|error| panic!("seed {}: {error}: {}", self.seed, item.make));
            }
        }
    }

    async fn script(&self, more: &[&str]) -> String {
        let words = [&["diff", "--sql", "--include", "comments"], more].concat();
        let run = self.sgmp.run(&self.call(&words)).await;
        assert_eq!(run.code, Some(4), "seed {}: {}", self.seed, run.all());
        harmless_on_a_terminal(
            &self.sgmp,
            &self.call(&words),
            &format!("seed {}, {words:?}", self.seed),
        );
        run.stdout
    }

    /// What is there and not expected.
    async fn unexpected(&self) -> BTreeSet<String> {
        let words = self.call(&["status", "--include", "comments"]);
        let (_, document) = self.sgmp.json(&words).await;
        let findings = document["findings"].as_array().expect("findings").iter();
        let of = |one: &Value| format!("{}: {}", one["object"], one["path"]);
        findings
            .filter(|one| one["change"] == "unexpected")
            .map(of)
            .collect()
    }

    /// Nothing ran but the repair.
    async fn is_whole(&self, said: &str, script: &str) {
        let seed = self.seed;
        let canary = self.database.rows("SELECT a FROM canary").await;
        assert_eq!(canary, ["7"], "seed {seed}: {said}\n{script}");
        let touched = self.database.has_file(&self.file).await;
        assert!(
            !touched,
            "seed {seed}: a command of the shell ran: {said}\n{script}"
        );
    }

    /// Without consent nothing that is there goes.
    async fn repaired_with_care(&self) {
        let before = self.unexpected().await;
        assert!(!before.is_empty(), "seed {}", self.seed);
        let script = self.script(&[]).await;
        let said = self.database.client(&script).await;
        self.is_whole(&said, &script).await;
        let after = self.unexpected().await;
        let lost: Vec<&String> = before.difference(&after).collect();
        // Another name is the only way for what is not expected to become so. MySQL's own index of a foreign key
        // becomes so with that key, and goes when another index can do its work.
        let words = [" RENAME ", " ADD CONSTRAINT ", " ADD KEY "];
        let renamed = words.map(|words| script.matches(words).count());
        let renamed: usize = renamed.iter().sum();
        assert!(
            lost.len() <= renamed,
            "seed {}: {lost:#?}: {said}\n{script}",
            self.seed
        );
    }

    /// With it, all is as expected; what the client would not have sent as it is, `--json` has.
    async fn repaired_wholly(&self) {
        let script = self.script(&["--allow-destructive"]).await;
        let said = self.database.client(&script).await;
        self.is_whole(&said, &script).await;
        if script.contains("the statement is not written here") {
            let words = [
                "diff",
                "--sql",
                "--allow-destructive",
                "--include",
                "comments",
            ];
            let (_, document) = self.sgmp.json(&self.call(&words)).await;
            for statement in document["statements"].as_array().expect("statements") {
                let sql = statement["sql"].as_str().expect("SQL");
                let ran = self.database.run(sql).await;
                ran.unwrap_or_else(|error| panic!("seed {}: {error}: {sql}", self.seed));
            }
        }
        // A comment of something that is otherwise as expected is not repaired on PostgreSQL.
        let more: &[&str] = match self.target {
            "mysql" => &["--include", "comments"],
            _ => &[],
        };
        let run = self
            .sgmp
            .run(&self.call(&[&["status"], more].concat()))
            .await;
        assert_eq!(
            run.code,
            Some(0),
            "seed {}: {}\n{said}\n{script}",
            self.seed,
            run.all()
        );
        self.is_whole(&said, &script).await;
    }

    /// A server's own words about a hostile statement.
    async fn failing(&self) {
        let mut dice = Dice(!self.seed);
        let value = nasty::text(&mut dice, &self.file)
            .replace('\'', "''")
            .replace('\\', "");
        let text = format!("SELECT '{value}' FROM there_is_no_such_table;\n");
        killed::write(self.directory.path(), self.target, 2, &text);
        let run = self.sgmp.run(&self.call(&["upgrade"])).await;
        assert_ne!(run.code, Some(0), "seed {}: {}", self.seed, run.all());
        harmless(&run.all(), &format!("seed {}, a failure", self.seed));
        harmless_everywhere(&self.sgmp, &self.call(&["history"]), self.seed).await;
        harmless_everywhere(&self.sgmp, &self.call(&["status"]), self.seed).await;
        harmless_everywhere(&self.sgmp, &self.call(&["upgrade", "--dry-run"]), self.seed).await;
    }
}

/// Those that the server makes.
async fn taken(scratch: &Database, drawn: &[Item], seed: u64) -> Vec<Item> {
    let parent = scratch
        .run("CREATE TABLE parent (id int PRIMARY KEY)")
        .await;
    parent.expect("a table");
    let (mut taken, mut places) = (Vec::new(), vec![None; drawn.len()]);
    for (index, item) in drawn.iter().enumerate() {
        let on = item.on.map(|table| places[table]);
        if on == Some(None) || scratch.run(&item.make).await.is_err() {
            continue;
        }
        places[index] = Some(taken.len());
        taken.push(Item {
            on: on.flatten(),
            ..item.clone()
        });
    }
    assert!(
        taken.len() * 2 > drawn.len(),
        "seed {seed}: the server takes {} of {}",
        taken.len(),
        drawn.len()
    );
    taken
}

/// What belongs to an unexpected table is not expected either.
fn fates(items: &[Item], dice: &mut Dice) -> Vec<Fate> {
    let mut fates: Vec<Fate> = Vec::new();
    for item in items {
        let drawn = [Fate::AsExpected, Fate::Missing, Fate::Unexpected][dice.roll(3)];
        let of_table = item.on.map(|table| fates[table]);
        fates.push(match of_table {
            Some(Fate::Unexpected) => Fate::Unexpected,
            Some(Fate::Missing) if drawn == Fate::Unexpected => Fate::Missing,
            _ => drawn,
        });
    }
    fates
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().expect("a number"))
}

/// Every seed has its turn, so that one run tells all that fail.
async fn prove(target: &'static str) {
    let first = number("SGMP_DB_HOSTILE_FIRST", 1);
    let mut failed = Vec::new();
    for seed in first..first + number("SGMP_DB_HOSTILE_SEEDS", 2) {
        if tokio::spawn(prove_one(target, seed)).await.is_err() {
            failed.push(seed);
        }
    }
    assert_eq!(failed, [0; 0], "seeds that failed on {target}");
}

async fn prove_one(target: &'static str, seed: u64) {
    let case = Case::new(target, seed).await;
    case.build().await;
    for words in [
        &["check"][..],
        &["status", "--include", "comments"],
        &["diff", "--include", "comments"],
        &["history"],
        &["upgrade"],
        &["upgrade", "--dry-run"],
        &["resolve", "1", "--applied"],
        &["adopt"],
    ] {
        harmless_everywhere(&case.sgmp, &case.call(words), seed).await;
    }
    case.repaired_with_care().await;
    case.repaired_wholly().await;
    case.failing().await;
}

#[tokio::test]
async fn hostile_names_and_values_are_no_more_than_that_on_mysql() {
    prove("mysql").await;
}

#[tokio::test]
async fn hostile_names_and_values_are_no_more_than_that_on_postgres() {
    prove("timescale").await;
}

/// Names of files, what they say, settings and arguments: nothing of it needs a server.
#[tokio::test]
async fn hostile_files_settings_and_arguments_are_no_more_than_that() {
    for seed in 1..13 {
        let mut dice = Dice(seed);
        let mut draw = || nasty::text(&mut dice, "/tmp/k").replace(['/', '\0'], "");
        let directory = killed::project("timescale", &["SELECT 1;\n"]);
        let folder = directory.path().join("timescale");
        for name in [
            format!("V2__{}.sql", draw()),
            draw(),
            format!("V{}__a.sql", draw()),
        ] {
            std::fs::write(folder.join(name), format!("SELECT '{}", draw())).expect("a file");
        }
        let quoted = |text: String| serde_json::json!(text).to_string();
        let policies = format!(
            "hypertables:\n  {}: {{retention: {}}}\n",
            quoted(draw()),
            quoted(draw())
        );
        std::fs::write(folder.join("policies.yaml"), policies).expect("a file");
        let rules = format!(
            "{}: {{reason: {}, {}: 1}}\n",
            quoted(draw()),
            quoted(draw()),
            quoted(draw())
        );
        std::fs::write(folder.join("drift-ignore.yaml"), rules).expect("a file");
        // One that begins with a dash would be a flag.
        let (setting, argument) = (draw(), format!("x{}", draw()));
        let sgmp = Sgmp::default().standing_in(directory.path());
        for call in [
            &["check", "--migrations", "."][..],
            &["check", "--migrations", &argument],
            &["new", &argument, "--only", "mysql", "--migrations", "."],
            &["status", &argument],
            &[&argument],
            &["status", "--only", &argument],
            &["status", "--config", &argument],
        ] {
            harmless_everywhere(&sgmp, call, seed).await;
        }
        let hosts = [
            "MYSQL_HOST",
            "TSDB_HOST",
            "MYSQL_PORT",
            "MYSQL_DATABASE",
            "SGMP_DB_CONNECT_TIMEOUT",
            "SGMP_DB_MIGRATIONS",
        ];
        // Each may wait for the network.
        for variable in hosts.iter().filter(|_| seed <= 3) {
            let sgmp = Sgmp::default()
                .with("MYSQL_HOST", "127.0.0.1")
                .with("MYSQL_PORT", "1")
                .with("MYSQL_USER", &setting)
                .with("SGMP_DB_CONNECT_TIMEOUT", "1s")
                .with(variable, &setting);
            harmless_everywhere(&sgmp, &["status"], seed).await;
        }
    }
}
