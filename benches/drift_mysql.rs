//! What does reading a MySQL schema of 5,000 tables cost, beside its bare catalog queries?
//!
//! By hand: `cargo bench --bench drift_mysql`, with the images of scripts/test. Goal: at most twice.

#[path = "../tests/support/mod.rs"]
mod support;

use mysql_async::{Conn, Row, prelude::Queryable};
use sgmp_db::engine::Engine;
use std::time::{Duration, Instant};
use support::MysqlDatabase;

const TABLES: usize = 5_000;
const ROUNDS: usize = 7;

/// The catalog's own rows, as any reader of this schema has to fetch them.
const BARE: [&str; 6] = [
    "SELECT TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_COLLATION, CREATE_OPTIONS, TABLE_COMMENT \
     FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()",
    "SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, EXTRA, GENERATION_EXPRESSION, \
     COLLATION_NAME, SRS_ID, COLUMN_COMMENT, ORDINAL_POSITION \
     FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()",
    "SELECT TABLE_NAME, INDEX_NAME, NON_UNIQUE, INDEX_TYPE, IS_VISIBLE, COLUMN_NAME, EXPRESSION, SUB_PART, COLLATION, \
     INDEX_COMMENT, SEQ_IN_INDEX FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()",
    "SELECT k.TABLE_NAME, k.CONSTRAINT_NAME, k.COLUMN_NAME, k.REFERENCED_TABLE_SCHEMA, k.REFERENCED_TABLE_NAME, \
     k.REFERENCED_COLUMN_NAME, r.DELETE_RULE, r.UPDATE_RULE FROM information_schema.KEY_COLUMN_USAGE AS k \
     JOIN information_schema.REFERENTIAL_CONSTRAINTS AS r ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA \
     AND r.TABLE_NAME = k.TABLE_NAME AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME \
     WHERE k.TABLE_SCHEMA = DATABASE() AND k.REFERENCED_TABLE_NAME IS NOT NULL",
    "SELECT TABLE_NAME, CONSTRAINT_NAME, ENFORCED FROM information_schema.TABLE_CONSTRAINTS \
     WHERE CONSTRAINT_SCHEMA = DATABASE() AND CONSTRAINT_TYPE = 'CHECK'",
    "SELECT TABLE_NAME, PARTITION_NAME FROM information_schema.PARTITIONS \
     WHERE TABLE_SCHEMA = DATABASE() AND PARTITION_NAME IS NOT NULL",
];

fn main() {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(measure());
}

async fn measure() {
    let database = MysqlDatabase::new().await;
    let mut session = database.session().await;
    fill(&mut session).await;
    let mut engine = database.engine();
    let (mut bare, mut reading) = (Vec::new(), Vec::new());
    // The first round warms the dictionary's cache.
    for round in 0..=ROUNDS {
        let begun = Instant::now();
        for query in BARE {
            let rows: Vec<Row> = session.query(query).await.expect(query);
            drop(rows);
        }
        let queried = begun.elapsed();
        let begun = Instant::now();
        let read = engine.schema().await.expect("a reading");
        if round > 0 {
            bare.push(queried);
            reading.push(begun.elapsed());
        }
        assert_eq!(read.schema.objects.len(), 1 + 3 * TABLES + TABLES - 1);
    }
    let (bare, reading) = (median(bare), median(reading));
    let ratio = reading.as_secs_f64() / bare.as_secs_f64();
    println!(
        "{TABLES} tables: bare catalog queries {bare:.0?}, reading {reading:.0?}, ratio {ratio:.2} (goal 2)"
    );
    engine.close().await.expect("the end of the session");
    let drop = format!("DROP DATABASE `{}`", database.name);
    session.query_drop(drop).await.expect("the database goes");
    assert!(
        ratio <= 2.0,
        "reading takes {ratio:.2} times the bare queries"
    );
}

/// Ten columns, a primary key, an index and a foreign key to the table before.
async fn fill(session: &mut Conn) {
    for index in 0..TABLES {
        let parent = index.checked_sub(1).map_or_else(String::new, |before| {
            format!(", CONSTRAINT f{index} FOREIGN KEY (parent) REFERENCES t{before} (id)")
        });
        let sql = format!(
            "CREATE TABLE t{index} (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, parent int, a varchar(20) NOT NULL, \
             b text, c decimal(10,2) DEFAULT 0, d datetime(6) DEFAULT now(6), e json, f tinyint(1) NOT NULL DEFAULT 0, \
             g bigint unsigned, h enum('x','y') DEFAULT 'x', KEY parent (parent){parent})"
        );
        session.query_drop(&sql).await.expect(&sql);
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
