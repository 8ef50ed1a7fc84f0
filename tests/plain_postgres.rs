//! A PostgreSQL without TimescaleDB does for a project that does not ask for it; one that does is refused.

mod support;

use support::{
    Kind, Sgmp, TimescaleDatabase,
    killed::{project, write},
    server::{self, Server},
};

#[tokio::test]
async fn a_project_that_asks_for_no_timescaledb_needs_none() {
    let flags = [
        "postgres",
        "-c",
        "fsync=off",
        "-c",
        "shared_preload_libraries=",
    ];
    let (container, port) = server::own(Kind::Apache17, &flags).await;
    server::execute(&container, "find / -xdev -name timescaledb.control -delete").await;
    let database = TimescaleDatabase {
        server: Server {
            kind: Kind::Apache17,
            port,
            container: String::new(),
        },
        name: "plain".to_owned(),
    };
    let plain = "CREATE TABLE t (a int PRIMARY KEY, b timestamptz NOT NULL DEFAULT now());\n";
    let directory = project("timescale", &[plain]);
    let sgmp = Sgmp::default()
        .timescale(&database)
        .with("SGMP_DB_MIGRATIONS", directory.path().display().to_string());
    let call = async |line: &str, code: i32| {
        let words: Vec<&str> = line.split(' ').chain(["--only", "timescale"]).collect();
        let run = sgmp.run(&words).await;
        let said = run.expect(code).all();
        for word in ["icen", "hypertable", "preload", "available"] {
            assert!(code != 0 || !said.contains(word), "{line}: {said}");
        }
        said
    };
    call("upgrade --create-database", 0).await;
    call("status", 0).await;
    database.execute("ALTER TABLE t ADD COLUMN stray int").await;
    let told = call("status", 4).await;
    assert!(told.contains("stray"), "{told}");
    database.execute("ALTER TABLE t DROP COLUMN stray").await;
    write(
        directory.path(),
        "timescale",
        2,
        "SELECT create_hypertable('t', 'b');\n",
    );
    let refused = call("upgrade", 1).await;
    assert!(
        refused.contains("the extension timescaledb is not available"),
        "{refused}"
    );
    call("status", 3).await;
}

/// What a migration left and policies.yaml does not state is compared; what it states is its own.
#[tokio::test]
async fn a_chunk_interval_that_nobody_states_is_drift() {
    let database = TimescaleDatabase::new(Kind::Apache17).await;
    let made = "CREATE EXTENSION IF NOT EXISTS timescaledb;\nCREATE TABLE t (at timestamptz NOT NULL, v int);\nSELECT create_hypertable('t', 'at');\n";
    let directory = project("timescale", &[made]);
    let sgmp = Sgmp::default()
        .timescale(&database)
        .with("SGMP_DB_MIGRATIONS", directory.path().display().to_string());
    let call = async |line: &str, code: i32| {
        let words: Vec<&str> = line.split(' ').chain(["--only", "timescale"]).collect();
        sgmp.run(&words).await.expect(code).all()
    };
    call("upgrade", 0).await;
    call("status", 0).await;
    database
        .execute("SELECT set_chunk_time_interval('t', interval '1 day')")
        .await;
    let told = call("status", 4).await;
    assert!(
        told.contains("hypertable t: chunk_interval is \"1 day\", expected \"7 days\""),
        "{told}"
    );
    let sql = call("diff --sql", 4).await;
    assert!(
        sql.contains("SELECT set_chunk_time_interval(E'public.\"t\"', INTERVAL E'7 days')"),
        "{sql}"
    );
    let policies = directory.path().join("timescale/policies.yaml");
    std::fs::write(&policies, "hypertables:\n  t:\n    chunk_interval: 1 day\n").expect("policies");
    call("status", 0).await;
}
