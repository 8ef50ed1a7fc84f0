//! The server's own command-line client, in its container, which is what a person pipes a repair into.

use crate::support::{MysqlDatabase, server::PASSWORD};
use sgmp_db::{
    schema::Repair,
    sql::{Dialect, Script},
};
use std::{process::Stdio, time::Duration};
use tokio::{io::AsyncWriteExt, process::Command};

/// Its login, and how its texts are encoded.
pub const LOGIN: [&str; 3] = ["-h127.0.0.1", "-uroot", "--default-character-set=utf8mb4"];

/// Runs one with that input; what it wrote, or what it complained of.
pub async fn client(
    database: &MysqlDatabase,
    arguments: &[&str],
    input: &[u8],
) -> Result<Vec<u8>, String> {
    let mut command = Command::new("docker");
    let password = format!("MYSQL_PWD={PASSWORD}");
    command
        .args(["exec", "-i", "-e", &password, &database.server.container])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut child = command.spawn().expect("docker");
    let mut stdin = child.stdin.take().expect("its input");
    let (written, output) = tokio::time::timeout(Duration::from_secs(60), async {
        let write = async {
            let written = stdin.write_all(input).await;
            drop(stdin);
            written
        };
        tokio::join!(write, child.wait_with_output())
    })
    .await
    .expect("the client ends");
    let output = output.expect("the client runs");
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    written.expect("the client reads");
    Ok(output.stdout)
}

/// Statements as `diff --sql` writes them.
pub fn script<'r>(repairs: impl IntoIterator<Item = &'r Repair>) -> String {
    let mut script = Script::new(Dialect::Mysql);
    for repair in repairs {
        script.remark(&repair.key.to_string());
        script.statement(&repair.sql);
    }
    script.text()
}

/// Pipes a script into the client, which stops at the first error.
pub async fn pipe(database: &MysqlDatabase, script: &str) -> Result<(), String> {
    let arguments = [&["mysql"], &LOGIN[..], &[&database.name]].concat();
    let ran = client(database, &arguments, script.as_bytes()).await;
    ran.map(drop)
        .map_err(|error| format!("{error} of\n{script}"))
}
