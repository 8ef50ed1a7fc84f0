//! No password in any output of any command.

mod support;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::fs;
use support::{Kind, MysqlDatabase, Sgmp, TimescaleDatabase, server::PASSWORD};

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

const COMMANDS: [&[&str]; 9] = [
    &["status"],
    &["status", "-v"],
    &["upgrade", "--dry-run"],
    &["upgrade", "-v"],
    &["upgrade"],
    &["status", "--json"],
    &["history", "--json"],
    &["check"],
    &["status", "--mysql-tls", "verify-full"],
];

async fn search(sgmp: &Sgmp, passwords: &[&str]) {
    for arguments in COMMANDS {
        let run = sgmp.run(arguments).await;
        for form in passwords.iter().flat_map(|password| forms(password)) {
            assert!(
                !run.all().contains(&form),
                "{arguments:?} shows {form:?}:\n{}",
                run.all()
            );
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
    // A damaged file must not be quoted in the error.
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
    };
    let panicked = std::panic::catch_unwind(|| panic!("{endpoint:?}")).unwrap_err();
    let text = panicked.downcast_ref::<String>().expect("a message");
    assert!(text.contains("host: \"h\""), "{text}");
    for form in forms(PASSWORD) {
        assert!(!text.contains(&form), "{text}");
    }
}
