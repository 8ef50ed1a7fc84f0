//! Continuous aggregates as migrations.

mod support;

use std::{fs, path::Path};
use support::{Kind, Sgmp, TimescaleDatabase};
use tempfile::TempDir;

const TABLE: &str = "CREATE EXTENSION IF NOT EXISTS timescaledb;
CREATE TABLE readings (timestamp TIMESTAMPTZ NOT NULL, value DOUBLE PRECISION);
SELECT create_hypertable('readings', 'timestamp');
INSERT INTO readings SELECT now() - i * INTERVAL '1 hour', i FROM generate_series(1, 30) i;
";

/// A directory of TimescaleDB migrations, each with its way back.
fn migrations(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("timescale");
    fs::create_dir(&folder).unwrap();
    for (index, (name, text)) in files.iter().enumerate() {
        let path = |end: &str| Path::new(&folder).join(format!("V{}__{name}{end}", index + 1));
        fs::write(path(".sql"), text).unwrap();
        fs::write(path(".down.sql"), "SELECT 1;\n").unwrap();
    }
    directory
}

#[tokio::test]
async fn a_file_that_fills_an_aggregate_needs_no_directive() {
    let timescale = TimescaleDatabase::new(Kind::Community).await;
    let _session = timescale.session().await;
    let directory = migrations(&[
        ("table", TABLE),
        (
            "hourly",
            "CREATE MATERIALIZED VIEW hourly WITH (timescaledb.continuous) AS\nSELECT time_bucket('1 hour', timestamp) AS time, avg(value) AS average FROM readings GROUP BY 1\nWITH DATA;\n",
        ),
        (
            "daily",
            "CREATE MATERIALIZED VIEW daily WITH (timescaledb.continuous) AS\nSELECT time_bucket('1 day', timestamp) AS time, avg(value) AS average FROM readings GROUP BY 1\nWITH NO DATA;\n",
        ),
        (
            "refreshed",
            "CALL refresh_continuous_aggregate('daily', NULL, NULL);\n",
        ),
    ]);
    let sgmp = Sgmp::default()
        .timescale(&timescale)
        .with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap());
    sgmp.run(&["check", "--only", "timescale"]).await.expect(0);
    let (run, document) = sgmp.json(&["upgrade", "--only", "timescale"]).await;
    assert_eq!(run.code, Some(0), "{document:#}");
    for aggregate in ["hourly", "daily"] {
        let filled = timescale
            .rows(&format!("SELECT count(*) > 1 FROM {aggregate}"))
            .await;
        assert_eq!(filled, ["t"], "{aggregate}");
    }
    sgmp.run(&["upgrade", "--only", "timescale"])
        .await
        .expect(0);
}

#[tokio::test]
async fn ordinary_statements_beside_one_that_fills_are_told_to_have_no_transaction() {
    let directory = migrations(&[(
        "table",
        "CREATE TABLE t (a INT);\nCALL refresh_continuous_aggregate('daily', NULL, NULL);\n",
    )]);
    let sgmp = Sgmp::default().with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap());
    let run = sgmp.run(&["check", "--only", "timescale"]).await;
    run.expect(0)
        .says("runs statement by statement and not in one transaction");
}

#[tokio::test]
async fn check_explains_an_index_built_concurrently_on_a_hypertable_and_offers_what_works() {
    let with = "CREATE TABLE modern (timestamp TIMESTAMPTZ NOT NULL) WITH (tsdb.hypertable, tsdb.partition_column = 'timestamp');\nCREATE TABLE plain (a INT);\n";
    let build = |table: &str| {
        format!("-- sgmp-db: no-transaction\nCREATE INDEX CONCURRENTLY i ON {table} (timestamp);\n")
    };
    for (table, code) in [
        ("readings", 2),
        ("public.readings", 2),
        ("modern", 2),
        ("plain", 0),
    ] {
        let directory = migrations(&[("table", TABLE), ("with", with), ("index", &build(table))]);
        let sgmp = Sgmp::default().with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap());
        let run = sgmp.run(&["check", "--only", "timescale"]).await;
        run.expect(code);
        if code == 2 {
            run.says("V3__index.sql:2:")
                .says("is a hypertable")
                .says("timescaledb.transaction_per_chunk");
        }
    }
}
