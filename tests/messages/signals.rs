//! Ctrl-C and SIGTERM: in a statement, between statements, while waiting, and twice.

use super::support::{
    Link, Proxy, Story,
    killed::{blocker, blocker_on, gone, send, waiting, waiting_on},
    story::until,
};
use mysql_async::prelude::Queryable;
use std::time::Duration;

const TABLE: &str = "CREATE TABLE a (id int);\n";
const THREE: &str =
    "CREATE TABLE b (id int);\nALTER TABLE a ADD COLUMN b int;\nCREATE TABLE c (id int);\n";

#[tokio::test]
async fn mysql_in_a_statement() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let mut story = Story::mysql(&[TABLE, THREE]).await;
        story.prepares("upgrade --to 1").await;
        let mut held = blocker(&story.database, "a").await;
        let child = story.starts("upgrade");
        waiting(&story.database).await;
        story.meanwhile(&format!("SIG{signal} in statement 2 of 3"));
        send(&child, signal);
        story.ends(child, code).await;
        held.query_drop("ROLLBACK").await.unwrap();
        story.there().await;
        story.types("status", 7).await;
        story.types("upgrade", 0).await;
        story.there().await;
        story.is(&format!("signal-{}.mysql", signal.to_lowercase()));
    }
}

#[tokio::test]
async fn timescale_in_a_statement() {
    for (name, directive, signal, codes) in [
        ("signal-int", "", "INT", (130, 3)),
        ("signal-term", "", "TERM", (143, 3)),
        (
            "signal-no-transaction",
            "-- sgmp-db: no-transaction\n",
            "INT",
            (130, 7),
        ),
    ] {
        let mut story = Story::timescale(&[TABLE, &format!("{directive}{THREE}")]).await;
        story.prepares("upgrade --to 1").await;
        let held = blocker_on(&story.database, "a").await;
        let child = story.starts("upgrade");
        waiting_on(&story.database).await;
        story.meanwhile(&format!("SIG{signal} in statement 2 of 3"));
        send(&child, signal);
        story.ends(child, codes.0).await;
        held.batch_execute("ROLLBACK").await.unwrap();
        story.there().await;
        story.types("status", codes.1).await;
        story.types("upgrade", 0).await;
        story.there().await;
        story.is(&format!("{name}.timescale"));
    }
}

/// Two tries of the file have failed, so that the third comes after a pause of two seconds.
const PAUSE: &str =
    "SELECT 1 FROM sgmp_db_ledger WHERE version = 2 AND state = 'failed' HAVING count(*) = 2";

#[tokio::test]
async fn mysql_between_two_statements() {
    let text = format!("-- sgmp-db: lock-timeout=1s\n{THREE}");
    let mut story = Story::mysql(&[TABLE, &text]).await;
    story.prepares("upgrade --to 1").await;
    let mut held = blocker(&story.database, "a").await;
    let child = story.starts("upgrade");
    until(&story.database, PAUSE).await;
    story.meanwhile("SIGTERM before the next try");
    send(&child, "TERM");
    story.ends(child, 143).await;
    held.query_drop("ROLLBACK").await.unwrap();
    story.there().await;
    story.types("status", 7).await;
    story.types("upgrade", 0).await;
    story.is("signal-between.mysql");
}

#[tokio::test]
async fn timescale_between_two_statements() {
    let text = format!("-- sgmp-db: no-transaction\n-- sgmp-db: lock-timeout=1s\n{THREE}");
    let mut story = Story::timescale(&[TABLE, &text]).await;
    story.prepares("upgrade --to 1").await;
    let held = blocker_on(&story.database, "a").await;
    let child = story.starts("upgrade");
    until(&story.database, PAUSE).await;
    story.meanwhile("SIGINT before the next try");
    send(&child, "INT");
    story.ends(child, 130).await;
    held.batch_execute("ROLLBACK").await.unwrap();
    story.there().await;
    story.types("status", 7).await;
    story.types("upgrade", 0).await;
    story.is("signal-between.timescale");
}

#[tokio::test]
async fn mysql_a_second_signal() {
    let mut story = Story::mysql(&[TABLE, THREE]).await;
    story.prepares("upgrade --to 1").await;
    let mut held = blocker(&story.database, "a").await;
    // A far server, so that the second signal comes before the first one's cancel can be through.
    let link = Link::round_trip(Duration::from_millis(400));
    let proxy = Proxy::start(story.database.server.port, link);
    let near = story.sgmp.clone();
    story.sgmp = near.clone().with("MYSQL_PORT", proxy.port.to_string());
    let child = story.starts("upgrade");
    let connection = waiting(&story.database).await;
    story.meanwhile("SIGINT, and again before the server has answered");
    send(&child, "INT");
    tokio::time::sleep(Duration::from_millis(200)).await;
    send(&child, "INT");
    story.ends(child, 130).await;
    story.sgmp = near;
    drop(proxy);
    // The first signal's cancel may still come, or not.
    let kill = format!("KILL {connection}");
    drop(story.database.session().await.query_drop(kill).await);
    gone(&story.database, &connection).await;
    story.meanwhile("the statement's session is ended");
    held.query_drop("ROLLBACK").await.unwrap();
    story.types("status", 7).await;
    story.types("upgrade", 0).await;
    story.there().await;
    story.is("signal-twice.mysql");
}

#[tokio::test]
async fn timescale_a_second_signal() {
    let mut story = Story::timescale(&[TABLE, THREE]).await;
    story.prepares("upgrade --to 1").await;
    let held = blocker_on(&story.database, "a").await;
    let link = Link::round_trip(Duration::from_millis(400));
    let proxy = Proxy::start(story.database.server.port, link);
    let near = story.sgmp.clone();
    story.sgmp = near.clone().with("TSDB_PORT", proxy.port.to_string());
    let child = story.starts("upgrade");
    let backend = waiting_on(&story.database).await;
    story.meanwhile("SIGTERM, and again before the server has answered");
    send(&child, "TERM");
    tokio::time::sleep(Duration::from_millis(200)).await;
    send(&child, "TERM");
    story.ends(child, 143).await;
    story.sgmp = near;
    drop(proxy);
    // What was sent is run to its end where nobody ends its session.
    let end = format!("SELECT pg_terminate_backend({backend}, 10000)");
    story.database.execute(&end).await;
    story.meanwhile("the statement's session is ended");
    held.batch_execute("ROLLBACK").await.unwrap();
    story.types("status", 3).await;
    story.types("upgrade", 0).await;
    story.there().await;
    story.is("signal-twice.timescale");
}

#[tokio::test]
async fn mysql_while_waiting_for_the_session_lock() {
    let mut story = Story::mysql(&[TABLE, THREE]).await;
    story.prepares("upgrade --to 1").await;
    let name = story.database.name.clone();
    let mut holder = story.database.session().await;
    let get = format!("SELECT GET_LOCK('sgmp-db:{name}', 0)");
    holder.query_drop(get).await.unwrap();
    let child = story.starts("upgrade");
    tokio::time::sleep(Duration::from_secs(2)).await;
    story.meanwhile("SIGINT while it waits for the lock");
    send(&child, "INT");
    story.ends(child, 130).await;
    story.is("signal-waiting.mysql");
}

#[tokio::test]
async fn timescale_while_waiting_for_the_server() {
    let mut story = Story::timescale(&[TABLE]).await;
    story.sgmp = story.sgmp.clone().with("TSDB_PORT", "1");
    let child = story.starts("upgrade --wait 60s");
    tokio::time::sleep(Duration::from_secs(2)).await;
    story.meanwhile("SIGTERM while it waits for the server");
    send(&child, "TERM");
    story.ends(child, 143).await;
    story.is("signal-connecting.timescale");
}
