//! The connection is lost, or the server with it: in a statement, and between two.

use super::support::{
    Kind, MysqlDatabase, Server, Sgmp, Story, TimescaleDatabase,
    killed::{blocker, blocker_on, gone, waiting, waiting_on},
    server,
    story::until,
};
use mysql_async::prelude::Queryable;

const TABLE: &str = "CREATE TABLE a (id int);\n";
const THREE: &str =
    "CREATE TABLE b (id int);\nALTER TABLE a ADD COLUMN b int;\nCREATE TABLE c (id int);\n";
const SINGLY: &str = "-- sgmp-db: no-transaction\n";
const HASTY: &str = "-- sgmp-db: lock-timeout=1s\n";

#[tokio::test]
async fn mysql_in_a_statement() {
    let mut story = Story::mysql(&[TABLE, THREE]).await;
    story.prepares("upgrade --to 1").await;
    let mut held = blocker(&story.database, "a").await;
    let child = story.starts("upgrade");
    let connection = waiting(&story.database).await;
    story.meanwhile("its connection is killed in statement 2 of 3");
    story.database.execute(&format!("KILL {connection}")).await;
    story.ends(child, 7).await;
    gone(&story.database, &connection).await;
    held.query_drop("ROLLBACK").await.unwrap();
    story.there().await;
    story.types("status", 7).await;
    story.types("upgrade", 0).await;
    story.there().await;
    story.is("lost-in-statement.mysql");
}

#[tokio::test]
async fn timescale_in_a_statement() {
    let index =
        format!("{SINGLY}CREATE TABLE b (id int);\nCREATE INDEX CONCURRENTLY i ON a (id);\n");
    let singly = format!("{SINGLY}{THREE}");
    for (name, text, codes) in [
        ("lost-in-statement", THREE, (1, 3)),
        ("lost-in-statement-no-transaction", &singly, (7, 7)),
        ("lost-in-index", &index, (7, 7)),
    ] {
        let mut story = Story::timescale(&[TABLE, text]).await;
        story.prepares("upgrade --to 1").await;
        let held = blocker_on(&story.database, "a").await;
        // An index is built only when every writer is gone.
        held.batch_execute("INSERT INTO a VALUES (1)")
            .await
            .unwrap();
        let child = story.starts("upgrade");
        let backend = waiting_on(&story.database).await;
        story.meanwhile("its backend is ended in statement 2");
        let end = format!("SELECT pg_terminate_backend({backend})");
        story.database.execute(&end).await;
        story.ends(child, codes.0).await;
        held.batch_execute("ROLLBACK").await.unwrap();
        story.there().await;
        story.types("status", codes.1).await;
        story.types("upgrade", 0).await;
        story.there().await;
        story.is(&format!("{name}.timescale"));
    }
}

#[tokio::test]
async fn mysql_between_two_statements() {
    let mut story = Story::mysql(&[TABLE, &format!("{HASTY}{THREE}")]).await;
    story.prepares("upgrade --to 1").await;
    let mut held = blocker(&story.database, "a").await;
    let child = story.starts("upgrade");
    let connection = waiting(&story.database).await;
    until(
        &story.database,
        "SELECT 1 FROM sgmp_db_ledger WHERE version = 2 AND state = 'failed' HAVING count(*) = 2",
    )
    .await;
    story.meanwhile("its connection is killed before the next try");
    story.database.execute(&format!("KILL {connection}")).await;
    story.ends(child, 7).await;
    held.query_drop("ROLLBACK").await.unwrap();
    story.there().await;
    story.types("status", 7).await;
    story.types("upgrade", 0).await;
    story.is("lost-between.mysql");
}

#[tokio::test]
async fn timescale_between_two_statements() {
    let text = format!("{SINGLY}{HASTY}{THREE}");
    let mut story = Story::timescale(&[TABLE, &text]).await;
    story.prepares("upgrade --to 1").await;
    let held = blocker_on(&story.database, "a").await;
    let child = story.starts("upgrade");
    let backend = waiting_on(&story.database).await;
    until(
        &story.database,
        "SELECT 1 FROM sgmp_db_ledger WHERE version = 2 AND state = 'failed' HAVING count(*) = 2",
    )
    .await;
    story.meanwhile("its backend is ended before the next try");
    let end = format!("SELECT pg_terminate_backend({backend})");
    story.database.execute(&end).await;
    story.ends(child, 7).await;
    held.batch_execute("ROLLBACK").await.unwrap();
    story.there().await;
    story.types("status", 7).await;
    story.types("upgrade", 0).await;
    story.is("lost-between.timescale");
}

/// A database on a server of the test's own.
fn own(kind: Kind, port: u16) -> Server {
    Server {
        kind,
        port,
        container: String::new(),
    }
}

#[tokio::test]
async fn mysql_the_server_is_killed() {
    let (container, port) = server::own(Kind::Mysql, &["mysqld"]).await;
    let database = MysqlDatabase {
        server: own(Kind::Mysql, port),
        name: "sgmp".to_owned(),
    };
    let sgmp = Sgmp::default().mysql(&database);
    let mut story = Story::on(database, sgmp, &[TABLE, THREE]);
    story.prepares("upgrade --to 1").await;
    let _held = blocker(&story.database, "a").await;
    let child = story.starts("upgrade");
    waiting(&story.database).await;
    story.meanwhile("the server is killed in statement 2 of 3");
    server::kill(&container).await;
    story.ends(child, 7).await;
    story.meanwhile("the server is started again");
    let port = server::start(&container, Kind::Mysql).await;
    story.database.server.port = port;
    story.sgmp = story.sgmp.clone().with("MYSQL_PORT", port.to_string());
    story.there().await;
    story.types("status", 7).await;
    story.types("upgrade", 0).await;
    story.there().await;
    story.is("server-killed.mysql");
}

#[tokio::test]
async fn timescale_the_server_is_killed() {
    let (container, port) = server::own(Kind::Apache17, &["postgres"]).await;
    let database = TimescaleDatabase {
        server: own(Kind::Apache17, port),
        name: "sgmp".to_owned(),
    };
    let sgmp = Sgmp::default().timescale(&database);
    let mut story = Story::on(database, sgmp, &[TABLE, THREE]);
    story.prepares("upgrade --to 1").await;
    let _held = blocker_on(&story.database, "a").await;
    let child = story.starts("upgrade");
    waiting_on(&story.database).await;
    story.meanwhile("the server is killed in statement 2 of 3");
    server::kill(&container).await;
    story.ends(child, 1).await;
    story.meanwhile("the server is started again");
    let port = server::start(&container, Kind::Apache17).await;
    story.database.server.port = port;
    story.sgmp = story.sgmp.clone().with("TSDB_PORT", port.to_string());
    story.there().await;
    story.types("status", 3).await;
    story.types("upgrade", 0).await;
    story.there().await;
    story.is("server-killed.timescale");
}
