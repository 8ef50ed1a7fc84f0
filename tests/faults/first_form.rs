//! A ledger as the first released binary left it, with texts in its rows: the first run converts it.

use crate::{support::MysqlDatabase, victim::Database};
use mysql_async::prelude::Queryable;

/// The table as that binary made it.
const MYSQL: &str = "CREATE TABLE sgmp_db_ledger (
  id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, event varchar(16) NOT NULL, version int NULL,
  name varchar(255) NULL, state varchar(16) NOT NULL, checksum varchar(80) NULL, script longtext NULL,
  statements_total int NOT NULL, statements_done int NOT NULL, in_flight int NULL, in_flight_sha256 char(64) NULL,
  evidence longtext NULL, continues bigint NULL, started_at datetime(6) NOT NULL, finished_at datetime(6) NULL,
  duration_ms bigint NULL, error text NULL, os_user varchar(255) NOT NULL, os_host varchar(255) NOT NULL,
  database_user varchar(255) NOT NULL, tool_version varchar(64) NOT NULL, details text NULL, snapshot longtext NULL,
  fingerprint varchar(80) NULL, KEY ix_sgmp_db_ledger_version (version)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='sgmp-db ledger format 1'";

const POSTGRES: &str = "CREATE TABLE public.sgmp_db_ledger (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event varchar(16) NOT NULL, version integer,
  name varchar(255), state varchar(16) NOT NULL, checksum varchar(80), script text,
  statements_total integer NOT NULL, statements_done integer NOT NULL, in_flight integer, in_flight_sha256 char(64),
  evidence text, continues bigint, started_at timestamptz NOT NULL, finished_at timestamptz,
  duration_ms bigint, error text, os_user varchar(255) NOT NULL, os_host varchar(255) NOT NULL,
  database_user varchar(255) NOT NULL, tool_version varchar(64) NOT NULL, details text, snapshot text,
  fingerprint varchar(80));
  COMMENT ON TABLE public.sgmp_db_ledger IS 'sgmp-db ledger format 1';
  CREATE INDEX ix_sgmp_db_ledger_version ON public.sgmp_db_ledger (version)";

/// Texts of one piece and of several, with characters of several bytes.
const LENGTHS: [usize; 6] = [1, 900, 40_000, 9, 60_000, 1];

/// Makes the table with rows that no migration is about.
pub async fn put(database: &Database) {
    let mut statements = match database {
        Database::Mysql(_) => vec![MYSQL.to_owned()],
        Database::Timescale(_) => vec![POSTGRES.to_owned()],
    };
    for length in LENGTHS {
        let text = format!("repeat('SELECT ''ü€𝄞'' AS n;', {length})");
        statements.push(format!(
            "INSERT INTO sgmp_db_ledger (event, state, script, snapshot, statements_total, statements_done, started_at, \
             os_user, os_host, database_user, tool_version) \
             VALUES ('policy', 'done', {text}, {text}, 0, 0, '2026-01-01', 'a', 'b', 'c', '0.1.0')"
        ));
    }
    match database {
        Database::Mysql(database) => on_mysql(database, &statements).await,
        Database::Timescale(database) => {
            let session = database.session().await;
            let all = statements.join(";\n");
            session.batch_execute(&all).await.expect("the first form");
        }
    }
}

async fn on_mysql(database: &MysqlDatabase, statements: &[String]) {
    let mut session = database.session().await;
    for statement in statements {
        session.query_drop(statement).await.expect("the first form");
    }
    session.disconnect().await.expect("the session ends");
}
