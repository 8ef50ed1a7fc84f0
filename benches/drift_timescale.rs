//! What does reading a schema cost? `cargo bench --bench drift_timescale`: with 20 chunks and with
//! 20,000, and with 5,000 tables against the bare catalog queries. Run by hand; takes minutes.

#[path = "../tests/support/mod.rs"]
mod support;

use sgmp_db::{
    config::{Endpoint, Tls, TlsMode},
    connect::ConnectOptions,
    engine::{Engine, timescale::Timescale},
    target::Target,
};
use std::time::{Duration, Instant};
use support::{
    Kind,
    database::postgres_admin,
    server::{self, PASSWORD},
};
use tokio_postgres::Client;

const RUNS: usize = 15;

const HYPERTABLE: &str = "CREATE EXTENSION timescaledb; \
     CREATE TABLE reading (at timestamptz NOT NULL, device text NOT NULL, value double precision CHECK (value < 1e9)); \
     SELECT create_hypertable('reading', 'at', chunk_time_interval => INTERVAL '1 hour'); \
     CREATE INDEX ON reading (device, at DESC); \
     CREATE VIEW recent AS SELECT * FROM reading WHERE at > now()";

/// What anybody would ask for tables, columns, indexes and constraints of the user's schemas.
const BARE: [&str; 4] = [
    "SELECT n.nspname, c.relname, c.relkind, c.relpersistence, c.reloptions FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') ORDER BY 1, 2",
    "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') ORDER BY 1, a.attnum",
    "SELECT t.relname, c.relname, pg_get_indexdef(i.indexrelid), i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace WHERE n.nspname = 'public' ORDER BY 1, 2",
    "SELECT t.relname, k.conname, pg_get_constraintdef(k.oid) FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace WHERE n.nspname = 'public' ORDER BY 1, 2",
];

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // 20,000 chunks need more locks than the default leaves.
    let command = [
        "postgres",
        "-c",
        "fsync=off",
        "-c",
        "max_locks_per_transaction=2048",
        "-c",
        "timescaledb.telemetry_level=off",
    ];
    let (container, port) = server::own(Kind::Apache17, &command).await;
    let few = hypertable(port, "few", 20).await;
    let many = hypertable(port, "many", 20_000).await;
    println!("20 chunks:      {few:>8.1?}");
    println!(
        "20,000 chunks:  {many:>8.1?}  ({:.2} times)",
        ratio(many, few)
    );
    tables(port).await;
    drop(container);
}

async fn database(port: u16, name: &str) -> Client {
    let admin = postgres_admin(port, "postgres").await.expect("a session");
    admin
        .batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0"))
        .await
        .expect("a database");
    postgres_admin(port, name).await.expect("a session")
}

async fn hypertable(port: u16, name: &str, chunks: usize) -> Duration {
    let client = database(port, name).await;
    client
        .batch_execute(HYPERTABLE)
        .await
        .expect("a hypertable");
    for from in (0..chunks).step_by(500) {
        let to = (from + 500).min(chunks) - 1;
        client
            .batch_execute(&format!("INSERT INTO reading SELECT '2020-01-01'::timestamptz + interval '1 hour' * n, 'd', 1 FROM generate_series({from}, {to}) AS n"))
            .await
            .expect("chunks");
    }
    client
        .batch_execute("VACUUM ANALYZE")
        .await
        .expect("statistics");
    reading(port, name).await
}

/// Median time of a reading in a session that is open already.
async fn reading(port: u16, name: &str) -> Duration {
    let endpoint = Endpoint {
        target: Target::Timescale,
        host: "127.0.0.1".to_owned(),
        port,
        user: "postgres".to_owned(),
        password: Some(PASSWORD.to_owned().into()),
        database: name.to_owned(),
        tls: Tls {
            mode: TlsMode::Disable,
            ca: None,
            name: None,
        },
        consul: None,
    };
    let mut engine = Timescale::new(endpoint, ConnectOptions::default(), None);
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let begun = Instant::now();
        engine.schema().await.expect("a reading");
        times.push(begun.elapsed());
    }
    median(times)
}

async fn tables(port: u16) {
    let client = database(port, "wide").await;
    for from in (0..5_000).step_by(500) {
        client
            .batch_execute(&format!(
                "DO $$ BEGIN FOR n IN {from}..{from} + 499 LOOP \
                 EXECUTE format('CREATE TABLE t%s (id integer PRIMARY KEY, a text NOT NULL, b integer DEFAULT 7, c timestamptz DEFAULT now(), d numeric(10,2) CHECK (d > 0))', n); \
                 EXECUTE format('CREATE INDEX ON t%s (a, b DESC)', n); END LOOP; END $$"
            ))
            .await
            .expect("tables");
    }
    client
        .batch_execute("VACUUM ANALYZE")
        .await
        .expect("statistics");
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let begun = Instant::now();
        for query in BARE {
            client.simple_query(query).await.expect("rows");
        }
        times.push(begun.elapsed());
    }
    let bare = median(times);
    let read = reading(port, "wide").await;
    println!(
        "5,000 tables:   {read:>8.1?}  bare catalog queries {bare:.1?} ({:.2} times)",
        ratio(read, bare)
    );
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}
