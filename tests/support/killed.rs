//! The tool killed, stopped or kept waiting while a statement of its is under way.

use super::{MysqlDatabase, Run, Sgmp, TimescaleDatabase};
use mysql_async::{Conn, prelude::Queryable};
use std::{fs, path::Path, process::Command, time::Duration};
use tempfile::TempDir;
use tokio::process::Child;
use tokio_postgres::Client;

/// A project with these files for one database.
pub fn project(target: &str, files: &[&str]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for folder in ["mysql", "timescale"] {
        fs::create_dir(directory.path().join(folder)).unwrap();
    }
    for (index, text) in files.iter().enumerate() {
        write(directory.path(), target, index + 1, text);
    }
    directory
}

/// Writes one file of it.
pub fn write(directory: &Path, target: &str, version: usize, text: &str) {
    let file = format!("V{version}__step.sql");
    fs::write(directory.join(target).join(file), text).unwrap();
}

/// What a call printed on stderr, without what differs from run to run.
pub fn told(run: &Run, database: &str, directory: &TempDir) -> String {
    let text = format!("exit {}\n{}", run.code.unwrap_or(-1), run.stderr)
        .replace(&directory.path().display().to_string(), "DIR")
        .replace(database, "DATABASE");
    text.lines()
        .map(|line| match line.split_once(" statements in ") {
            Some((head, _)) => format!("{head} statements in N ms\n"),
            None => format!("{line}\n"),
        })
        .collect()
}

/// A session whose open transaction keeps every DDL statement on `table` waiting.
pub async fn blocker(mysql: &MysqlDatabase, table: &str) -> Conn {
    let mut session = mysql.session().await;
    session.query_drop("START TRANSACTION").await.unwrap();
    let rows: Vec<mysql_async::Row> = session
        .query(format!("SELECT * FROM `{table}`"))
        .await
        .unwrap();
    drop(rows);
    session
}

/// The same on PostgreSQL.
pub async fn blocker_on(timescale: &TimescaleDatabase, table: &str) -> Client {
    let session = timescale.session().await;
    let open = format!("BEGIN; SELECT * FROM {table}");
    session.batch_execute(&open).await.unwrap();
    session
}

/// Sends a started call a signal.
pub fn send(child: &Child, signal: &str) {
    let pid = child.id().unwrap().to_string();
    let sent = Command::new("kill")
        .args([format!("-{signal}"), pid])
        .status();
    assert!(sent.unwrap().success());
}

/// The backend that waits for a lock in this database, or for older transactions to end.
pub async fn waiting_on(timescale: &TimescaleDatabase) -> String {
    let query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    for _ in 0..400 {
        if let Some(pid) = timescale.rows(query).await.into_iter().next() {
            return pid;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no statement waits");
}

/// The connection that waits for a table in this database.
pub async fn waiting(mysql: &MysqlDatabase) -> String {
    let query = format!(
        "SELECT ID FROM performance_schema.processlist WHERE DB = '{}' AND STATE LIKE 'Waiting for table metadata lock'",
        mysql.name
    );
    for _ in 0..400 {
        if let Some(id) = mysql.rows(&query).await.into_iter().next() {
            return id;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no statement waits");
}

/// Returns when the server has ended that connection.
pub async fn gone(mysql: &MysqlDatabase, connection: &str) {
    let query =
        format!("SELECT count(*) FROM performance_schema.processlist WHERE ID = {connection}");
    for _ in 0..400 {
        if mysql.rows(&query).await == ["0"] {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("connection {connection} stays");
}

/// What happens to the statement after its client was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The server finishes it, and nobody records that.
    Applied,
    /// Its session is killed too.
    NotApplied,
}

/// Kills the tool while the statement on `table` is under way, and returns when the server is done.
pub async fn kill_in(sgmp: &Sgmp, mysql: &MysqlDatabase, table: &str, fate: Fate) {
    let mut session = blocker(mysql, table).await;
    let mut child = sgmp.spawn(&["upgrade", "--only", "mysql"]);
    let connection = waiting(mysql).await;
    child.kill().await.unwrap();
    if fate == Fate::NotApplied {
        mysql.execute(&format!("KILL {connection}")).await;
        gone(mysql, &connection).await;
    }
    session.query_drop("ROLLBACK").await.unwrap();
    session.disconnect().await.unwrap();
    gone(mysql, &connection).await;
}
