//! A server with its own, durable defaults, reached without Docker's proxy where that is possible.

use crate::support::{
    Kind,
    database::{mysql_admin, postgres_admin},
    server::own,
};
use mysql_async::prelude::Queryable;
use std::{net::TcpStream, process::Stdio};
use testcontainers::{ContainerAsync, GenericImage};
use tokio::process::Command;

/// A login without characters that other tools cannot take.
pub const USER: &str = "bench";
/// Its password.
pub const PASSWORD: &str = "plain";

/// The server.
pub struct BenchServer {
    pub kind: Kind,
    /// The container's address, or this machine's where that cannot be reached.
    pub host: String,
    pub port: u16,
    /// On this machine's loopback.
    pub published: u16,
    container: ContainerAsync<GenericImage>,
}

/// The container's own, which a Mac cannot reach.
async fn address(container: &str) -> String {
    let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    let inspected = Command::new("docker")
        .args(["inspect", "--format", format, container])
        .output()
        .await
        .expect("the docker command");
    String::from_utf8_lossy(&inspected.stdout).trim().to_owned()
}

impl BenchServer {
    /// Starts one with a login for every tool.
    pub async fn start(kind: Kind) -> BenchServer {
        let command: &[&str] = match kind {
            Kind::Mysql => &["mysqld"],
            _ => &["postgres", "-c", "timescaledb.telemetry_level=off"],
        };
        let (container, published) = own(kind, command).await;
        let inside = if kind == Kind::Mysql { 3306 } else { 5432 };
        let address = address(container.id()).await;
        let (host, port) = match TcpStream::connect((address.as_str(), inside)) {
            Ok(_) => (address, inside),
            Err(_) => ("127.0.0.1".to_owned(), published),
        };
        let server = BenchServer {
            kind,
            host,
            port,
            published,
            container,
        };
        let create = match kind {
            Kind::Mysql => vec![
                format!("CREATE USER {USER} IDENTIFIED BY '{PASSWORD}'"),
                format!("GRANT ALL ON *.* TO {USER}"),
            ],
            _ => vec![format!(
                "CREATE ROLE {USER} LOGIN SUPERUSER PASSWORD '{PASSWORD}'"
            )],
        };
        for sql in create {
            server.execute(&sql).await;
        }
        server
    }

    /// Name and version.
    pub async fn describe(&self) -> String {
        match self.kind {
            Kind::Mysql => format!("MySQL {}", self.ask("mysql", "SELECT VERSION()").await),
            _ => format!(
                "PostgreSQL {}",
                self.ask("postgres", "SHOW server_version").await
            ),
        }
    }

    /// An empty database.
    pub async fn create(&self, name: &str) {
        self.execute(&format!("CREATE DATABASE {name}")).await;
    }

    /// Without it.
    pub async fn remove(&self, name: &str) {
        match self.kind {
            Kind::Mysql => self.execute(&format!("DROP DATABASE {name}")).await,
            _ => {
                self.execute(&format!("DROP DATABASE {name} WITH (FORCE)"))
                    .await
            }
        }
    }

    /// How many of the migrations' tables are there.
    pub async fn tables(&self, name: &str) -> usize {
        let schema = if self.kind == Kind::Mysql {
            name
        } else {
            "public"
        };
        let count = format!(
            "SELECT count(*) FROM information_schema.tables WHERE table_schema = '{schema}' AND table_name LIKE 't0%'"
        );
        self.ask(name, &count).await.parse().expect("a number")
    }

    /// How many rows the first of them has.
    pub async fn rows(&self, name: &str) -> usize {
        let table = if self.kind == Kind::Mysql {
            format!("{name}.t00001")
        } else {
            "t00001".to_owned()
        };
        let count = format!("SELECT count(*) FROM {table}");
        self.ask(name, &count).await.parse().expect("a number")
    }

    /// Bytes of binary log or WAL that the server has written so far.
    pub async fn written(&self) -> u64 {
        if self.kind != Kind::Mysql {
            let query = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')";
            let bytes = self.ask("postgres", query).await;
            return bytes.parse().expect("a number");
        }
        let mut session = mysql_admin(self.published).await.expect("a session");
        let logs: Vec<mysql_async::Row> = session.query("SHOW BINARY LOGS").await.expect("logs");
        session.disconnect().await.expect("the session ends");
        let size = |row: &mysql_async::Row| row.get::<u64, _>(1).expect("a size");
        logs.iter().map(size).sum()
    }

    async fn ask(&self, database: &str, sql: &str) -> String {
        match self.kind {
            Kind::Mysql => {
                let mut session = mysql_admin(self.published).await.expect("a session");
                let value: Option<String> = session.query_first(sql).await.expect(sql);
                session.disconnect().await.expect("the session ends");
                value.expect("a value")
            }
            _ => {
                let session = postgres_admin(self.published, database)
                    .await
                    .expect("a session");
                let messages = session.simple_query(sql).await.expect(sql);
                let row = messages.iter().find_map(|message| match message {
                    tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0),
                    _ => None,
                });
                row.expect("a value").to_owned()
            }
        }
    }

    async fn execute(&self, sql: &str) {
        match self.kind {
            Kind::Mysql => {
                let mut session = mysql_admin(self.published).await.expect("a session");
                session.query_drop(sql).await.expect(sql);
                session.disconnect().await.expect("the session ends");
            }
            _ => {
                let session = postgres_admin(self.published, "postgres").await;
                let session = session.expect("a session");
                session.batch_execute(sql).await.expect(sql);
            }
        }
    }

    /// A shell inside, with a file as its input.
    pub fn shell(&self, script: &str) -> Command {
        let mut command = Command::new("docker");
        command
            .args(["exec", "-i", self.container.id(), "sh", "-c", script])
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command
    }
}
