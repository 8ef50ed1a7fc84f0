//! One whole JSON document per command: the contract that other programs build on.

mod support;

use std::fs;
use support::{
    Kind, MysqlDatabase, Sgmp, TimescaleDatabase,
    golden::{golden, golden_document},
};
use tempfile::TempDir;

/// Both databases, empty.
async fn databases() -> (MysqlDatabase, TimescaleDatabase) {
    (
        MysqlDatabase::new().await,
        TimescaleDatabase::new(Kind::Apache17).await,
    )
}

/// A project of one file per database.
fn project(mysql: &str, timescale: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (target, text) in [("mysql", mysql), ("timescale", timescale)] {
        fs::create_dir(directory.path().join(target)).unwrap();
        fs::write(directory.path().join(target).join("V1__step.sql"), text).unwrap();
        fs::write(
            directory.path().join(target).join("V1__step.down.sql"),
            "SELECT 1;\n",
        )
        .unwrap();
    }
    directory
}

#[tokio::test]
async fn status_upgrade_and_history_from_nothing_to_in_sync() {
    let (mysql, timescale) = databases().await;
    let sgmp = Sgmp::on(&mysql, &timescale);
    let (run, document) = sgmp.json(&["status"]).await;
    run.expect(3);
    golden_document("status-pending", &document, &[], &[]);
    let (run, document) = sgmp.json(&["upgrade", "--dry-run"]).await;
    run.expect(0);
    golden_document("upgrade-dry-run", &document, &[], &[]);
    let (run, document) = sgmp.json(&["upgrade", "--to", "mysql=4,timescale=1"]).await;
    run.expect(0);
    golden_document("upgrade-to", &document, &[], &[]);
    let (run, document) = sgmp.json(&["upgrade"]).await;
    run.expect(0);
    golden_document("upgrade", &document, &[], &[]);
    let (run, document) = sgmp.json(&["upgrade"]).await;
    run.expect(0);
    golden_document("upgrade-nothing-to-do", &document, &[], &[]);
    let (run, document) = sgmp.json(&["status"]).await;
    run.expect(0);
    golden_document("status-in-sync", &document, &[], &[]);
    let (run, mut document) = sgmp.json(&["history"]).await;
    run.expect(0);
    // The two databases proceed at the same time, so which event came first is no contract.
    let events = document["events"].as_array_mut().unwrap();
    events.sort_by_key(|event| {
        (
            event["target"].as_str().unwrap().to_owned(),
            event["id"].as_i64(),
        )
    });
    golden_document("history", &document, &["events"], &[]);
}

#[tokio::test]
async fn an_absent_database_is_pending_for_status_and_exit_2_for_upgrade() {
    let mysql = MysqlDatabase::absent().await;
    let timescale = TimescaleDatabase::absent(Kind::Apache17).await;
    let sgmp = Sgmp::on(&mysql, &timescale);
    let names = [
        (mysql.name.as_str(), "<mysql>"),
        (timescale.name.as_str(), "<timescale>"),
    ];
    let (run, document) = sgmp.json(&["status"]).await;
    run.expect(3);
    golden_document("status-absent", &document, &[], &names);
    let (run, document) = sgmp.json(&["upgrade"]).await;
    run.expect(2);
    golden_document("upgrade-absent", &document, &[], &names);
}

// One database at a time: of two, how far the other one gets is a matter of time.

#[tokio::test]
async fn a_sql_error_on_either_database() {
    let mysql_file = "CREATE TABLE a (id int PRIMARY KEY);\n\nALTER TABLE a\n  ADD COLUMN b int,\n  ADD COLUM c int;\n";
    let timescale_file =
        "CREATE TABLE t (id int);\n/* ü */ INSERT INTO t\n  VALUES (1, nothing);\n";
    let directory = project(mysql_file, timescale_file);
    let (mysql, timescale) = databases().await;
    let sgmp = Sgmp::on(&mysql, &timescale).standing_in(directory.path());
    for (target, code, after) in [("mysql", 7, 7), ("timescale", 1, 3)] {
        let (run, document) = sgmp
            .json(&["upgrade", "--migrations", ".", "--only", target])
            .await;
        run.expect(code);
        golden_document(&format!("failure-{target}"), &document, &[], &[]);
        let (run, document) = sgmp
            .json(&["status", "--migrations", ".", "--only", target])
            .await;
        run.expect(after);
        golden_document(&format!("failure-{target}-status"), &document, &[], &[]);
    }
}

#[tokio::test]
async fn a_sql_error_as_people_read_it() {
    for (name, target, text, code) in [
        (
            "failure-mysql.txt",
            "mysql",
            "CREATE TABLE a (id int PRIMARY KEY);\nINSERT INTO nothing VALUES (1);\n",
            7,
        ),
        (
            "failure-timescale-detail.txt",
            "timescale",
            "CREATE TABLE t (id int UNIQUE);\nINSERT INTO t VALUES (1), (1);\n",
            1,
        ),
        (
            "failure-timescale-hint.txt",
            "timescale",
            "CREATE TABLE t (amount int); SELECT amont\n  FROM t;\n",
            1,
        ),
    ] {
        let (mysql, timescale) = databases().await;
        let directory = project(text, text);
        let sgmp = Sgmp::on(&mysql, &timescale).standing_in(directory.path());
        let run = sgmp
            .run(&["upgrade", "--migrations", ".", "--only", target])
            .await;
        run.expect(code);
        golden(name, &run.stderr.replace(&mysql.name, "<mysql>"));
    }
}

#[tokio::test]
async fn check_and_new_need_no_server() {
    let sgmp = Sgmp::default();
    let (run, document) = sgmp.json(&["check"]).await;
    run.expect(0);
    golden_document("check", &document, &[], &[]);
    let directory = project(
        "CREATE TABLE a (id int);\nCOMMIT;\n",
        "COPY t FROM stdin;\n",
    );
    let sgmp = Sgmp::default().standing_in(directory.path());
    let (run, document) = sgmp.json(&["check", "--migrations", "."]).await;
    run.expect(2);
    golden_document("check-problems", &document, &[], &[]);
    let (run, document) = sgmp
        .json(&["new", "add_room", "--only", "mysql", "--migrations", "."])
        .await;
    run.expect(0);
    golden_document("new", &document, &["created"], &[]);
    let (run, document) = sgmp.json(&["new", "add_room"]).await;
    run.expect(2);
    golden_document("new-for-which", &document, &[], &[]);
}

#[tokio::test]
async fn words_that_are_no_command_are_a_document_too() {
    let (run, document) = Sgmp::default().json(&["upgrade", "--nothing"]).await;
    run.expect(2);
    golden_document("usage", &document, &[], &[]);
    let (run, document) = Sgmp::default().json(&["man"]).await;
    run.expect(0);
    support::golden::is_contract(&document, &["text"]);
    let (run, document) = Sgmp::default().json(&["completions", "bash"]).await;
    run.expect(0);
    support::golden::is_contract(&document, &["text"]);
}
