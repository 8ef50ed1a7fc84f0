//! Locks that are not free: the session lock, a table, rows in the wrong order, and a lock that was lost.

use super::support::{
    Story,
    binary::finish,
    killed::{blocker, blocker_on, waiting, waiting_on},
    story::{Database, until},
};
use mysql_async::prelude::Queryable;
use std::time::Duration;

const TABLE: &str = "CREATE TABLE a (id int);\n";
const COLUMN: &str = "ALTER TABLE a ADD COLUMN b int;\n";

/// What somebody types while another upgrade is at work.
async fn beside<D: Database>(story: &mut Story<D>) {
    story.meanwhile("another upgrade is at work");
    story.types("upgrade --lock-wait 1s", 6).await;
    story.types("status", 3).await;
    story
        .types("resolve 2 --applied --yes --lock-wait 1s", 6)
        .await;
}

#[tokio::test]
async fn mysql_another_upgrade_is_at_work() {
    let mut story = Story::mysql(&[TABLE, COLUMN]).await;
    story.prepares("upgrade --to 1").await;
    let mut held = blocker(&story.database, "a").await;
    let first = story.sgmp.spawn(&["upgrade", "--only", "mysql"]);
    waiting(&story.database).await;
    beside(&mut story).await;
    let second = story.starts("upgrade");
    tokio::time::sleep(Duration::from_secs(2)).await;
    story.meanwhile("the other upgrade comes to its end");
    held.query_drop("ROLLBACK").await.unwrap();
    finish(first).await.expect(0);
    story.ends(second, 0).await;
    story.is("lock-held.mysql");
}

#[tokio::test]
async fn timescale_another_upgrade_is_at_work() {
    let mut story = Story::timescale(&[TABLE, COLUMN]).await;
    story.prepares("upgrade --to 1").await;
    let held = blocker_on(&story.database, "a").await;
    let first = story.sgmp.spawn(&["upgrade", "--only", "timescale"]);
    waiting_on(&story.database).await;
    beside(&mut story).await;
    let second = story.starts("upgrade");
    tokio::time::sleep(Duration::from_secs(2)).await;
    story.meanwhile("the other upgrade comes to its end");
    held.batch_execute("ROLLBACK").await.unwrap();
    finish(first).await.expect(0);
    story.ends(second, 0).await;
    story.is("lock-held.timescale");
}

/// A file that waits at most a second for a table.
fn hasty(directive: &str, text: &str) -> String {
    format!("{directive}-- sgmp-db: lock-timeout=1s\n{text}")
}

#[tokio::test]
async fn mysql_a_table_is_in_use() {
    let later = format!("CREATE TABLE c (id int);\n{COLUMN}");
    for (name, text, codes) in [
        ("table-in-use", COLUMN, (6, 3)),
        ("table-in-use-later", &later, (7, 7)),
    ] {
        let mut story = Story::mysql(&[TABLE, &hasty("", text)]).await;
        story.prepares("upgrade --to 1").await;
        let mut held = blocker(&story.database, "a").await;
        story.types("upgrade --lock-wait 4s", codes.0).await;
        story.there().await;
        story.types("status", codes.1).await;
        story.meanwhile("the other session ends its transaction");
        held.query_drop("ROLLBACK").await.unwrap();
        story.types("upgrade", 0).await;
        story.there().await;
        story.is(&format!("{name}.mysql"));
    }
}

#[tokio::test]
async fn timescale_a_table_is_in_use() {
    let later = format!("CREATE TABLE c (id int);\n{COLUMN}");
    let singly = "-- sgmp-db: no-transaction\n";
    for (name, directive, codes) in [
        ("table-in-use", "", (6, 3)),
        ("table-in-use-no-transaction", singly, (7, 7)),
    ] {
        let mut story = Story::timescale(&[TABLE, &hasty(directive, &later)]).await;
        story.prepares("upgrade --to 1").await;
        let held = blocker_on(&story.database, "a").await;
        story.types("upgrade --lock-wait 4s", codes.0).await;
        story.there().await;
        story.types("status", codes.1).await;
        story.meanwhile("the other session ends its transaction");
        held.batch_execute("ROLLBACK").await.unwrap();
        story.types("upgrade", 0).await;
        story.there().await;
        story.is(&format!("{name}.timescale"));
    }
}

#[tokio::test]
async fn mysql_a_deadlock() {
    // The trigger waits, so that the other session can take the second row meanwhile.
    let first = "CREATE TABLE a (id int PRIMARY KEY, n int);\nCREATE TABLE b (id int PRIMARY KEY, n int);\n\
        INSERT INTO a VALUES (1, 0);\nINSERT INTO b VALUES (1, 0);\n\
        CREATE TRIGGER g AFTER UPDATE ON a FOR EACH ROW UPDATE b SET n = n + SLEEP(1) + 1 WHERE id = 1;\n";
    let mut story = Story::mysql(&[first, "UPDATE a SET n = n + 1;"]).await;
    story.prepares("upgrade --to 1").await;
    let mut other = story.database.session().await;
    // The server ends the transaction that has changed fewer rows.
    other.query_drop("START TRANSACTION").await.unwrap();
    let rows: Vec<String> = (2..200).map(|number| format!("({number}, 0)")).collect();
    for change in [
        format!("INSERT INTO b VALUES {}", rows.join(", ")),
        "UPDATE b SET n = n + 10 WHERE id = 1".to_owned(),
    ] {
        other.query_drop(change).await.unwrap();
    }
    let child = story.starts("upgrade");
    let name = &story.database.name;
    until(
        &story.database,
        &format!(
            "SELECT 1 FROM performance_schema.data_locks WHERE LOCK_STATUS = 'WAITING' \
             AND OBJECT_SCHEMA = '{name}' AND OBJECT_NAME = 'b'"
        ),
    )
    .await;
    other
        .query_drop("UPDATE a SET n = n + 10 WHERE id = 1")
        .await
        .unwrap();
    other.query_drop("COMMIT").await.unwrap();
    story.ends(child, 0).await;
    story.is("deadlock.mysql");
}

#[tokio::test]
async fn timescale_a_deadlock() {
    let first = "CREATE TABLE a (n int);\nCREATE TABLE b (n int);\nINSERT INTO a VALUES (0);\nINSERT INTO b VALUES (0);\n";
    let second = "UPDATE a SET n = n + 1;\nUPDATE b SET n = n + 1;\n";
    let mut story = Story::timescale(&[first, second]).await;
    story.prepares("upgrade --to 1").await;
    // The session whose patience ends first is the one that is ended.
    let patience = format!(
        "ALTER DATABASE \"{}\" SET deadlock_timeout = '4s'",
        story.database.name
    );
    story.database.execute(&patience).await;
    let other = story.database.session().await;
    let lock_b = "SET deadlock_timeout = '60s'; BEGIN; UPDATE b SET n = n + 10";
    other.batch_execute(lock_b).await.unwrap();
    let child = story.starts("upgrade");
    waiting_on(&story.database).await;
    other
        .batch_execute("UPDATE a SET n = n + 10; COMMIT")
        .await
        .unwrap();
    story.ends(child, 0).await;
    story.is("deadlock.timescale");
}

#[tokio::test]
async fn mysql_the_session_no_longer_holds_the_lock() {
    // What a pooler does behind our back, done by the file itself.
    let first = "DELIMITER $$\nCREATE FUNCTION let_go() RETURNS int NO SQL BEGIN RETURN RELEASE_ALL_LOCKS(); END$$\nDELIMITER ;\n";
    let text = "DO let_go();\nCREATE TABLE b (id int);\n";
    let mut story = Story::mysql(&[first, text]).await;
    story.types("upgrade", 7).await;
    story.there().await;
    story.types("status", 7).await;
    story.types("upgrade", 0).await;
    story.there().await;
    story.is("lock-lost.mysql");
}

#[tokio::test]
async fn timescale_the_session_no_longer_holds_the_lock() {
    let first = "CREATE FUNCTION let_go() RETURNS void LANGUAGE sql AS $$ SELECT pg_advisory_unlock_all() $$;\n";
    let text = "SELECT let_go();\nCREATE TABLE b (id int);\n";
    let singly = "-- sgmp-db: no-transaction\n";
    for (name, directive, codes) in [
        ("lock-lost", "", (1, 3, 1)),
        ("lock-lost-no-transaction", singly, (7, 7, 0)),
    ] {
        let mut story = Story::timescale(&[first, &format!("{directive}{text}")]).await;
        story.types("upgrade", codes.0).await;
        story.there().await;
        story.types("status", codes.1).await;
        story.types("upgrade", codes.2).await;
        story.there().await;
        story.is(&format!("{name}.timescale"));
    }
}
