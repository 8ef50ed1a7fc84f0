//! No false alarms on TimescaleDB: what is not a change of the schema is not told as one.

mod support;

#[path = "drift_timescale/dice.rs"]
mod dice;
#[path = "drift_timescale/dump.rs"]
mod dump;
#[path = "drift_timescale/expressions.rs"]
mod expressions;
#[path = "drift_timescale/look.rs"]
mod look;
#[path = "drift_timescale/random.rs"]
mod random;

use look::{assert_same, differences, engine, engine_as, migrated, read};
use sgmp_db::{engine::Engine, schema::Reading};
use std::time::{Duration, Instant};
use support::{Kind, Server, Sgmp, TimescaleDatabase, server, unique};

const BASE: &str = include_str!("drift_timescale/base.sql");

/// Settings of a login that change what a session prints, or what it may do.
const HOSTILE: &[&str] = &[
    "search_path = 'app, pg_temp, public'",
    "quote_all_identifiers = on",
    "\"DateStyle\" = 'German'",
    "\"IntervalStyle\" = 'iso_8601'",
    "\"TimeZone\" = 'Pacific/Kiritimati'",
    "extra_float_digits = -15",
    "bytea_output = 'escape'",
    "xmlbinary = 'hex'",
    "standard_conforming_strings = off",
    "escape_string_warning = on",
    "array_nulls = off",
    "transform_null_equals = on",
    "default_transaction_isolation = 'serializable'",
    "default_transaction_read_only = on",
    "row_security = off",
    "statement_timeout = 1",
    "lock_timeout = 1",
    "client_min_messages = 'debug5'",
    "default_tablespace = 'nowhere'",
    "check_function_bodies = off",
    "enable_indexscan = off",
    "enable_hashjoin = off",
    "jit = on",
    "jit_above_cost = 0",
    "timescaledb.restoring = on",
];

/// SQL of the least role in docs/least-role.md, for a login of that name.
fn least_role(role: &str, database: &str) -> Vec<String> {
    let document = include_str!("../docs/least-role.md");
    let section = document
        .split("## TimescaleDB")
        .nth(1)
        .expect("the section");
    let sql = section.split("```sql").nth(1).expect("its SQL");
    let sql = sql.split("```").next().expect("its end");
    sql.replace("sgmp_status", role)
        .replace("DATABASE sgmp", &format!("DATABASE \"{database}\""))
        .replace("'…'", "'hostile'")
        .split(';')
        .map(|statement| statement.trim().to_owned())
        .filter(|statement| !statement.is_empty())
        .collect()
}

async fn read_as(database: &TimescaleDatabase, role: &str) -> Reading {
    let mut engine = engine_as(database, role, "hostile");
    let reading = engine.schema().await.expect("a reading");
    engine.close().await.expect("the end of the session");
    reading
}

#[tokio::test]
async fn the_least_role_with_hostile_settings_reads_what_the_administrator_does() {
    for kind in [Kind::Apache17, Kind::Apache18] {
        let database = TimescaleDatabase::new(kind).await;
        database.execute(BASE).await;
        let role = unique("least");
        database
            .execute("CREATE TABLE public.refinery_schema_history (version int4 PRIMARY KEY); CREATE TABLE public.sgmp_db_ledger (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY); CREATE TABLE public.sgmp_db_ledger_text (entry bigint)")
            .await;
        for statement in least_role(&role, &database.name) {
            database.execute(&statement).await;
        }
        let administrator = read(&database).await;
        assert_same(&administrator, &read_as(&database, &role).await);
        for setting in HOSTILE {
            database
                .execute(&format!("ALTER ROLE {role} SET {setting}"))
                .await;
        }
        let hostile = read_as(&database, &role).await;
        assert_eq!(hostile.unseen, []);
        assert_same(&administrator, &hostile);
        let record: Vec<String> = hostile
            .schema
            .objects
            .keys()
            .map(ToString::to_string)
            .filter(|name| name.contains("refinery") || name.contains("ledger"))
            .collect();
        assert!(record.is_empty(), "{record:?}");
    }
}

#[tokio::test]
async fn status_says_the_same_through_the_least_role() {
    let database = TimescaleDatabase::new(Kind::Apache17).await;
    let administrator = Sgmp::default().timescale(&database);
    administrator
        .run(&["upgrade", "--only", "timescale"])
        .await
        .expect(0);
    let role = unique("least");
    for statement in least_role(&role, &database.name) {
        database.execute(&statement).await;
    }
    let least = administrator
        .clone()
        .with("TSDB_USER", &role)
        .with("TSDB_PASS", "hostile");
    let (expected, by_administrator) = administrator.json(&["status", "--only", "timescale"]).await;
    let (actual, by_least) = least.json(&["status", "--only", "timescale"]).await;
    assert_eq!(actual.code, expected.code, "{actual:?}");
    assert_eq!(by_least["findings"], by_administrator["findings"]);
}

#[tokio::test]
async fn what_a_login_may_not_read_is_unseen_with_the_grant_by_name() {
    let database = TimescaleDatabase::new(Kind::Apache17).await;
    database.execute(BASE).await;
    let role = unique("blind");
    database
        .execute(&format!("CREATE ROLE {role} LOGIN PASSWORD 'hostile'; REVOKE SELECT ON pg_catalog.pg_proc, pg_catalog.pg_policy, timescaledb_information.dimensions FROM PUBLIC"))
        .await;
    let reading = read_as(&database, &role).await;
    let grants: Vec<&str> = reading
        .unseen
        .iter()
        .map(|one| one.grant.as_str())
        .collect();
    assert_eq!(
        grants,
        [
            "SELECT on pg_catalog.pg_policy",
            "SELECT on pg_catalog.pg_proc",
            "SELECT on timescaledb_information.dimensions"
        ]
    );
    assert_eq!(reading.unseen[0].kinds, ["row_policy"]);
    assert!(reading.unseen[1].kinds.contains(&"function".to_owned()));
    assert_eq!(reading.unseen[2].kinds, ["hypertable"]);
    assert!(reading.schema.objects.keys().any(|key| key.kind == "table"));
    for unseen in &reading.unseen {
        database.execute(&unseen.remedy).await;
    }
    let seeing = read_as(&database, &role).await;
    assert_eq!(seeing.unseen, []);
    assert_same(&read(&database).await, &seeing);
}

#[tokio::test]
async fn another_encoding_or_collation_is_one_finding_at_the_database() {
    let database = migrated(Kind::Apache17).await;
    let expected = read(&database).await;
    for how in [
        "ENCODING 'SQL_ASCII' LOCALE 'C'",
        "ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'de' LOCALE 'C'",
    ] {
        let other = TimescaleDatabase {
            server: database.server.clone(),
            name: unique("other"),
        };
        database
            .execute(&format!(
                "CREATE DATABASE \"{}\" TEMPLATE template0 {how}",
                other.name
            ))
            .await;
        other.execute(look::SGMP).await;
        let found = differences(&expected, &read(&other).await);
        let names: Vec<String> = found.iter().map(|one| one.key.to_string()).collect();
        assert_eq!(names, ["database default"], "{how}: {found:#?}");
    }
}

#[tokio::test]
async fn in_sync_500_times_in_a_row_while_chunks_come_and_go() {
    let database = migrated(Kind::Apache17).await;
    let writer = database.session().await;
    let expected = read(&database).await;
    let mut reader = engine(&database);
    let readings = async {
        for round in 0..500 {
            let reading = reader.schema().await.expect("a reading");
            assert!(
                reading == expected,
                "round {round}: {:#?}",
                differences(&expected, &reading)
            );
        }
    };
    tokio::pin!(readings);
    let mut chunks = 0;
    loop {
        let day = chunks % 400;
        let churn = format!(
            "INSERT INTO house_data SELECT '2020-01-01'::timestamptz + interval '7 days' * ({day} + n), 1, 'd', 'f', 1 FROM generate_series(1, 3) AS n; \
             INSERT INTO events VALUES ('2020-01-01'::timestamptz + interval '7 days' * {day}, 1, 'd', 't', '{{}}'); \
             SELECT drop_chunks('house_data', older_than => '2020-01-01'::timestamptz + interval '7 days' * ({day} - 5)); \
             SELECT drop_chunks('events', older_than => '2020-01-01'::timestamptz + interval '7 days' * ({day} - 5))"
        );
        let change = async {
            writer.batch_execute(&churn).await.expect("chunks");
            // The readings are what is proved; the writer leaves them some of the machine.
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        tokio::select! {
            () = &mut readings => break,
            () = change => {}
        }
        chunks += 1;
    }
    println!("500 readings while chunks were made and dropped {chunks} times");
    assert!(chunks > 20, "{chunks}");
}

async fn run_job(database: &TimescaleDatabase, policy: &str) -> String {
    let job = format!(
        "SELECT job_id FROM timescaledb_information.jobs WHERE proc_name = '{policy}' AND hypertable_name IN ('house_data', 'events')"
    );
    format!("CALL run_job({})", database.rows(&job).await.concat())
}

#[tokio::test]
async fn in_sync_while_chunks_are_compressed_and_jobs_run() {
    let database = migrated(Kind::Community).await;
    let writer = database.session().await;
    writer
        .batch_execute(
            "ALTER TABLE house_data SET (timescaledb.compress, timescaledb.compress_segmentby = 'house_id'); \
             SELECT add_compression_policy('house_data', INTERVAL '7 days'); \
             SELECT add_retention_policy('events', INTERVAL '1 month'); \
             INSERT INTO house_data SELECT now() - interval '7 days' * n, 1, 'd', 'f', 1 FROM generate_series(0, 9) AS n",
        )
        .await
        .expect("policies");
    let expected = read(&database).await;
    let plain = read(&migrated(Kind::Community).await).await;
    // Policies are not schema; how a table's chunks go to the columnstore is, where policies.yaml does not state it.
    let told: Vec<String> = look::differences(&plain, &expected)
        .iter()
        .flat_map(|one| {
            one.paths
                .iter()
                .map(|path| format!("{} {}", one.key, path.path))
        })
        .collect();
    let settings =
        ["enabled", "segment_by"].map(|one| format!("hypertable house_data columnstore.{one}"));
    assert_eq!(told, settings);
    let mut reader = engine(&database);
    for step in [
        "CREATE MATERIALIZED VIEW house_7_abcdef WITH (timescaledb.continuous) AS SELECT time_bucket('1 hour', timestamp) AS time, avg(value_decimal) AS average FROM house_data WHERE house_id = 7 AND device_name = 'd' AND field = 'f' GROUP BY 1 WITH NO DATA",
        "SELECT add_continuous_aggregate_policy('house_7_abcdef', NULL, INTERVAL '1 hour', INTERVAL '1 hour')",
        "SELECT compress_chunk(c) FROM show_chunks('house_data', older_than => INTERVAL '14 days') AS c",
        "INSERT INTO house_data SELECT now() - interval '7 days' * n, 2, 'd', 'f', 1 FROM generate_series(0, 12) AS n",
        &run_job(&database, "policy_compression").await,
        &run_job(&database, "policy_retention").await,
        "SELECT drop_chunks('house_data', older_than => INTERVAL '30 days')",
        "SELECT decompress_chunk(c, true) FROM show_chunks('house_data') AS c",
        "DROP MATERIALIZED VIEW house_7_abcdef",
    ] {
        writer.batch_execute(step).await.expect(step);
        for _ in 0..50 {
            let reading = reader.schema().await.expect("a reading");
            assert!(
                reading == expected,
                "{step}: {:#?}",
                differences(&expected, &reading)
            );
        }
    }
}

/// A standby of the server's own, in the same container, under another port.
#[tokio::test]
async fn a_standby_reads_what_its_primary_does() {
    let (container, port) = server::own(Kind::Apache17, &["postgres", "-c", "fsync=off"]).await;
    let on = |port: u16, name: &str| TimescaleDatabase {
        server: Server {
            kind: Kind::Apache17,
            port,
            container: container.id().to_owned(),
        },
        name: name.to_owned(),
    };
    let primary = on(port, "primary");
    on(port, "postgres")
        .execute("CREATE DATABASE \"primary\" TEMPLATE template0")
        .await;
    primary.execute(BASE).await;
    let expected = read(&primary).await;
    let standby = "pg_basebackup -h 127.0.0.1 -U postgres -D /tmp/standby -R -c fast && \
         exec postgres -D /tmp/standby -c port=5433 -c listen_addresses=* -c unix_socket_directories=/tmp";
    let started = tokio::process::Command::new("docker")
        .args([
            "exec",
            "-d",
            "-u",
            "postgres",
            container.id(),
            "sh",
            "-c",
            standby,
        ])
        .status()
        .await
        .expect("docker exec");
    assert!(started.success());
    let inspected = tokio::process::Command::new("docker")
        .args([
            "inspect",
            "-f",
            "{{.NetworkSettings.IPAddress}}",
            container.id(),
        ])
        .output()
        .await
        .expect("docker inspect");
    let host = String::from_utf8_lossy(&inspected.stdout).trim().to_owned();
    let mut engine = look::engine_at(&primary, &host, 5433);
    let mut actual = engine.schema().await;
    for _ in 0..120 {
        if actual.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        engine = look::engine_at(&primary, &host, 5433);
        actual = engine.schema().await;
    }
    assert_same(&expected, &actual.expect("a reading of the standby"));
    let standby = engine.holds("SELECT pg_is_in_recovery()").await;
    assert!(standby.expect("an answer"));
}

#[tokio::test]
async fn chunks_in_a_schema_of_the_users_are_not_schema() {
    for kind in [Kind::Apache17, Kind::Apache18] {
        let database = TimescaleDatabase::new(kind).await;
        database
            .execute("CREATE EXTENSION timescaledb; CREATE SCHEMA chunks; CREATE TABLE t (at timestamptz NOT NULL); SELECT create_hypertable('t', 'at', associated_schema_name => 'chunks')")
            .await;
        let expected = read(&database).await;
        database
            .execute("INSERT INTO t SELECT '2024-01-01'::timestamptz + interval '7 days' * n FROM generate_series(1, 20) AS n")
            .await;
        assert_same(&expected, &read(&database).await);
    }
}

/// EXCLUSIVE lets nobody beside it but ACCESS SHARE: a reading that goes on takes nothing stronger.
#[tokio::test]
async fn a_reading_takes_no_lock_that_stops_a_writer() {
    let database = TimescaleDatabase::new(Kind::Apache17).await;
    database.execute(BASE).await;
    let expected = read(&database).await;
    let writer = database.session().await;
    writer
        .batch_execute("BEGIN; LOCK TABLE device, house, reading, spaced, app.log IN EXCLUSIVE MODE; INSERT INTO plain VALUES (now(), 1)")
        .await
        .expect("locks");
    let begun = Instant::now();
    assert_same(&expected, &read(&database).await);
    assert!(begun.elapsed() < Duration::from_secs(9));
    writer.batch_execute("ROLLBACK").await.expect("the end");
}

/// Who changes the schema at the same moment makes the reading wait, and then say why, not guess.
#[tokio::test]
async fn a_schema_that_is_held_is_an_error_and_not_drift() {
    let database = TimescaleDatabase::new(Kind::Apache17).await;
    database.execute(BASE).await;
    let writer = database.session().await;
    writer
        .batch_execute("BEGIN; ALTER TABLE device ADD COLUMN later integer")
        .await
        .expect("a change under way");
    let error = engine(&database).schema().await.expect_err("a lock");
    assert!(format!("{error:#}").contains("lock timeout"), "{error:#}");
    writer.batch_execute("ROLLBACK").await.expect("the end");
}

/// Twice, because a print that is not stable may change again.
#[tokio::test]
async fn random_schemas_read_the_same_after_dump_and_restore() {
    for kind in [Kind::Apache17, Kind::Apache18] {
        let mut objects = 0;
        for seed in 1..=5 {
            let database = TimescaleDatabase::new(kind).await;
            let sql = random::schema(seed);
            database.execute(&sql).await;
            let expected = read(&database).await;
            let copy = dump::restored(&database).await;
            let found = differences(&expected, &read(&copy).await);
            assert!(found.is_empty(), "{kind:?} seed {seed}: {found:#?}\n{sql}");
            let second = dump::restored(&copy).await;
            let found = differences(&expected, &read(&second).await);
            assert!(found.is_empty(), "{kind:?} seed {seed}: {found:#?}\n{sql}");
            objects += expected.schema.objects.len();
        }
        println!("{kind:?}: 5 random schemas of {objects} objects");
        assert!(objects > 300, "{objects}");
    }
}

#[tokio::test]
async fn every_kind_reads_the_same_after_dump_and_restore() {
    let database = TimescaleDatabase::new(Kind::Apache17).await;
    database.execute(BASE).await;
    assert_same(
        &read(&database).await,
        &read(&dump::restored(&database).await).await,
    );
}
