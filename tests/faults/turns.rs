//! How many turns does a statement cost, with its journal? Counted, so it holds on every machine.

use crate::{
    project::Project,
    support::{Kind, Link, MysqlDatabase, Proxy, TimescaleDatabase},
    victim::Database,
};
use std::time::Duration;

/// How many statements more the larger of two runs has.
const MORE: usize = 50;

/// Long enough that what a client sends without waiting is seen before the first answer to it.
const ROUND_TRIP: Duration = Duration::from_millis(30);

async fn of_a_run(database: &Database, files: &[String]) -> usize {
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let project = Project::new(database, &files);
    let proxy = Proxy::start(database.port(), Link::round_trip(ROUND_TRIP));
    let sgmp = project.sgmp(database, proxy.port);
    sgmp.run(&["upgrade", "--only", database.target()])
        .await
        .expect(0);
    proxy.connections().iter().map(|one| one.turns()).sum()
}

fn tables(count: usize) -> Vec<String> {
    (0..count)
        .map(|number| format!("CREATE TABLE t{number} (id int PRIMARY KEY);\n"))
        .collect()
}

/// Turns per migration of one statement, and per statement of one migration.
async fn each(new: impl AsyncFn() -> Database, head: &str) -> (f64, f64) {
    let one_file = |count| vec![format!("{head}{}", tables(count).concat())];
    let many = |count| -> Vec<String> {
        let files = tables(count).into_iter();
        files.map(|text| format!("{head}{text}")).collect()
    };
    let difference = async |small: Vec<String>, large: Vec<String>| {
        let small = of_a_run(&new().await, &small).await;
        let large = of_a_run(&new().await, &large).await;
        (large - small) as f64 / MORE as f64
    };
    (
        difference(many(10), many(10 + MORE)).await,
        difference(one_file(10), one_file(10 + MORE)).await,
    )
}

#[tokio::test]
async fn a_mysql_file_costs_a_turn_for_each_statement_with_its_journal_and_none_for_itself() {
    let new = async || Database::Mysql(MysqlDatabase::new().await);
    let (file, statement) = each(new, "").await;
    println!("MySQL: {file} turns per file of one statement, {statement} per statement");
    assert!(file <= 1.0 && statement <= 1.0);
}

#[tokio::test]
async fn a_postgresql_file_costs_one_turn_however_many_statements_it_has() {
    let new = async || Database::Timescale(TimescaleDatabase::new(Kind::Apache17).await);
    let (file, statement) = each(new, "").await;
    println!("PostgreSQL: {file} turns per file of one statement, {statement} per statement");
    assert!(file <= 1.0 && statement == 0.0);
}

#[tokio::test]
async fn a_postgresql_statement_outside_of_a_transaction_costs_one_turn_with_its_journal() {
    let new = async || Database::Timescale(TimescaleDatabase::new(Kind::Apache17).await);
    let (file, statement) = each(new, "-- sgmp-db: no-transaction\n").await;
    println!(
        "PostgreSQL, no-transaction: {file} turns per file of one statement, {statement} per statement"
    );
    assert!(file <= 3.0 && statement <= 1.0);
}
