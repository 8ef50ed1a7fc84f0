//! The way back: up to the top, down to nothing and up again, interrupted and resumed, and what refuses it.

mod support;

use std::fs;
use support::{
    Kind, MysqlDatabase, Sgmp, TimescaleDatabase,
    golden::golden_document,
    killed::{blocker, blocker_on, gone, project, send, waiting, waiting_on},
};
use tempfile::TempDir;

/// A project whose files have ways back.
fn there_and_back(target: &str, files: &[(&str, &str)]) -> TempDir {
    let ups: Vec<&str> = files.iter().map(|(up, _)| *up).collect();
    let directory = project(target, &ups);
    for (index, (_, down)) in files.iter().enumerate() {
        write_down(&directory, target, index + 1, down);
    }
    directory
}

fn write_down(directory: &TempDir, target: &str, version: usize, text: &str) {
    let file = format!("V{version}__step.down.sql");
    fs::write(directory.path().join(target).join(file), text).unwrap();
}

fn in_project(sgmp: Sgmp, directory: &TempDir) -> Sgmp {
    sgmp.with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap())
}

const HISTORY: &str = "SELECT version FROM refinery_schema_history ORDER BY version";

/// Status says that the schema is the one of that version: committed, so nothing is left to guess.
async fn is_as_expected(sgmp: &Sgmp, pending: bool, place: &str) {
    let (_, document) = sgmp.json(&["status"]).await;
    let found = document["findings"].as_array().unwrap();
    let other: Vec<_> = found
        .iter()
        .filter(|one| one["kind"] != "pending")
        .collect();
    assert!(other.is_empty(), "{place}: {other:?}");
    assert_eq!(!found.is_empty(), pending, "{place}");
}

#[tokio::test]
async fn our_own_migrations_lead_up_down_to_nothing_and_up_again() {
    let mysql = MysqlDatabase::new().await;
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    let sgmp = Sgmp::on(&mysql, &timescale);
    sgmp.run(&["upgrade"]).await.expect(0);
    for version in (0..9).rev() {
        let to = format!("mysql={version},timescale={}", i32::from(version > 0));
        let run = sgmp.run(&["downgrade", "--to", &to, "--yes"]).await;
        run.expect(0);
        is_as_expected(&sgmp, true, &format!("down at {version}")).await;
        let rows = mysql.rows(HISTORY).await;
        assert_eq!(rows.len(), version, "{rows:?}");
    }
    assert!(timescale.rows(HISTORY).await.is_empty());
    // Upwards from nothing that the ways back left: a sample of the steps, or each of them.
    let is_full = std::env::var_os("SGMP_DB_DOWNGRADE_FULL").is_some();
    let steps: Vec<i32> = (1..=9)
        .filter(|step| is_full || [3, 9].contains(step))
        .collect();
    println!("up again in steps: {steps:?} (all with SGMP_DB_DOWNGRADE_FULL=1)");
    for version in steps {
        let to = format!("mysql={version},timescale=1");
        sgmp.run(&["upgrade", "--to", &to]).await.expect(0);
        is_as_expected(&sgmp, version < 9, &format!("up at {version}")).await;
    }
    let kept = "SELECT count(*) FROM sgmp_db_ledger WHERE event = 'revert' AND state = 'done'";
    assert_eq!(mysql.rows(kept).await, ["9"]);
    assert_eq!(timescale.rows(kept).await, ["1"]);
}

const MYSQL: [(&str, &str); 2] = [
    ("CREATE TABLE a (id int PRIMARY KEY);\n", "DROP TABLE a;\n"),
    (
        "CREATE TABLE b (id int);\nALTER TABLE a ADD COLUMN n int;\nCREATE TABLE c (id int);\n",
        "DROP TABLE c;\nALTER TABLE a DROP COLUMN n;\nDROP TABLE b;\n",
    ),
];

#[tokio::test]
async fn killed_in_a_statement_of_mysql_it_goes_on_behind_what_is_there() {
    for is_applied in [true, false] {
        let mysql = MysqlDatabase::new().await;
        let directory = there_and_back("mysql", &MYSQL);
        let sgmp = in_project(Sgmp::default().mysql(&mysql), &directory);
        sgmp.run(&["upgrade", "--only", "mysql"]).await.expect(0);
        let before = mysql.definitions().await;
        let back = ["downgrade", "--only", "mysql", "--to", "1", "--yes"];
        let mut session = blocker(&mysql, "a").await;
        let mut child = sgmp.spawn(&back);
        let connection = waiting(&mysql).await;
        child.kill().await.unwrap();
        if !is_applied {
            mysql.execute(&format!("KILL {connection}")).await;
            gone(&mysql, &connection).await;
        }
        mysql_async::prelude::Queryable::query_drop(&mut session, "ROLLBACK")
            .await
            .unwrap();
        gone(&mysql, &connection).await;
        let status = sgmp.run(&["status", "--only", "mysql"]).await;
        status
            .expect(7)
            .says("V2__step.down.sql is half-applied: 1 of 3 statements are in the database")
            .says("sgmp-db downgrade --only mysql --to 1");
        // Only the way it was going goes on.
        sgmp.run(&["upgrade", "--only", "mysql"])
            .await
            .expect(7)
            .says("sgmp-db downgrade --only mysql --to 1");
        assert_eq!(mysql.rows(HISTORY).await, ["1", "2"]);
        sgmp.run(&back).await.expect(0);
        assert_eq!(mysql.rows(HISTORY).await, ["1"]);
        assert!(mysql.rows("SHOW TABLES LIKE 'b'").await.is_empty());
        let run = sgmp.run(&["status", "--only", "mysql"]).await;
        run.expect(3);
        sgmp.run(&["upgrade", "--only", "mysql"]).await.expect(0);
        sgmp.run(&["status", "--only", "mysql"]).await.expect(0);
        let objects = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "");
        assert_eq!(
            objects(&mysql.definitions().await),
            objects(&before),
            "applied: {is_applied}"
        );
    }
}

#[tokio::test]
async fn a_signal_stops_it_on_timescale_and_the_same_command_goes_on() {
    let files = [
        ("CREATE TABLE a (id int);\n", "DROP TABLE a;\n"),
        (
            "CREATE TABLE b (id int);\nALTER TABLE a ADD COLUMN n int;\n",
            "-- sgmp-db: no-transaction\nDROP TABLE b;\nALTER TABLE a DROP COLUMN n;\n",
        ),
    ];
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    let directory = there_and_back("timescale", &files);
    let sgmp = in_project(Sgmp::default().timescale(&timescale), &directory);
    sgmp.run(&["upgrade", "--only", "timescale"])
        .await
        .expect(0);
    let back = ["downgrade", "--only", "timescale", "--to", "0", "--yes"];
    let held = blocker_on(&timescale, "a").await;
    let child = sgmp.spawn(&back);
    waiting_on(&timescale).await;
    send(&child, "INT");
    let stopped = support::binary::finish(child).await;
    held.batch_execute("ROLLBACK").await.unwrap();
    stopped
        .expect(130)
        .says("sgmp-db downgrade --only timescale --to 0");
    let status = sgmp.run(&["status", "--only", "timescale"]).await;
    status.expect(7).says("V2__step.down.sql is half-applied");
    sgmp.run(&back).await.expect(0);
    assert!(timescale.rows(HISTORY).await.is_empty());
    assert_eq!(
        timescale.rows("SELECT to_regclass('a') IS NULL").await,
        ["t"]
    );
}

#[tokio::test]
async fn a_file_that_fails_leaves_what_its_server_can_and_says_what_to_type() {
    let mysql = MysqlDatabase::new().await;
    let files = [(
        "CREATE TABLE a (id int);\n",
        "DROP TABLE a;\nDROP TABLE nothing;\n",
    )];
    let directory = there_and_back("mysql", &files);
    let sgmp = in_project(Sgmp::default().mysql(&mysql), &directory);
    sgmp.run(&["upgrade", "--only", "mysql"]).await.expect(0);
    let back = ["downgrade", "--only", "mysql", "--to", "0", "--yes"];
    sgmp.run(&back)
        .await
        .expect(7)
        .says("statement 2 of 2")
        .says("sgmp-db downgrade --only mysql --to 0");
    // What is in the database may not be edited; what failed may.
    write_down(&directory, "mysql", 1, "DROP TABLE a, b;\nSELECT 1;\n");
    sgmp.run(&back).await.expect(5).says("was edited since");
    write_down(&directory, "mysql", 1, "DROP TABLE a;\nSELECT 1;\n");
    sgmp.run(&back).await.expect(0);
    assert!(mysql.rows(HISTORY).await.is_empty());
    // On PostgreSQL a file is all of it or nothing.
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    let directory = there_and_back("timescale", &files);
    let sgmp = in_project(Sgmp::default().timescale(&timescale), &directory);
    sgmp.run(&["upgrade", "--only", "timescale"])
        .await
        .expect(0);
    let back = ["downgrade", "--only", "timescale", "--to", "0", "--yes"];
    sgmp.run(&back)
        .await
        .expect(1)
        .says("nothing of this file is in the database");
    assert_eq!(timescale.rows(HISTORY).await, ["1"]);
    sgmp.run(&["status", "--only", "timescale"]).await.expect(0);
}

#[tokio::test]
async fn a_half_way_back_is_settled_by_hand() {
    let mysql = MysqlDatabase::new().await;
    let files = [(
        "CREATE TABLE a (id int);\n",
        "DROP TABLE a;\nDROP TABLE nothing;\n",
    )];
    let directory = there_and_back("mysql", &files);
    let sgmp = in_project(Sgmp::default().mysql(&mysql), &directory);
    let back = ["downgrade", "--only", "mysql", "--to", "0", "--yes"];
    for (claim, by_hand, left) in [
        ("--applied", "CREATE TABLE a (id int)", vec!["1"]),
        ("--reverted", "DO 0", vec![]),
    ] {
        sgmp.run(&["upgrade", "--only", "mysql"]).await.expect(0);
        sgmp.run(&back).await.expect(7);
        mysql.execute(by_hand).await;
        let resolve = ["resolve", "1", "--only", "mysql", claim, "--yes"];
        sgmp.run(&resolve).await.expect(0);
        assert_eq!(mysql.rows(HISTORY).await, left);
        let code = if left.is_empty() { 3 } else { 0 };
        sgmp.run(&["status", "--only", "mysql"]).await.expect(code);
    }
}

#[tokio::test]
async fn what_cannot_go_back_is_refused_before_anything_is_touched() {
    let mysql = MysqlDatabase::new().await;
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    let directory = there_and_back("mysql", &MYSQL);
    let other = "CREATE TABLE t (id int);\n";
    fs::write(directory.path().join("timescale/V1__step.sql"), other).unwrap();
    let sgmp = in_project(Sgmp::on(&mysql, &timescale), &directory);
    sgmp.run(&["upgrade"]).await.expect(0);
    // The other database has no way back: nothing happens here either.
    let both = ["downgrade", "--to", "mysql=0,timescale=0", "--yes"];
    sgmp.run(&both)
        .await
        .expect(1)
        .says("V1__step.down.sql is missing");
    assert_eq!(mysql.rows(HISTORY).await, ["1", "2"]);
    for (to, code, words) in [
        ("3", 2, "there is no migration V3"),
        ("-1", 2, "there is no migration V-1"),
        ("seven", 2, "is not a version"),
    ] {
        let to = format!("--to={to}");
        let run = sgmp
            .run(&["downgrade", "--only", "mysql", &to, "--yes"])
            .await;
        run.expect(code).says(words);
    }
    sgmp.run(&["downgrade", "--to", "1", "--yes"])
        .await
        .expect(2);
    sgmp.run(&["upgrade", "--only", "mysql", "--to", "1"])
        .await
        .expect(2)
        .says("sgmp-db downgrade --only mysql --to 1");
    // Edited, empty, and without a word of what it was.
    let back = ["downgrade", "--only", "mysql", "--to", "1", "--yes"];
    write_down(&directory, "mysql", 2, "DROP TABLE b;\n");
    sgmp.run(&back)
        .await
        .expect(5)
        .says("was edited after V2 was applied")
        .says("--allow-edited-down");
    write_down(&directory, "mysql", 2, "-- nothing\n");
    let allowed = [&back[..], &["--allow-edited-down"]].concat();
    sgmp.run(&allowed).await.expect(2).says("has no statement");
    write_down(&directory, "mysql", 2, MYSQL[1].1);
    mysql
        .execute("DELETE FROM sgmp_db_ledger_text WHERE kind = 'down'")
        .await;
    sgmp.run(&back).await.expect(5).says("nobody recorded what");
    assert_eq!(mysql.rows(HISTORY).await, ["1", "2"]);
    sgmp.run(&allowed).await.expect(0);
    let told = mysql
        .rows("SELECT details FROM sgmp_db_ledger WHERE event = 'revert'")
        .await;
    assert_eq!(told, ["--allow-edited-down"]);
    // Upwards it does not go, and where it is it stays.
    let up = ["downgrade", "--only", "mysql", "--to", "2", "--yes"];
    sgmp.run(&up)
        .await
        .expect(2)
        .says("sgmp-db upgrade --only mysql --to 2");
    sgmp.run(&back).await.expect(0);
}

#[tokio::test]
async fn what_a_file_requires_and_how_long_it_waits_counts_on_the_way_back() {
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    let files = [(
        "CREATE TABLE a (id int);\n",
        "-- sgmp-db: require SELECT NOT EXISTS (SELECT FROM a) because \"a must be empty\"\n\
         -- sgmp-db: lock-timeout=1s\nDROP TABLE a;\n",
    )];
    let directory = there_and_back("timescale", &files);
    let sgmp = in_project(Sgmp::default().timescale(&timescale), &directory);
    sgmp.run(&["upgrade", "--only", "timescale"])
        .await
        .expect(0);
    timescale.execute("INSERT INTO a VALUES (1)").await;
    let back = [
        "downgrade",
        "--only",
        "timescale",
        "--to",
        "0",
        "--yes",
        "--lock-wait",
        "1s",
    ];
    sgmp.run(&back).await.expect(1).says("a must be empty");
    timescale.execute("DELETE FROM a").await;
    let held = blocker_on(&timescale, "a").await;
    sgmp.run(&back)
        .await
        .expect(6)
        .says("sgmp-db downgrade --only timescale --to 0");
    held.batch_execute("ROLLBACK").await.unwrap();
    sgmp.run(&back).await.expect(0);
}

#[tokio::test]
async fn it_shows_what_goes_and_asks() {
    let mysql = MysqlDatabase::new().await;
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    let directory = there_and_back("mysql", &MYSQL);
    let folder = directory.path().join("timescale");
    fs::write(folder.join("V1__step.sql"), "CREATE TABLE t (id int);\n").unwrap();
    fs::write(folder.join("V1__step.down.sql"), "DROP TABLE t;\n").unwrap();
    let sgmp = in_project(Sgmp::on(&mysql, &timescale), &directory);
    sgmp.run(&["upgrade"]).await.expect(0);
    mysql
        .execute("INSERT INTO a (id) VALUES (1), (2), (3)")
        .await;
    mysql.rows("ANALYZE TABLE a, b, c").await;
    timescale
        .execute("INSERT INTO t SELECT generate_series(1, 500); ANALYZE t")
        .await;
    let place = directory.path().to_str().unwrap();
    let names = [(place, "DIR"), (mysql.name.as_str(), "DATABASE")];
    let to = "mysql=1,timescale=0";
    let (run, document) = sgmp.json(&["downgrade", "--to", to, "--dry-run"]).await;
    run.expect(0);
    golden_document("downgrade-dry-run", &document, &["reverts"], &names);
    let (run, document) = sgmp.json(&["downgrade", "--to", to]).await;
    run.expect(2);
    golden_document("downgrade-unconfirmed", &document, &["reverts"], &names);
    let run = sgmp.run(&["downgrade", "--to", to]).await;
    run.expect(2)
        .says("DROP TABLE t (t holds about 500 rows, an estimate)")
        .says("ALTER TABLE a DROP COLUMN n (a holds about 3 rows, an estimate)")
        .says("--yes");
    assert_eq!(mysql.rows(HISTORY).await, ["1", "2"]);
    let (run, document) = sgmp.json(&["downgrade", "--to", to, "--yes"]).await;
    run.expect(0);
    golden_document("downgrade", &document, &[], &names);
    let (run, document) = sgmp.json(&["downgrade", "--to", to, "--yes"]).await;
    run.expect(0);
    golden_document("downgrade-nothing-to-do", &document, &["reverts"], &names);
}
