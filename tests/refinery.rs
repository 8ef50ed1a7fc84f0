//! The stock refinery command line and ours agree about what is applied, in both directions.

mod support;

use std::{fs, path::Path, process::Command};
use support::{Kind, MysqlDatabase, Sgmp, TimescaleDatabase};

/// The stock refinery 0.10, which scripts/test installs; its own variable may name another.
fn refinery() -> std::path::PathBuf {
    if let Some(path) = std::env::var_os("SGMP_DB_REFINERY") {
        return path.into();
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/tool");
    let output = Command::new(script)
        .arg("refinery")
        .output()
        .expect("scripts/tool");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout)
        .expect("a path")
        .trim()
        .into()
}

/// refinery cannot quote a password in its configuration, so these logins have a plain one.
const PLAIN: &str = "plain";

async fn migrate(configuration: &str, target: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("refinery.toml");
    fs::write(&file, configuration).unwrap();
    let migrations = format!("{}/migrations/{target}", env!("CARGO_MANIFEST_DIR"));
    let output = Command::new("timeout")
        .arg("60")
        .arg(refinery())
        .args(["migrate", "-c", file.to_str().unwrap(), "-p", &migrations])
        .output()
        .unwrap();
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{text}");
    text
}

async fn mysql_configuration(mysql: &MysqlDatabase) -> String {
    use mysql_async::prelude::Queryable;
    let user = mysql.name.replace('t', "r");
    let mut admin = mysql.admin().await;
    let user = &user[user.len().saturating_sub(16)..];
    admin
        .query_drop(format!("CREATE USER '{user}'@'%' IDENTIFIED BY '{PLAIN}'"))
        .await
        .unwrap();
    admin
        .query_drop(format!("GRANT ALL ON `{}`.* TO '{user}'@'%'", mysql.name))
        .await
        .unwrap();
    format!(
        "[main]\ndb_type = \"Mysql\"\ndb_host = \"127.0.0.1\"\ndb_port = \"{}\"\ndb_user = \"{user}\"\ndb_pass = \"{PLAIN}\"\ndb_name = \"{}\"\n",
        mysql.server.port, mysql.name
    )
}

async fn timescale_configuration(timescale: &TimescaleDatabase) -> String {
    let user = timescale.name.replace('t', "r");
    timescale
        .execute(&format!(
            "CREATE ROLE \"{user}\" LOGIN SUPERUSER PASSWORD '{PLAIN}'"
        ))
        .await;
    format!(
        "[main]\ndb_type = \"Postgres\"\ndb_host = \"127.0.0.1\"\ndb_port = \"{}\"\ndb_user = \"{user}\"\ndb_pass = \"{PLAIN}\"\ndb_name = \"{}\"\n",
        timescale.server.port, timescale.name
    )
}

#[tokio::test]
async fn stock_refinery_finds_nothing_to_do_after_our_upgrade() {
    let mysql = MysqlDatabase::new().await;
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    Sgmp::on(&mysql, &timescale)
        .run(&["upgrade"])
        .await
        .expect(0);
    let history =
        "SELECT version, name, applied_on, checksum FROM refinery_schema_history ORDER BY version";
    let (ours, theirs) = (mysql.rows(history).await, timescale.rows(history).await);
    migrate(&mysql_configuration(&mysql).await, "mysql").await;
    migrate(&timescale_configuration(&timescale).await, "timescale").await;
    assert_eq!(mysql.rows(history).await, ours);
    assert_eq!(timescale.rows(history).await, theirs);
    assert_eq!(ours.len(), 9);
}

#[tokio::test]
async fn what_stock_refinery_applied_is_in_sync_for_us() {
    let mysql = MysqlDatabase::new().await;
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    migrate(&mysql_configuration(&mysql).await, "mysql").await;
    migrate(&timescale_configuration(&timescale).await, "timescale").await;
    let (run, document) = Sgmp::on(&mysql, &timescale).json(&["status"]).await;
    let kinds: Vec<&str> = document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["kind"].as_str().unwrap())
        .collect();
    for kind in ["history", "checksum", "pending"] {
        assert!(!kinds.contains(&kind), "{document:#}");
    }
    assert!(
        mysql
            .rows("SHOW TABLES LIKE 'sgmp_db_ledger'")
            .await
            .is_empty()
    );
    assert_eq!(document["targets"]["mysql"]["version"], 9, "{run:?}");
}
