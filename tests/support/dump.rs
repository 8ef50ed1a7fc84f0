//! Dump and restore with the servers' own tools, run inside their containers.

use super::{MysqlDatabase, TimescaleDatabase, server::PASSWORD};
use std::{process::Stdio, time::Duration};
use tokio::{io::AsyncWriteExt, process::Command};

/// How long one dump or restore may take.
const LIMIT: Duration = Duration::from_secs(240);

impl MysqlDatabase {
    /// The schema as mysqldump writes it.
    pub async fn dump(&self) -> String {
        let options = "--no-data --routines --triggers --events --no-tablespaces";
        let script = format!(
            "exec mysqldump -uroot {options} --set-gtid-purged=OFF {}",
            self.name
        );
        self.in_container(&script, "").await
    }

    /// Runs a script of the mysql client's.
    pub async fn restore(&self, script: &str) {
        let client = format!("exec mysql -uroot --binary-mode {}", self.name);
        self.in_container(&client, script).await;
    }

    async fn in_container(&self, script: &str, input: &str) -> String {
        exec(&self.server.container, "MYSQL_PWD", script, input).await
    }
}

impl TimescaleDatabase {
    /// The schema as pg_dump writes it.
    pub async fn dump(&self) -> String {
        let script = format!(
            "exec pg_dump -h 127.0.0.1 -U postgres --schema-only {}",
            self.name
        );
        self.in_container(&script, "").await
    }

    /// Runs a script of psql's.
    pub async fn restore(&self, script: &str) {
        let client = format!(
            "exec psql -h 127.0.0.1 -U postgres -q -v ON_ERROR_STOP=1 -o /dev/null {}",
            self.name
        );
        self.in_container(&client, script).await;
    }

    async fn in_container(&self, script: &str, input: &str) -> String {
        exec(&self.server.container, "PGPASSWORD", script, input).await
    }
}

/// What a shell in the container prints; the administrator's password goes in a variable.
async fn exec(container: &str, variable: &str, script: &str, input: &str) -> String {
    let mut child = Command::new("docker")
        .args(["exec", "--interactive", "--env", variable, container])
        .args(["sh", "-c", script])
        .env(variable, PASSWORD)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("docker");
    let mut stdin = child.stdin.take().expect("its input");
    let feed = async move {
        // A tool that stops early tells why on stderr.
        drop(stdin.write_all(input.as_bytes()).await);
    };
    let ended = async { tokio::join!(feed, child.wait_with_output()).1 };
    let output = tokio::time::timeout(LIMIT, ended)
        .await
        .expect("an end in time")
        .expect("an output");
    assert!(
        output.status.success(),
        "{script}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("UTF-8")
}
