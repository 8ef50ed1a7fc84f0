//! The tool killed while a statement of its is under way on MySQL.

use super::{MysqlDatabase, Run, Sgmp};
use mysql_async::{Conn, prelude::Queryable};
use std::{fs, path::Path, time::Duration};
use tempfile::TempDir;

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
