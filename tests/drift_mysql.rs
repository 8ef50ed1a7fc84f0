//! The truth about a MySQL schema: no change is missed, nothing equal is called different.

mod support;

use mysql_async::prelude::Queryable;
use sgmp_db::{
    engine::Engine,
    schema::{ObjectDifference, Reading, Scope, diff},
};
use support::{MysqlDatabase, Sgmp};

async fn read(database: &MysqlDatabase) -> Reading {
    let mut engine = database.engine();
    let reading = engine.schema().await.expect("a reading");
    engine.close().await.expect("the end of the session");
    reading
}

/// Every difference, as between servers of one version.
fn differences(expected: &Reading, actual: &Reading) -> Vec<ObjectDifference> {
    let scope = Scope {
        same_major: true,
        ..Scope::default()
    };
    diff(&expected.schema, &actual.schema, &scope)
}

#[tokio::test]
async fn an_install_that_flask_migrate_made_reads_like_one_of_ours() {
    let ours = MysqlDatabase::new().await;
    let sgmp = Sgmp::default().mysql(&ours);
    for version in 1..=9 {
        let to = format!("mysql={version}");
        let run = sgmp.run(&["upgrade", "--only", "mysql", "--to", &to]).await;
        run.expect(0);
        let flask = MysqlDatabase::new().await;
        let file = format!("tests/fixtures/flask/expected/{version}.sql");
        let dump = std::fs::read_to_string(file).expect("the fixture");
        let mut session = flask.session().await;
        session
            .query_drop("SET foreign_key_checks = 0")
            .await
            .expect("no checks");
        session.query_drop(dump).await.expect("the dump");
        let (expected, actual) = (read(&ours).await, read(&flask).await);
        assert_eq!(differences(&expected, &actual), [], "version {version}");
        assert!(expected.unseen.is_empty() && expected.server_major.starts_with('9'));
    }
    let names: Vec<String> = read(&ours)
        .await
        .schema
        .objects
        .keys()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        names
            .iter()
            .filter(|name| name.starts_with("table "))
            .count(),
        5,
        "{names:?}"
    );
    assert_eq!(
        names
            .iter()
            .filter(|name| name.starts_with("foreign_key "))
            .count(),
        5,
        "{names:?}"
    );
    assert_eq!(
        names
            .iter()
            .filter(|name| name.starts_with("index "))
            .count(),
        9,
        "{names:?}"
    );
}
