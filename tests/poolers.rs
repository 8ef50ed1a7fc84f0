//! A pooler or proxy between here and the server: reading leaves nothing set in sessions that others
//! have as well, writing is refused there, and what keeps sessions works as the server itself does.

mod support;

use mysql_async::prelude::Queryable;
use std::{
    collections::BTreeMap,
    fs,
    net::{Ipv4Addr, TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    process::Stdio,
    time::Duration,
};
use support::{
    Kind, MysqlDatabase, Sgmp, TimescaleDatabase, database::postgres_admin, killed::project,
    multiplexer::Multiplexer, server::PASSWORD, tool, unique,
};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio_postgres::SimpleQueryMessage;

/// A port that nothing listens on.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

async fn listens(port: u16) {
    for _ in 0..200 {
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nothing listens on port {port}");
}

/// A program between here and a server; it ends with the test.
struct Between {
    port: u16,
    _process: Child,
    _directory: TempDir,
}

impl Between {
    /// Debian's PgBouncer with its defaults and these lines.
    async fn pgbouncer(server: u16, lines: &[&str]) -> Between {
        let (port, directory) = (free_port(), tempfile::tempdir().expect("a directory"));
        let at = |name: &str| directory.path().join(name);
        let users = format!("\"postgres\" \"{}\"\n", PASSWORD.replace('"', "\"\""));
        fs::write(at("users"), users).expect("the logins");
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={server}\n[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port={port}\n\
             auth_type=plain\nauth_file={}\nunix_socket_dir=\n{}\n",
            at("users").display(),
            lines.join("\n")
        );
        fs::write(at("ini"), settings).expect("the settings");
        // It does not run as root.
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755))
            .expect("a readable directory");
        let is_root = std::process::Command::new("id")
            .arg("-u")
            .output()
            .expect("id")
            .stdout
            == b"0\n";
        let mut command = Command::new(tool("pgbouncer", "SGMP_DB_PGBOUNCER"));
        if is_root {
            command.args(["-u", "nobody"]);
        }
        command.arg("-q").arg(at("ini"));
        Between::start(port, command, directory).await
    }

    /// haproxy, which passes a connection on as it is.
    async fn haproxy(server: u16) -> Between {
        let (port, directory) = (free_port(), tempfile::tempdir().expect("a directory"));
        let settings = format!(
            "defaults\n mode tcp\n timeout connect 5s\n timeout client 60s\n timeout server 60s\n\
             listen it\n bind 127.0.0.1:{port}\n server it 127.0.0.1:{server}\n"
        );
        let file = directory.path().join("cfg");
        fs::write(&file, settings).expect("the settings");
        let mut command = Command::new(tool("haproxy", "SGMP_DB_HAPROXY"));
        command.arg("-db").arg("-f").arg(file);
        Between::start(port, command, directory).await
    }

    async fn start(port: u16, mut command: Command, directory: TempDir) -> Between {
        let process = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("it starts");
        listens(port).await;
        Between {
            port,
            _process: process,
            _directory: directory,
        }
    }
}

/// What the application finds in the session that the pooler gives it: every setting, and whether
/// anything else stays.
async fn application(port: u16, database: &str) -> BTreeMap<String, String> {
    let client = postgres_admin(port, database)
        .await
        .expect("the application's session");
    let messages = client
        .simple_query(
            "SELECT name, setting FROM pg_settings UNION ALL SELECT '(locks)', count(*)::text FROM pg_locks WHERE locktype = 'advisory' \
             AND classid = 1936158064 AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
             UNION ALL SELECT '(temporary)', pg_my_temp_schema()::text UNION ALL SELECT '(user)', current_user",
        )
        .await
        .expect("the settings");
    let row = |message| match message {
        SimpleQueryMessage::Row(row) => Some((
            row.get(0)?.to_owned(),
            row.get(1).unwrap_or_default().to_owned(),
        )),
        _ => None,
    };
    messages.into_iter().filter_map(row).collect()
}

/// A library that was loaded meanwhile brings settings of its own, at its defaults.
#[track_caller]
fn unchanged(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) {
    let changed: Vec<String> = before
        .iter()
        .filter(|(name, value)| after.get(*name) != Some(value))
        .map(|(name, value)| format!("{name}: {value} became {:?}", after.get(name)))
        .collect();
    assert!(changed.is_empty(), "{changed:?}");
}

const ONLY: [&str; 2] = ["--only", "timescale"];

async fn run(sgmp: &Sgmp, arguments: &[&str]) -> support::Run {
    sgmp.run(&[arguments, &ONLY].concat()).await
}

#[tokio::test]
async fn a_pooler_that_shares_sessions_is_read_through_and_never_written_through() {
    for lines in [
        &["pool_mode=transaction"][..],
        &[
            "pool_mode=transaction",
            "ignore_startup_parameters=options,extra_float_digits",
        ],
        &[
            "pool_mode=transaction",
            "server_round_robin=1",
            "min_pool_size=3",
        ],
    ] {
        let timescale = TimescaleDatabase::new(Kind::Apache18).await;
        let pooler = Between::pgbouncer(timescale.server.port, lines).await;
        let direct = Sgmp::default().timescale(&timescale);
        let pooled = direct.clone().with("TSDB_PORT", pooler.port.to_string());
        let before = application(pooler.port, &timescale.name).await;
        run(&pooled, &["status"]).await.expect(3);
        for writes in [&["upgrade"][..], &["upgrade", "--dry-run"]] {
            run(&pooled, writes)
                .await
                .expect(1)
                .says("a connection pooler stands between")
                .says("--timescale-port of PostgreSQL, not of the pooler");
        }
        unchanged(&before, &application(pooler.port, &timescale.name).await);
        let tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'";
        assert!(timescale.rows(tables).await.is_empty());
        run(&direct, &["upgrade"]).await.expect(0);
        for reads in ["status", "diff", "history"] {
            run(&pooled, &[reads]).await.expect(0);
        }
        for writes in [
            &["policies"][..],
            &["resolve", "1", "--accept-checksum", "--yes"],
        ] {
            let said = run(&pooled, writes).await;
            assert!(!said.all().contains("SQLSTATE"), "{}", said.all());
        }
        timescale
            .execute("ALTER TABLE events ADD COLUMN stray integer")
            .await;
        run(&pooled, &["diff"]).await.expect(4).says("stray");
        unchanged(&before, &application(pooler.port, &timescale.name).await);
    }
}

#[tokio::test]
async fn a_pooler_without_transactions_is_told_as_such() {
    let timescale = TimescaleDatabase::new(Kind::Apache18).await;
    let pooler = Between::pgbouncer(timescale.server.port, &["pool_mode=statement"]).await;
    let pooled = Sgmp::default()
        .timescale(&timescale)
        .with("TSDB_PORT", pooler.port.to_string());
    let before = application(pooler.port, &timescale.name).await;
    for verb in ["status", "diff", "history", "upgrade"] {
        run(&pooled, &[verb])
            .await
            .expect(1)
            .says("statement mode")
            .says("--timescale-port of PostgreSQL, not of the pooler");
    }
    unchanged(&before, &application(pooler.port, &timescale.name).await);
}

#[tokio::test]
async fn a_pooler_that_keeps_sessions_works_and_gets_them_back_as_they_were() {
    for lines in [
        &["pool_mode=session"][..],
        // Without its own reset whatever stayed would be seen.
        &[
            "pool_mode=session",
            "server_reset_query=",
            "default_pool_size=1",
        ],
        &[
            "pool_mode=session",
            "server_reset_query=",
            "min_pool_size=2",
            "server_round_robin=1",
        ],
    ] {
        let timescale = TimescaleDatabase::new(Kind::Apache18).await;
        let pooler = Between::pgbouncer(timescale.server.port, lines).await;
        let pooled = Sgmp::default()
            .timescale(&timescale)
            .with("TSDB_PORT", pooler.port.to_string());
        let before = application(pooler.port, &timescale.name).await;
        run(&pooled, &["status"]).await.expect(3);
        unchanged(&before, &application(pooler.port, &timescale.name).await);
        run(&pooled, &["upgrade"]).await.expect(0);
        unchanged(&before, &application(pooler.port, &timescale.name).await);
        for reads in ["status", "diff", "history"] {
            run(&pooled, &[reads]).await.expect(0);
        }
        unchanged(&before, &application(pooler.port, &timescale.name).await);
    }
}

#[tokio::test]
async fn a_pooler_gets_the_session_back_after_an_error_and_a_signal() {
    let timescale = TimescaleDatabase::new(Kind::Apache18).await;
    let lines = ["pool_mode=session", "server_reset_query="];
    let pooler = Between::pgbouncer(timescale.server.port, &lines).await;
    let pooled = Sgmp::default()
        .timescale(&timescale)
        .with("TSDB_PORT", pooler.port.to_string());
    let before = application(pooler.port, &timescale.name).await;
    let with = |directory: &TempDir| {
        [
            "upgrade".to_owned(),
            "--migrations".to_owned(),
            directory.path().display().to_string(),
        ]
    };
    let fails = project("timescale", &["SET work_mem = '1MB'; SELECT 1 / 0;"]);
    let arguments = with(&fails);
    run(&pooled, &arguments.each_ref().map(String::as_str))
        .await
        .expect(1)
        .says("division by zero");
    unchanged(&before, &application(pooler.port, &timescale.name).await);
    let slow = project(
        "timescale",
        &["SET work_mem = '1MB'; SELECT pg_sleep(600);"],
    );
    let arguments = with(&slow);
    let child = pooled.spawn(&[&arguments.each_ref().map(String::as_str)[..], &ONLY].concat());
    let sleeping = "SELECT FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND state = 'active' AND pid <> pg_backend_pid()";
    for _ in 0..200 {
        if !timescale.rows(sleeping).await.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let process = child.id().expect("a running process").to_string();
    let sent = std::process::Command::new("kill")
        .args(["-TERM", &process])
        .status()
        .expect("kill");
    assert!(sent.success());
    support::binary::finish(child).await.expect(143);
    unchanged(&before, &application(pooler.port, &timescale.name).await);
}

#[tokio::test]
async fn a_proxy_that_passes_connections_on_works() {
    let mysql = MysqlDatabase::new().await;
    let timescale = TimescaleDatabase::new(Kind::Apache18).await;
    let (to_mysql, to_timescale) = (
        Between::haproxy(mysql.server.port).await,
        Between::haproxy(timescale.server.port).await,
    );
    let sgmp = Sgmp::on(&mysql, &timescale)
        .with("MYSQL_PORT", to_mysql.port.to_string())
        .with("TSDB_PORT", to_timescale.port.to_string());
    sgmp.run(&["upgrade"]).await.expect(0);
    sgmp.run(&["status"]).await.expect(0);
}

/// Every variable of these sessions, those of the user too that are not NULL.
async fn variables(mysql: &MysqlDatabase, sessions: &[u32]) -> Vec<String> {
    let list: Vec<String> = sessions.iter().map(u32::to_string).collect();
    let of = |table: &str, condition: &str| {
        format!(
            "SELECT VARIABLE_NAME, VARIABLE_VALUE FROM performance_schema.{table} JOIN performance_schema.threads USING (THREAD_ID) \
             WHERE PROCESSLIST_ID IN ({}) AND {condition}",
            list.join(", ")
        )
    };
    // What the server counts or invents for each session.
    let own = "VARIABLE_NAME NOT IN ('pseudo_thread_id', 'rand_seed1', 'rand_seed2', 'timestamp', 'statement_id', 'error_count', 'warning_count', 'last_insert_id', 'identity')";
    let mut rows = mysql
        .rows(&format!("{} ORDER BY 1, 2", of("variables_by_thread", own)))
        .await;
    rows.extend(
        mysql
            .rows(&of(
                "user_variables_by_thread",
                "VARIABLE_VALUE IS NOT NULL",
            ))
            .await,
    );
    rows
}

#[tokio::test]
async fn a_mysql_proxy_that_shares_sessions_is_read_through_and_never_written_through() {
    let mysql = MysqlDatabase::new().await;
    let user = unique("u");
    let user = &user[..user.len().min(32)];
    let mut admin = mysql.admin().await;
    for statement in [
        format!("CREATE USER '{user}'@'%' IDENTIFIED BY ''"),
        format!("GRANT ALL ON `{}`.* TO '{user}'@'%'", mysql.name),
    ] {
        admin.query_drop(&statement).await.expect(&statement);
    }
    let proxy = Multiplexer::start(mysql.server.port);
    let direct = Sgmp::default()
        .mysql(&mysql)
        .without("MYSQL_PASS")
        .with("MYSQL_USER", user)
        .with("SGMP_DB_MYSQL_TLS", "disable");
    let proxied = direct.clone().with("MYSQL_PORT", proxy.port.to_string());
    let only = ["--only", "mysql"];
    let call = |verb: &'static str| [verb, only[0], only[1]];
    proxied.run(&call("status")).await.expect(3);
    for writes in [
        &call("upgrade")[..],
        &["upgrade", "--dry-run", "--only", "mysql"],
    ] {
        proxied
            .run(writes)
            .await
            .expect(1)
            .says("a proxy stands between")
            .says("--mysql-port of the instance, not of the proxy");
    }
    assert!(mysql.rows("SHOW TABLES").await.is_empty());
    direct.run(&call("upgrade")).await.expect(0);
    for reads in ["status", "diff", "history"] {
        proxied.run(&call(reads)).await.expect(0);
    }
    mysql
        .execute("CREATE TABLE stray (id int PRIMARY KEY)")
        .await;
    proxied.run(&call("diff")).await.expect(4).says("stray");
    // Each of the proxy's sessions is as a new one of the same login.
    let all = proxy.sessions();
    assert!(all.len() >= 3 * 7, "{all:?}");
    let one: Vec<Vec<String>> = {
        let mut each = Vec::new();
        for session in &all {
            each.push(variables(&mysql, &[*session]).await);
        }
        each
    };
    let fresh = Multiplexer::start(mysql.server.port);
    let asked = direct
        .with("MYSQL_PORT", fresh.port.to_string())
        .run(&call("status"))
        .await;
    asked.expect(4);
    // Of three sessions a client's two commands have touched two at most; the third is as it was made.
    let untouched = variables(&mysql, &fresh.sessions()[2..3]).await;
    assert!(!untouched.is_empty());
    for variables in one {
        assert_eq!(variables, untouched);
    }
}
