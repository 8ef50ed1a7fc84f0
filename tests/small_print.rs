//! What is printed stays short and says what comes next, whatever the size of a project or of a statement.

mod support;

use support::{
    Kind, MysqlDatabase, Sgmp, TimescaleDatabase,
    killed::{project, write},
};

async fn pair() -> (MysqlDatabase, TimescaleDatabase) {
    (
        MysqlDatabase::new().await,
        TimescaleDatabase::new(Kind::Apache17).await,
    )
}

#[tokio::test]
async fn many_pending_files_are_one_line_and_json_has_them_all() {
    let (mysql, timescale) = pair().await;
    let directory = project("mysql", &[]);
    for version in 1..=40 {
        let table = format!("CREATE TABLE t{version} (id int PRIMARY KEY);\n");
        write(directory.path(), "mysql", version, &table);
        if version <= 2 {
            write(directory.path(), "timescale", version, &table);
        }
    }
    let sgmp =
        Sgmp::on(&mysql, &timescale).with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap());
    let text = sgmp.run(&["status"]).await;
    text.expect(3)
        .says("mysql: V1 to V40 are pending: 40 files")
        .says("timescale/V2__step.sql is pending");
    assert!(text.stdout.lines().count() < 20, "{}", text.stdout);
    let (_, document) = sgmp.json(&["status"]).await;
    assert_eq!(document["findings"].as_array().unwrap().len(), 42);
    sgmp.run(&["upgrade", "--to", "mysql=30,timescale=2"])
        .await
        .expect(0);
    sgmp.run(&["status"])
        .await
        .expect(3)
        .says("mysql: V31 to V40 are pending: 10 files");
}

/// A statement of 200 KB that fails at one row: in many lines, and in one.
fn long(separator: &str) -> String {
    let rows = (1..=9_000).map(|n| match n {
        7_000 => "(7000, 'only here', nonsense())".to_owned(),
        n => format!("({n}, 'row {n}', 1)"),
    });
    let rows: Vec<String> = rows.collect();
    let rows = rows.join(separator);
    format!(
        "CREATE TABLE t (id int PRIMARY KEY, name text, x int);\nINSERT INTO t VALUES\n{rows};\n"
    )
}

#[tokio::test]
async fn of_a_long_statement_that_fails_the_lines_around_the_place_are_shown() {
    for separator in [",\n", ","] {
        let (mysql, timescale) = pair().await;
        let directory = project("mysql", &[&long(separator)]);
        write(directory.path(), "timescale", 1, &long(separator));
        let sgmp = Sgmp::on(&mysql, &timescale)
            .with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap());
        for target in ["mysql", "timescale"] {
            let (run, document) = sgmp.json(&["upgrade", "--only", target]).await;
            let statement = document["error"]["statement"].as_str().unwrap();
            assert!(statement.len() < 3_000, "{} bytes", statement.len());
            assert!(statement.contains("bytes)"), "{statement}");
            assert!(run.stdout.len() < 20_000, "{} bytes", run.stdout.len());
            let text = sgmp.run(&["upgrade", "--only", target]).await;
            assert!(text.all().len() < 5_000, "{} bytes", text.all().len());
            text.says("V1__step.sql:").says("nonsense");
            // The server points at a place on PostgreSQL only.
            if target == "timescale" {
                assert!(statement.contains("only here"), "{statement}");
            }
            let history = sgmp.run(&["history", "--only", target]).await;
            assert!(history.stdout.len() < 20_000);
        }
    }
}

#[tokio::test]
async fn an_upgrade_that_drift_stops_says_last_that_nothing_was_applied_and_what_may_be_done() {
    let (mysql, timescale) = pair().await;
    let directory = project("mysql", &["CREATE TABLE a (id int PRIMARY KEY);\n"]);
    let first = "CREATE TABLE a (id int PRIMARY KEY);\n";
    write(directory.path(), "timescale", 1, first);
    let sgmp =
        Sgmp::on(&mysql, &timescale).with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap());
    sgmp.run(&["upgrade"]).await.expect(0);
    timescale
        .execute("ALTER TABLE a ADD COLUMN stray int")
        .await;
    for target in ["mysql", "timescale"] {
        write(
            directory.path(),
            target,
            2,
            "CREATE TABLE b (id int PRIMARY KEY);\n",
        );
    }
    let run = sgmp.run(&["upgrade"]).await;
    run.expect(4)
        .says("error: nothing was applied: the schema is not what is expected");
    let last = run.stderr.lines().last().unwrap();
    assert!(
        last.contains("sgmp-db diff") && last.contains("sgmp-db upgrade --allow-drift"),
        "{last}"
    );
    assert_eq!(mysql.rows("SHOW TABLES LIKE 'b'").await, [""; 0]);
    sgmp.run(&["upgrade", "--dry-run"])
        .await
        .expect(4)
        .says("nothing would be applied");
    sgmp.run(&["upgrade", "--allow-drift"]).await.expect(0);
}

#[tokio::test]
async fn what_the_licence_does_not_have_is_said_once() {
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    let run = Sgmp::default()
        .timescale(&timescale)
        .run(&["upgrade", "--only", "timescale"])
        .await;
    run.expect(0);
    assert_eq!(
        run.all().matches("licence has no policies").count(),
        1,
        "{}",
        run.all()
    );
    run.says("retention of events (1 month), retention of house_data (1 month)");
}
