//! What flask-migrate, schema.sql and refinery made is taken over once it is proven, and nothing else is.

mod support;

use mysql_async::prelude::Queryable;
use serde_json::Value;
use std::{fs, path::PathBuf, process::Command};
use support::{Kind, MysqlDatabase, Sgmp, TimescaleDatabase, golden};

/// By version.
const REVISIONS: [&str; 9] = [
    "1e0b7b8ffdb3",
    "d45ddbe7f0b9",
    "08e383bb915f",
    "ce1e631883a8",
    "b8464db3feb8",
    "05476c7997eb",
    "adb06291d483",
    "65099af7d24f",
    "4d17a2ffbc74",
];

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// The real flask-migrate, which scripts/test installs.
fn flask() -> PathBuf {
    if let Some(path) = std::env::var_os("SGMP_DB_FLASK") {
        return path.into();
    }
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scripts/tool");
    let output = Command::new(script).arg("flask-migrate").output();
    let output = output.expect("scripts/tool");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let path = String::from_utf8(output.stdout).expect("a path");
    path.trim().into()
}

/// What the operator of the old days typed.
async fn flask_upgrade(mysql: &MysqlDatabase, revision: &str) {
    let folder = fixtures().join("flask");
    // PyMySQL sends a password as Latin-1, so this login has a plain one.
    let user = format!("f{}", &mysql.name[mysql.name.len().saturating_sub(20)..]);
    let mut admin = mysql.admin().await;
    for statement in [
        format!("CREATE USER IF NOT EXISTS '{user}'@'%' IDENTIFIED BY 'plain'"),
        format!("GRANT ALL ON `{}`.* TO '{user}'@'%'", mysql.name),
    ] {
        admin.query_drop(statement).await.expect("a login");
    }
    let output = Command::new("timeout")
        .arg("60")
        .arg(flask())
        .args(["db", "upgrade", "--directory"])
        .arg(folder.join("migrations"))
        .arg(revision)
        .env("FLASK_APP", folder.join("app.py"))
        .env("MYSQL_HOST", "127.0.0.1")
        .env("MYSQL_PORT", mysql.server.port.to_string())
        .env("MYSQL_USER", &user)
        .env("MYSQL_PASS", "plain")
        .env("MYSQL_DATABASE", &mysql.name)
        .output()
        .expect("flask");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The statements of a schema.sql, without its policies where the licence has none.
async fn paste(timescale: &TimescaleDatabase, name: &str) {
    let text = fs::read_to_string(fixtures().join(name)).expect(name);
    let has_policies = timescale.server.kind == Kind::Community;
    for statement in text.split_inclusive(';') {
        if has_policies || !statement.contains("add_retention_policy") {
            timescale.execute(statement).await;
        }
    }
}

/// Everything that a refused adoption must leave as it was.
async fn tables(mysql: &MysqlDatabase) -> Vec<String> {
    mysql.rows("SHOW TABLES").await
}

fn findings(document: &Value) -> Vec<String> {
    let findings = document["findings"].as_array().expect("findings");
    findings
        .iter()
        .map(|finding| finding["message"].as_str().expect("a message").to_owned())
        .collect()
}

#[tokio::test]
async fn from_each_of_the_nine_revisions_adopt_and_upgrade_end_in_sync() {
    for (version, revision) in (1..).zip(REVISIONS) {
        let mysql = MysqlDatabase::new().await;
        flask_upgrade(&mysql, revision).await;
        let sgmp = Sgmp::default()
            .mysql(&mysql)
            .with("TSDB_HOST", "nowhere.invalid");
        let only = ["--only", "mysql"];
        let call = |verb: &'static str| [&[verb], only.as_slice()].concat();
        sgmp.run(&call("upgrade"))
            .await
            .expect(5)
            .says("sgmp-db adopt --only mysql");
        let (run, document) = sgmp.json(&call("adopt")).await;
        run.expect(0);
        assert_eq!(document["adopted"][0]["version"], version);
        assert_eq!(document["targets"]["mysql"]["version"], version);
        let (run, document) = sgmp.json(&call("upgrade")).await;
        run.expect(0);
        assert_eq!(document["ran"].as_array().unwrap().len(), 9 - version);
        let (run, document) = sgmp.json(&call("status")).await;
        run.expect(0);
        assert_eq!(document["findings"], serde_json::json!([]));
        assert_eq!(
            mysql.rows("SELECT version_num FROM alembic_version").await,
            [revision]
        );
        let events = "SELECT event, count(*) FROM sgmp_db_ledger GROUP BY event ORDER BY event";
        let mut expected = vec![format!("adopt|{version}")];
        if version < 9 {
            expected.push(format!("apply|{}", 9 - version));
        }
        assert_eq!(mysql.rows(events).await, expected);
    }
}

#[tokio::test]
async fn what_schema_sql_made_is_adopted_on_every_timescaledb() {
    for kind in Kind::TIMESCALE {
        let mysql = MysqlDatabase::new().await;
        let timescale = TimescaleDatabase::new(kind).await;
        paste(&timescale, "schema.sql").await;
        let sgmp = Sgmp::on(&mysql, &timescale);
        sgmp.run(&["upgrade"])
            .await
            .expect(5)
            .says("sgmp-db adopt --only timescale");
        sgmp.run(&["adopt", "--dry-run"])
            .await
            .expect(0)
            .says("would be recorded as adopted");
        let history = "SELECT to_regclass('public.refinery_schema_history'), to_regclass('public.sgmp_db_ledger')";
        assert_eq!(timescale.rows(history).await, ["NULL|NULL"]);
        assert!(tables(&mysql).await.is_empty());
        sgmp.run(&["adopt"])
            .await
            .expect(0)
            .says("the database is empty");
        sgmp.run(&["upgrade"]).await.expect(0);
        let (run, document) = sgmp.json(&["status"]).await;
        run.expect(0);
        assert_eq!(document["findings"], serde_json::json!([]));
        sgmp.run(&["adopt"])
            .await
            .expect(0)
            .says("nothing to adopt");
    }
}

#[tokio::test]
async fn earlier_and_half_pasted_forms_of_schema_sql_are_refused_with_what_differs() {
    for name in ["schema-a.sql", "schema-b.sql", "half"] {
        let mysql = MysqlDatabase::new().await;
        flask_upgrade(&mysql, REVISIONS[8]).await;
        let timescale = TimescaleDatabase::new(Kind::Apache18).await;
        if name == "half" {
            paste(&timescale, "schema.sql").await;
            timescale.execute("DROP TABLE events").await;
        } else {
            paste(&timescale, name).await;
        }
        let before = tables(&mysql).await;
        let (run, document) = Sgmp::on(&mysql, &timescale).json(&["adopt"]).await;
        run.expect(4);
        let found = findings(&document);
        assert!(
            found.contains(&"table events is missing".to_owned()),
            "{found:?}"
        );
        if name != "half" {
            assert!(
                found.contains(&"table alerts is not expected".to_owned()),
                "{found:?}"
            );
        }
        assert_eq!(document["adopted"], serde_json::json!([]));
        assert_eq!(
            tables(&mysql).await,
            before,
            "the other database is left alone too"
        );
        let record = "SELECT to_regclass('public.sgmp_db_ledger')";
        assert_eq!(timescale.rows(record).await, ["NULL"]);
    }
}

#[tokio::test]
async fn a_tampered_schema_an_unknown_revision_and_two_heads_are_refused_with_nothing_written() {
    let cases = [
        (
            "ALTER TABLE device MODIFY name varchar(100) NOT NULL",
            4,
            "table device: columns.name.type",
        ),
        (
            "DROP TABLE identifier_view",
            4,
            "table identifier_view is missing",
        ),
        (
            "UPDATE alembic_version SET version_num = 'feedfacecafe'",
            5,
            "feedfacecafe",
        ),
        (
            "INSERT INTO alembic_version VALUES ('1e0b7b8ffdb3')",
            5,
            "holds 2 revisions",
        ),
        ("DELETE FROM alembic_version", 5, "holds no revision"),
    ];
    for (change, code, words) in cases {
        let mysql = MysqlDatabase::new().await;
        flask_upgrade(&mysql, REVISIONS[8]).await;
        mysql.execute(change).await;
        let before = tables(&mysql).await;
        let sgmp = Sgmp::default().mysql(&mysql);
        let run = sgmp.run(&["adopt", "--only", "mysql"]).await;
        run.expect(code).says(words).says("nothing was recorded");
        assert_eq!(tables(&mysql).await, before, "{change}");
    }
}

#[tokio::test]
async fn a_refinery_history_is_checked_by_its_own_checksums_and_gets_a_ledger() {
    let mysql = MysqlDatabase::new().await;
    let sgmp = Sgmp::default().mysql(&mysql);
    sgmp.run(&["upgrade", "--only", "mysql", "--to", "5"])
        .await
        .expect(0);
    // What stock refinery leaves is what we leave without the ledger (tests/refinery.rs).
    mysql.execute("DROP TABLE sgmp_db_ledger").await;
    mysql
        .execute("UPDATE refinery_schema_history SET checksum = '1' WHERE version = 2")
        .await;
    let run = sgmp.run(&["adopt", "--only", "mysql"]).await;
    run.expect(5).says("refinery's checksum differs");
    assert!(!tables(&mysql).await.contains(&"sgmp_db_ledger".to_owned()));
    let right: Vec<String> = {
        let other = MysqlDatabase::new().await;
        let sgmp = Sgmp::default().mysql(&other);
        sgmp.run(&["upgrade", "--only", "mysql"]).await.expect(0);
        other
            .rows("SELECT checksum FROM refinery_schema_history WHERE version = 2")
            .await
    };
    mysql
        .execute(&format!(
            "UPDATE refinery_schema_history SET checksum = '{}' WHERE version = 2",
            right[0]
        ))
        .await;
    sgmp.run(&["adopt", "--only", "mysql"])
        .await
        .expect(0)
        .says("made by refinery, up to V5");
    let rows = "SELECT count(*), max(version) FROM refinery_schema_history";
    assert_eq!(mysql.rows(rows).await, ["5|5"]);
    sgmp.run(&["upgrade", "--only", "mysql"]).await.expect(0);
    sgmp.run(&["status", "--only", "mysql"]).await.expect(0);
}

#[tokio::test]
async fn the_document_of_adopt_is_as_committed() {
    let mysql = MysqlDatabase::new().await;
    flask_upgrade(&mysql, REVISIONS[2]).await;
    let sgmp = Sgmp::default().mysql(&mysql);
    let (_, dry) = sgmp.json(&["adopt", "--only", "mysql", "--dry-run"]).await;
    golden::golden("adopt.json", &stable(dry));
    mysql
        .execute("ALTER TABLE device ADD COLUMN stray int")
        .await;
    let (_, refused) = sgmp.json(&["adopt", "--only", "mysql"]).await;
    golden::golden("adopt-refused.json", &stable(refused));
}

/// Without what differs from server to server.
fn stable(mut document: Value) -> String {
    document["targets"]["mysql"]["server"]["version"] = Value::from("…");
    format!("{document:#}\n")
}
