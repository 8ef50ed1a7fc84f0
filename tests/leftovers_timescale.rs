//! What a PostgreSQL file leaves in its session: an error at the file's end, or gone before the next
//! file. Only what `check` cannot see is tried here; `check` refuses the rest (tests/check.rs).

mod support;

use support::{Kind, Run, Sgmp, TimescaleDatabase, killed::project};

const UPGRADE: [&str; 3] = ["upgrade", "--only", "timescale"];

struct World {
    timescale: TimescaleDatabase,
    directory: tempfile::TempDir,
    sgmp: Sgmp,
}

impl World {
    async fn new(files: &[&str]) -> World {
        let timescale = TimescaleDatabase::new(Kind::Apache17).await;
        let directory = project("timescale", files);
        let sgmp = Sgmp::default()
            .timescale(&timescale)
            .with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap());
        World {
            timescale,
            directory,
            sgmp,
        }
    }

    async fn upgrade(&self) -> Run {
        self.sgmp.run(&UPGRADE).await
    }

    async fn versions(&self) -> Vec<String> {
        self.timescale
            .rows("SELECT version FROM refinery_schema_history ORDER BY version")
            .await
    }
}

const HIDDEN: [(&str, &str); 4] = [
    ("CREATE TEMP TABLE hidden (id int)", "behind: hidden"),
    ("CREATE TEMP VIEW hidden AS SELECT 1 AS a", "behind: hidden"),
    (
        "PERFORM pg_advisory_lock(7, -8)",
        "leaves an advisory lock behind",
    ),
    (
        "PERFORM pg_advisory_lock_shared(-7)",
        "leaves an advisory lock behind",
    ),
];

#[tokio::test]
async fn what_a_transactional_file_leaves_in_its_session_takes_the_file_back() {
    for (statement, says) in HIDDEN {
        let bad = format!("CREATE TABLE t (id int);\nDO $$ BEGIN {statement}; END $$;\n");
        let world = World::new(&["CREATE TABLE a (id int);", &bad]).await;
        world
            .upgrade()
            .await
            .expect(1)
            .says(says)
            .says("V2__step.sql")
            .says("nothing of this file is in the database");
        assert_eq!(world.versions().await, ["1"]);
        support::killed::write(
            world.directory.path(),
            "timescale",
            2,
            "CREATE TABLE t (id int);",
        );
        world.upgrade().await.expect(0);
        assert_eq!(world.versions().await, ["1", "2"]);
    }
}

#[tokio::test]
async fn what_a_file_without_a_transaction_leaves_is_told_and_the_next_upgrade_records_it() {
    for (statement, says) in HIDDEN {
        let bad = format!(
            "-- sgmp-db: no-transaction\nCREATE TABLE t (id int);\nDO $$ BEGIN {statement}; END $$;\n"
        );
        let world = World::new(&[&bad, "CREATE TABLE b (id int);"]).await;
        world
            .upgrade()
            .await
            .expect(7)
            .says(says)
            .says("2 of 2 statements are in the database")
            .says("sgmp-db upgrade --only timescale");
        assert!(world.versions().await.is_empty());
        world.upgrade().await.expect(0);
        assert_eq!(world.versions().await, ["1", "2"]);
    }
}

#[tokio::test]
async fn what_goes_with_the_transaction_is_left_alone() {
    let text = "SELECT pg_advisory_xact_lock(7);\nCREATE TEMP TABLE x (id int) ON COMMIT DROP;\n\
        CREATE TABLE t AS SELECT * FROM x;\n";
    let function = "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN\n\
        CREATE TEMP TABLE y (id int) ON COMMIT DROP; END $$;\n";
    let world = World::new(&[text, function, "SELECT f();"]).await;
    world.upgrade().await.expect(0);
    assert_eq!(world.versions().await, ["1", "2", "3"]);
}

/// Everything that may stay without harm, but not for the next file.
const LEAVES: &str = "SELECT set_config('work_mem', '8MB', false);\n\
    DO $$ BEGIN SET extra_float_digits = -3; EXECUTE 'SET search_path = pg_catalog'; END $$;\n\
    PREPARE p AS SELECT 1;\nLISTEN l;\nDECLARE c CURSOR WITH HOLD FOR SELECT 1;\n";

const FINDS: &str = "DO $$ BEGIN IF current_setting('work_mem') = '8MB' OR current_setting('extra_float_digits') = '-3' \
    OR current_setting('search_path') <> 'public' OR EXISTS (SELECT FROM pg_prepared_statements) \
    OR EXISTS (SELECT FROM pg_cursors WHERE is_holdable) \
    OR current_user <> session_user OR current_setting('client_connection_check_interval') <> '10s' \
    THEN RAISE 'the session is dirty'; END IF; END $$;\n";

const HEARS: &str = "DO $$ BEGIN IF EXISTS (SELECT pg_listening_channels()) THEN RAISE 'it listens'; END IF; END $$;\n";

#[tokio::test]
async fn each_file_finds_a_clean_session() {
    let world = World::new(&[
        LEAVES,
        FINDS,
        &format!(
            "-- sgmp-db: no-transaction\n{}",
            LEAVES.replace("PREPARE p", "PREPARE q")
        ),
        FINDS,
        LEAVES,
        // What UNLISTEN does is seen when its transaction has ended.
        &format!("-- sgmp-db: no-transaction\n{FINDS}{HEARS}"),
    ])
    .await;
    world.upgrade().await.expect(0);
    assert_eq!(world.versions().await, ["1", "2", "3", "4", "5", "6"]);
}

#[tokio::test]
async fn a_file_that_takes_another_role_is_recorded_all_the_same() {
    let world = World::new(&["CREATE TABLE a (id int);"]).await;
    world.upgrade().await.expect(0);
    let role = format!("r_{}", world.timescale.name);
    world
        .timescale
        .execute(&format!(
            "CREATE ROLE {role}; GRANT CREATE ON SCHEMA public TO {role}"
        ))
        .await;
    for (version, set) in [
        (2, "SET ROLE"),
        (3, "SET SESSION AUTHORIZATION"),
        (4, "SET LOCAL ROLE"),
    ] {
        let text = format!("{set} {role};\nCREATE TABLE t{version} (id int);\n");
        support::killed::write(world.directory.path(), "timescale", version, &text);
    }
    support::killed::write(world.directory.path(), "timescale", 5, FINDS);
    world.upgrade().await.expect(0);
    let owners = world
        .timescale
        .rows("SELECT DISTINCT tableowner FROM pg_tables WHERE tablename ~ '^t[0-9]'")
        .await;
    assert_eq!(owners, [role]);
    assert_eq!(world.versions().await.len(), 5);
}

#[tokio::test]
async fn a_lock_given_up_in_the_last_statement_is_noticed() {
    for begin in ["", "-- sgmp-db: no-transaction\n"] {
        let text = format!(
            "{begin}CREATE TABLE t (id int);\nDO $$ BEGIN PERFORM pg_advisory_unlock_all(); END $$;\n"
        );
        let world = World::new(&[&text]).await;
        let run = world.upgrade().await;
        run.says("no longer holds the lock");
        assert_ne!(run.code, Some(0));
        assert!(world.versions().await.is_empty(), "{begin}");
    }
}
