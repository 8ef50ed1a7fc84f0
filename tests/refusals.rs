//! Bad input: told with its place, before anything is touched, and nothing changed anywhere.

mod support;

use std::fs;
use support::{Kind, MysqlDatabase, Run, Sgmp, TimescaleDatabase, server};

/// Both databases, fresh.
async fn pair() -> (MysqlDatabase, TimescaleDatabase) {
    (
        MysqlDatabase::new().await,
        TimescaleDatabase::new(Kind::Apache17).await,
    )
}

async fn assert_untouched(mysql: &MysqlDatabase, timescale: &TimescaleDatabase) {
    assert!(mysql.rows("SHOW TABLES").await.is_empty());
    assert!(
        timescale
            .rows("SELECT FROM pg_tables WHERE schemaname = 'public'")
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn wrong_passwords_and_names_stop_before_the_other_database_is_touched() {
    let (mysql, timescale) = pair().await;
    let cases: [(&str, &str, &str); 5] = [
        ("MYSQL_PASS", "wrong", "password"),
        ("TSDB_PASS", "wrong", "password"),
        ("MYSQL_HOST", "nowhere.invalid", "nowhere.invalid"),
        ("TSDB_HOST", "nowhere.invalid", "nowhere.invalid"),
        ("TSDB_USER", "nobody", "nobody"),
    ];
    for (variable, value, says) in cases {
        let run = Sgmp::on(&mysql, &timescale)
            .with(variable, value)
            .run(&["upgrade"])
            .await;
        run.expect(1).says(says);
        assert_untouched(&mysql, &timescale).await;
    }
}

#[tokio::test]
async fn a_wrong_configuration_names_file_and_line() {
    let (mysql, timescale) = pair().await;
    let cases = [
        (
            "MYSQL_HOST: localhost\nMYSQL_HOTS: x\n",
            "sgmp-db.yaml:2",
            "MYSQL_HOST",
        ),
        (
            // Not connect_timeout: the tests' own variable is stronger than the file.
            "lock_wait: soon\n",
            "sgmp-db.yaml:1",
            "lock_wait",
        ),
        (
            "TSDB_HOST: a\nTSDB_HOST: b\n",
            "sgmp-db.yaml:2",
            "TSDB_HOST",
        ),
        ("MYSQL_HOST: [\n", "sgmp-db.yaml", "YAML"),
    ];
    for (text, place, hint) in cases {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("sgmp-db.yaml"), text).unwrap();
        let sgmp = Sgmp::on(&mysql, &timescale).standing_in(directory.path());
        let run = sgmp.run(&["upgrade"]).await;
        run.expect(2).says(place);
        assert!(
            run.all().to_lowercase().contains(&hint.to_lowercase()),
            "{text}: {run:?}"
        );
    }
    assert_untouched(&mysql, &timescale).await;
}

#[tokio::test]
async fn wrong_files_are_refused_before_a_server_is_asked() {
    let (mysql, timescale) = pair().await;
    type Files<'a> = &'a [(&'a str, &'a [u8])];
    let cases: [(Files<'_>, &str); 9] = [
        (&[("V1_one.sql", b"SELECT 1;")], "V1_one.sql"),
        (
            &[("V1__a.sql", b"SELECT 1;"), ("V01__b.sql", b"SELECT 1;")],
            "V01__b.sql",
        ),
        (
            &[("V1__a.sql", b"SELECT 1;"), ("V3__b.sql", b"SELECT 1;")],
            "V2",
        ),
        (&[("V1__a.sql", b"")], "V1__a.sql"),
        (&[("V1__a.sql", b"-- nothing\n")], "V1__a.sql"),
        (&[("V1__a.sql", b"SELECT '\xff';")], "UTF-8"),
        (
            &[("V20260101120000__a.sql", b"SELECT 1;")],
            "V20260101120000__a.sql",
        ),
        (&[("V1__a.sql", b"SELECT 'open;\n")], "V1__a.sql:1"),
        (&[("V1__a.sql", b"SELECT 1;\nUSE other;\n")], "V1__a.sql:2"),
    ];
    for (files, says) in cases {
        let directory = tempfile::tempdir().unwrap();
        for target in ["mysql", "timescale"] {
            fs::create_dir(directory.path().join(target)).unwrap();
        }
        fs::write(
            directory.path().join("timescale/V1__t.sql"),
            "CREATE TABLE t (id int);",
        )
        .unwrap();
        for (name, bytes) in files {
            fs::write(directory.path().join("mysql").join(name), bytes).unwrap();
        }
        let sgmp = Sgmp::on(&mysql, &timescale)
            .with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap());
        let run = sgmp.run(&["upgrade"]).await;
        assert!(matches!(run.code, Some(2)), "{files:?}: {run:?}");
        run.says(says);
        assert_untouched(&mysql, &timescale).await;
    }
}

/// Both databases upgraded from a copy of the project's own files.
async fn upgraded() -> (MysqlDatabase, TimescaleDatabase, tempfile::TempDir, Sgmp) {
    let (mysql, timescale) = pair().await;
    let directory = tempfile::tempdir().unwrap();
    for target in ["mysql", "timescale"] {
        let from = format!("{}/migrations/{target}", env!("CARGO_MANIFEST_DIR"));
        fs::create_dir(directory.path().join(target)).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            fs::copy(
                entry.path(),
                directory.path().join(target).join(entry.file_name()),
            )
            .unwrap();
        }
        let sum = directory.path().join(target).join("migrations.sum");
        fs::remove_file(sum).unwrap();
    }
    let sgmp =
        Sgmp::on(&mysql, &timescale).with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap());
    sgmp.run(&["upgrade"]).await.expect(0);
    (mysql, timescale, directory, sgmp)
}

fn file(directory: &tempfile::TempDir, target: &str, version: u32) -> std::path::PathBuf {
    fs::read_dir(directory.path().join(target))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.starts_with(&format!("V{version}__")) && !name.ends_with(".down.sql")
        })
        .expect("a file of that version")
}

#[tokio::test]
async fn an_edited_applied_file_is_shown_as_a_diff_and_comments_are_only_a_note() {
    let (_mysql, _timescale, directory, sgmp) = upgraded().await;
    for (target, version, table) in [("mysql", 1, "analytics"), ("timescale", 1, "house_data")] {
        let path = file(&directory, target, version);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(
            &path,
            format!("-- a remark\n{}", text.replace('\n', "\r\n")),
        )
        .unwrap();
        let (run, document) = sgmp.json(&["status"]).await;
        run.expect(0);
        assert!(
            document["notes"]
                .to_string()
                .contains("comments or blank space"),
            "{document:#}"
        );
        fs::write(&path, text.replace(table, "renamed_in_the_file")).unwrap();
        for command in ["status", "upgrade"] {
            let run = sgmp.run(&[command]).await;
            run.expect(5).says("renamed_in_the_file");
            assert!(
                run.all()
                    .lines()
                    .any(|line| line.trim_start().starts_with("-CREATE")
                        || line.trim_start().starts_with('-')),
                "{run:?}"
            );
        }
        fs::write(&path, text).unwrap();
    }
    sgmp.run(&["status"]).await.expect(0);
}

#[tokio::test]
async fn a_deleted_a_renamed_and_a_newer_migration_are_told_apart() {
    let (mysql, _timescale, directory, sgmp) = upgraded().await;
    let last = file(&directory, "mysql", 9);
    let down = fs::read_dir(directory.path().join("mysql"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.to_string_lossy().contains("V9__") && path != &last)
        .unwrap();
    let renamed = last.with_file_name("V9__another.sql");
    fs::rename(&last, &renamed).unwrap();
    fs::remove_file(&down).unwrap();
    sgmp.run(&["upgrade"])
        .await
        .expect(5)
        .says("is now called another");
    fs::rename(&renamed, &last).unwrap();
    mysql
        .execute("INSERT INTO refinery_schema_history VALUES (10, 'from_the_future', '2026-01-01T00:00:00Z', '1')")
        .await;
    sgmp.run(&["upgrade"])
        .await
        .expect(5)
        .says("older than the database");
    sgmp.run(&["status"]).await.expect(5);
    mysql
        .execute("DELETE FROM refinery_schema_history WHERE version IN (10, 8)")
        .await;
    sgmp.run(&["upgrade"]).await.expect(5).says("out of order");
}

#[tokio::test]
async fn a_schema_without_a_history_is_described_and_left_alone() {
    let (mysql, timescale) = pair().await;
    mysql
        .execute("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
        .await;
    mysql
        .execute("CREATE TABLE device (device_id int PRIMARY KEY)")
        .await;
    let run = Sgmp::on(&mysql, &timescale).run(&["upgrade"]).await;
    run.expect(5)
        .says("table device")
        .says("flask-migrate")
        .says("adopted");
    assert_eq!(
        mysql.rows("SHOW TABLES").await,
        ["alembic_version", "device"]
    );
    assert_untouched_timescale(&timescale).await;
    let (mysql, timescale) = pair().await;
    timescale
        .execute("CREATE TABLE house_data (timestamp timestamptz(3) NOT NULL)")
        .await;
    let (run, document) = Sgmp::on(&mysql, &timescale).json(&["status"]).await;
    run.expect(5);
    assert_eq!(document["exits"], serde_json::json!([5, 3]));
    assert!(
        document["findings"]
            .to_string()
            .contains("table house_data")
    );
}

async fn assert_untouched_timescale(timescale: &TimescaleDatabase) {
    assert!(
        timescale
            .rows("SELECT FROM pg_tables WHERE schemaname = 'public'")
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn a_server_that_takes_no_writes_is_refused() {
    let (mysql, timescale) = pair().await;
    timescale
        .execute(&format!(
            "ALTER DATABASE \"{}\" SET default_transaction_read_only = on",
            timescale.name
        ))
        .await;
    let sgmp = Sgmp::on(&mysql, &timescale);
    sgmp.run(&["upgrade"])
        .await
        .expect(1)
        .says("default_transaction_read_only");
    assert!(mysql.rows("SHOW TABLES").await.is_empty());
    sgmp.run(&["status"]).await.expect(3);
    let (_container, read_only) =
        server::own(Kind::Mysql, &["mysqld", "--super-read-only=ON"]).await;
    let run = sgmp
        .clone()
        .with("MYSQL_PORT", read_only.to_string())
        .with("MYSQL_DATABASE", "mysql")
        .run(&["upgrade", "--only", "mysql"])
        .await;
    run.says("super_read_only");
    assert_ne!(run.code, Some(0));
}

#[tokio::test]
async fn an_extension_that_is_not_preloaded_is_told_before_anything_is_touched() {
    let mysql = MysqlDatabase::new().await;
    let (_container, port) = server::own(
        Kind::Apache17,
        &["postgres", "-c", "shared_preload_libraries="],
    )
    .await;
    let timescale = TimescaleDatabase {
        server: support::Server {
            kind: Kind::Apache17,
            port,
            container: String::new(),
        },
        name: "sgmp".to_owned(),
    };
    let run: Run = Sgmp::on(&mysql, &timescale).run(&["upgrade"]).await;
    run.expect(1)
        .says("not preloaded")
        .says("shared_preload_libraries");
    assert!(mysql.rows("SHOW TABLES").await.is_empty());
    let admin = support::database::postgres_admin(port, "postgres")
        .await
        .unwrap();
    assert!(
        admin
            .query("SELECT FROM pg_database WHERE datname = 'sgmp'", &[])
            .await
            .unwrap()
            .is_empty()
    );
}
