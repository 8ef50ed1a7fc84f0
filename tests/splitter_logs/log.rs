//! A server of the test's own that logs every statement, and what a client makes it log.

use crate::support::{
    Kind,
    database::{mysql_admin, postgres_admin},
    server::{self, PASSWORD},
};
use mysql_async::prelude::Queryable;
use std::{fs, process::Stdio};
use testcontainers::{ContainerAsync, GenericImage};
use tokio::process::Command;
use tokio_postgres::SimpleQueryMessage;

/// In front of every line of PostgreSQL's log that begins an entry.
const PREFIX: &str = "@@@ ";

/// What the mysql client asks before it reads the file.
const ASKED_BY_ITSELF: [&str; 2] = ["select @@version_comment limit 1", "select $$"];

/// The server, where it listens, and which of the two it is.
pub struct Logged {
    container: ContainerAsync<GenericImage>,
    port: u16,
    kind: Kind,
}

impl Logged {
    /// MySQL with its general log in a table. Without `log-raw` what cannot be parsed is not in it (MySQL 8.4
    /// Reference Manual, 8.1.2.3 "Passwords and Logging").
    pub async fn mysql() -> Logged {
        let flags = [
            "mysqld",
            "--general-log=ON",
            "--log-output=TABLE",
            "--log-raw=ON",
        ];
        Logged::own(Kind::Mysql, &flags).await
    }

    /// PostgreSQL that logs what it was sent before it does anything else.
    pub async fn postgres() -> Logged {
        let prefix = format!("log_line_prefix={PREFIX}%p ");
        let flags = [
            "postgres",
            "-c",
            "log_statement=all",
            "-c",
            &prefix,
            "-c",
            "log_connections=on",
            "-c",
            "log_error_verbosity=terse",
            "-c",
            "fsync=off",
        ];
        Logged::own(Kind::Apache17, &flags).await
    }

    async fn own(kind: Kind, flags: &[&str]) -> Logged {
        let (container, port) = server::own(kind, flags).await;
        Logged {
            container,
            port,
            kind,
        }
    }

    /// What the client sends for each of the files, one process for each.
    pub async fn read(&self, files: &[String]) -> Vec<Vec<String>> {
        let folder = tempfile::tempdir().expect("a folder");
        for (index, text) in files.iter().enumerate() {
            fs::write(folder.path().join(format!("{index:06}.sql")), text).expect("a file");
        }
        let into = format!("{}:/tmp/files", self.container.id());
        let copied = Command::new("docker")
            .args(["cp", folder.path().to_str().expect("a path"), &into])
            .output()
            .await;
        assert!(copied.expect("docker").status.success());
        let password = PASSWORD.replace('\'', "'\\''");
        let client = match self.kind {
            Kind::Mysql => format!(
                "MYSQL_PWD='{password}' mysql --user=root --host=127.0.0.1 --force --comments --default-character-set=utf8mb4 mysql"
            ),
            _ => format!(
                "PGPASSWORD='{password}' psql --no-psqlrc --host=127.0.0.1 --username=postgres postgres"
            ),
        };
        let line = format!(
            "for file in /tmp/files/*.sql; do {client} <\"$file\" >/dev/null 2>&1; done; true"
        );
        server::execute(&self.container, &line).await;
        let logged = match self.kind {
            Kind::Mysql => self.general_log().await,
            _ => self.server_log().await,
        };
        assert_eq!(logged.len(), files.len(), "a session for each file");
        logged
    }

    /// MySQL's own log, by session in the order in which they came.
    async fn general_log(&self) -> Vec<Vec<String>> {
        let mut admin = mysql_admin(self.port).await.expect("the server");
        let rows: Vec<(u64, String, Vec<u8>)> = admin
            .query(
                "SELECT thread_id, command_type, argument FROM mysql.general_log \
                 WHERE user_host LIKE '%[127.0.0.1]' OR user_host LIKE '%localhost%[127.0.0.1]'",
            )
            .await
            .expect("the log");
        let mut sessions: Vec<(u64, Vec<String>)> = Vec::new();
        for (thread, command, argument) in rows {
            let argument = String::from_utf8_lossy(&argument).into_owned();
            if command == "Connect" {
                sessions.push((thread, Vec::new()));
            } else if command == "Query"
                && !ASKED_BY_ITSELF.contains(&argument.as_str())
                && let Some((_, said)) = sessions.iter_mut().find(|(known, _)| *known == thread)
            {
                said.push(argument);
            }
        }
        sessions
            .into_iter()
            .map(|(_, said)| said)
            .filter(|said| !said.iter().any(|one| one.contains("general_log")))
            .collect()
    }

    /// PostgreSQL's log; a statement that cannot be parsed is there beside its error only.
    async fn server_log(&self) -> Vec<Vec<String>> {
        let output = Command::new("docker")
            .args(["logs", self.container.id()])
            .stdin(Stdio::null())
            .output()
            .await
            .expect("docker");
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        let mut sessions: Vec<(String, Vec<String>)> = Vec::new();
        for entry in format!("\n{text}").split(&format!("\n{PREFIX}")).skip(1) {
            let (process, entry) = entry.split_once(' ').expect("a process");
            // The server puts a tab in front of each further line.
            let entry = entry.trim_end_matches('\n').replace("\n\t", "\n");
            let known = sessions.iter_mut().find(|(known, _)| known == process);
            if entry.contains("connection authorized: user=postgres")
                && entry.contains("application_name=psql")
            {
                sessions.push((process.to_owned(), Vec::new()));
            } else if let Some((_, said)) = known {
                if let Some(statement) = entry.strip_prefix("LOG:  statement: ") {
                    said.push(statement.to_owned());
                } else if let Some(statement) = entry.strip_prefix("STATEMENT:  ")
                    && said.last().is_none_or(|last| last != statement)
                {
                    said.push(statement.to_owned());
                }
            }
        }
        sessions.into_iter().map(|(_, said)| said).collect()
    }

    /// Fails unless this is nothing to the server: between two words it must be as a blank.
    pub async fn nothing(&self, text: &str, file: &str) {
        // psql sends the delimiter with the statement.
        let text = text.strip_suffix(';').unwrap_or(text);
        if text.trim().is_empty() {
            return;
        }
        let asked = format!("SELECT 1 {text}\n, 2");
        let said = match self.kind {
            Kind::Mysql => {
                let mut admin = mysql_admin(self.port).await.expect("the server");
                let rows: Result<Vec<(u8, u8)>, _> = admin.query(&asked).await;
                rows.map_err(|error| error.to_string())
                    .map(|rows| format!("{rows:?}"))
            }
            _ => {
                let admin = postgres_admin(self.port, "postgres")
                    .await
                    .expect("the server");
                let rows = admin.simple_query(&asked).await;
                rows.map_err(|error| error.to_string())
                    .map(|rows| format!("{:?}", rows.iter().filter_map(pair).collect::<Vec<_>>()))
            }
        };
        assert_eq!(
            said.as_deref(),
            Ok("[(1, 2)]"),
            "the client sends {text:?} of {file:?} beside our statements, and to the server it is not nothing"
        );
    }
}

fn pair(message: &SimpleQueryMessage) -> Option<(u8, u8)> {
    let SimpleQueryMessage::Row(row) = message else {
        return None;
    };
    let value = |at| row.get(at)?.parse().ok();
    Some((value(0)?, value(1)?))
}
