//! One database per test, dropped by nobody: the container goes at the end of the run.

use super::{
    server::{Kind, PASSWORD, Server},
    unique,
};
use mysql_async::{Conn, OptsBuilder, prelude::Queryable};
use std::time::Duration;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// A MySQL session of the administrator's.
pub async fn mysql_admin(port: u16) -> Result<Conn, String> {
    let options = OptsBuilder::default()
        .ip_or_hostname("127.0.0.1")
        .tcp_port(port)
        .user(Some("root"))
        .pass(Some(PASSWORD))
        .prefer_socket(false);
    let connecting = tokio::time::timeout(Duration::from_secs(10), Conn::new(options));
    connecting
        .await
        .map_err(|_| "timed out".to_owned())?
        .map_err(|error| error.to_string())
}

/// A PostgreSQL session of the administrator's.
pub async fn postgres_admin(port: u16, database: &str) -> Result<Client, String> {
    postgres_as(port, database, "postgres", PASSWORD).await
}

/// A PostgreSQL session of anybody's.
pub async fn postgres_as(
    port: u16,
    database: &str,
    user: &str,
    password: &str,
) -> Result<Client, String> {
    let mut config = tokio_postgres::Config::new();
    config
        .host("127.0.0.1")
        .port(port)
        .user(user)
        .password(password)
        .dbname(database)
        .ssl_mode(tokio_postgres::config::SslMode::Disable)
        .connect_timeout(Duration::from_secs(10));
    let (client, connection) = config
        .connect(NoTls)
        .await
        .map_err(|error| format!("{:#}", anyhow::Error::from(error)))?;
    tokio::spawn(connection);
    Ok(client)
}

/// A MySQL database of one test's own.
pub struct MysqlDatabase {
    pub server: Server,
    pub name: String,
}

impl MysqlDatabase {
    /// An empty one.
    pub async fn new() -> MysqlDatabase {
        let database = MysqlDatabase::absent().await;
        let create = format!("CREATE DATABASE `{}` CHARACTER SET utf8mb4", database.name);
        database
            .admin()
            .await
            .query_drop(create)
            .await
            .expect("a database");
        database
    }

    /// A name only; the database does not exist.
    pub async fn absent() -> MysqlDatabase {
        MysqlDatabase {
            server: Server::shared(Kind::Mysql).await,
            name: unique("t"),
        }
    }

    /// The administrator's session, without a default database.
    pub async fn admin(&self) -> Conn {
        mysql_admin(self.server.port)
            .await
            .expect("an administrator's session")
    }

    /// The administrator's session on this database.
    pub async fn session(&self) -> Conn {
        let mut conn = self.admin().await;
        conn.query_drop(format!("USE `{}`", self.name))
            .await
            .expect("the database");
        conn
    }

    /// Runs statements.
    pub async fn execute(&self, sql: &str) {
        self.session().await.query_drop(sql).await.expect(sql);
    }

    /// The rows of a query, each as its columns joined by `|`.
    pub async fn rows(&self, sql: &str) -> Vec<String> {
        let rows: Vec<mysql_async::Row> = self.session().await.query(sql).await.expect(sql);
        rows.into_iter()
            .map(|row| {
                row.unwrap()
                    .into_iter()
                    .map(|value| match value {
                        mysql_async::Value::NULL => "NULL".to_owned(),
                        mysql_async::Value::Bytes(bytes) => {
                            String::from_utf8_lossy(&bytes).into_owned()
                        }
                        other => other.as_sql(true),
                    })
                    .collect::<Vec<_>>()
                    .join("|")
            })
            .collect()
    }

    /// `SHOW CREATE TABLE` of every table but those that hold a record.
    pub async fn definitions(&self) -> String {
        let mut text = String::new();
        for table in self.rows("SHOW TABLES").await {
            if [
                "refinery_schema_history",
                "sgmp_db_ledger",
                "sgmp_db_ledger_text",
                "alembic_version",
            ]
            .contains(&table.as_str())
            {
                continue;
            }
            let row = self
                .rows(&format!("SHOW CREATE TABLE `{table}`"))
                .await
                .remove(0);
            text.push_str(row.split_once('|').expect("name and definition").1);
            text.push_str(";\n");
        }
        text
    }
}

/// A TimescaleDB database of one test's own.
pub struct TimescaleDatabase {
    pub server: Server,
    pub name: String,
}

impl TimescaleDatabase {
    /// An empty one, without the extension.
    pub async fn new(kind: Kind) -> TimescaleDatabase {
        let database = TimescaleDatabase::absent(kind).await;
        // The community edition of these machines makes a database of any name at the first login.
        if let Ok(client) = postgres_admin(database.server.port, "postgres").await {
            let create = format!(
                "CREATE DATABASE \"{}\" ENCODING 'UTF8' TEMPLATE template0",
                database.name
            );
            if kind != Kind::Community {
                client.batch_execute(&create).await.expect("a database");
            }
        }
        database
    }

    /// A name only; the database does not exist.
    pub async fn absent(kind: Kind) -> TimescaleDatabase {
        TimescaleDatabase {
            server: Server::shared(kind).await,
            name: unique("t"),
        }
    }

    /// The administrator's session on this database.
    pub async fn session(&self) -> Client {
        postgres_admin(self.server.port, &self.name)
            .await
            .expect("an administrator's session")
    }

    /// Runs statements.
    pub async fn execute(&self, sql: &str) {
        self.session().await.batch_execute(sql).await.expect(sql);
    }

    /// The rows of a query, each as its columns joined by `|`.
    pub async fn rows(&self, sql: &str) -> Vec<String> {
        let messages = self.session().await.simple_query(sql).await.expect(sql);
        messages
            .into_iter()
            .filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => Some(
                    (0..row.len())
                        .map(|index| row.get(index).unwrap_or("NULL").to_owned())
                        .collect::<Vec<_>>()
                        .join("|"),
                ),
                _ => None,
            })
            .collect()
    }
}
