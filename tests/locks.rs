//! Locks that are not free: who holds them, how long a run waits, and how it ends.

mod support;

use futures_util::future::join_all;
use mysql_async::prelude::Queryable;
use std::time::{Duration, Instant};
use support::{
    Kind, MysqlDatabase, Sgmp, TimescaleDatabase,
    binary::finish,
    killed::{blocker, project, waiting, write},
};

#[tokio::test]
async fn an_alter_behind_an_idle_transaction_names_it_and_ends_in_time_with_exit_6() {
    let mysql = MysqlDatabase::new().await;
    let text = "-- sgmp-db: lock-timeout=1s\nALTER TABLE a ADD COLUMN b int;\n";
    let directory = project("mysql", &["CREATE TABLE a (id int);", text]);
    let sgmp = Sgmp::default()
        .mysql(&mysql)
        .with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap());
    let upgrade = ["upgrade", "--only", "mysql", "--lock-wait", "6s"];
    sgmp.run(&["upgrade", "--only", "mysql", "--to", "1"])
        .await
        .expect(0);
    let mut session = blocker(&mysql, "a").await;
    let begun = Instant::now();
    let run = sgmp.run(&upgrade).await;
    run.expect(6)
        .says("1205")
        .says(&format!("held by connection {}", session.id()))
        .says("SELECT * FROM `a`")
        .says("trying again in 2 s")
        .says("nothing of this file is in the database");
    assert!(
        begun.elapsed() < Duration::from_secs(30),
        "{:?}",
        begun.elapsed()
    );
    let states = mysql
        .rows("SELECT DISTINCT state FROM sgmp_db_ledger WHERE version = 2")
        .await;
    assert_eq!(states, ["failed"]);
    // It goes on by itself when the table is free in time.
    let child = sgmp.spawn(&["upgrade", "--only", "mysql", "--lock-wait", "60s"]);
    waiting(&mysql).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    session.query_drop("ROLLBACK").await.unwrap();
    finish(child).await.expect(0).says("trying again");
    // Each try is an entry that goes on from the one before.
    let loose = mysql
        .rows("SELECT count(*) FROM sgmp_db_ledger WHERE version = 2 AND continues IS NULL")
        .await;
    assert_eq!(loose, ["1"]);
}

#[tokio::test]
async fn the_same_on_postgresql() {
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    let text = "-- sgmp-db: lock-timeout=500ms\nALTER TABLE a ADD COLUMN b int;\n";
    let directory = project("timescale", &["CREATE TABLE a (id int);", text]);
    let sgmp = Sgmp::default()
        .timescale(&timescale)
        .with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap());
    let only = ["--only", "timescale"];
    let first = [&["upgrade", "--to", "1"], only.as_slice()].concat();
    sgmp.run(&first).await.expect(0);
    let session = timescale.session().await;
    session
        .batch_execute("BEGIN; SELECT * FROM a")
        .await
        .unwrap();
    let pid: i32 = session
        .query_one("SELECT pg_backend_pid()", &[])
        .await
        .unwrap()
        .get(0);
    let begun = Instant::now();
    let run = sgmp
        .run(&[&["upgrade", "--lock-wait", "4s"], only.as_slice()].concat())
        .await;
    run.expect(6)
        .says("55P03")
        .says(&format!("held by backend {pid}"))
        .says("idle in transaction")
        .says("nothing of this file is in the database");
    assert!(begun.elapsed() < Duration::from_secs(30));
    session.batch_execute("ROLLBACK").await.unwrap();
    sgmp.run(&[&["upgrade"], only.as_slice()].concat())
        .await
        .expect(0);
}

#[tokio::test]
async fn a_deadlock_is_tried_again() {
    let mysql = MysqlDatabase::new().await;
    // The trigger waits, so that the other session can take the second row meanwhile.
    let first = "CREATE TABLE a (id int PRIMARY KEY, n int);\nCREATE TABLE b (id int PRIMARY KEY, n int);\n\
        INSERT INTO a VALUES (1, 0);\nINSERT INTO b VALUES (1, 0);\n\
        CREATE TRIGGER g AFTER UPDATE ON a FOR EACH ROW UPDATE b SET n = n + SLEEP(2) + 1 WHERE id = 1;\n";
    let directory = project("mysql", &[first, "UPDATE a SET n = n + 1;"]);
    let sgmp = Sgmp::default()
        .mysql(&mysql)
        .with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap());
    sgmp.run(&["upgrade", "--only", "mysql", "--to", "1"])
        .await
        .expect(0);
    let mut other = mysql.session().await;
    other.query_drop("START TRANSACTION").await.unwrap();
    // The more rows a transaction has changed, the less likely it is chosen as the victim.
    other
        .query_drop("UPDATE b SET n = n + 10 WHERE id = 1")
        .await
        .unwrap();
    for number in 2..200 {
        other
            .query_drop(format!("INSERT INTO b VALUES ({number}, 0)"))
            .await
            .unwrap();
    }
    let child = sgmp.spawn(&["upgrade", "--only", "mysql"]);
    // The trigger's own statement is what the server shows.
    let asked = format!(
        "SELECT count(*) FROM performance_schema.processlist WHERE DB = '{}' AND INFO LIKE 'UPDATE b SET n = n + SLEEP%'",
        mysql.name
    );
    for _ in 0..400 {
        if mysql.rows(&asked).await != ["0"] {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let crossed = other
        .query_drop("UPDATE a SET n = n + 10 WHERE id = 1")
        .await;
    if crossed.is_ok() {
        other.query_drop("COMMIT").await.unwrap();
    }
    finish(child).await.expect(0);
    let n = mysql.rows("SELECT n FROM a").await;
    let expected = if crossed.is_ok() { "11" } else { "1" };
    assert_eq!(n, [expected], "exactly once");
}

#[tokio::test]
async fn twenty_upgraders_and_the_holder_of_the_lock_killed_another_takes_over_in_seconds() {
    let mysql = MysqlDatabase::new().await;
    let directory = project(
        "mysql",
        &[
            "CREATE TABLE a (id int);",
            "ALTER TABLE a ADD COLUMN b int;\nCREATE TABLE c (id int);",
        ],
    );
    let sgmp = Sgmp::default()
        .mysql(&mysql)
        .with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap());
    sgmp.run(&["upgrade", "--only", "mysql", "--to", "1"])
        .await
        .expect(0);
    let mut session = blocker(&mysql, "a").await;
    let mut first = sgmp.spawn(&["upgrade", "--only", "mysql"]);
    let holder = waiting(&mysql).await;
    let others: Vec<_> = (0..19)
        .map(|_| sgmp.spawn(&["upgrade", "--only", "mysql", "--lock-wait", "100s"]))
        .collect();
    tokio::time::sleep(Duration::from_secs(2)).await;
    first.kill().await.unwrap();
    session.query_drop("ROLLBACK").await.unwrap();
    let begun = Instant::now();
    let taken = "SELECT count(*) FROM refinery_schema_history WHERE version = 2";
    while mysql.rows(taken).await == ["0"] {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "nobody takes over"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for run in join_all(others.into_iter().map(finish)).await {
        run.expect(0);
    }
    let done = "SELECT count(*) FROM sgmp_db_ledger WHERE version = 2 AND state = 'done'";
    assert_eq!(mysql.rows(done).await, ["1"]);
    assert_ne!(holder, "");
    sgmp.run(&["status", "--only", "mysql"])
        .await
        .says("in sync");
}

#[tokio::test]
async fn a_session_that_lost_the_lock_runs_nothing_more() {
    let mysql = MysqlDatabase::new().await;
    let directory = project(
        "mysql",
        &[
            "CREATE TABLE a (id int);\nINSERT INTO a VALUES (1);\nDELIMITER $$\n\
             CREATE FUNCTION gives_back() RETURNS int DETERMINISTIC RETURN RELEASE_ALL_LOCKS()$$\nDELIMITER ;\n",
            // What a pooler does behind our back, done by the file itself, and hidden from `check`.
            "DO gives_back();\nCREATE TABLE b (id int);",
        ],
    );
    let sgmp = Sgmp::default()
        .mysql(&mysql)
        .with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap());
    let run = sgmp.run(&["upgrade", "--only", "mysql"]).await;
    run.expect(7).says("no longer holds the lock");
    assert!(mysql.rows("SHOW TABLES LIKE 'b'").await.is_empty());
    write(
        directory.path(),
        "mysql",
        2,
        "DO gives_back();\nCREATE TABLE c (id int);",
    );
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    let directory = project(
        "timescale",
        &[
            "-- sgmp-db: no-transaction\nDO $$ BEGIN PERFORM pg_advisory_unlock_all(); END $$;\nCREATE TABLE b (id int);",
        ],
    );
    let sgmp = Sgmp::default()
        .timescale(&timescale)
        .with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap());
    let run = sgmp.run(&["upgrade", "--only", "timescale"]).await;
    run.expect(7).says("no longer holds the lock");
    let made = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename = 'b'";
    assert_eq!(timescale.rows(made).await, ["0"]);
}
