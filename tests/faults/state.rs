//! What is in a database after a run: schema, data, history and ledger, as one text to compare.

use crate::{
    support::{MysqlDatabase, TimescaleDatabase},
    victim::Database,
};
use mysql_async::{Row, Value, prelude::Queryable};
use std::fmt::Write;
use tokio_postgres::SimpleQueryMessage;

/// Which entries ended well, and whether something is still said to be under way at the end.
const LEDGER: &str = "SELECT version, statements_done, statements_total, state, \
     CASE WHEN in_flight IS NULL THEN 'nothing in flight' ELSE 'in flight' END \
     FROM sgmp_db_ledger l \
     WHERE event IN ('apply', 'resolve') AND id = (SELECT max(id) FROM sgmp_db_ledger m WHERE m.version = l.version) \
     ORDER BY version";

/// Every migration is recorded as done once.
const DONE: &str = "SELECT version, count(*) FROM sgmp_db_ledger WHERE state = 'done' AND event = 'apply' \
     GROUP BY version ORDER BY version";

/// The texts of entries that are about no migration: a ledger's conversion loses none.
const TEXTS: &str = "SELECT t.entry, t.kind, count(*), DIGEST \
     FROM sgmp_db_ledger_text t JOIN sgmp_db_ledger l ON l.id = t.entry AND l.version IS NULL \
     GROUP BY t.entry, t.kind ORDER BY t.entry, t.kind";

const HISTORY: &str =
    "SELECT version, name, checksum FROM refinery_schema_history ORDER BY version";

/// Everything in the database.
pub async fn state(database: &Database) -> String {
    match database {
        Database::Mysql(database) => mysql(database).await,
        Database::Timescale(database) => timescale(database).await,
    }
}

async fn mysql(database: &MysqlDatabase) -> String {
    let mut session = database.session().await;
    let mut text = String::new();
    let mut ask = async |sql: String| -> Vec<Vec<String>> {
        let rows: Vec<Row> = session.query(&sql).await.expect(&sql);
        rows.into_iter()
            .map(|row| row.unwrap().into_iter().map(plain).collect())
            .collect()
    };
    for table in ask("SHOW FULL TABLES".to_owned()).await {
        let (name, kind) = (&table[0], &table[1]);
        writeln!(text, "{kind} {name}").unwrap();
        let record = [
            "refinery_schema_history",
            "sgmp_db_ledger",
            "sgmp_db_ledger_text",
        ]
        .contains(&name.as_str());
        if !record {
            let made = ask(format!("SHOW CREATE TABLE `{name}`")).await;
            writeln!(text, "{}", made[0][1].replace(&database.name, "DATABASE")).unwrap();
            rows(
                &mut text,
                ask(format!("SELECT * FROM `{name}` ORDER BY 1, 2")).await,
            );
        }
    }
    let triggers = "SELECT TRIGGER_NAME, EVENT_MANIPULATION, EVENT_OBJECT_TABLE, ACTION_TIMING, ACTION_STATEMENT, \
         SQL_MODE, DEFINER FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() ORDER BY 1";
    let routines = "SELECT ROUTINE_NAME, ROUTINE_DEFINITION FROM information_schema.ROUTINES \
         WHERE ROUTINE_SCHEMA = DATABASE() ORDER BY 1";
    let digest = "SUM(CRC32(UNCOMPRESS(t.body)) * (t.part + 1))";
    let texts = TEXTS.replace("DIGEST", digest);
    for sql in [triggers, routines, &texts, HISTORY, LEDGER, DONE] {
        rows(&mut text, ask(sql.to_owned()).await);
    }
    session.disconnect().await.expect("the session ends");
    text
}

fn plain(value: Value) -> String {
    match value {
        Value::NULL => "NULL".to_owned(),
        Value::Bytes(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        other => other.as_sql(true),
    }
}

fn rows(text: &mut String, rows: Vec<Vec<String>>) {
    for row in rows {
        writeln!(text, "  {}", row.join("|")).unwrap();
    }
}

/// Tables with their columns, indexes with their validity, constraints, triggers, views, functions, hypertables.
/// Chunks are counted and their indexes judged, not named: their numbers depend on what was rolled back.
const POSTGRES: [&str; 8] = [
    "SELECT c.relname, c.relkind, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid) \
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
     LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum \
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S') ORDER BY c.relname, a.attnum",
    "SELECT pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisready FROM pg_index i \
     JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace = 'public'::regnamespace ORDER BY 1",
    "SELECT conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint \
     WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2",
    "SELECT tgrelid::regclass, pg_get_triggerdef(oid) FROM pg_trigger \
     WHERE NOT tgisinternal AND tgrelid::regclass::text NOT LIKE '\\_timescaledb%' ORDER BY 1, 2",
    "SELECT proname, pg_get_functiondef(p.oid) FROM pg_proc p \
     WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = p.oid AND deptype = 'e') ORDER BY 1",
    "SELECT hypertable_name, num_dimensions, num_chunks FROM timescaledb_information.hypertables ORDER BY 1",
    "SELECT ch.hypertable_name, count(*), count(*) FILTER (WHERE NOT i.indisvalid) FROM timescaledb_information.chunks ch \
     JOIN pg_class c ON c.relname = ch.chunk_name JOIN pg_index i ON i.indrelid = c.oid GROUP BY 1 ORDER BY 1",
    "SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database()",
];

async fn timescale(database: &TimescaleDatabase) -> String {
    let session = database.session().await;
    let mut text = String::new();
    let ask = async |sql: String| -> Vec<Vec<String>> {
        let messages = session.simple_query(&sql).await.expect(&sql);
        messages
            .into_iter()
            .filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => Some(
                    (0..row.len())
                        .map(|index| row.get(index).unwrap_or("NULL").to_owned())
                        .collect(),
                ),
                _ => None,
            })
            .collect()
    };
    for sql in POSTGRES {
        rows(&mut text, ask(sql.to_owned()).await);
    }
    let tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' \
         AND tablename NOT IN ('refinery_schema_history', 'sgmp_db_ledger', 'sgmp_db_ledger_text') ORDER BY 1";
    for table in ask(tables.to_owned()).await {
        writeln!(text, "{}", table[0]).unwrap();
        rows(
            &mut text,
            ask(format!("SELECT * FROM \"{}\" ORDER BY 1, 2", table[0])).await,
        );
    }
    let digest = "md5(string_agg(t.body, ''::bytea ORDER BY t.part))";
    let texts = TEXTS.replace("DIGEST", digest);
    for sql in [&texts, HISTORY, LEDGER, DONE] {
        rows(&mut text, ask(sql.to_owned()).await);
    }
    text
}
