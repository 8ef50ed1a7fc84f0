//! No password in any output of any command.

mod support;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::{fs, path::Path};
use support::{
    Kind, MysqlDatabase, Server, Sgmp, TimescaleDatabase,
    server::{self, PASSWORD},
};

/// Every form in which the password could show.
fn forms(password: &str) -> Vec<String> {
    let json = serde_json::to_string(password).unwrap();
    let debug = format!("{password:?}");
    vec![
        password.to_owned(),
        utf8_percent_encode(password, NON_ALPHANUMERIC).to_string(),
        json.trim_matches('"').to_owned(),
        debug.trim_matches('"').to_owned(),
    ]
}

/// Every command that the binary has, with what it needs to get somewhere. A new one is called by its
/// name alone, and the search fails where that is not enough.
fn commands(directory: &Path) -> Vec<Vec<String>> {
    let directory = directory.join("migrations");
    let migrations = ["--migrations", directory.to_str().unwrap()];
    let mut lines: Vec<Vec<String>> = Vec::new();
    let mut add =
        |words: &[&str]| lines.push(words.iter().map(|word| (*word).to_owned()).collect());
    for command in sgmp_db::cli::command().get_subcommands() {
        match command.get_name() {
            // Its servers are the developer's, and their passwords are what it is there to show.
            "sandbox" => add(&["sandbox", "--help"]),
            "completions" => add(&["completions", "bash"]),
            "new" => add(&[
                "new",
                "secret",
                "--only",
                "mysql",
                migrations[0],
                migrations[1],
            ]),
            "downgrade" => add(&["downgrade", "--only", "timescale", "--to", "0", "--dry-run"]),
            "resolve" => add(&["resolve", "1", "--only", "mysql", "--accept-checksum"]),
            "upgrade" => {
                add(&["upgrade", "--dry-run"]);
                add(&["upgrade"]);
            }
            // Throw-away servers of their own: minutes, and no password of ours.
            "verify" | "snapshot" => add(&[command.get_name(), "--help"]),
            name => add(&[name]),
        }
    }
    add(&["status", "--mysql-tls", "verify-full"]);
    add(&["status", "--timescale-tls", "require"]);
    lines
}

async fn search(sgmp: &Sgmp, passwords: &[&str]) {
    let directory = tempfile::tempdir().unwrap();
    for target in ["mysql", "timescale"] {
        fs::create_dir_all(directory.path().join("migrations").join(target)).unwrap();
    }
    for line in commands(directory.path()) {
        for json in [None, Some("--json")] {
            let mut arguments: Vec<&str> = line.iter().map(String::as_str).collect();
            arguments.extend(json);
            let run = sgmp.run(&arguments).await;
            let is_help = line.last().is_some_and(|word| word == "--help");
            assert!(
                is_help || !run.all().contains("Usage:"),
                "{arguments:?}: {run:?}"
            );
            for form in passwords.iter().flat_map(|password| forms(password)) {
                assert!(
                    !run.all().contains(&form),
                    "{arguments:?} shows {form:?}:\n{}",
                    run.all()
                );
            }
        }
    }
}

#[tokio::test]
async fn passwords_stay_hidden_wherever_they_come_from() {
    let mysql = MysqlDatabase::new().await;
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    let app = "app-p@:/%'\"$ ü";
    let base = Sgmp::on(&mysql, &timescale).with("SGMP_DB_TSDB_APP_PASS", app);
    search(&base, &[PASSWORD, app]).await;
    let encoded = utf8_percent_encode(PASSWORD, NON_ALPHANUMERIC);
    let url = format!(
        "mysql+pymysql://root:{encoded}@127.0.0.1:{}/{}",
        mysql.server.port, mysql.name
    );
    let by_url = base
        .clone()
        .without("MYSQL_PASS")
        .with("DATABASE_URL", &url);
    by_url.run(&["status"]).await.expect(0);
    search(&by_url, &[PASSWORD, app]).await;
    search(
        &by_url.with("DATABASE_URL", url.replace("mysql+pymysql", "oracle")),
        &[PASSWORD, app],
    )
    .await;
    let directory = tempfile::tempdir().unwrap();
    let secrets = directory.path().join("secrets.json");
    let json = serde_json::json!({"rds": PASSWORD, "tsdb_postgres": PASSWORD, "tsdb_sgmp": app});
    fs::write(&secrets, json.to_string()).unwrap();
    let by_file = base
        .without("MYSQL_PASS")
        .without("TSDB_PASS")
        .without("SGMP_DB_TSDB_APP_PASS")
        .with("SGMP_DB_SECRETS_FILE", secrets.to_str().unwrap());
    by_file.run(&["status"]).await.expect(0);
    search(&by_file, &[PASSWORD, app]).await;
    let directory_of_file = tempfile::tempdir().unwrap();
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    let yaml = format!(
        "MYSQL_PASS: {0}\nTSDB_PASS: {0}\nSGMP_DB_TSDB_APP_PASS: {1}\n",
        quoted(PASSWORD),
        quoted(app)
    );
    fs::write(directory_of_file.path().join("sgmp-db.yaml"), &yaml).unwrap();
    let by_yaml = by_file
        .clone()
        .without("SGMP_DB_SECRETS_FILE")
        .standing_in(directory_of_file.path());
    by_yaml.run(&["status"]).await.expect(0);
    search(&by_yaml, &[PASSWORD, app]).await;
    // A damaged file must not be quoted in the error.
    fs::write(
        directory_of_file.path().join("sgmp-db.yaml"),
        yaml.replace("MYSQL_PASS", "MYSQL_PAS") + "x: [",
    )
    .unwrap();
    search(&by_yaml, &[PASSWORD, app]).await;
    fs::write(&secrets, json.to_string().replace('}', "")).unwrap();
    search(&by_file, &[PASSWORD, app]).await;
}

#[tokio::test]
async fn wrong_passwords_are_not_shown_in_the_errors_that_they_cause() {
    let mysql = MysqlDatabase::new().await;
    let timescale = TimescaleDatabase::new(Kind::Apache18).await;
    let wrong = "wrong-p@:/%'\"$ ü";
    for variable in ["MYSQL_PASS", "TSDB_PASS"] {
        let sgmp = Sgmp::on(&mysql, &timescale).with(variable, wrong);
        sgmp.run(&["upgrade"]).await.expect(1);
        search(&sgmp, &[PASSWORD, wrong]).await;
    }
}

/// Every text that the two databases keep of a run.
async fn kept(mysql: &MysqlDatabase, timescale: &TimescaleDatabase) -> String {
    let mut kept = mysql.rows("SELECT * FROM sgmp_db_ledger").await;
    kept.extend(timescale.rows("SELECT l::text FROM sgmp_db_ledger l").await);
    kept.join("\n")
}

#[tokio::test]
async fn neither_the_ledger_nor_a_server_that_logs_every_statement_learns_a_password() {
    let mysql = MysqlDatabase::new().await;
    let (container, port) = server::own(
        Kind::Apache17,
        &[
            "postgres",
            "-c",
            "fsync=off",
            "-c",
            "log_statement=all",
            "-c",
            "log_min_duration_statement=0",
        ],
    )
    .await;
    let timescale = TimescaleDatabase {
        server: Server {
            kind: Kind::Apache17,
            port,
            container: String::new(),
        },
        name: "sgmp".to_owned(),
    };
    let app = "app-p@:/%'\"$ ü";
    let sgmp = Sgmp::on(&mysql, &timescale).with("SGMP_DB_TSDB_APP_PASS", app);
    sgmp.run(&["upgrade"]).await.expect(0);
    // The role was made, and its password is the one that was given.
    support::database::postgres_as(port, "sgmp", "sgmp", app)
        .await
        .unwrap();
    let log = container.stderr_to_vec().await.unwrap();
    let log = String::from_utf8_lossy(&log).into_owned();
    assert!(
        log.contains("CREATE ROLE") && log.contains("SCRAM-SHA-256$"),
        "{log}"
    );
    for form in [PASSWORD, app].into_iter().flat_map(forms) {
        assert!(!log.contains(&form), "the server's log has {form}");
        assert!(
            !kept(&mysql, &timescale).await.contains(&form),
            "the ledger has {form}"
        );
    }
}

#[tokio::test]
async fn a_process_list_shows_no_password() {
    let mysql = MysqlDatabase::new().await;
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    let sgmp = Sgmp::on(&mysql, &timescale);
    let child = sgmp.spawn(&["upgrade"]);
    let line = fs::read(format!("/proc/{}/cmdline", child.id().unwrap())).unwrap_or_default();
    assert!(!String::from_utf8_lossy(&line).contains(PASSWORD));
    support::binary::finish(child).await.expect(0);
}

#[test]
fn a_panic_while_passwords_are_in_memory_shows_none() {
    let secret = secrecy::SecretString::from(PASSWORD);
    let endpoint = sgmp_db::config::Endpoint {
        target: sgmp_db::target::Target::Mysql,
        host: "h".to_owned(),
        port: 1,
        user: "u".to_owned(),
        password: Some(secret),
        database: "d".to_owned(),
        tls: sgmp_db::config::Tls {
            mode: sgmp_db::config::TlsMode::Prefer,
            ca: None,
            name: None,
        },
        consul: None,
    };
    let panicked = std::panic::catch_unwind(|| panic!("{endpoint:?}")).unwrap_err();
    let text = panicked.downcast_ref::<String>().expect("a message");
    assert!(text.contains("host: \"h\""), "{text}");
    for form in forms(PASSWORD) {
        assert!(!text.contains(&form), "{text}");
    }
}
