//! A server of this harness's own that can be killed with SIGKILL and comes back by itself.
//!
//! The container's first process is a loop around the server's entry point. A SIGKILL to every
//! other process is what a crashed machine is to the server: nothing is written any more, the data
//! directory stays as it is, and the next start recovers.
//!
//! The settings are the durable defaults (MySQL: `innodb_flush_log_at_trx_commit=1`,
//! `sync_binlog=1`, the doublewrite buffer; PostgreSQL: `fsync`, `synchronous_commit`,
//! `full_page_writes`). The data directory is in memory, which a SIGKILL does not touch.

use crate::support::{
    Kind, MysqlDatabase, Server, TimescaleDatabase,
    database::{mysql_admin, postgres_admin},
    server::request,
};
use crate::wire::Protocol;
use mysql_async::prelude::Queryable;
use std::{process::Stdio, time::Duration};
use testcontainers::{
    ContainerAsync, GenericImage, ImageExt,
    core::{IntoContainerPort, Mount},
    runners::AsyncRunner,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, Command},
};

/// The server.
pub struct Victim {
    pub server: Server,
    _container: ContainerAsync<GenericImage>,
}

/// Stands in the container and waits for the word, so that the kill comes at once.
pub struct Killer(Child);

impl Victim {
    /// Starts one.
    pub async fn start(kind: Kind) -> Victim {
        let (command, data) = match kind {
            // A login that is held must not be given up for its age while others are on their way.
            Kind::Mysql => (
                "mysqld --max-connections=500 --connect-timeout=120 --innodb-flush-log-at-trx-commit=1 --sync-binlog=1",
                "/var/lib/mysql",
            ),
            _ => (
                "postgres -c max_connections=300 -c authentication_timeout=120 -c fsync=on \
                 -c synchronous_commit=on -c full_page_writes=on -c timescaledb.telemetry_level=off",
                "/var/lib/postgresql/data",
            ),
        };
        // SCRAM costs a debug build more than the rest of a run; every other test logs in with it.
        let login = if cfg!(debug_assertions) {
            "password"
        } else {
            "scram-sha-256"
        };
        let again = format!(
            "export POSTGRES_HOST_AUTH_METHOD={login}; while :; do docker-entrypoint.sh {command}; done"
        );
        let container = request(kind)
            .await
            .with_cmd(["sh", "-c", &again])
            .with_mount(Mount::tmpfs_mount(data));
        let container = container.start().await.expect("a server");
        let inside = if kind == Kind::Mysql { 3306 } else { 5432 };
        let port = container.get_host_port_ipv4(inside.tcp()).await;
        let port = port.expect("a port");
        let server = Server {
            kind,
            port,
            container: container.id().to_owned(),
        };
        let victim = Victim {
            server,
            _container: container,
        };
        victim.wait().await;
        victim
    }

    /// A killer in place.
    pub async fn arm(&self) -> Killer {
        let mut killer = Command::new("docker")
            .args(["exec", "-i", &self.server.container, "sh", "-c"])
            .arg("echo armed; read -r word; kill -9 -1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the docker command");
        let mut lines = BufReader::new(killer.stdout.as_mut().expect("its output")).lines();
        let line = tokio::time::timeout(Duration::from_secs(60), lines.next_line());
        let armed = line.await.expect("in time").expect("a line");
        assert_eq!(armed.as_deref(), Some("armed"));
        Killer(killer)
    }

    /// Waits until the server takes logins again.
    pub async fn wait(&self) {
        for _ in 0..600 {
            let answers = match self.server.kind {
                Kind::Mysql => mysql_admin(self.server.port).await.is_ok(),
                _ => postgres_admin(self.server.port, "postgres").await.is_ok(),
            };
            if answers {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the server has not come back within a minute");
    }

    /// A database of that name, made anew.
    pub async fn database(&self, name: &str) -> Database {
        let server = self.server.clone();
        let name = name.to_owned();
        let database = match self.server.kind {
            Kind::Mysql => Database::Mysql(MysqlDatabase { server, name }),
            _ => Database::Timescale(TimescaleDatabase { server, name }),
        };
        database.create().await;
        database
    }
}

impl Killer {
    /// SIGKILL to the server and everything of it.
    pub async fn fire(mut self) {
        let mut stdin = self.0.stdin.take().expect("its input");
        stdin.write_all(b"now\n").await.expect("the word arrives");
        stdin.flush().await.expect("the word arrives");
        let ended = tokio::time::timeout(Duration::from_secs(60), self.0.wait());
        ended.await.expect("in time").expect("the killer ends");
    }
}

/// A database of one case's own.
pub enum Database {
    Mysql(MysqlDatabase),
    Timescale(TimescaleDatabase),
}

impl Database {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Database::Mysql(database) => &database.name,
            Database::Timescale(database) => &database.name,
        }
    }

    /// Its server's port.
    pub fn port(&self) -> u16 {
        match self {
            Database::Mysql(database) => database.server.port,
            Database::Timescale(database) => database.server.port,
        }
    }

    /// As `--only` and the folder of migrations name it.
    pub fn target(&self) -> &'static str {
        match self {
            Database::Mysql(_) => "mysql",
            Database::Timescale(_) => "timescale",
        }
    }

    /// What its server speaks.
    pub fn protocol(&self) -> Protocol {
        match self {
            Database::Mysql(_) => Protocol::Mysql,
            Database::Timescale(_) => Protocol::Postgres,
        }
    }

    /// The rows of a query, each as its columns joined by `|`.
    pub async fn rows(&self, sql: &str) -> Vec<String> {
        match self {
            Database::Mysql(database) => database.rows(sql).await,
            Database::Timescale(database) => database.rows(sql).await,
        }
    }

    async fn create(&self) {
        match self {
            Database::Mysql(database) => {
                let create = format!("CREATE DATABASE `{}` CHARACTER SET utf8mb4", database.name);
                database
                    .admin()
                    .await
                    .query_drop(create)
                    .await
                    .expect("a database");
            }
            Database::Timescale(database) => {
                let create = format!(
                    "CREATE DATABASE \"{}\" ENCODING 'UTF8' TEMPLATE template0",
                    database.name
                );
                self.postgres(&create, database).await;
            }
        }
    }

    /// Drops it.
    pub async fn remove(&self) {
        match self {
            Database::Mysql(database) => {
                let drop = format!("DROP DATABASE `{}`", database.name);
                database
                    .admin()
                    .await
                    .query_drop(drop)
                    .await
                    .expect("the database goes");
            }
            Database::Timescale(database) => {
                // TimescaleDB's own worker may stand in it.
                let drop = format!("DROP DATABASE \"{}\" WITH (FORCE)", database.name);
                self.postgres(&drop, database).await;
            }
        }
    }

    async fn postgres(&self, sql: &str, database: &TimescaleDatabase) {
        let session = postgres_admin(database.server.port, "postgres").await;
        let session = session.expect("an administrator's session");
        session.batch_execute(sql).await.expect(sql);
    }
}
