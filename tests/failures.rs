//! Failures in the middle: what is in the database, what is recorded, what to type.

mod support;

use std::{fs, path::Path, time::Duration};
use support::{Kind, MysqlDatabase, Sgmp, TimescaleDatabase, binary::finish};
use tempfile::TempDir;

/// A project of one file per database.
fn project(mysql: &[&str], timescale: &[&str]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (target, files) in [("mysql", mysql), ("timescale", timescale)] {
        fs::create_dir(directory.path().join(target)).unwrap();
        for (index, text) in files.iter().enumerate() {
            write(directory.path(), target, index + 1, text);
        }
    }
    directory
}

fn write(directory: &Path, target: &str, version: usize, text: &str) {
    fs::write(
        directory.join(target).join(format!("V{version}__step.sql")),
        text,
    )
    .unwrap();
}

fn sgmp(mysql: &MysqlDatabase, timescale: &TimescaleDatabase, directory: &TempDir) -> Sgmp {
    Sgmp::on(mysql, timescale).with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap())
}

#[tokio::test]
async fn a_failing_mysql_statement_is_told_with_its_line_and_resumed_after_a_correction() {
    let mysql = MysqlDatabase::new().await;
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    let broken = "CREATE TABLE a (id int PRIMARY KEY);\nINSERT INTO a VALUES (1);\n\n-- the third\nALTER TABLE nothing ADD COLUMN x int;\nINSERT INTO a (id) VALUES (2);\n";
    let directory = project(&[broken], &["CREATE TABLE t (id int);"]);
    let sgmp = sgmp(&mysql, &timescale, &directory);
    let (run, document) = sgmp.json(&["upgrade"]).await;
    run.expect(7);
    let error = &document["error"];
    assert!(
        error["file"]
            .as_str()
            .unwrap()
            .ends_with("mysql/V1__step.sql"),
        "{error:#}"
    );
    assert_eq!(error["line"], 5);
    assert_eq!(error["statement"], "ALTER TABLE nothing ADD COLUMN x int");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("statement 3 of 4")
            && message.contains("2 of 4 statements are in the database"),
        "{message}"
    );
    assert!(
        message.contains("1146"),
        "the server's own words: {message}"
    );
    assert_eq!(
        error["remedy"].as_str().unwrap().split(": ").last(),
        Some("sgmp-db upgrade --only mysql")
    );
    sgmp.run(&["status"])
        .await
        .expect(7)
        .says("2 of 4 statements");
    write(
        directory.path(),
        "mysql",
        1,
        &broken.replace("nothing", "a"),
    );
    let (run, document) = sgmp.json(&["upgrade"]).await;
    run.expect(0);
    assert_eq!(document["ran"][0]["outcome"], "resumed");
    assert_eq!(mysql.rows("SELECT id FROM a ORDER BY id").await, ["1", "2"]);
    sgmp.run(&["status"]).await.expect(0);
}

#[tokio::test]
async fn a_statement_that_is_in_the_database_may_not_change_before_the_rest_runs() {
    let mysql = MysqlDatabase::new().await;
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    let directory = project(
        &["CREATE TABLE a (id int PRIMARY KEY);\nALTER TABLE nothing ADD x int;"],
        &["CREATE TABLE t (id int);"],
    );
    let sgmp = sgmp(&mysql, &timescale, &directory);
    sgmp.run(&["upgrade"]).await.expect(7);
    write(
        directory.path(),
        "mysql",
        1,
        "CREATE TABLE a (id bigint PRIMARY KEY);\nALTER TABLE a ADD x int;",
    );
    sgmp.run(&["upgrade"])
        .await
        .expect(5)
        .says("-CREATE TABLE a (id int PRIMARY KEY);");
    assert_eq!(
        mysql
            .rows("SELECT count(*) FROM refinery_schema_history")
            .await,
        ["0"]
    );
}

#[tokio::test]
async fn a_failing_postgresql_file_leaves_nothing_and_is_recorded() {
    for kind in Kind::TIMESCALE {
        let mysql = MysqlDatabase::new().await;
        let timescale = TimescaleDatabase::new(kind).await;
        let directory = project(
            &["CREATE TABLE a (id int PRIMARY KEY);"],
            &["CREATE TABLE t (id int);\nCREATE TABLE u (id nonsense);\n"],
        );
        let sgmp = sgmp(&mysql, &timescale, &directory);
        let (run, document) = sgmp.json(&["upgrade"]).await;
        run.expect(1);
        assert_eq!(document["error"]["line"], 2, "{document:#}");
        assert_eq!(document["error"]["target"], "timescale");
        assert!(
            document["error"]["message"]
                .as_str()
                .unwrap()
                .contains("nothing of this file is in the database")
        );
        // The other database finished its file, or had not begun it: never half of it.
        assert_eq!(
            mysql
                .rows("SELECT version FROM refinery_schema_history")
                .await,
            mysql
                .rows("SELECT version FROM sgmp_db_ledger WHERE state = 'done'")
                .await
        );
        assert!(
            timescale
                .rows("SELECT FROM pg_tables WHERE tablename IN ('t', 'u')")
                .await
                .is_empty()
        );
        let log = timescale
            .rows("SELECT state, statements_done FROM sgmp_db_ledger")
            .await;
        assert_eq!(log, ["failed|0"], "{kind:?}");
        sgmp.run(&["status"]).await.expect(3);
    }
}

#[tokio::test]
async fn ctrl_c_cancels_on_both_servers_records_and_exits_130() {
    let mysql = MysqlDatabase::new().await;
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    let directory = project(
        &[
            "CREATE TABLE a (id int PRIMARY KEY);\nINSERT INTO a SELECT 1 FROM DUAL WHERE SLEEP(60) = 0;",
        ],
        &["CREATE TABLE t (id int);\nSELECT pg_sleep(60);"],
    );
    let sgmp = sgmp(&mysql, &timescale, &directory);
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let child = sgmp.spawn(&["upgrade"]);
        let pid = child.id().unwrap().to_string();
        wait_for_sleep(&mysql, &timescale).await;
        let sent = std::process::Command::new("kill")
            .args([format!("-{signal}"), pid])
            .status();
        assert!(sent.unwrap().success());
        let run = tokio::time::timeout(Duration::from_secs(20), finish(child))
            .await
            .expect("it stops");
        run.expect(code)
            .says("1 of 2 statements are in the database")
            .says("go on with: sgmp-db upgrade");
        let sleeping = "SELECT count(*) FROM performance_schema.processlist WHERE INFO LIKE 'INSERT INTO a SELECT 1 %'";
        assert_eq!(mysql.rows(sleeping).await, ["0"], "cancelled on the server");
        assert_eq!(
            timescale.rows(SLEEPING).await,
            ["0"],
            "cancelled on the server"
        );
        assert!(mysql.rows("SELECT id FROM a").await.is_empty());
        let states = mysql
            .rows("SELECT state, statements_done FROM sgmp_db_ledger ORDER BY id DESC LIMIT 1")
            .await;
        assert_eq!(states, ["stopped|1"]);
        let states = timescale
            .rows("SELECT state, statements_done FROM sgmp_db_ledger ORDER BY id DESC LIMIT 1")
            .await;
        assert_eq!(states, ["stopped|0"]);
    }
}

const SLEEPING: &str = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND state = 'active' AND datname = current_database()";

async fn wait_for_sleep(mysql: &MysqlDatabase, timescale: &TimescaleDatabase) {
    let query = format!(
        "SELECT count(*) FROM performance_schema.processlist WHERE DB = '{}' AND STATE = 'User sleep'",
        mysql.name
    );
    for _ in 0..100 {
        if mysql.rows(&query).await == ["1"] && timescale.rows(SLEEPING).await == ["1"] {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the statements did not begin");
}

/// The packet that ends a file begins the next one, which then does not follow.
#[tokio::test]
async fn when_one_database_fails_the_other_ends_its_file_and_leaves_nothing_of_the_next() {
    let mysql = MysqlDatabase::new().await;
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    let directory = project(
        &[
            "CREATE TABLE a SELECT SLEEP(8) AS slept;",
            "CREATE TABLE b (id int PRIMARY KEY);",
        ],
        &["SELECT pg_sleep(3);\nSELECT 1 / 0;"],
    );
    let sgmp = sgmp(&mysql, &timescale, &directory);
    sgmp.run(&["upgrade"])
        .await
        .expect(1)
        .says("division by zero");
    let rows = async |sql: &str| mysql.rows(sql).await;
    let ledger =
        "SELECT version, state, statements_done FROM sgmp_db_ledger WHERE version IS NOT NULL";
    assert_eq!(rows(ledger).await, ["1|done|1"]);
    let history = "SELECT version FROM refinery_schema_history";
    assert_eq!(rows(history).await, ["1"]);
    write(directory.path(), "timescale", 1, "SELECT 1;");
    sgmp.run(&["upgrade"]).await.expect(0);
    assert_eq!(rows(ledger).await, ["1|done|1", "2|done|1"]);
}

#[tokio::test]
async fn a_lost_connection_stops_the_run_and_says_what_is_known() {
    let mysql = MysqlDatabase::new().await;
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    let directory = project(
        &[
            "CREATE TABLE a (id int PRIMARY KEY);\nINSERT INTO a SELECT 1 FROM DUAL WHERE SLEEP(60) = 0;\nCREATE TABLE b (id int PRIMARY KEY);",
        ],
        &["SELECT pg_sleep(60);"],
    );
    let sgmp = sgmp(&mysql, &timescale, &directory);
    let child = sgmp.spawn(&["upgrade"]);
    wait_for_sleep(&mysql, &timescale).await;
    let thread = mysql.rows(&format!("SELECT ID FROM performance_schema.processlist WHERE DB = '{}' AND STATE = 'User sleep'", mysql.name)).await;
    mysql.execute(&format!("KILL {}", thread[0])).await;
    timescale.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND datname = current_database()").await;
    let run = finish(child).await;
    assert!(matches!(run.code, Some(1 | 7)), "{run:?}");
    run.says("the connection was lost in statement 2 of 3")
        .says("sgmp-db upgrade --only mysql");
    assert!(
        mysql.rows("SHOW TABLES LIKE 'b'").await.is_empty(),
        "nothing ran on another connection"
    );
}

#[tokio::test]
async fn a_file_that_cannot_run_in_a_transaction_goes_statement_by_statement() {
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    let mysql = MysqlDatabase::new().await;
    let directory = project(
        &["CREATE TABLE a (id int PRIMARY KEY);"],
        &[
            "CREATE TABLE t (id int);",
            "-- sgmp-db: no-transaction\nCREATE INDEX CONCURRENTLY i ON t (id);\nCREATE INDEX CONCURRENTLY j ON t (nothing);\n",
        ],
    );
    let sgmp = sgmp(&mysql, &timescale, &directory);
    sgmp.run(&["upgrade"])
        .await
        .expect(7)
        .says("statement 2 of 2")
        .says("1 of 2 statements are in the database");
    write(
        directory.path(),
        "timescale",
        2,
        "-- sgmp-db: no-transaction\nCREATE INDEX CONCURRENTLY i ON t (id);\nCREATE INDEX CONCURRENTLY j ON t (id);\n",
    );
    sgmp.run(&["upgrade"]).await.expect(0);
    assert_eq!(
        timescale
            .rows("SELECT indexname FROM pg_indexes WHERE tablename = 't' ORDER BY 1")
            .await,
        ["i", "j"]
    );
    sgmp.run(&["status"]).await.expect(0);
}
