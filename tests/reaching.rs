//! Who cannot be reached is told, and nothing is changed anywhere; who is starting is waited for.

mod support;

use mysql_async::prelude::Queryable;
use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener},
    process::Command,
    time::{Duration, Instant},
};
use support::{
    Kind, Link, MysqlDatabase, Proxy, Sgmp, TimescaleDatabase,
    certificates::{Authority, NAME},
    database::mysql_admin,
    server::{self, PASSWORD},
};

const AT_ONCE: Link = Link {
    there: Duration::ZERO,
    back: Duration::ZERO,
};

/// Both databases, fresh.
async fn pair() -> (MysqlDatabase, TimescaleDatabase) {
    (
        MysqlDatabase::new().await,
        TimescaleDatabase::new(Kind::Apache17).await,
    )
}

async fn assert_untouched(mysql: &MysqlDatabase, timescale: &TimescaleDatabase) {
    assert!(mysql.rows("SHOW TABLES").await.is_empty());
    let objects = timescale
        .rows("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace")
        .await;
    assert!(objects.is_empty(), "{objects:?}");
    let extensions = timescale
        .rows("SELECT FROM pg_extension WHERE extname = 'timescaledb'")
        .await;
    assert!(extensions.is_empty());
}

/// A port on which nobody listens.
fn closed_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_leaves_the_other_database_untouched() {
    let (mysql, timescale) = pair().await;
    let closed = closed_port().to_string();
    let mysql_port = mysql.server.port.to_string();
    let cases: [(&[(&str, &str)], &str); 7] = [
        (
            &[("MYSQL_PORT", &closed)],
            &format!("127.0.0.1:{closed} cannot be reached"),
        ),
        (
            &[("TSDB_PORT", &closed)],
            &format!("127.0.0.1:{closed} cannot be reached"),
        ),
        (
            &[("MYSQL_HOST", "::1"), ("MYSQL_PORT", &closed)],
            &format!("[::1]:{closed} cannot be reached"),
        ),
        (
            &[("TSDB_HOST", "nowhere.invalid")],
            "the name does not resolve",
        ),
        // Reserved for documentation (RFC 5737): nobody answers there.
        (
            &[
                ("MYSQL_HOST", "192.0.2.1"),
                ("SGMP_DB_CONNECT_TIMEOUT", "1s"),
            ],
            "192.0.2.1:",
        ),
        (
            &[
                ("TSDB_HOST", "192.0.2.1"),
                ("SGMP_DB_CONNECT_TIMEOUT", "1s"),
            ],
            "192.0.2.1:",
        ),
        (
            &[("TSDB_PORT", &mysql_port)],
            "does not speak PostgreSQL's protocol",
        ),
    ];
    for (variables, says) in cases {
        let mut sgmp = Sgmp::on(&mysql, &timescale);
        for (name, value) in variables {
            sgmp = sgmp.with(name, *value);
        }
        sgmp.run(&["upgrade"]).await.expect(1).says(says);
    }
    assert_untouched(&mysql, &timescale).await;
}

#[tokio::test]
async fn a_mistyped_database_is_not_made_and_a_wrong_certificate_stops_both() {
    let (mysql, timescale) = pair().await;
    let sgmp = Sgmp::on(&mysql, &timescale);
    for variable in ["MYSQL_DATABASE", "TSDB_DATABASE"] {
        let mistyped = sgmp.clone().with(variable, "a1_mistyped");
        let run = mistyped.run(&["upgrade"]).await;
        run.expect(2).says("a1_mistyped").says("--create-database");
    }
    let made = mysql.rows("SHOW DATABASES LIKE 'a1\\_mistyped'").await;
    assert!(made.is_empty());
    let made = timescale
        .rows("SELECT FROM pg_database WHERE datname = 'a1_mistyped'")
        .await;
    assert!(made.is_empty());
    let directory = tempfile::tempdir().unwrap();
    let stranger = Authority::new("a stranger").write(directory.path(), "ca.pem");
    let empty = directory.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let (stranger, empty) = (stranger.to_str().unwrap(), empty.to_str().unwrap());
    let tls: [(&[&str], i32, &str); 5] = [
        (
            &["--mysql-ca", stranger, "--mysql-tls-name", NAME],
            1,
            "not from an authority",
        ),
        (
            &["--mysql-ca", empty, "--mysql-tls-name", NAME],
            2,
            "has no certificate",
        ),
        (
            &["--mysql-ca", "/absent.pem", "--mysql-tls-name", NAME],
            2,
            "/absent.pem",
        ),
        (
            &["--mysql-ca", stranger, "--mysql-tls-name", "no name"],
            2,
            "is not a name",
        ),
        (&["--timescale-tls", "require"], 1, "offers no TLS"),
    ];
    for (flags, code, says) in tls {
        let arguments: Vec<&str> = ["upgrade"].iter().chain(flags).copied().collect();
        sgmp.run(&arguments).await.expect(code).says(says);
    }
    assert_untouched(&mysql, &timescale).await;
}

#[tokio::test]
async fn a_wrong_configuration_changes_nothing_anywhere() {
    let (mysql, timescale) = pair().await;
    let directory = tempfile::tempdir().unwrap();
    let secrets = directory.path().join("secrets.json");
    std::fs::write(&secrets, r#"{"rds": 7}"#).unwrap();
    let secrets = secrets.to_str().unwrap();
    let broken = directory.path().join("broken.json");
    std::fs::write(&broken, "{\n \"rds\": \"geheim\",,\n}").unwrap();
    let broken = broken.to_str().unwrap();
    let cases: [(&str, &str, &str); 8] = [
        ("MYSQL_PORT", "3306a", "MYSQL_PORT"),
        ("TSDB_PORT", "70000", "TSDB_PORT"),
        (
            "DATABASE_URL",
            "postgres://u:geheim@h/d",
            "the scheme must be mysql or mysql+pymysql",
        ),
        ("SGMP_DB_SECRETS_FILE", "/absent.json", "/absent.json"),
        ("SGMP_DB_SECRETS_FILE", secrets, "rds is not a string"),
        ("SGMP_DB_SECRETS_FILE", broken, "line 2"),
        ("SGMP_DB_MYSQL_TLS", "maybe", "verify-full"),
        ("SGMP_DB_CONFIG", "/absent.yaml", "/absent.yaml"),
    ];
    for (variable, value, says) in cases {
        let run = Sgmp::on(&mysql, &timescale)
            .with(variable, value)
            .run(&["upgrade"])
            .await;
        run.expect(2).says(says);
        assert!(!run.all().contains("geheim"), "{run:?}");
    }
    let files: [(&str, &str, i32, &str); 4] = [
        (
            "sgmp-db.yaml",
            "ca: x\nmysql_hots: x\n",
            2,
            "perhaps mysql_host is meant",
        ),
        (
            "sgmp-db.yaml",
            "ca: x\nmysql_hots: x\n",
            2,
            "sgmp-db.yaml:2",
        ),
        (
            "sgmp-db.yaml",
            "MYSQL_HOST: a\nmysql_host: b\n",
            2,
            "sgmp-db.yaml:2",
        ),
        (
            "config.yaml",
            "MYSQL_HOTS: x\n",
            3,
            "perhaps MYSQL_HOST is meant",
        ),
    ];
    for (name, text, code, says) in files {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join(name), text).unwrap();
        let sgmp = Sgmp::on(&mysql, &timescale).standing_in(directory.path());
        let command = if code == 2 { "upgrade" } else { "status" };
        sgmp.run(&[command]).await.expect(code).says(says);
    }
    assert_untouched(&mysql, &timescale).await;
}

#[tokio::test]
async fn a_replica_and_a_standby_are_recognised_and_refused() {
    let (mysql, timescale) = pair().await;
    let (_container, port) = server::own(Kind::Mysql, &["mysqld", "--read-only=ON"]).await;
    let mut admin = mysql_admin(port).await.unwrap();
    admin.query_drop("CREATE DATABASE sgmp").await.unwrap();
    let replica = Sgmp::on(&mysql, &timescale)
        .with("MYSQL_PORT", port.to_string())
        .with("MYSQL_DATABASE", "sgmp");
    let run = replica.run(&["upgrade"]).await;
    run.expect(1).says("read_only is on").says("--mysql-host");
    let tables: Vec<String> = admin.query("SHOW TABLES FROM sgmp").await.unwrap();
    assert!(tables.is_empty());
    replica.run(&["status"]).await.expect(3);
    assert_untouched(&mysql, &timescale).await;

    let (container, _) = server::own(Kind::Apache17, &["postgres", "-c", "fsync=off"]).await;
    // From its next start on it takes what a primary sends, and nothing else.
    let signal = "touch $PGDATA/standby.signal && chown postgres $PGDATA/standby.signal";
    server::execute(&container, signal).await;
    let port = server::restart(&container, Kind::Apache17).await;
    let standby = Sgmp::on(&mysql, &timescale)
        .with("TSDB_PORT", port.to_string())
        .with("TSDB_DATABASE", "postgres");
    let run = standby.run(&["upgrade"]).await;
    run.expect(1)
        .says("pg_is_in_recovery")
        .says("--timescale-host");
    let run = standby.run(&["status", "--only", "timescale"]).await;
    assert_ne!(run.code, Some(1), "{run:?}");
    assert_untouched(&mysql, &timescale).await;
}

#[tokio::test]
async fn a_login_without_a_password_and_a_name_with_several_addresses_work() {
    let mysql = MysqlDatabase::new().await;
    let user = support::unique("e");
    let mut admin = mysql.admin().await;
    for statement in [
        format!("CREATE USER '{user}'@'%' IDENTIFIED BY ''"),
        format!("GRANT ALL ON `{}`.* TO '{user}'@'%'", mysql.name),
    ] {
        admin.query_drop(statement).await.unwrap();
    }
    for mode in ["disable", "require"] {
        // localhost is ::1 first on many machines, where the server may not listen.
        let sgmp = Sgmp::default()
            .mysql(&mysql)
            .without("MYSQL_PASS")
            .with("MYSQL_HOST", "localhost")
            .with("MYSQL_USER", &user)
            .with("SGMP_DB_MYSQL_TLS", mode);
        sgmp.run(&["status", "--only", "mysql"]).await.expect(3);
    }
    admin
        .query_drop(format!("DROP USER '{user}'@'%'"))
        .await
        .unwrap();
}

/// What a server says while it starts, one answer for each attempt to connect.
enum Starting {
    /// Docker's forwarder, or a tunnel to a closed port.
    Closes,
    /// MySQL's error 1040 in place of a greeting.
    Full,
    /// PostgreSQL's 57P03 to the startup packet.
    NotYet,
}

/// Answers so on a port, and then leaves it to a proxy in front of the server.
fn start_slowly(server: u16, answers: Vec<Starting>) -> (u16, std::thread::JoinHandle<Proxy>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let later = std::thread::spawn(move || {
        for answer in answers {
            let (mut client, _) = listener.accept().unwrap();
            let words: &[u8] = match answer {
                Starting::Closes => continue,
                Starting::Full => b"\x17\0\0\0\xff\x10\x04Too many connections",
                Starting::NotYet => {
                    // Whatever the client begins with; TLS is not asked for in these tests.
                    let read = client.read(&mut [0; 1024]).unwrap();
                    assert!(read > 0);
                    b"E\0\0\0\x37SFATAL\0C57P03\0Mthe database system is starting up\0\0"
                }
            };
            client.write_all(words).unwrap();
            client.shutdown(std::net::Shutdown::Write).unwrap();
        }
        drop(listener);
        Proxy::listening_on(port, server, AT_ONCE)
    });
    (port, later)
}

#[tokio::test]
async fn a_starting_server_is_waited_for_and_each_reason_is_told_once() {
    let (mysql, timescale) = pair().await;
    let (mysql_port, mysql_later) = start_slowly(
        mysql.server.port,
        vec![
            Starting::Closes,
            Starting::Closes,
            Starting::Full,
            Starting::Full,
        ],
    );
    let (timescale_port, timescale_later) = start_slowly(
        timescale.server.port,
        vec![Starting::Closes, Starting::NotYet, Starting::NotYet],
    );
    let run = Sgmp::on(&mysql, &timescale)
        .with("MYSQL_PORT", mysql_port.to_string())
        .with("TSDB_PORT", timescale_port.to_string())
        .with("SGMP_DB_TIMESCALE_TLS", "disable")
        .run(&["upgrade", "--wait", "60s"])
        .await;
    run.expect(0);
    for reason in [
        "closed before the greeting",
        "Too many connections",
        "the database system is starting up",
    ] {
        assert_eq!(run.stderr.matches(reason).count(), 1, "{reason}: {run:?}");
    }
    drop((mysql_later.join(), timescale_later.join()));
}

#[tokio::test]
async fn waiting_ends_in_time_and_only_what_may_pass_is_waited_for() {
    let (mysql, timescale) = pair().await;
    let sgmp = Sgmp::on(&mysql, &timescale);
    let begun = Instant::now();
    let run = sgmp
        .clone()
        .with("TSDB_PORT", closed_port().to_string())
        .run(&["upgrade", "--wait", "2s"])
        .await;
    run.expect(1).says("cannot be reached");
    let waited = begun.elapsed();
    assert!(
        waited > Duration::from_secs(2) && waited < Duration::from_secs(20),
        "{waited:?}"
    );
    for (variable, value, code) in [
        ("MYSQL_DATABASE", "a1_absent", 2),
        ("TSDB_DATABASE", "a1_absent", 2),
        ("MYSQL_PASS", "wrong", 1),
        ("TSDB_PASS", "wrong", 1),
        ("SGMP_DB_TIMESCALE_TLS", "require", 1),
    ] {
        let begun = Instant::now();
        let run = sgmp
            .clone()
            .with(variable, value)
            .run(&["upgrade", "--wait", "100s"])
            .await;
        run.expect(code);
        assert!(begun.elapsed() < Duration::from_secs(60), "{variable}");
    }
    assert_untouched(&mysql, &timescale).await;
}

#[tokio::test]
async fn ctrl_c_ends_the_wait_with_130_and_sigterm_with_143() {
    let (mysql, timescale) = pair().await;
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let child = Sgmp::on(&mysql, &timescale)
            .with("MYSQL_PORT", closed_port().to_string())
            .spawn(&["upgrade", "--wait", "100s"]);
        let id = child.id().unwrap().to_string();
        tokio::time::sleep(Duration::from_secs(3)).await;
        let sent = Command::new("kill")
            .args([&format!("-{signal}"), &id])
            .status();
        assert!(sent.unwrap().success());
        let run = support::binary::finish(child).await;
        run.expect(code).says("nothing was changed");
    }
    assert_untouched(&mysql, &timescale).await;
}

/// A project whose one file on each database writes down the settings of the session that runs it.
fn settings_project() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (target, sql) in [
        (
            "mysql",
            "CREATE TABLE seen AS SELECT @@SESSION.wait_timeout AS idle, \
             @@SESSION.net_read_timeout AS reading, @@SESSION.net_write_timeout AS writing;",
        ),
        (
            "timescale",
            "CREATE TABLE seen AS SELECT name, setting FROM pg_settings WHERE name LIKE 'tcp%' \
             OR name IN ('client_connection_check_interval', 'idle_session_timeout', 'transaction_timeout');",
        ),
    ] {
        let folder = directory.path().join(target);
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("V1__seen.sql"), sql).unwrap();
    }
    directory
}

#[tokio::test]
async fn the_working_session_gives_a_vanished_client_up_and_cuts_no_run() {
    let directory = settings_project();
    for kind in [Kind::Apache17, Kind::Apache18] {
        let mysql = MysqlDatabase::new().await;
        let timescale = TimescaleDatabase::new(kind).await;
        // What an administrator may have set for everybody, and what would cut a long run.
        for setting in [
            "idle_session_timeout = '1min'",
            "transaction_timeout = '2min'",
        ] {
            let name = &timescale.name;
            timescale
                .execute(&format!("ALTER DATABASE \"{name}\" SET {setting}"))
                .await;
        }
        Sgmp::on(&mysql, &timescale)
            .with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap())
            .run(&["upgrade", "--lock-wait", "100s"])
            .await
            .expect(0);
        assert_eq!(mysql.rows("SELECT * FROM seen").await, ["700|60|60"]);
        assert_eq!(
            timescale.rows("SELECT * FROM seen ORDER BY name").await,
            [
                "client_connection_check_interval|10000",
                "idle_session_timeout|0",
                "tcp_keepalives_count|3",
                "tcp_keepalives_idle|30",
                "tcp_keepalives_interval|10",
                "tcp_user_timeout|60000",
                "transaction_timeout|0",
            ]
        );
    }
}

#[tokio::test]
async fn no_unix_socket_is_used_and_the_servers_own_password_is_not_sent_before_it_is_asked_for() {
    // The server tells where its socket is; whoever opens that path on this machine reaches another one.
    let mysql = MysqlDatabase::new().await;
    let proxy = Proxy::start(mysql.server.port, AT_ONCE);
    let sgmp = Sgmp::default()
        .mysql(&mysql)
        .with("MYSQL_PORT", proxy.port.to_string())
        .with("SGMP_DB_MYSQL_TLS", "disable");
    sgmp.run(&["status", "--only", "mysql"]).await.expect(3);
    let connections = proxy.connections();
    assert_eq!(connections.len(), 1);
    let sent = connections[0].bytes(support::proxy::Way::ToServer);
    let shows = |needle: &[u8]| sent.windows(needle.len()).any(|window| window == needle);
    assert!(!shows(b"@@socket") && !shows(PASSWORD.as_bytes()));
}
