//! What status, diff and upgrade say of a schema that somebody changed by hand.

mod support;

use mysql_async::prelude::Queryable;
use serde_json::Value;
use std::{fs, path::Path};
use support::{
    Kind, MysqlDatabase, Run, Sgmp, TimescaleDatabase, database::postgres_admin, golden,
};

async fn pair(kind: Kind) -> (MysqlDatabase, TimescaleDatabase, Sgmp) {
    let mysql = MysqlDatabase::new().await;
    let timescale = TimescaleDatabase::new(kind).await;
    let sgmp = Sgmp::on(&mysql, &timescale);
    (mysql, timescale, sgmp)
}

/// Runs what `diff --sql` printed, as the database's own client would.
async fn pipe_into_mysql(mysql: &MysqlDatabase, script: &str) {
    let mut session = mysql.session().await;
    let statements = sgmp_db::sql::split(sgmp_db::sql::Dialect::Mysql, script).expect(script);
    for statement in statements {
        session
            .query_drop(statement.text())
            .await
            .unwrap_or_else(|error| panic!("{error}: {}", statement.text()));
    }
}

/// Object, path, expected and actual of every finding.
fn findings(document: &Value) -> Vec<[Value; 4]> {
    let parts = ["object", "path", "expected", "actual"];
    let findings = document["findings"].as_array().expect("findings");
    findings
        .iter()
        .map(|finding| parts.map(|part| finding[part].clone()))
        .collect()
}

/// Without what differs from server to server and from run to run.
fn stable(mut document: Value) -> String {
    for target in ["mysql", "timescale"] {
        if let Some(report) = document["targets"].get_mut(target) {
            report["server"] = Value::from("…");
            for applied in report["applied"].as_array_mut().into_iter().flatten() {
                applied["applied_on"] = Value::from("…");
                applied["duration_ms"] = Value::from("…");
            }
        }
    }
    // The policies have goldens of their own.
    let notes = document["notes"].as_array_mut().expect("notes");
    notes.retain(|note| note["kind"] != "policy");
    format!("{document:#}\n")
}

#[tokio::test]
async fn a_change_by_hand_is_named_shown_and_repaired_on_both_databases() {
    let (mysql, timescale, sgmp) = pair(Kind::Apache18).await;
    sgmp.run(&["upgrade"]).await.expect(0);
    sgmp.run(&["diff"]).await.expect(0);
    mysql
        .execute("ALTER TABLE device MODIFY name varchar(100) NOT NULL")
        .await;
    mysql
        .execute("CREATE TABLE stray (id int PRIMARY KEY)")
        .await;
    timescale
        .execute("ALTER TABLE events ALTER COLUMN data DROP NOT NULL; DROP INDEX events_house_id_type_timestamp_idx")
        .await;
    let (run, document) = sgmp.json(&["status"]).await;
    run.expect(4);
    let found = findings(&document);
    let expected: Value = serde_json::json!([
        [
            "table device",
            "columns.name.type",
            "varchar(256)",
            "varchar(100)"
        ],
        ["table stray", null, null, null],
        [
            "index events.events_house_id_type_timestamp_idx",
            null,
            null,
            null
        ],
        ["table events", "columns.data.nullable", false, true],
    ]);
    assert_eq!(serde_json::json!(found), expected);
    golden::golden("status-drift.json", &stable(document));
    let (run, document) = sgmp.json(&["diff"]).await;
    run.expect(4);
    golden::golden("diff.json", &stable(document));
    let run = sgmp.run(&["diff"]).await;
    run.expect(4);
    golden::golden("diff.patch", &run.stdout);
    repaired(&mysql, &timescale, &sgmp).await;
}

async fn repaired(mysql: &MysqlDatabase, timescale: &TimescaleDatabase, sgmp: &Sgmp) {
    let sql = |only: &'static str, more: &'static [&'static str]| {
        let sgmp = sgmp.clone();
        async move {
            let arguments = [&["diff", "--sql", "--only", only], more].concat();
            let run: Run = sgmp.run(&arguments).await;
            run.expect(4);
            run.stdout
        }
    };
    let careful = sql("mysql", &[]).await;
    assert!(careful.contains("-- DROP TABLE"), "{careful}");
    pipe_into_mysql(mysql, &careful).await;
    assert_eq!(
        mysql.rows("SHOW TABLES LIKE 'stray'").await,
        ["stray"],
        "what loses something is a comment"
    );
    let whole = sql("mysql", &["--allow-destructive"]).await;
    pipe_into_mysql(mysql, &whole).await;
    sgmp.run(&["status", "--only", "mysql"]).await.expect(0);
    let whole = sql("timescale", &["--allow-destructive"]).await;
    timescale.execute(&whole).await;
    sgmp.run(&["status"]).await.expect(0);
    let run = sgmp.run(&["diff", "--sql"]).await;
    assert_eq!(run.expect(0).stdout, "");
}

#[tokio::test]
async fn allow_drift_and_a_middle_version_do_not_launder_what_was_there() {
    let mysql = MysqlDatabase::new().await;
    let sgmp = Sgmp::default().mysql(&mysql);
    let call = |words: &[&'static str]| [words, &["--only", "mysql"]].concat();
    sgmp.run(&call(&["upgrade", "--to", "3"])).await.expect(0);
    sgmp.run(&call(&["diff"])).await.expect(3);
    mysql
        .execute("ALTER TABLE device ADD COLUMN stray int")
        .await;
    mysql
        .execute("CREATE TABLE other (id int PRIMARY KEY)")
        .await;
    let is_there = |document: &Value| {
        let found = findings(document);
        let of =
            |object: &str, path: Value| found.iter().any(|one| one[0] == object && one[1] == path);
        of("table device", "columns.stray".into()) && of("table other", Value::Null)
    };
    let (run, document) = sgmp.json(&call(&["upgrade", "--to", "6"])).await;
    run.expect(4).says("sgmp-db diff --only mysql");
    assert!(is_there(&document), "{document:#}");
    assert_eq!(document["targets"]["mysql"]["version"], 3);
    // V5 and V7 change the very table that has the stray column.
    for to in ["6", "9"] {
        sgmp.run(&call(&["upgrade", "--to", to, "--allow-drift"]))
            .await
            .expect(0);
        let (run, document) = sgmp.json(&call(&["status"])).await;
        run.expect(4);
        assert!(is_there(&document), "{document:#}");
        let drift = document["findings"].as_array().unwrap();
        let count = drift.iter().filter(|one| one["kind"] == "drift").count();
        assert_eq!(count, 2, "{document:#}");
    }
    let accepted = "SELECT count(*) FROM sgmp_db_ledger WHERE event = 'drift' AND details LIKE '%table device%'";
    assert_eq!(mysql.rows(accepted).await, ["2"]);
    mysql.execute("ALTER TABLE device DROP COLUMN stray").await;
    mysql.execute("DROP TABLE other").await;
    sgmp.run(&call(&["status"])).await.expect(0);
}

/// A project without a committed snapshot.
fn project(directory: &Path) {
    let folder = directory.join("mysql");
    fs::create_dir_all(&folder).unwrap();
    fs::write(
        folder.join("V1__a.sql"),
        "CREATE TABLE a (id int PRIMARY KEY);\n",
    )
    .unwrap();
    fs::write(
        folder.join("V2__b.sql"),
        "CREATE TABLE b (id int PRIMARY KEY);\n",
    )
    .unwrap();
}

#[tokio::test]
async fn a_run_that_ended_before_it_recorded_is_unknown_and_the_next_upgrade_heals_it() {
    let directory = tempfile::tempdir().unwrap();
    project(directory.path());
    let mysql = MysqlDatabase::new().await;
    let sgmp = Sgmp::default()
        .mysql(&mysql)
        .with("SGMP_DB_MIGRATIONS", directory.path().display().to_string());
    let call = |words: &[&'static str]| [words, &["--only", "mysql"]].concat();
    sgmp.run(&call(&["upgrade"])).await.expect(0);
    sgmp.run(&call(&["status"])).await.expect(0);
    // What a kill between the last file and the snapshot leaves.
    mysql
        .execute("UPDATE sgmp_db_ledger SET fingerprint = NULL; DELETE FROM sgmp_db_ledger_text WHERE kind = 'snapshot'")
        .await;
    sgmp.run(&call(&["status"]))
        .await
        .expect(8)
        .says("ended before it recorded one")
        .says("sgmp-db upgrade");
    sgmp.run(&call(&["upgrade"])).await.expect(0);
    sgmp.run(&call(&["status"])).await.expect(0);
    mysql.execute("DROP TABLE b").await;
    sgmp.run(&call(&["status"]))
        .await
        .expect(4)
        .says("table b is missing");
    // Another tool's database, with nothing committed: nobody can say.
    mysql.execute("DROP TABLE sgmp_db_ledger").await;
    sgmp.run(&call(&["status"]))
        .await
        .expect(8)
        .says("another tool");
}

#[tokio::test]
async fn a_half_applied_database_is_not_compared() {
    let directory = tempfile::tempdir().unwrap();
    project(directory.path());
    let broken = "CREATE TABLE c (id int PRIMARY KEY);\nSELECT * FROM nowhere;\n";
    let file = directory.path().join("mysql/V3__c.sql");
    fs::write(&file, broken).unwrap();
    let mysql = MysqlDatabase::new().await;
    let sgmp = Sgmp::default()
        .mysql(&mysql)
        .with("SGMP_DB_MIGRATIONS", directory.path().display().to_string());
    let call = |words: &[&'static str]| [words, &["--only", "mysql"]].concat();
    sgmp.run(&call(&["upgrade"])).await.expect(7);
    let (run, document) = sgmp.json(&call(&["status"])).await;
    run.expect(7);
    let kinds: Vec<&Value> = document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| &finding["kind"])
        .collect();
    assert!(!kinds.contains(&&Value::from("drift")), "{document:#}");
    fs::write(
        &file,
        "CREATE TABLE c (id int PRIMARY KEY);\nCREATE TABLE d (id int PRIMARY KEY);\n",
    )
    .unwrap();
    sgmp.run(&call(&["upgrade"])).await.expect(0);
    sgmp.run(&call(&["status"])).await.expect(0);
    mysql.execute("DROP TABLE c").await;
    sgmp.run(&call(&["status"]))
        .await
        .expect(4)
        .says("table c is missing");
}

#[tokio::test]
async fn an_ignored_difference_is_no_finding_and_a_rule_without_a_match_is_a_note() {
    let directory = tempfile::tempdir().unwrap();
    project(directory.path());
    let rules = directory.path().join("mysql/drift-ignore.yaml");
    fs::write(&rules, "table export_*:\n  reason: made nightly\n\"* export_*\":\n  reason: what belongs to it\ntable gone:\n  reason: once upon a time\n").unwrap();
    let mysql = MysqlDatabase::new().await;
    let sgmp = Sgmp::default()
        .mysql(&mysql)
        .with("SGMP_DB_MIGRATIONS", directory.path().display().to_string());
    let call = |words: &[&'static str]| [words, &["--only", "mysql"]].concat();
    sgmp.run(&call(&["upgrade"])).await.expect(0);
    mysql
        .execute("CREATE TABLE export_1 (id int PRIMARY KEY)")
        .await;
    let run = sgmp.run(&call(&["status"])).await;
    run.expect(0)
        .says("`table gone` in drift-ignore.yaml matches no difference (once upon a time)");
    fs::write(&rules, "table export_*: {}\n").unwrap();
    let run = sgmp.run(&call(&["status"])).await;
    run.expect(2)
        .says("drift-ignore.yaml:1: ")
        .says("no reason");
}

/// The statements of docs/drift.md for one database.
fn documented_role(language: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/drift.md");
    let text = fs::read_to_string(path).expect("docs/drift.md");
    let begin = format!("```sql\n-- {language}\n");
    let block = text.split(&begin).nth(1).expect("the role's statements");
    block.split("```").next().expect("an end").to_owned()
}

#[tokio::test]
async fn the_documented_least_role_sees_everything_and_a_missing_grant_is_named() {
    let (mysql, timescale, sgmp) = pair(Kind::Apache17).await;
    sgmp.run(&["upgrade"]).await.expect(0);
    mysql
        .execute("CREATE TRIGGER device_note BEFORE INSERT ON device FOR EACH ROW SET NEW.name = TRIM(NEW.name)")
        .await;
    let user = support::unique("s");
    let user = &format!("s{}", &user[user.len() - 14..]);
    let of_mysql = documented_role("MySQL")
        .replace("sgmp_status", user)
        .replace("sgmp.", &format!("`{}`.", mysql.name))
        .replace("a password", "plain");
    let mut admin = mysql.admin().await;
    for statement in sgmp_db::sql::split(sgmp_db::sql::Dialect::Mysql, &of_mysql).unwrap() {
        admin
            .query_drop(statement.text())
            .await
            .unwrap_or_else(|error| panic!("{error}: {}", statement.text()));
    }
    let of_timescale = documented_role("TimescaleDB")
        .replace("sgmp_status", user)
        .replace("DATABASE sgmp", &format!("DATABASE \"{}\"", timescale.name))
        .replace("a password", "plain");
    timescale.execute(&of_timescale).await;
    let least = sgmp
        .with("MYSQL_USER", user.as_str())
        .with("MYSQL_PASS", "plain")
        .with("TSDB_USER", user.as_str())
        .with("TSDB_PASS", "plain");
    let run = least.run(&["status"]).await;
    run.expect(4)
        .says("trigger device.device_note is not expected");
    admin
        .query_drop(format!(
            "REVOKE TRIGGER ON `{}`.* FROM '{user}'@'%'",
            mysql.name
        ))
        .await
        .unwrap();
    let (run, document) = least.json(&["status"]).await;
    run.expect(8);
    let unknown = document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["kind"] == "unknown")
        .expect("an unknown finding");
    assert!(
        unknown["message"].as_str().unwrap().contains("TRIGGER"),
        "{unknown}"
    );
    assert!(
        unknown["remedy"]
            .as_str()
            .unwrap()
            .contains("GRANT TRIGGER ON"),
        "{unknown}"
    );
    let drift = document["findings"].as_array().unwrap().iter();
    assert_eq!(
        drift.filter(|finding| finding["kind"] == "drift").count(),
        0
    );
}

#[tokio::test]
async fn another_character_set_of_the_database_is_one_finding_at_the_database() {
    let mysql = MysqlDatabase::absent().await;
    mysql
        .admin()
        .await
        .query_drop(format!(
            "CREATE DATABASE `{}` CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
            mysql.name
        ))
        .await
        .unwrap();
    let sgmp = Sgmp::default().mysql(&mysql);
    sgmp.run(&["upgrade", "--only", "mysql"]).await.expect(4);
    let (run, document) = sgmp.json(&["status", "--only", "mysql"]).await;
    run.expect(4);
    let found = findings(&document);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0][0], "database defaults");
    assert_eq!(found[0][3], "utf8mb4_general_ci");
}

#[tokio::test]
async fn the_locale_of_a_cluster_is_no_drift_of_the_embedded_migrations() {
    for kind in [Kind::Apache17, Kind::Apache18] {
        let timescale = TimescaleDatabase::absent(kind).await;
        let create = format!(
            "CREATE DATABASE \"{}\" TEMPLATE template0 LC_COLLATE 'POSIX' LC_CTYPE 'POSIX' ENCODING 'UTF8'",
            timescale.name
        );
        let administrator = postgres_admin(timescale.server.port, "postgres").await;
        administrator.unwrap().batch_execute(&create).await.unwrap();
        let sgmp = Sgmp::default().timescale(&timescale);
        let upgrade = sgmp.run(&["upgrade", "--only", "timescale"]).await;
        upgrade.expect(0);
        let (run, document) = sgmp.json(&["status", "--only", "timescale"]).await;
        run.expect(0);
        assert_eq!(findings(&document).len(), 0, "{document:#}");
        let directory = tempfile::tempdir().unwrap();
        let files = directory.path().join("timescale");
        fs::create_dir(&files).unwrap();
        let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/timescale");
        for file in fs::read_dir(ours).unwrap() {
            let file = file.unwrap();
            if file.file_name() != "drift-ignore.yaml" {
                fs::copy(file.path(), files.join(file.file_name())).unwrap();
            }
        }
        let without_rule = sgmp.with("SGMP_DB_MIGRATIONS", directory.path().display().to_string());
        let (run, document) = without_rule.json(&["status", "--only", "timescale"]).await;
        run.expect(4);
        let objects: Vec<Value> = findings(&document)
            .into_iter()
            .map(|[one, ..]| one)
            .collect();
        assert!(
            objects.iter().all(|one| one == "database default"),
            "{objects:?}"
        );
        assert!(!objects.is_empty());
    }
}

#[tokio::test]
async fn status_waits_for_nobody_and_nobody_waits_for_it() {
    let (mysql, timescale, sgmp) = pair(Kind::Apache18).await;
    sgmp.run(&["upgrade"]).await.expect(0);
    // Writers at work, with their transactions open.
    let mut writer = mysql.session().await;
    writer.query_drop("BEGIN").await.unwrap();
    writer
        .query_drop("INSERT INTO house (name, description, cert_arn) VALUES ('a', 'b', 'c')")
        .await
        .unwrap();
    let other = timescale.session().await;
    other
        .batch_execute("BEGIN; INSERT INTO events VALUES (now(), 1, 'a', 'b', '{}')")
        .await
        .unwrap();
    let looking = async {
        for _ in 0..4 {
            sgmp.run(&["status"]).await.expect(0);
        }
    };
    let writing = async {
        let mut changer = mysql.session().await;
        changer
            .query_drop("SET SESSION lock_wait_timeout = 2")
            .await
            .unwrap();
        let changes = timescale.session().await;
        changes
            .batch_execute("SET lock_timeout = '2s'")
            .await
            .unwrap();
        for _ in 0..20 {
            for statement in [
                "ALTER TABLE device COMMENT 'a'",
                "ALTER TABLE device COMMENT ''",
            ] {
                changer.query_drop(statement).await.unwrap();
            }
            changes
                .batch_execute("ALTER TABLE house_data ALTER COLUMN value_text SET STATISTICS 100")
                .await
                .unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    };
    let both = futures_util::future::join(looking, writing);
    tokio::time::timeout(std::time::Duration::from_secs(90), both)
        .await
        .expect("nobody waits");
}

#[tokio::test]
async fn status_and_diff_work_where_nothing_may_be_written() {
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    let sgmp = Sgmp::default().timescale(&timescale);
    let call = |verb: &'static str| [verb, "--only", "timescale"];
    sgmp.run(&call("upgrade")).await.expect(0);
    timescale
        .execute("ALTER TABLE events ADD COLUMN stray integer")
        .await;
    let read_only = format!(
        "ALTER DATABASE \"{}\" SET default_transaction_read_only = on",
        timescale.name
    );
    timescale.execute(&read_only).await;
    for verb in ["status", "diff"] {
        sgmp.run(&call(verb)).await.expect(4).says("stray");
    }
}
