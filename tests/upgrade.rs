//! From nothing to SGMP's schema on real servers, and what a second look says.

mod support;

use support::{Kind, MysqlDatabase, Sgmp, TimescaleDatabase, database, server};

/// Columns, indexes, constraints and hypertables of schema public, as lines.
const SHAPE: &str = "
    SELECT 'column', table_name, column_name, data_type, character_maximum_length::text, datetime_precision::text, is_nullable, column_default, ordinal_position::text
      FROM information_schema.columns WHERE table_schema = 'public' AND table_name IN ('house_data', 'events')
    UNION ALL SELECT 'index', tablename, indexname, indexdef, NULL, NULL, NULL, NULL, NULL
      FROM pg_indexes WHERE schemaname = 'public' AND tablename IN ('house_data', 'events')
    UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), NULL, NULL, NULL, NULL, NULL
      FROM pg_constraint WHERE conrelid::regclass::text IN ('house_data', 'events') AND contype <> 'n'
    UNION ALL SELECT 'hypertable', hypertable_name, column_name, time_interval::text, dimension_type, NULL, NULL, NULL, NULL
      FROM timescaledb_information.dimensions
    ORDER BY 1, 2, 3";

#[tokio::test]
async fn from_nothing_to_in_sync_on_every_timescaledb() {
    for kind in Kind::TIMESCALE {
        let mysql = MysqlDatabase::new().await;
        let timescale = TimescaleDatabase::new(kind).await;
        let sgmp = Sgmp::on(&mysql, &timescale);
        let (run, document) = sgmp.json(&["upgrade"]).await;
        run.expect(0);
        assert_eq!(document["targets"]["mysql"]["version"], 9, "{document:#}");
        assert_eq!(
            document["targets"]["timescale"]["pending"]
                .as_array()
                .unwrap()
                .len(),
            0
        );
        assert_eq!(document["ran"].as_array().unwrap().len(), 9 + 1);
        let (run, document) = sgmp.json(&["status"]).await;
        run.expect(0);
        assert_eq!(
            document["findings"].as_array().unwrap().len(),
            0,
            "{kind:?}: {document:#}"
        );
    }
}

#[tokio::test]
async fn a_second_upgrade_finds_nothing_to_do() {
    let mysql = MysqlDatabase::new().await;
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    let sgmp = Sgmp::on(&mysql, &timescale);
    sgmp.run(&["upgrade"]).await.expect(0);
    let before = mysql.rows("SELECT * FROM sgmp_db_ledger").await;
    let (run, document) = sgmp.json(&["upgrade"]).await;
    run.expect(0);
    assert_eq!(document["ran"].as_array().unwrap().len(), 0);
    assert_eq!(mysql.rows("SELECT * FROM sgmp_db_ledger").await, before);
}

#[tokio::test]
async fn every_mysql_version_is_what_flask_migrate_leaves_at_that_revision() {
    let mysql = MysqlDatabase::new().await;
    let sgmp = Sgmp::default().mysql(&mysql);
    for version in 1..=9 {
        let to = version.to_string();
        sgmp.run(&["upgrade", "--only", "mysql", "--to", &to])
            .await
            .expect(0);
        let expected = expected_by_flask(version);
        assert_eq!(
            normal(&mysql.definitions().await),
            normal(&expected),
            "at V{version}"
        );
    }
}

/// What the real flask-migrate left at that step, from the committed dumps.
fn expected_by_flask(version: usize) -> String {
    let path = format!(
        "{}/tests/fixtures/flask/expected/{version}.sql",
        env!("CARGO_MANIFEST_DIR")
    );
    std::fs::read_to_string(path).expect("the dump of that revision")
}

/// Without what is not schema: counters and blank lines.
fn normal(text: &str) -> Vec<String> {
    let counter = |line: &str| match line.split_once(" AUTO_INCREMENT=") {
        Some((head, tail)) => {
            format!(
                "{head} {}",
                tail.trim_start_matches(|c: char| c.is_ascii_digit())
                    .trim_start()
            )
        }
        None => line.to_owned(),
    };
    text.lines()
        .map(|line| line.trim_end().trim_end_matches(';'))
        .filter(|line| !line.is_empty() && !line.starts_with("--"))
        .map(counter)
        .collect()
}

#[tokio::test]
async fn the_timescale_end_state_is_what_schema_sql_leaves() {
    let pasted = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/schema.sql"
    ))
    .expect("schema.sql");
    for kind in Kind::TIMESCALE {
        let ours = TimescaleDatabase::new(kind).await;
        Sgmp::default()
            .timescale(&ours)
            .run(&["upgrade", "--only", "timescale"])
            .await
            .expect(0);
        let theirs = TimescaleDatabase::new(kind).await;
        let session = theirs.session().await;
        for statement in sgmp_db::sql::split(sgmp_db::sql::Dialect::Postgres, &pasted).expect("SQL")
        {
            // Under the Apache licence the policies of schema.sql fail, as they do in psql.
            if let Err(error) = session.batch_execute(statement.text()).await {
                assert!(
                    kind != Kind::Community && statement.text().contains("add_retention_policy"),
                    "{}: {error}",
                    statement.text()
                );
            }
        }
        let shape = ours.rows(SHAPE).await;
        assert_eq!(shape, theirs.rows(SHAPE).await, "{kind:?}");
        assert!(
            shape
                .iter()
                .any(|line| line.contains("events_house_id_type_timestamp_idx"))
        );
    }
}

#[tokio::test]
async fn v7_gives_the_rows_of_analytics_to_the_only_house() {
    let mysql = MysqlDatabase::new().await;
    let sgmp = Sgmp::default().mysql(&mysql);
    sgmp.run(&["upgrade", "--only", "mysql", "--to", "6"])
        .await
        .expect(0);
    mysql
        .execute("INSERT INTO house (name, description, cert_arn) VALUES ('h', '', '')")
        .await;
    mysql.execute("INSERT INTO analytics (name, description, formula) VALUES ('a', '', '1'), ('b', '', '2')").await;
    sgmp.run(&["upgrade", "--only", "mysql"]).await.expect(0);
    assert_eq!(
        mysql
            .rows("SELECT a.name, h.name FROM analytics a JOIN house h USING (house_id) ORDER BY 1")
            .await,
        ["a|h", "b|h"]
    );
    assert_eq!(
        normal(&mysql.definitions().await),
        normal(&expected_by_flask(9))
    );
}

#[tokio::test]
async fn v7_stops_before_the_first_change_without_exactly_one_house() {
    for houses in [0, 2] {
        let mysql = MysqlDatabase::new().await;
        let timescale = TimescaleDatabase::new(Kind::Apache17).await;
        let sgmp = Sgmp::on(&mysql, &timescale);
        sgmp.run(&["upgrade", "--only", "mysql", "--to", "6"])
            .await
            .expect(0);
        for _ in 0..houses {
            mysql
                .execute("INSERT INTO house (name, description, cert_arn) VALUES ('h', '', '')")
                .await;
        }
        mysql
            .execute("INSERT INTO analytics (name, description, formula) VALUES ('a', '', '1')")
            .await;
        let before = mysql.definitions().await;
        let run = sgmp.run(&["upgrade"]).await;
        run.expect(1).says("V7__");
        assert_eq!(mysql.definitions().await, before, "{houses} houses");
        assert_eq!(
            mysql
                .rows("SELECT max(version) FROM refinery_schema_history")
                .await,
            ["6"]
        );
        // The joint preflight kept the other database as it was, too.
        assert!(
            timescale
                .rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
                .await
                .is_empty()
        );
    }
}

#[tokio::test]
async fn a_dry_run_shows_the_sql_and_writes_nothing() {
    let mysql = MysqlDatabase::new().await;
    let timescale = TimescaleDatabase::absent(Kind::Apache18).await;
    let sgmp = Sgmp::on(&mysql, &timescale);
    let run = sgmp
        .run(&["upgrade", "--dry-run", "--create-database"])
        .await;
    run.expect(0).says("CREATE TABLE").says("create_hypertable");
    assert!(mysql.rows("SHOW TABLES").await.is_empty());
    let databases = database::postgres_admin(timescale.server.port, "postgres")
        .await
        .unwrap()
        .query(
            "SELECT FROM pg_database WHERE datname = $1",
            &[&timescale.name],
        )
        .await
        .unwrap();
    assert!(databases.is_empty());
}

#[tokio::test]
async fn an_upgrade_to_a_middle_version_exits_0_and_back_is_refused() {
    let mysql = MysqlDatabase::new().await;
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    let sgmp = Sgmp::on(&mysql, &timescale);
    sgmp.run(&["upgrade", "--to", "4"])
        .await
        .expect(2)
        .says("--only");
    sgmp.run(&["upgrade", "--to", "mysql=4,timescale=1"])
        .await
        .expect(0);
    sgmp.run(&["upgrade", "--to", "mysql=3,timescale=1"])
        .await
        .expect(2)
        .says("V4");
    sgmp.run(&["upgrade", "--only", "mysql", "--to", "44"])
        .await
        .expect(2)
        .says("V44");
    sgmp.run(&["status"]).await.expect(3).says("V5__");
}

#[tokio::test]
async fn absent_databases_are_made_as_utf8_only_when_that_is_asked_for() {
    let mysql = MysqlDatabase::absent().await;
    let timescale = TimescaleDatabase::absent(Kind::Apache17).await;
    let sgmp = Sgmp::on(&mysql, &timescale);
    let run = sgmp.run(&["upgrade"]).await;
    run.expect(2)
        .says(&mysql.name)
        .says(&timescale.name)
        .says("--create-database");
    sgmp.run(&["status"]).await.expect(3);
    sgmp.run(&["upgrade", "--create-database"]).await.expect(0);
    sgmp.run(&["status"]).await.expect(0);
    assert_eq!(timescale.rows("SHOW server_encoding").await, ["UTF8"]);
    assert_eq!(
        mysql.rows("SELECT @@character_set_database").await,
        ["utf8mb4"]
    );
}

#[tokio::test]
async fn the_application_role_is_made_with_its_grants_and_can_log_in() {
    for kind in [Kind::Apache17, Kind::Apache18] {
        // Roles belong to the whole server, so this test needs one of its own.
        let (_container, port) = server::own(kind, &["postgres"]).await;
        let server = support::Server {
            kind,
            port,
            container: String::new(),
        };
        let timescale = TimescaleDatabase {
            server,
            name: "sgmp".to_owned(),
        };
        let password = "r@:/%'\"$ ü";
        let sgmp = Sgmp::default()
            .timescale(&timescale)
            .with("SGMP_DB_TSDB_APP_PASS", password);
        sgmp.run(&["upgrade", "--only", "timescale"])
            .await
            .expect(0);
        let session =
            database::postgres_as(timescale.server.port, &timescale.name, "sgmp", password)
                .await
                .expect("the role logs in");
        session
            .batch_execute(
                "INSERT INTO house_data (timestamp, house_id, device_name, field) VALUES (now(), 1, 'd', 'f'); \
                 SELECT * FROM events; CREATE VIEW v AS SELECT * FROM house_data; DROP VIEW v",
            )
            .await
            .expect("the role may do what the backend does");
        assert!(
            session
                .batch_execute("DELETE FROM house_data")
                .await
                .is_err()
        );
        let log = timescale
            .rows("SELECT details FROM sgmp_db_ledger WHERE event = 'role' ORDER BY id")
            .await;
        assert!(
            log.iter().any(|line| line.contains("house_data")),
            "{log:?}"
        );
        // An existing role keeps its password.
        sgmp.with("SGMP_DB_TSDB_APP_PASS", "another")
            .run(&["upgrade", "--only", "timescale"])
            .await
            .expect(0);
        assert!(
            database::postgres_as(timescale.server.port, &timescale.name, "sgmp", password)
                .await
                .is_ok()
        );
    }
}

#[tokio::test]
async fn every_down_file_takes_the_schema_back() {
    let mysql = MysqlDatabase::new().await;
    let sgmp = Sgmp::default().mysql(&mysql);
    let mut before = vec![normal(&mysql.definitions().await)];
    for version in 1..=9 {
        sgmp.run(&["upgrade", "--only", "mysql", "--to", &version.to_string()])
            .await
            .expect(0);
        before.push(normal(&mysql.definitions().await));
    }
    for version in (1..=9).rev() {
        mysql.execute(&down_file("mysql", version)).await;
        assert_eq!(
            normal(&mysql.definitions().await),
            before[version - 1],
            "V{version}"
        );
    }
    for kind in Kind::TIMESCALE {
        let timescale = TimescaleDatabase::new(kind).await;
        // The extension stays, as the file says: it holds nothing by itself.
        timescale
            .execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
            .await;
        let before = timescale.rows(EVERYTHING).await;
        Sgmp::default()
            .timescale(&timescale)
            .run(&["upgrade", "--only", "timescale"])
            .await
            .expect(0);
        let after = timescale.rows(EVERYTHING).await;
        assert!(
            after.iter().any(|line| line.contains("house_data")),
            "{kind:?}: {after:?}"
        );
        timescale.execute(&down_file("timescale", 1)).await;
        assert_eq!(timescale.rows(EVERYTHING).await, before, "{kind:?}");
    }
}

/// Every object outside the system's schemas that is not our record, hypertables and jobs included.
const EVERYTHING: &str = "
    SELECT 'relation', n.nspname, c.relname, c.relkind::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('information_schema') AND n.nspname NOT LIKE '\\_timescaledb%'
       AND n.nspname NOT LIKE 'timescaledb%' AND c.relname NOT LIKE 'refinery\\_schema\\_history%' AND c.relname NOT LIKE '%sgmp\\_db\\_ledger%'
    UNION ALL SELECT 'routine', n.nspname, p.proname, '' FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE n.nspname = 'public' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
    UNION ALL SELECT 'hypertable', hypertable_schema, hypertable_name, '' FROM timescaledb_information.hypertables
    UNION ALL SELECT 'chunk', chunk_schema, chunk_name, '' FROM timescaledb_information.chunks
    UNION ALL SELECT 'policy', hypertable_schema, hypertable_name, proc_name FROM timescaledb_information.jobs WHERE hypertable_name IS NOT NULL
    ORDER BY 1, 2, 3";

fn down_file(target: &str, version: usize) -> String {
    let folder = format!("{}/migrations/{target}", env!("CARGO_MANIFEST_DIR"));
    let path = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.starts_with(&format!("V{version}__")) && name.ends_with(".down.sql")
        })
        .expect("a down file");
    std::fs::read_to_string(path).unwrap()
}
