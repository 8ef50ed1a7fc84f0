//! Files that PostgreSQL runs outside of a transaction, cut short: the plain `upgrade` typed again ends
//! as if nothing had happened, nothing invalid stays, and nobody else's index is taken for the file's.

mod support;

use std::time::Duration;
use support::{Kind, Run, Sgmp, TimescaleDatabase, binary::finish, killed::project};
use tempfile::TempDir;
use tokio_postgres::Client;

const UPGRADE: [&str; 3] = ["upgrade", "--only", "timescale"];

/// What happens to the session that runs the statement, and to its client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Somebody ends the session; the tool hears of it.
    Terminated,
    /// The tool is killed; the server finishes the statement, and nobody records that.
    Finished,
    /// Both.
    Killed,
}

const FATES: [Fate; 3] = [Fate::Terminated, Fate::Finished, Fate::Killed];

/// A database with a first file applied and a second one pending.
struct World {
    timescale: TimescaleDatabase,
    /// Kept while the files are needed.
    _directory: TempDir,
    sgmp: Sgmp,
}

impl World {
    async fn new(kind: Kind, first: &str, second: &str) -> World {
        let timescale = TimescaleDatabase::new(kind).await;
        let second = format!("-- sgmp-db: no-transaction\n{second}");
        let directory = project("timescale", &[first, &second]);
        let sgmp = Sgmp::default()
            .timescale(&timescale)
            .with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap());
        sgmp.run(&["upgrade", "--only", "timescale", "--to", "1"])
            .await
            .expect(0);
        World {
            timescale,
            _directory: directory,
            sgmp,
        }
    }

    async fn upgrade(&self) -> Run {
        self.sgmp.run(&UPGRADE).await
    }

    async fn rows(&self, query: &str) -> Vec<String> {
        self.timescale.rows(query).await
    }

    /// A session that keeps the statement waiting.
    async fn blocker(&self, sql: &str) -> Client {
        let session = self.timescale.session().await;
        session.batch_execute(sql).await.expect(sql);
        session
    }

    /// The backend that waits for somebody in this database.
    async fn waiting(&self) -> String {
        let query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() \
             AND state = 'active' AND wait_event_type = 'Lock'";
        for _ in 0..600 {
            if let Some(pid) = self.rows(query).await.into_iter().next() {
                return pid;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no statement waits");
    }

    async fn gone(&self, pid: &str) {
        let query = format!("SELECT pid FROM pg_stat_activity WHERE pid = {pid}");
        for _ in 0..600 {
            if self.rows(&query).await.is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("backend {pid} stays");
    }

    async fn terminate(&self, pid: &str) {
        self.rows(&format!("SELECT pg_terminate_backend({pid})"))
            .await;
        self.gone(pid).await;
    }

    /// Cuts the run short while its statement waits for the blocker, and returns when all are gone.
    async fn cut(&self, blocks: &str, fate: Fate) {
        let session = self.blocker(blocks).await;
        let mut child = self.sgmp.spawn(&UPGRADE);
        let pid = self.waiting().await;
        if fate == Fate::Terminated {
            self.terminate(&pid).await;
            finish(child).await.expect(7).says("connection was lost");
        } else {
            child.kill().await.unwrap();
            if fate == Fate::Killed {
                self.terminate(&pid).await;
            }
        }
        session.batch_execute("ROLLBACK").await.unwrap();
        self.gone(&pid).await;
    }
}

/// A statement between two data changes, what keeps it waiting, and what is there in the end.
struct Case {
    first: &'static str,
    statement: &'static str,
    blocks: &'static str,
    asked: &'static str,
    expected: &'static [&'static str],
}

const TABLE: &str = "CREATE TABLE log (n int);\nCREATE TABLE t (id int NOT NULL, v int, s text);\n\
    INSERT INTO t SELECT i, i, 'x' FROM generate_series(1, 100) i;\n";

const INDEXES: &str = "SELECT indexrelid::regclass::text, indisvalid FROM pg_index WHERE indrelid = 't'::regclass ORDER BY 1";

/// A hundred chunks.
const HYPERTABLE: &str = "CREATE EXTENSION IF NOT EXISTS timescaledb;\nCREATE TABLE log (n int);\n\
    CREATE TABLE h (ts timestamptz NOT NULL, d int NOT NULL);\n\
    SELECT create_hypertable('h', 'ts', chunk_time_interval => interval '1 day');\n\
    INSERT INTO h SELECT '2024-01-01'::timestamptz + make_interval(days => i), i FROM generate_series(0, 99) i;\n";

const CHUNK: &str = "BEGIN; DO $$ BEGIN EXECUTE format('LOCK TABLE %s IN ROW EXCLUSIVE MODE', \
    (SELECT c FROM show_chunks('h') c ORDER BY c::text OFFSET 50 LIMIT 1)); END $$";

/// A snapshot older than the statement, without any lock that it waits for before it begins.
const SNAPSHOT: &str =
    "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM refinery_schema_history";

async fn survives(case: &Case) {
    for kind in [Kind::Apache17, Kind::Apache18] {
        for fate in FATES {
            let second = format!(
                "INSERT INTO log VALUES (1);\n{};\nINSERT INTO log VALUES (2);\n",
                case.statement
            );
            let world = World::new(kind, case.first, &second).await;
            world.cut(case.blocks, fate).await;
            world.upgrade().await.expect(0);
            let told = format!("{kind:?} {fate:?} {}", case.statement);
            assert_eq!(world.rows(case.asked).await, case.expected, "{told}");
            let invalid = "SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid";
            assert!(world.rows(invalid).await.is_empty(), "{told}");
            let log = world.rows("SELECT n FROM log ORDER BY n").await;
            assert_eq!(log, ["1", "2"], "{told}");
            world
                .sgmp
                .run(&["status", "--only", "timescale"])
                .await
                .expect(0);
        }
    }
}

#[tokio::test]
async fn an_index_built_concurrently_that_waits_for_writers() {
    survives(&Case {
        first: TABLE,
        statement: "CREATE INDEX CONCURRENTLY by_v ON t (v)",
        blocks: "BEGIN; UPDATE t SET s = 'y' WHERE id = 1",
        asked: INDEXES,
        expected: &["by_v|t"],
    })
    .await;
}

#[tokio::test]
async fn an_index_without_a_name_that_waits_for_old_snapshots() {
    survives(&Case {
        first: TABLE,
        statement: "CREATE UNIQUE INDEX CONCURRENTLY ON ONLY public.t USING btree (id, lower(s) DESC) INCLUDE (v) \
             WITH (fillfactor = 70) WHERE v > 0",
        blocks: SNAPSHOT,
        asked: INDEXES,
        expected: &["t_id_lower_v_idx|t"],
    })
    .await;
}

#[tokio::test]
async fn an_index_built_chunk_by_chunk() {
    survives(&Case {
        first: HYPERTABLE,
        statement: "CREATE INDEX by_d ON h (d) WITH (timescaledb.transaction_per_chunk)",
        blocks: CHUNK,
        asked: "SELECT count(*), bool_and(i.indisvalid), (SELECT indisvalid FROM pg_index WHERE indexrelid = 'by_d'::regclass) \
             FROM show_chunks('h') c JOIN pg_index i ON i.indrelid = c \
             WHERE pg_get_indexdef(i.indexrelid) LIKE '%(d)'",
        expected: &["100|t|t"],
    })
    .await;
}

#[tokio::test]
async fn an_index_dropped_concurrently() {
    survives(&Case {
        first: "CREATE TABLE log (n int);\nCREATE TABLE t (id int NOT NULL, v int);\nCREATE INDEX by_v ON t (v);\n",
        statement: "DROP INDEX CONCURRENTLY by_v",
        blocks: "BEGIN; SELECT count(*) FROM t",
        asked: INDEXES,
        expected: &[],
    })
    .await;
}

#[tokio::test]
async fn an_index_rebuilt_concurrently() {
    survives(&Case {
        first: "CREATE TABLE log (n int);\nCREATE TABLE t (id int NOT NULL, v int);\nCREATE INDEX by_v ON t (v);\n",
        statement: "REINDEX INDEX CONCURRENTLY by_v",
        blocks: SNAPSHOT,
        asked: INDEXES,
        expected: &["by_v|t"],
    })
    .await;
}

#[tokio::test]
async fn the_indexes_of_a_table_and_of_its_long_values_rebuilt_concurrently() {
    survives(&Case {
        first: "CREATE TABLE log (n int);\nCREATE TABLE t (id int PRIMARY KEY, v text);\nCREATE INDEX by_v ON t (v);\n",
        statement: "REINDEX (CONCURRENTLY) TABLE t",
        blocks: "BEGIN; INSERT INTO t VALUES (0, 'x')",
        asked: INDEXES,
        expected: &["by_v|t", "t_pkey|t"],
    })
    .await;
}

#[tokio::test]
async fn a_partition_detached_concurrently() {
    survives(&Case {
        first: "CREATE TABLE log (n int);\nCREATE TABLE detached (id int) PARTITION BY RANGE (id);\n\
             CREATE TABLE p1 PARTITION OF detached FOR VALUES FROM (0) TO (10);\nINSERT INTO detached VALUES (1);\n",
        statement: "ALTER TABLE detached DETACH PARTITION p1 CONCURRENTLY",
        blocks: "BEGIN; SELECT count(*) FROM detached",
        asked: "SELECT (SELECT count(*) FROM pg_inherits), (SELECT count(*) FROM p1), (SELECT count(*) FROM detached)",
        expected: &["0|1|0"],
    })
    .await;
}

/// A run cut short in `CREATE INDEX CONCURRENTLY by_v ON t (v)`, which left an invalid index.
async fn cut_in_an_index(statement: &str) -> World {
    let second =
        format!("INSERT INTO log VALUES (1);\n{statement};\nINSERT INTO log VALUES (2);\n");
    let world = World::new(Kind::Apache17, TABLE, &second).await;
    world.cut(SNAPSHOT, Fate::Killed).await;
    assert_eq!(world.rows(INDEXES).await.len(), 1);
    world
}

async fn assert_both_ways_out(run: &Run) {
    run.expect(7)
        .says("sgmp-db resolve 2 --only timescale --applied")
        .says("sgmp-db resolve 2 --only timescale --reverted");
}

#[tokio::test]
async fn somebody_elses_index_of_that_name_is_not_taken_for_the_statements() {
    for (claim, left) in [("--applied", "(id)"), ("--reverted", "(v)")] {
        let world = cut_in_an_index("CREATE INDEX CONCURRENTLY by_v ON t (v)").await;
        world
            .timescale
            .execute("DROP INDEX by_v; CREATE INDEX by_v ON t (id)")
            .await;
        let run = world.upgrade().await;
        run.says("index public.by_v is there and is not what the statement makes");
        assert_both_ways_out(&run).await;
        assert_eq!(world.rows(INDEXES).await, ["by_v|t"]);
        world
            .sgmp
            .run(&["resolve", "2", "--only", "timescale", claim, "--yes"])
            .await
            .expect(0);
        if claim == "--reverted" {
            world.timescale.execute("DROP INDEX by_v").await;
        }
        world.upgrade().await.expect(0);
        let definition = world
            .rows("SELECT indexdef FROM pg_indexes WHERE indexname = 'by_v'")
            .await;
        assert!(definition[0].ends_with(left), "{definition:?}");
        assert_eq!(world.rows("SELECT n FROM log ORDER BY n").await, ["1", "2"]);
    }
}

#[tokio::test]
async fn somebody_elses_other_index_stays_and_the_statements_is_built() {
    for statement in [
        "CREATE INDEX CONCURRENTLY by_v ON t (v)",
        "CREATE INDEX CONCURRENTLY ON t (v)",
    ] {
        let world = cut_in_an_index(statement).await;
        let left = world.rows(INDEXES).await.remove(0);
        let left = left.split('|').next().unwrap();
        world
            .timescale
            .execute(&format!(
                "DROP INDEX {left}; CREATE INDEX another ON t (id, v)"
            ))
            .await;
        // An invalid one that a unique violation left is somebody else's too.
        let session = world.timescale.session().await;
        let failed = session
            .batch_execute("CREATE UNIQUE INDEX CONCURRENTLY broken ON t (s)")
            .await;
        failed.unwrap_err();
        world.upgrade().await.expect(0);
        let there = world.rows(INDEXES).await;
        assert_eq!(
            there,
            ["another|t", "broken|f", &format!("{left}|t")],
            "{statement}"
        );
    }
}

#[tokio::test]
async fn an_index_that_somebody_else_is_building_is_left_alone() {
    let world = cut_in_an_index("CREATE INDEX CONCURRENTLY by_v ON t (v)").await;
    world.timescale.execute("DROP INDEX by_v").await;
    let snapshot = world.blocker(SNAPSHOT).await;
    let builder = world.timescale.session().await;
    let pid: i32 = builder
        .query_one("SELECT pg_backend_pid()", &[])
        .await
        .unwrap()
        .get(0);
    let building = tokio::spawn(async move {
        builder
            .batch_execute("CREATE INDEX CONCURRENTLY by_v ON t (v)")
            .await
    });
    assert_eq!(world.waiting().await, pid.to_string());
    let run = world.upgrade().await;
    run.says(&format!(
        "index public.by_v is being built by backend {pid} right now"
    ));
    assert_both_ways_out(&run).await;
    snapshot.batch_execute("ROLLBACK").await.unwrap();
    building.await.unwrap().unwrap();
    world.upgrade().await.expect(0);
    assert_eq!(world.rows(INDEXES).await, ["by_v|t"]);
    assert_eq!(world.rows("SELECT n FROM log ORDER BY n").await, ["1", "2"]);
}

#[tokio::test]
async fn a_leftover_that_somebody_reads_is_told_with_who_and_dropped_later() {
    let world = cut_in_an_index("CREATE INDEX CONCURRENTLY by_v ON t (v)").await;
    let reader = world.blocker("BEGIN; SELECT count(*) FROM t").await;
    world
        .upgrade()
        .await
        .expect(7)
        .says("cannot be cleared away")
        .says("idle in transaction");
    reader.batch_execute("ROLLBACK").await.unwrap();
    world.upgrade().await.expect(0);
    assert_eq!(world.rows(INDEXES).await, ["by_v|t"]);
}

#[tokio::test]
async fn a_build_that_fails_on_a_chunk_leaves_nothing() {
    let world = World::new(
        Kind::Apache17,
        HYPERTABLE,
        "CREATE INDEX by_d ON h ((100 / (d - 60))) WITH (timescaledb.transaction_per_chunk);\n",
    )
    .await;
    world
        .upgrade()
        .await
        .expect(1)
        .says("22012")
        .says("nothing of this file is in the database");
    let there = "SELECT count(*) FROM pg_index \
         WHERE NOT indisvalid OR pg_get_indexdef(indexrelid) LIKE '%(100 / (d - 60))%'";
    assert_eq!(world.rows(there).await, ["0"]);
    world.timescale.execute("DELETE FROM h WHERE d = 60").await;
    world.timescale.execute("VACUUM h").await;
    world.upgrade().await.expect(0);
    assert_eq!(world.rows(there).await, ["101"]);
}

/// The ledger as a kill leaves it that comes when the first statement of V2 is through.
const UNRECORDED: &str = "DELETE FROM refinery_schema_history WHERE version = 2;\n\
    UPDATE sgmp_db_ledger SET state = 'running', finished_at = NULL, statements_done = 0, in_flight = 1, \
    evidence = 'false', in_flight_sha256 = encode(sha256(convert_to(SHA, 'UTF8')), 'hex') \
    WHERE id = (SELECT max(id) FROM sgmp_db_ledger WHERE version = 2 AND event = 'apply')";

#[tokio::test]
async fn an_aggregate_is_the_statements_only_with_its_definition() {
    let statement = "CREATE MATERIALIZED VIEW daily WITH (timescaledb.continuous) AS \
         SELECT time_bucket('1 day', ts) AS day, sum(d) AS d FROM h GROUP BY 1 WITH DATA";
    for is_ours in [true, false] {
        let world = World::new(Kind::Community, HYPERTABLE, &format!("{statement};\n")).await;
        world.upgrade().await.expect(0);
        let lost = UNRECORDED.replace("SHA", &format!("'{}'", statement.replace('\'', "''")));
        world.timescale.execute(&lost).await;
        if !is_ours {
            world
                .timescale
                .execute("DROP MATERIALIZED VIEW daily")
                .await;
            world
                .timescale
                .execute(&statement.replace("sum(d)", "max(d)"))
                .await;
        }
        let run = world.upgrade().await;
        if is_ours {
            run.expect(0);
        } else {
            run.says("daily is there and is not what the statement makes");
            assert_both_ways_out(&run).await;
        }
        let views = world
            .rows("SELECT count(*) FROM timescaledb_information.continuous_aggregates")
            .await;
        assert_eq!(views, ["1"], "the trial is gone");
        assert_eq!(world.rows("SELECT count(*) FROM daily").await, ["100"]);
    }
}

#[tokio::test]
async fn another_index_of_the_dropped_name_is_not_dropped() {
    let world = World::new(
        Kind::Apache17,
        &format!("{TABLE}CREATE INDEX by_v ON t (v);\n"),
        "INSERT INTO log VALUES (1);\nDROP INDEX CONCURRENTLY by_v;\n",
    )
    .await;
    world
        .cut("BEGIN; SELECT count(*) FROM t", Fate::Finished)
        .await;
    world.timescale.execute("CREATE INDEX by_v ON t (id)").await;
    let run = world.upgrade().await;
    run.says("is another one");
    assert_both_ways_out(&run).await;
    world
        .sgmp
        .run(&["resolve", "2", "--only", "timescale", "--applied", "--yes"])
        .await
        .expect(0);
    world.upgrade().await.expect(0);
    assert_eq!(world.rows(INDEXES).await, ["by_v|t"]);
}

#[tokio::test]
async fn a_procedure_that_commits_inside_is_settled_by_hand() {
    let first = "CREATE TABLE log (n int);\nCREATE TABLE t (id int);\n\
        CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN\n\
        INSERT INTO log VALUES (1); COMMIT; INSERT INTO t VALUES (1); INSERT INTO log VALUES (2); END $$;\n";
    for (fate, claim, before) in [
        (Fate::Finished, "--applied", ["1", "2"].as_slice()),
        (Fate::Killed, "--reverted", &["1"]),
    ] {
        let world = World::new(
            Kind::Apache17,
            first,
            "CALL p();\nINSERT INTO log VALUES (3);\n",
        )
        .await;
        world.cut("BEGIN; LOCK TABLE t IN SHARE MODE", fate).await;
        let run = world.upgrade().await;
        run.says("a procedure may have committed a part of what it does");
        assert_both_ways_out(&run).await;
        assert_eq!(world.rows("SELECT n FROM log ORDER BY n").await, before);
        if claim == "--reverted" {
            world.timescale.execute("DELETE FROM log").await;
        }
        world
            .sgmp
            .run(&["resolve", "2", "--only", "timescale", claim, "--yes"])
            .await
            .expect(0);
        world.upgrade().await.expect(0);
        let log = world.rows("SELECT n FROM log ORDER BY n").await;
        assert_eq!(log, ["1", "2", "3"], "{fate:?}");
    }
}

#[tokio::test]
async fn an_invalid_index_of_that_name_does_not_pass_for_the_one_that_shall_exist() {
    let world = World::new(
        Kind::Apache17,
        TABLE,
        "INSERT INTO log VALUES (1);\nCREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS by_s ON t (s);\n",
    )
    .await;
    let session = world.timescale.session().await;
    let by_hand = "CREATE UNIQUE INDEX CONCURRENTLY by_s ON t (s)";
    session.batch_execute(by_hand).await.unwrap_err();
    assert_eq!(world.rows(INDEXES).await, ["by_s|f"]);
    // Found before anything is touched, by whoever left it.
    for command in ["status", "upgrade"] {
        let run = world.sgmp.run(&[command, "--only", "timescale"]).await;
        run.says("index t.by_s");
        assert!(matches!(run.code, Some(3 | 4)), "{run:?}");
    }
    let run = world
        .sgmp
        .run(&["upgrade", "--only", "timescale", "--allow-drift"])
        .await;
    run.expect(7)
        .says("index by_s is there but invalid")
        .says("DROP INDEX \"by_s\"");
    assert_eq!(world.rows(INDEXES).await, ["by_s|f"]);
    world
        .timescale
        .execute("DROP INDEX by_s; UPDATE t SET s = id::text")
        .await;
    world.upgrade().await.expect(0);
    assert_eq!(world.rows(INDEXES).await, ["by_s|t"]);
    assert_eq!(world.rows("SELECT n FROM log").await, ["1"]);
}

/// Whatever tool left them: told with their table, and what `diff --sql` prints ends them.
#[tokio::test]
async fn invalid_indexes_that_somebody_left_are_found_and_the_diff_ends_them() {
    let first = format!(
        "{HYPERTABLE}CREATE TABLE t (s text);\nINSERT INTO t VALUES ('x'), ('x');\nCREATE INDEX by_d ON h (d);\nCREATE INDEX by_s ON t (s);\n"
    );
    let world = World::new(
        Kind::Apache17,
        &first,
        "CREATE INDEX CONCURRENTLY later ON t (s);\n",
    )
    .await;
    world.upgrade().await.expect(0);
    let session = world.timescale.session().await;
    for fails in [
        "CREATE UNIQUE INDEX CONCURRENTLY broken ON t (s)",
        "CREATE INDEX half ON h ((100 / (d - 60))) WITH (timescaledb.transaction_per_chunk)",
    ] {
        session.batch_execute(fails).await.unwrap_err();
    }
    for index in ["by_d", "by_s"] {
        let breaks = format!(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = '{index}'::regclass"
        );
        session.batch_execute(&breaks).await.unwrap();
    }
    let run = world.sgmp.run(&["status", "--only", "timescale"]).await;
    run.expect(4);
    for index in ["t.broken", "h.half", "h.by_d", "t.by_s"] {
        run.says(&format!("index {index}"));
    }
    run.says("invalid");
    let diff = world
        .sgmp
        .run(&[
            "diff",
            "--only",
            "timescale",
            "--sql",
            "--allow-destructive",
        ])
        .await;
    world.timescale.execute(&diff.stdout).await;
    let invalid = "SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid";
    assert!(world.rows(invalid).await.is_empty());
    world
        .sgmp
        .run(&["status", "--only", "timescale"])
        .await
        .expect(0);
}
