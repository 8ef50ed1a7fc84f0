//! From any schema to any other: what `diff --sql --allow-destructive` says runs through the server's own
//! client without an error, in one pass, and leads to what was expected.
//!
//! Without `--allow-destructive` the part that is left runs too, and loses nothing.
//!
//! One database walks from schema to schema, so that each is repaired from what a repair made.
//! `SGMP_DB_TEST_PAIRS` is how many pairs each test walks, `SGMP_DB_TEST_SEED` where the seeds begin.

use crate::{
    change::told,
    client::{pipe, script},
    compared,
    random::{Dice, objects, quoted},
    read,
    support::MysqlDatabase,
};
use mysql_async::prelude::Queryable;
use sgmp_db::{
    drift::without_repair,
    engine::Engine,
    schema::{Key, Reading, Repair},
};

/// Pairs of each of the tests below, of which a run has four.
const PAIRS: u64 = 26;

fn number(variable: &str, otherwise: u64) -> u64 {
    let text = std::env::var(variable).ok();
    text.map_or(otherwise, |text| text.parse().expect(variable))
}

/// Few names, so that the same name is often something else: a table and a view, a column of another
/// type, a key over other columns.
fn schema(seed: u64) -> Vec<String> {
    let mut dice = Dice::new(seed);
    let count = 2 + dice.below(4);
    let mut statements = objects(&mut dice, count, &["t", "t", "T "]);
    let tables: Vec<String> = statements
        .iter()
        .filter_map(|sql| sql.strip_prefix("CREATE TABLE `")?.split_once("` (\n"))
        .map(|(name, _)| name.to_owned())
        .collect();
    let table = |dice: &mut Dice| quoted(&tables[dice.below(tables.len())]);
    if dice.chance(60) {
        let body = dice.one(&["RETURN n + 1", "BEGIN\n  -- twice\n  RETURN 2 * n;\nEND"]);
        let returns = dice.one(&["int", "bigint"]);
        statements.push(format!(
            "CREATE FUNCTION f(n int) RETURNS {returns} DETERMINISTIC {body}"
        ));
        let of = table(&mut dice);
        statements.push(format!("CREATE VIEW b AS SELECT id, f(id) AS f FROM {of}"));
        let (columns, extra) = (
            dice.one(&["id", "f", "id, f"]),
            dice.one(&["", ", 1 AS one"]),
        );
        statements.push(format!("CREATE VIEW a AS SELECT {columns}{extra} FROM b"));
    } else if dice.chance(50) {
        let of = table(&mut dice);
        statements.push(format!("CREATE VIEW a AS SELECT id FROM {of}"));
        statements.push("CREATE VIEW b AS SELECT id FROM a".to_owned());
    } else {
        statements.push("CREATE TABLE a (id int PRIMARY KEY, KEY again (id))".to_owned());
    }
    let (mine, theirs) = (table(&mut dice), table(&mut dice));
    let cut = |name: &String| {
        let of = |sql: &&String| sql.starts_with(&format!("CREATE TABLE {name} "));
        statements
            .iter()
            .find(of)
            .is_some_and(|sql| sql.contains("PARTITION BY"))
    };
    if dice.chance(50) && !cut(&mine) && !cut(&theirs) {
        let rule = dice.one(&["", " ON DELETE CASCADE"]);
        let name = dice.one(&["", "CONSTRAINT across "]);
        statements.push(format!("ALTER TABLE {mine} ADD COLUMN other int, ADD {name}FOREIGN KEY (other) REFERENCES {theirs} (id){rule}"));
    }
    if dice.chance(30) {
        let of = table(&mut dice);
        let time = dice.one(&["BEFORE INSERT", "AFTER INSERT", "BEFORE UPDATE"]);
        statements.push(format!(
            "CREATE TRIGGER moving {time} ON {of} FOR EACH ROW SET @x = NEW.id # why"
        ));
    }
    if dice.chance(30) {
        let time = dice.one(&[
            "EVERY 1 DAY STARTS '2020-01-01 03:00:00'",
            "EVERY 1 DAY STARTS '2036-01-01 03:00:00' ENDS '2037-01-01 00:00:00'",
            "EVERY 2 HOUR",
            "AT '2037-02-03 04:05:06'",
        ]);
        statements.push(format!(
            "CREATE EVENT at_times ON SCHEDULE {time} DO SELECT 1"
        ));
    }
    if dice.chance(20) {
        let of = table(&mut dice);
        let position = dice.one(&["", " FIRST", " AFTER id"]);
        let kind = dice.one(&["char(36)", "double NOT NULL", "int NOT NULL"]);
        statements.push(format!("ALTER TABLE {of} ADD COLUMN late {kind}{position}"));
        // Not in one statement: the binary log would refuse it.
        let default = match kind {
            "char(36)" => "uuid()",
            "double NOT NULL" => "rand()",
            _ => "7",
        };
        statements.push(format!(
            "ALTER TABLE {of} ALTER COLUMN late SET DEFAULT ({default})"
        ));
    }
    if dice.chance(20) {
        let collation = dice.one(&["utf8mb4_bin", "latin1_swedish_ci"]);
        let place = dice.below(statements.len());
        statements.insert(place, format!("ALTER DATABASE COLLATE {collation}"));
    }
    statements
}

async fn made(seed: u64) -> (MysqlDatabase, Reading) {
    let database = MysqlDatabase::new().await;
    let mut session = database.session().await;
    for statement in schema(seed) {
        session.query_drop(&statement).await.expect(&statement);
    }
    let reading = read(&database).await;
    (database, reading)
}

/// What leads there, each difference with a statement.
async fn repairs(database: &MysqlDatabase, expected: &Reading) -> Result<Vec<Repair>, String> {
    let mut engine = database.engine();
    let actual = engine.schema().await.expect("a reading");
    let found = compared(&expected.schema, &actual.schema);
    let repairs = engine.repair(&found, &expected.schema, &actual.schema);
    engine.close().await.expect("the end of the session");
    let unrepaired = without_repair(&found, &repairs);
    match unrepaired.is_empty() {
        true => Ok(repairs),
        false => Err(format!("no statement for {unrepaired:#?}")),
    }
}

/// Without what loses something: that part runs too, and loses nothing that is expected.
async fn careful_step(database: &MysqlDatabase, expected: &Reading) -> Result<(), String> {
    let before = read(database).await.schema;
    let repairs = repairs(database, expected).await?;
    let harmless = script(repairs.iter().filter(|one| one.destructive.is_none()));
    pipe(database, &harmless).await?;
    let after = read(database).await.schema;
    let wanted = |key: &&Key| expected.schema.objects.contains_key(key);
    let lost: Vec<&Key> = before
        .objects
        .keys()
        .filter(wanted)
        .filter(|key| !after.objects.contains_key(key))
        .collect();
    match lost.is_empty() {
        true => Ok(()),
        false => Err(format!("lost {lost:?} with\n{harmless}")),
    }
}

/// One step, in one pass.
async fn step(database: &MysqlDatabase, expected: &Reading) -> Result<(), String> {
    let script = script(&repairs(database, expected).await?);
    pipe(database, &script).await?;
    let left = told(&compared(&expected.schema, &read(database).await.schema));
    match left.is_empty() {
        true => Ok(()),
        false => Err(format!("left {left:#?} after\n{script}")),
    }
}

async fn walk(which: u64) {
    let pairs = number("SGMP_DB_TEST_PAIRS", PAIRS);
    let first = number("SGMP_DB_TEST_SEED", 1000) + which * (pairs + 1);
    println!("seeds {first} to {}", first + pairs);
    let (mut database, mut wrong) = (made(first).await.0, Vec::new());
    for seed in first + 1..=first + pairs {
        let (reference, expected) = made(seed).await;
        // Some are taken in two steps: first without what loses something.
        let careful = match seed % 3 {
            0 => careful_step(&database, &expected).await,
            _ => Ok(()),
        };
        let stepped = match careful {
            Ok(()) => step(&database, &expected).await,
            Err(words) => Err(format!("without what loses something: {words}")),
        };
        if let Err(words) = stepped {
            wrong.push(format!("from seed {} to {seed}: {words}", seed - 1));
            database = reference;
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {pairs} pairs failed:\n\n{}",
        wrong.len(),
        wrong.join("\n\n")
    );
}

#[tokio::test]
async fn any_schema_becomes_any_other_in_one_pass() {
    walk(0).await;
}

#[tokio::test]
async fn any_other_schema_becomes_any_other_in_one_pass() {
    walk(1).await;
}

#[tokio::test]
async fn any_third_schema_becomes_any_other_in_one_pass() {
    walk(2).await;
}

#[tokio::test]
async fn any_fourth_schema_becomes_any_other_in_one_pass() {
    walk(3).await;
}
