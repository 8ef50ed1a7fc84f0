//! No setting of a PostgreSQL server, database or role changes what is read or done, or it is refused
//! in words that lead on. Walks the server's own list.

mod support;

use std::collections::BTreeMap;
use support::{
    Kind, Sgmp, TimescaleDatabase,
    database::postgres_admin,
    hostile::{self, Setting, World, expect},
    killed::project,
    unique,
};
use tempfile::TempDir;
use tokio_postgres::SimpleQueryMessage;

/// Settings that nobody can make hostile to us, with the reason.
const EXCLUDED: &[(&str, &str)] = &[
    ("application_name", "the login says its own"),
    ("client_encoding", "the login says its own"),
    (
        "transaction_deferrable",
        "of the transaction that is under way",
    ),
    ("transaction_isolation", "as transaction_deferrable"),
    ("transaction_read_only", "as transaction_deferrable"),
    ("debug_discard_caches", "for builds with assertions only"),
    (
        "local_preload_libraries",
        "a library that is not there refuses the login itself",
    ),
    ("session_preload_libraries", "as local_preload_libraries"),
    (
        "dynamic_library_path",
        "without TimescaleDB's library nothing of it works, and the server says so",
    ),
    ("extension_control_path", "as dynamic_library_path"),
    ("output_plugin_libraries", "for logical decoding only"),
    ("backtrace_functions", "what the log says"),
    ("log_connections", "what the log says"),
    (
        "wal_consistency_checking",
        "what is written ahead, not what is read",
    ),
    (
        "timescaledb.license",
        "a server's choice, which a session may make once only",
    ),
    (
        "timescaledb_lake.disable_load",
        "for a library that is not here",
    ),
    (
        "timescaledb_osm.disable_load",
        "as timescaledb_lake.disable_load",
    ),
    (
        "timescaledb.compression_orderby_default_function",
        "a function's name; none other is there",
    ),
    (
        "timescaledb.compression_segmentby_default_function",
        "as compression_orderby_default_function",
    ),
    ("post_auth_delay", "the time of a login"),
    ("extension_destdir", "as dynamic_library_path"),
    (
        "ignore_system_indexes",
        "of the login itself, which a role cannot have",
    ),
    ("jit_debugging_support", "as ignore_system_indexes"),
    ("jit_profiling_support", "as ignore_system_indexes"),
    ("log_disconnections", "as ignore_system_indexes"),
];

/// Refused in words that lead on.
const REFUSED: &[(&str, &str)] = &[
    (
        "default_transaction_read_only",
        "default_transaction_read_only is on for the role",
    ),
    ("timescaledb.restoring", "timescaledb.restoring is on"),
];

/// Values of texts.
const TEXTS: &[(&str, &[&str])] = &[
    ("DateStyle", &["German, DMY", "SQL, MDY"]),
    ("TimeZone", &["Pacific/Kiritimati", "America/St_Johns"]),
    ("createrole_self_grant", &["set, inherit"]),
    ("default_table_access_method", &["heap"]),
    ("default_tablespace", &["nowhere", "pg_global"]),
    (
        "default_text_search_config",
        &["pg_catalog.simple", "pg_catalog.german"],
    ),
    ("lc_messages", &["C", "de_DE.UTF-8"]),
    ("lc_monetary", &["POSIX"]),
    ("lc_numeric", &["POSIX"]),
    ("lc_time", &["POSIX"]),
    ("restrict_nonsystem_relation_kind", &["foreign-table"]),
    ("search_path", &["app, pg_temp, public", "", "pg_temp"]),
    ("temp_tablespaces", &["pg_default", ""]),
    ("timezone_abbreviations", &["India", "Australia"]),
    // With less than this the server ends a session before its first statement, whoever's it is.
    ("idle_session_timeout", &["500ms"]),
    ("transaction_timeout", &["500ms"]),
    ("timescaledb.default_chunk_time_interval", &["1 hour"]),
    ("wal_consistency_checking", &["all"]),
];

struct Timescale {
    kind: Kind,
    role: String,
    live: TimescaleDatabase,
    adopted: TimescaleDatabase,
    reference: String,
    project: TempDir,
}

impl Timescale {
    fn call(&self, database: &TimescaleDatabase) -> Sgmp {
        Sgmp::default()
            .timescale(database)
            .with("TSDB_USER", &self.role)
            .with("TSDB_PASS", "hostile")
    }

    async fn alter(&self, statements: &[String]) {
        let admin = postgres_admin(self.live.server.port, &self.live.name)
            .await
            .expect("the administrator");
        for statement in statements {
            admin
                .batch_execute(statement)
                .await
                .unwrap_or_else(|error| panic!("{statement}: {error:?}"));
        }
    }

    /// Under the settings.
    async fn calls(
        &self,
        fresh: &TimescaleDatabase,
        half: &TimescaleDatabase,
    ) -> Result<(), String> {
        let only = |verb| [verb, "--only", "timescale"];
        let files = self.project.path().display().to_string();
        let live = self.call(&self.live);
        expect(&live, &only("status"), 0).await?;
        expect(&live, &only("diff"), 0).await?;
        expect(&self.call(fresh), &only("upgrade"), 0).await?;
        let resumed = ["upgrade", "--only", "timescale", "--migrations", &files];
        expect(&self.call(half), &resumed, 0).await?;
        expect(&self.call(&self.adopted), &only("adopt"), 0).await
    }

    /// Under the defaults again: what the calls recorded is what there is, and as it always is.
    async fn outcome(
        &self,
        fresh: &TimescaleDatabase,
        half: &TimescaleDatabase,
    ) -> Result<(), String> {
        let only = ["status", "--only", "timescale"];
        let files = self.project.path().display().to_string();
        for database in [fresh, &self.adopted] {
            expect(&self.call(database), &only, 0).await?;
        }
        let status = ["status", "--only", "timescale", "--migrations", &files];
        expect(&self.call(half), &status, 0).await?;
        let made = definitions(fresh).await;
        if made != self.reference {
            return Err(format!("upgrade made another schema:\n{made}"));
        }
        let rows = half.rows(ROWS).await;
        if rows != [r"1|1970-01-02 00:00:00+00|a\b|NULL|1.5|2 days"] {
            return Err(format!("the resumed file wrote {rows:?}"));
        }
        Ok(())
    }
}

const ROWS: &str =
    "SELECT id, at AT TIME ZONE 'UTC' || '+00', word, list[1], number, span FROM b ORDER BY id";

/// Every column with its type and default, and every index.
async fn definitions(database: &TimescaleDatabase) -> String {
    let columns = database
        .rows(
            "SELECT table_name, column_name, data_type, column_default, is_nullable FROM information_schema.columns \
             WHERE table_schema = 'public' ORDER BY table_name, ordinal_position",
        )
        .await;
    let indexes = database
        .rows("SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexdef")
        .await;
    [columns, indexes].concat().join("\n")
}

impl World for Timescale {
    async fn check(&mut self, settings: &[Setting]) -> Result<(), String> {
        let (fresh, half) = (
            TimescaleDatabase::new(self.kind).await,
            TimescaleDatabase::new(self.kind).await,
        );
        // Stopped behind its first statements, by a table that is not there.
        let files = self.project.path().display().to_string();
        let upgrade = ["upgrade", "--only", "timescale", "--migrations", &files];
        expect(&self.call(&half), &upgrade, 7)
            .await
            .expect("a file half done");
        half.execute("CREATE SCHEMA gate; CREATE TABLE gate.gate (id int)")
            .await;
        self.adopted.execute("DROP TABLE sgmp_db_ledger").await;
        let set: Vec<String> = settings
            .iter()
            .map(|Setting { name, value }| format!("ALTER ROLE {} SET {name} = {value}", self.role))
            .collect();
        self.alter(&set).await;
        let called = self.calls(&fresh, &half).await;
        self.alter(&[format!("ALTER ROLE {} RESET ALL", self.role)])
            .await;
        let ended = match called {
            Ok(()) => self.outcome(&fresh, &half).await,
            failed => {
                // For the next one the ledger must be there to be dropped.
                self.adopted
                    .execute("CREATE TABLE IF NOT EXISTS sgmp_db_ledger (id int)")
                    .await;
                failed
            }
        };
        let drop = [&fresh, &half]
            .map(|database| format!("DROP DATABASE \"{}\" WITH (FORCE)", database.name));
        self.alter(&drop).await;
        ended
    }
}

/// Every setting of a session with the values that it takes; none where it takes no other.
async fn values(database: &TimescaleDatabase, role: &str) -> BTreeMap<String, Vec<String>> {
    let admin = database.session().await;
    // Loads the library, which has settings of its own.
    admin
        .batch_execute("SELECT count(*) FROM timescaledb_information.hypertables")
        .await
        .expect("TimescaleDB");
    let listed = admin
        .simple_query(
            "SELECT name, vartype, COALESCE(min_val, ''), array_to_string(enumvals, '|'), setting FROM pg_settings \
             WHERE context IN ('user', 'superuser', 'backend', 'superuser-backend') ORDER BY name",
        )
        .await
        .expect("the server's settings");
    let mut values = BTreeMap::new();
    for message in listed {
        let SimpleQueryMessage::Row(row) = message else {
            continue;
        };
        let text = |index| row.get(index).unwrap_or_default();
        let name = text(0);
        if EXCLUDED.iter().any(|(excluded, _)| *excluded == name) {
            continue;
        }
        let mut taken = Vec::new();
        for value in candidates(name, text(1), text(2), text(3)) {
            let set = format!("ALTER ROLE {role} SET {name} = {value}");
            // A value that does not suit the others is none.
            if value.trim_matches('\'') != text(4) && admin.batch_execute(&set).await.is_ok() {
                taken.push(value);
            }
        }
        values.insert(name.to_owned(), taken);
    }
    admin
        .batch_execute(&format!("ALTER ROLE {role} RESET ALL"))
        .await
        .expect("a role as it was");
    values
}

fn candidates(name: &str, kind: &str, least: &str, names: &str) -> Vec<String> {
    if let Some((_, values)) = TEXTS.iter().find(|(known, _)| *known == name) {
        return values
            .iter()
            .map(|value| match value.split_once(", ") {
                Some(_) if name == "search_path" => (*value).to_owned(),
                _ => format!("'{value}'"),
            })
            .collect();
    }
    match kind {
        "bool" => vec!["on".to_owned(), "off".to_owned()],
        "enum" => names.split('|').map(|name| format!("'{name}'")).collect(),
        "integer" | "real" => {
            let mut numbers = vec![least.to_owned(), "0".to_owned(), "1".to_owned()];
            numbers.dedup();
            numbers
        }
        _ => Vec::new(),
    }
}

async fn walk(kind: Kind) {
    let role = unique("hostile");
    let (live, adopted) = (
        TimescaleDatabase::new(kind).await,
        TimescaleDatabase::new(kind).await,
    );
    let mut world = Timescale {
        kind,
        role,
        live,
        adopted,
        reference: String::new(),
        project: project(
            "timescale",
            &["-- sgmp-db: no-transaction\n\
               CREATE TABLE a (id int PRIMARY KEY);\n\
               CREATE TABLE b (id serial PRIMARY KEY, at timestamptz, word text, list text[], number double precision, span interval);\n\
               INSERT INTO a SELECT id FROM gate.gate;\n\
               CREATE INDEX CONCURRENTLY ON b (word);\n\
               INSERT INTO b (at, word, list, number, span) VALUES ('1970-01-02 00:00', 'a\\b', '{NULL}', 1.5, '2 days');\n\
               CREATE VIEW w AS SELECT word FROM b WHERE word = NULL;\n"],
        ),
    };
    world
        .alter(&[format!(
            "CREATE ROLE {} SUPERUSER LOGIN PASSWORD 'hostile'",
            world.role
        )])
        .await;
    for database in [&world.live, &world.adopted] {
        expect(
            &world.call(database),
            &["upgrade", "--only", "timescale"],
            0,
        )
        .await
        .expect("an upgrade");
    }
    world.reference = definitions(&world.live).await;
    let values = values(&world.live, &world.role).await;
    let unknown: Vec<&String> = values
        .iter()
        .filter(|(name, values)| values.is_empty() && *name != "default_table_access_method")
        .map(|(name, _)| name)
        .collect();
    assert!(unknown.is_empty(), "in neither list: {unknown:?}");
    println!(
        "{} settings, {} values",
        values.len(),
        values.values().map(Vec::len).sum::<usize>()
    );
    hostile::walk(&mut world, &values, REFUSED).await;
}

#[tokio::test]
async fn no_setting_of_postgresql_18_changes_what_is_read_or_done() {
    walk(Kind::Apache18).await;
}

#[tokio::test]
async fn no_setting_of_postgresql_17_changes_what_is_read_or_done() {
    walk(Kind::Apache17).await;
}
