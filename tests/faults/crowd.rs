//! Twenty runs at once, and the one that holds the lock is killed.

use crate::{
    breaker::Breaker,
    project::Project,
    support::{Kind, MysqlDatabase, TimescaleDatabase, binary::finish},
    victim::Database,
};
use futures_util::future::join_all;
use std::time::{Duration, Instant};

/// How many start together.
const CROWD: usize = 20;

/// How long another may take to go on. For two seconds of it the killed client's statement sleeps:
/// the server runs it to its end, and its session keeps the lock.
const TAKEN_OVER: Duration = Duration::from_secs(15);

/// The slow statement, the next file, and what is recorded between them: whoever sends one of
/// these has the lock.
const UNDER_THE_LOCK: [&str; 3] = [
    "SELECT 2 FROM",
    "n * 2 + 1",
    "INSERT INTO refinery_schema_history",
];

async fn another_takes_over(database: Database, slow: &str) {
    let create = "CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL DEFAULT 1)";
    let first = format!("{create};\nINSERT INTO t (id) VALUES (1);\n{slow};\n");
    let project = Project::new(&database, &[&first, "UPDATE t SET n = n * 2 + 1;"]);
    let (protocol, port) = (database.protocol(), database.port());
    let upgrade = [
        "upgrade",
        "--only",
        database.target(),
        "--lock-wait",
        "100s",
    ];
    let mut crowd = Vec::new();
    for _ in 0..CROWD {
        let breaker = Breaker::start(protocol, port).await;
        let child = project.sgmp(&database, breaker.port).spawn(&upgrade);
        crowd.push((breaker, child));
    }
    let holder = under_the_lock(crowd.iter().map(|(breaker, _)| breaker)).await;
    let (breaker, mut child) = crowd.swap_remove(holder);
    child.kill().await.expect("the holder is killed");
    breaker.cut();
    let killed = Instant::now();
    under_the_lock(crowd.iter().map(|(breaker, _)| breaker)).await;
    let taken_over = killed.elapsed();
    println!(
        "{}: {CROWD} at once, the one with the lock killed; another went on after {taken_over:.1?}",
        database.target()
    );
    assert!(taken_over < TAKEN_OVER, "{taken_over:?}");
    let ends = crowd.into_iter().map(|(breaker, child)| async {
        let run = finish(child).await;
        drop(breaker);
        run
    });
    for run in join_all(ends).await {
        run.expect(0);
    }
    let rows = database.rows("SELECT id, n FROM t ORDER BY id").await;
    assert_eq!(rows, ["1|3", "2|3"], "every change once");
    let history = "SELECT version FROM refinery_schema_history ORDER BY version";
    assert_eq!(database.rows(history).await, ["1", "2"]);
    let status = project.sgmp(&database, port);
    status
        .run(&["status", "--only", database.target()])
        .await
        .expect(0);
}

/// Waits until one of them works under the lock, and tells which.
async fn under_the_lock<'b>(breakers: impl Iterator<Item = &'b Breaker> + Clone) -> usize {
    let begun = Instant::now();
    loop {
        let mut each = breakers.clone();
        let works = each.position(|breaker| {
            let seen = breaker.seen();
            let mut texts = seen.iter().map(|packet| packet.text.as_str());
            texts.any(|text| UNDER_THE_LOCK.iter().any(|mark| text.contains(mark)))
        });
        if let Some(index) = works {
            return index;
        }
        assert!(begun.elapsed() < Duration::from_secs(90), "nobody goes on");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn of_twenty_mysql_upgrades_another_takes_over_when_the_lock_holder_is_killed() {
    let database = Database::Mysql(MysqlDatabase::new().await);
    another_takes_over(
        database,
        "INSERT INTO t (id) SELECT 2 FROM DUAL WHERE SLEEP(2) = 0",
    )
    .await;
}

#[tokio::test]
async fn of_twenty_postgresql_upgrades_another_takes_over_when_the_lock_holder_is_killed() {
    let database = Database::Timescale(TimescaleDatabase::new(Kind::Apache17).await);
    another_takes_over(
        database,
        "INSERT INTO t (id) SELECT 2 FROM (SELECT pg_sleep(2)) s",
    )
    .await;
}
