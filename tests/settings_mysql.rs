//! No setting of a MySQL server or of its `init_connect` changes what is read or done, or it is refused
//! in words that lead on. Walks the server's own list of variables.

mod support;

use mysql_async::{Conn, Row, prelude::Queryable};
use std::collections::{BTreeMap, BTreeSet};
use support::{
    Kind, MysqlDatabase, Server, Sgmp,
    database::mysql_admin,
    hostile::{self, Setting, World, expect},
    killed::project,
    server, unique,
};
use tempfile::TempDir;

/// Variables that nobody can make hostile to us, with the reason.
const EXCLUDED: &[(&str, &str)] = &[
    ("error_count", "an answer of the server's"),
    ("warning_count", "an answer of the server's"),
    ("external_user", "an answer of the server's"),
    ("proxy_user", "an answer of the server's"),
    ("gtid_owned", "an answer of the server's"),
    ("statement_id", "an answer of the server's"),
    (
        "gtid_next",
        "needs a privilege; init_connect runs with the login's own",
    ),
    ("immediate_server_version", "as gtid_next"),
    ("original_commit_timestamp", "as gtid_next"),
    ("original_server_version", "as gtid_next"),
    ("pseudo_replica_mode", "as gtid_next"),
    ("pseudo_slave_mode", "as gtid_next"),
    ("pseudo_thread_id", "as gtid_next"),
    ("rbr_exec_mode", "as gtid_next"),
    ("require_row_format", "as gtid_next"),
    ("show_create_table_skip_secondary_engine", "as gtid_next"),
    ("sql_log_bin", "as gtid_next"),
    (
        "identity",
        "init_connect only; what LAST_INSERT_ID() says before the first INSERT",
    ),
    ("last_insert_id", "as identity"),
    (
        "insert_id",
        "init_connect only; the number of one row, which would be the journal's first",
    ),
    ("rand_seed1", "init_connect only; what RAND() says"),
    ("rand_seed2", "as rand_seed1"),
    (
        "resultset_metadata",
        "the driver does not offer it, so the server refuses to change it",
    ),
    (
        "character_set_database",
        "the server sets it to the database's at each USE",
    ),
    ("collation_database", "as character_set_database"),
    (
        "external_table_secondary_storage_engine",
        "HeatWave's; empty is its only value elsewhere",
    ),
    (
        "external_table_storage_engine",
        "as external_table_secondary_storage_engine",
    ),
    (
        "group_replication_consistency",
        "there is no group on this server",
    ),
    (
        "innodb_tmpdir",
        "a directory of the server's; a wrong one is refused when it is set",
    ),
    (
        "innodb_ft_user_stopword_table",
        "a wrong one is refused when it is set",
    ),
    ("terminology_use_previous", "words in logs"),
    (
        "max_user_connections",
        "the limit of the account, and one session is one too many",
    ),
];

/// Refused in words that lead on.
const REFUSED: &[(&str, &str)] = &[
    ("transaction_read_only", "transaction_read_only is on"),
    ("max_allowed_packet", "max_allowed_packet"),
    ("connection_memory_limit", "the server ended the connection"),
];

/// Values of texts and sets.
const TEXTS: &[(&str, &[&str])] = &[
    ("binlog_row_value_options", &["PARTIAL_JSON"]),
    ("block_encryption_mode", &["aes-256-cbc"]),
    ("character_set_client", &["latin1", "gbk"]),
    ("character_set_connection", &["latin1", "ucs2"]),
    ("character_set_filesystem", &["utf8mb4"]),
    ("character_set_results", &["latin1", "ucs2"]),
    ("character_set_server", &["latin1", "ucs2"]),
    (
        "collation_connection",
        &["utf8mb4_bin", "latin1_german2_ci"],
    ),
    ("collation_server", &["utf8mb4_bin", "latin1_german2_ci"]),
    ("default_collation_for_utf8mb4", &["utf8mb4_general_ci"]),
    ("default_storage_engine", &["MyISAM", "MEMORY"]),
    ("default_tmp_storage_engine", &["MyISAM", "MEMORY"]),
    ("lc_messages", &["de_DE", "ja_JP"]),
    ("lc_time_names", &["de_DE", "ar_SA"]),
    ("myisam_stats_method", &["nulls_equal"]),
    (
        "optimizer_switch",
        &[
            "derived_merge=off,materialization=off,semijoin=off,index_merge=off,hash_join=off,derived_condition_pushdown=off,subquery_to_derived=on",
        ],
    ),
    ("optimizer_trace", &["enabled=on"]),
    ("optimizer_trace_features", &["greedy_search=off"]),
    ("session_track_system_variables", &["*", ""]),
    (
        "sql_mode",
        &[
            "ANSI,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH,HIGH_NOT_PRECEDENCE,REAL_AS_FLOAT",
            "",
            "TIME_TRUNCATE_FRACTIONAL,NO_UNSIGNED_SUBTRACTION,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_DIR_IN_CREATE",
        ],
    ),
    ("time_zone", &["+13:00", "-12:00"]),
];

/// Of an unknown number of named values, which also have numbers.
const MOST_NAMES: u32 = 10;

struct Mysql {
    port: u16,
    reference: String,
    live: MysqlDatabase,
    adopted: MysqlDatabase,
    project: TempDir,
}

impl Mysql {
    async fn admin(&self) -> Conn {
        mysql_admin(self.port).await.expect("the administrator")
    }

    fn database(&self) -> MysqlDatabase {
        database(self.port)
    }

    fn call(&self, database: &MysqlDatabase) -> Sgmp {
        Sgmp::default()
            .mysql(database)
            .with("MYSQL_USER", "hostile")
            .with("MYSQL_PASS", "hostile")
    }

    /// What is on the server now becomes the default of every new session of the login's.
    async fn set(&self, settings: &[Setting]) {
        let mut admin = self.admin().await;
        let mut at_connect = Vec::new();
        for Setting { name, value } in settings {
            let only_sessions = value.strip_prefix("SESSION ");
            match only_sessions {
                Some(value) => at_connect.push(format!("SESSION {name} = {value}")),
                None => admin
                    .query_drop(format!("SET GLOBAL {name} = {value}"))
                    .await
                    .unwrap_or_else(|error| panic!("{name} = {value}: {error}")),
            }
        }
        if !at_connect.is_empty() {
            let init = format!(
                "SET GLOBAL init_connect = 'SET {}'",
                at_connect.join(", ").replace('\'', "''")
            );
            admin.query_drop(init).await.expect("init_connect");
        }
    }

    async fn reset(&self, settings: &[Setting]) {
        let mut admin = self.admin().await;
        admin
            .query_drop("SET SESSION autocommit = 1, sql_select_limit = DEFAULT; SET GLOBAL init_connect = ''")
            .await
            .expect("no init_connect");
        for setting in settings
            .iter()
            .filter(|setting| !setting.value.starts_with("SESSION "))
        {
            let reset = format!("SET GLOBAL {} = DEFAULT", setting.name);
            admin.query_drop(&reset).await.expect(&reset);
        }
    }

    /// Under the settings.
    async fn calls(&self, fresh: &MysqlDatabase, half: &MysqlDatabase) -> Result<(), String> {
        let only = |verb| [verb, "--only", "mysql"];
        let files = self.project.path().display().to_string();
        let live = self.call(&self.live);
        expect(&live, &only("status"), 0).await?;
        expect(&live, &only("diff"), 0).await?;
        expect(&self.call(fresh), &only("upgrade"), 0).await?;
        let resumed = ["upgrade", "--only", "mysql", "--migrations", &files];
        expect(&self.call(half), &resumed, 0).await?;
        expect(&self.call(&self.adopted), &only("adopt"), 0).await
    }

    /// Under the defaults again: what the calls recorded is what there is, and as it always is.
    async fn outcome(&self, fresh: &MysqlDatabase, half: &MysqlDatabase) -> Result<(), String> {
        let only = ["status", "--only", "mysql"];
        let files = self.project.path().display().to_string();
        for database in [fresh, &self.adopted] {
            expect(&self.call(database), &only, 0).await?;
        }
        let status = ["status", "--only", "mysql", "--migrations", &files];
        expect(&self.call(half), &status, 0).await?;
        let made = fresh.definitions().await;
        if made != self.reference {
            return Err(format!("upgrade made another schema:\n{made}"));
        }
        let rows = half.rows("SELECT id, word, at FROM b ORDER BY id").await;
        if rows != ["1|a\\b|1970-01-02 00:00:00", "2||2026-01-02 03:04:05"] {
            return Err(format!("the resumed file wrote {rows:?}"));
        }
        Ok(())
    }
}

impl World for Mysql {
    async fn check(&mut self, settings: &[Setting]) -> Result<(), String> {
        let (fresh, half) = (self.database(), self.database());
        let mut admin = self.admin().await;
        for database in [&fresh, &half] {
            admin
                .query_drop(format!("CREATE DATABASE `{}`", database.name))
                .await
                .expect("a database");
        }
        // Stopped behind its first statements, by a table that is not there.
        admin
            .query_drop("DROP TABLE IF EXISTS h_gate.gate")
            .await
            .expect("no gate");
        let files = self.project.path().display().to_string();
        let upgrade = ["upgrade", "--only", "mysql", "--migrations", &files];
        expect(&self.call(&half), &upgrade, 7)
            .await
            .expect("a file half done");
        admin
            .query_drop("CREATE TABLE h_gate.gate (id int PRIMARY KEY)")
            .await
            .expect("the gate");
        self.adopted.execute("DROP TABLE sgmp_db_ledger").await;
        self.set(settings).await;
        let called = self.calls(&fresh, &half).await;
        self.reset(settings).await;
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
        for database in [&fresh, &half] {
            admin
                .query_drop(format!("DROP DATABASE `{}`", database.name))
                .await
                .expect("no database");
        }
        ended
    }
}

fn database(port: u16) -> MysqlDatabase {
    MysqlDatabase {
        server: Server {
            kind: Kind::Mysql,
            port,
            container: String::new(),
        },
        name: unique("h"),
    }
}

/// Every variable of a session with the values that it takes; none where it takes no other.
async fn values(port: u16) -> BTreeMap<String, Vec<String>> {
    let mut admin = mysql_admin(port).await.expect("the administrator");
    let mut login = session_of_login(port).await;
    let listed: Vec<Row> = admin
        .query(
            "SELECT m.VARIABLE_NAME, m.VARIABLE_SCOPE, m.DATA_TYPE, m.MIN_VALUE, s.VARIABLE_VALUE \
             FROM performance_schema.variables_metadata m \
             LEFT JOIN performance_schema.session_variables s USING (VARIABLE_NAME) \
             WHERE m.VARIABLE_SCOPE <> 'GLOBAL' ORDER BY 1",
        )
        .await
        .expect("the server's variables");
    let excluded: BTreeSet<&str> = EXCLUDED.iter().map(|(name, _)| *name).collect();
    let mut values = BTreeMap::new();
    for row in listed {
        let (name, scope, kind, least, now): (String, String, String, String, Option<String>) =
            mysql_async::from_row(row);
        if excluded.contains(name.as_str()) {
            continue;
        }
        let mut taken = Vec::new();
        for value in candidates(&name, &kind, &least) {
            let is_session_only = scope == "SESSION_ONLY";
            let set = if is_session_only {
                login
                    .query_drop(format!("SET SESSION {name} = {value}"))
                    .await
            } else {
                admin
                    .query_drop(format!("SET GLOBAL {name} = {value}"))
                    .await
            };
            let is_now = now.as_deref() == Some(value.trim_matches('\''));
            if set.is_ok() && !is_now {
                taken.push(if is_session_only {
                    format!("SESSION {value}")
                } else {
                    value
                });
            }
        }
        if scope != "SESSION_ONLY" {
            // One that cannot be set cannot be set back either.
            admin
                .query_drop(format!("SET GLOBAL {name} = DEFAULT"))
                .await
                .unwrap_or_default();
        }
        values.insert(name, taken);
    }
    values
}

async fn session_of_login(port: u16) -> Conn {
    let options = mysql_async::OptsBuilder::default()
        .ip_or_hostname("127.0.0.1")
        .tcp_port(port)
        .user(Some("hostile"))
        .pass(Some("hostile"))
        .prefer_socket(false);
    Conn::new(options).await.expect("the login")
}

fn candidates(name: &str, kind: &str, least: &str) -> Vec<String> {
    if let Some((_, values)) = TEXTS.iter().find(|(known, _)| *known == name) {
        return values.iter().map(|value| format!("'{value}'")).collect();
    }
    match kind {
        "Boolean" => vec!["1".to_owned(), "0".to_owned()],
        "Enumeration" => (0..MOST_NAMES).map(|number| number.to_string()).collect(),
        "Integer" | "Numeric" => {
            let mut numbers = vec![least.to_owned(), "0".to_owned(), "1".to_owned()];
            numbers.dedup();
            numbers
        }
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn no_session_variable_of_the_server_changes_what_is_read_or_done() {
    let (_container, port) = server::own(
        Kind::Mysql,
        &[
            "mysqld",
            "--innodb-flush-log-at-trx-commit=2",
            "--sync-binlog=0",
        ],
    )
    .await;
    let mut admin = mysql_admin(port).await.expect("the administrator");
    // Without CONNECTION_ADMIN, so that init_connect runs for it.
    for statement in [
        "CREATE USER hostile@'%' IDENTIFIED BY 'hostile'",
        "GRANT ALL ON `h\\_%`.* TO hostile@'%'",
        "CREATE DATABASE h_gate",
    ] {
        admin.query_drop(statement).await.expect(statement);
    }
    let mut world = Mysql {
        port,
        reference: String::new(),
        live: database(port),
        adopted: database(port),
        project: project(
            "mysql",
            &["CREATE TABLE a (id int PRIMARY KEY);\n\
               CREATE TABLE b (id int PRIMARY KEY AUTO_INCREMENT, word varchar(9), at timestamp NOT NULL);\n\
               INSERT INTO b (id) SELECT id FROM h_gate.gate;\n\
               ALTER TABLE b COMMENT 'x';\n\
               INSERT INTO b (word, at) VALUES ('a\\\\b', FROM_UNIXTIME(86400)), ('', '2026-01-02 03:04:05');\n\
               UPDATE b SET word = '' WHERE word = 'never';\n\
               CREATE VIEW w AS SELECT word FROM b;\n"],
        ),
    };
    for database in [&world.live, &world.adopted] {
        admin
            .query_drop(format!("CREATE DATABASE `{}`", database.name))
            .await
            .expect("a database");
        expect(&world.call(database), &["upgrade", "--only", "mysql"], 0)
            .await
            .expect("an upgrade");
    }
    world.reference = world.live.definitions().await;
    let values = values(port).await;
    let unknown: Vec<&String> = values
        .iter()
        .filter(|(_, values)| values.is_empty())
        .map(|(name, _)| name)
        .collect();
    assert!(unknown.is_empty(), "in neither list: {unknown:?}");
    println!(
        "{} variables, {} values",
        values.len(),
        values.values().map(Vec::len).sum::<usize>()
    );
    hostile::walk(&mut world, &values, REFUSED).await;
}
