//! Ctrl-C and SIGTERM: the first cancels on the server, the second exits at once.

mod support;

use std::time::{Duration, Instant};
use support::{
    Kind, MysqlDatabase, Sgmp, TimescaleDatabase,
    binary::finish,
    killed::{blocker, gone, project, send, waiting},
};

#[tokio::test]
async fn a_waiting_alter_is_cancelled_on_the_server_recorded_and_done_by_the_next_upgrade() {
    let mysql = MysqlDatabase::new().await;
    let directory = project(
        "mysql",
        &["CREATE TABLE a (id int);\nALTER TABLE a ADD COLUMN b int;\nCREATE TABLE c (id int);"],
    );
    let sgmp = Sgmp::default()
        .mysql(&mysql)
        .with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap());
    mysql.execute("CREATE TABLE hold (id int)").await;
    mysql.execute("DROP TABLE hold").await;
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let child = sgmp.spawn(&["upgrade", "--only", "mysql"]);
        // The table comes with the file's first statement, so the blocker may be early or late.
        let held = loop {
            if mysql.rows("SHOW TABLES LIKE 'a'").await.len() == 1 {
                break blocker(&mysql, "a").await;
            }
        };
        if mysql.rows("SHOW COLUMNS FROM a LIKE 'b'").await.len() == 1 {
            // The statement was faster than the test; nothing to cancel.
            drop(held);
            finish(child).await.expect(0);
            return;
        }
        let connection = waiting(&mysql).await;
        send(&child, signal);
        let begun = Instant::now();
        let run = finish(child).await;
        run.expect(code).says("go on with: sgmp-db upgrade");
        assert!(begun.elapsed() < Duration::from_secs(20));
        gone(&mysql, &connection).await;
        drop(held);
    }
    sgmp.run(&["upgrade", "--only", "mysql"]).await.expect(0);
    assert_eq!(mysql.rows("SHOW TABLES").await.len(), 5);
}

#[tokio::test]
async fn a_second_signal_ends_the_process_at_once_and_the_next_upgrade_finishes_the_job() {
    let mysql = MysqlDatabase::new().await;
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    let directory = project(
        "mysql",
        &[
            "CREATE TABLE a (id int);",
            "ALTER TABLE a ADD COLUMN b int;\nCREATE TABLE c (id int);",
        ],
    );
    std::fs::write(
        directory.path().join("timescale/V1__step.sql"),
        "CREATE TABLE t (id int);",
    )
    .unwrap();
    let sgmp =
        Sgmp::on(&mysql, &timescale).with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap());
    sgmp.run(&["upgrade", "--to", "mysql=1,timescale=1"])
        .await
        .expect(0);
    let held = blocker(&mysql, "a").await;
    let child = sgmp.spawn(&["upgrade"]);
    let connection = waiting(&mysql).await;
    let begun = Instant::now();
    send(&child, "TERM");
    send(&child, "INT");
    let run = finish(child).await;
    assert!(matches!(run.code, Some(130 | 143)), "{run:?}");
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
    held.disconnect().await.unwrap();
    gone(&mysql, &connection).await;
    sgmp.run(&["upgrade"]).await.expect(0);
    assert_eq!(mysql.rows("SHOW TABLES LIKE 'c'").await.len(), 1);
}
