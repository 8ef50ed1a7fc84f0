//! Several at once, the lock, and whoever holds it.

mod support;

use futures_util::future::join_all;
use std::time::{Duration, Instant};
use support::{Kind, MysqlDatabase, Sgmp, TimescaleDatabase, binary::finish};

#[tokio::test]
async fn ten_upgrades_started_together_record_every_migration_once() {
    for kind in [Kind::Apache17, Kind::Apache18] {
        let mysql = MysqlDatabase::absent().await;
        let timescale = TimescaleDatabase::absent(kind).await;
        let sgmp = Sgmp::on(&mysql, &timescale);
        let children: Vec<_> = (0..10)
            .map(|_| sgmp.spawn(&["upgrade", "--create-database", "--lock-wait", "100s"]))
            .collect();
        for run in join_all(children.into_iter().map(finish)).await {
            run.expect(0);
        }
        let history = "SELECT version FROM refinery_schema_history ORDER BY version";
        let applied = "SELECT version FROM sgmp_db_ledger WHERE event = 'apply' ORDER BY version";
        let nine: Vec<String> = (1..=9).map(|version| version.to_string()).collect();
        for question in [history, applied] {
            assert_eq!(mysql.rows(question).await, nine, "{question}");
            assert_eq!(timescale.rows(question).await, ["1"], "{question}");
        }
        sgmp.run(&["status"]).await.expect(0);
    }
}

#[tokio::test]
async fn a_lock_that_somebody_holds_is_named_and_nothing_is_changed_anywhere() {
    let mysql = MysqlDatabase::new().await;
    let timescale = TimescaleDatabase::new(Kind::Apache18).await;
    let sgmp = Sgmp::on(&mysql, &timescale);
    let holder = timescale.session().await;
    let pid = holder
        .query_one(
            "SELECT pg_backend_pid(), pg_advisory_lock(8315735564766700642)",
            &[],
        )
        .await
        .unwrap()
        .get::<_, i32>(0);
    let begun = Instant::now();
    let run = sgmp.run(&["upgrade", "--lock-wait", "2s"]).await;
    run.expect(6)
        .says(&format!("backend {pid}"))
        .says("--lock-wait");
    assert!(begun.elapsed() >= Duration::from_secs(2) && begun.elapsed() < Duration::from_secs(20));
    assert!(mysql.rows("SHOW TABLES").await.is_empty());
    assert!(
        timescale
            .rows("SELECT FROM pg_tables WHERE schemaname = 'public'")
            .await
            .is_empty()
    );
    sgmp.run(&["status"]).await.expect(3).says("under way");
    drop(holder);
    sgmp.run(&["upgrade"]).await.expect(0);
}

#[tokio::test]
async fn a_held_mysql_lock_is_named_too_and_waiting_ends_when_it_is_free() {
    use mysql_async::prelude::Queryable;
    let mysql = MysqlDatabase::new().await;
    let sgmp = Sgmp::default().mysql(&mysql);
    let mut holder = mysql.admin().await;
    holder
        .query_drop(format!("SELECT GET_LOCK('sgmp-db:{}', 0)", mysql.name))
        .await
        .unwrap();
    let run = sgmp
        .run(&["upgrade", "--only", "mysql", "--lock-wait", "1s"])
        .await;
    run.expect(6).says(&format!("connection {}", holder.id()));
    let waiting = sgmp.spawn(&["upgrade", "--only", "mysql", "--lock-wait", "60s"]);
    tokio::time::sleep(Duration::from_secs(2)).await;
    holder.disconnect().await.unwrap();
    finish(waiting).await.expect(0).says("waiting for the lock");
}

#[tokio::test]
async fn two_environments_on_one_mysql_server_do_not_block_each_other() {
    use mysql_async::prelude::Queryable;
    let (one, two) = (MysqlDatabase::new().await, MysqlDatabase::new().await);
    let mut holder = one.admin().await;
    holder
        .query_drop(format!("SELECT GET_LOCK('sgmp-db:{}', 0)", one.name))
        .await
        .unwrap();
    Sgmp::default()
        .mysql(&two)
        .run(&["upgrade", "--only", "mysql", "--lock-wait", "0s"])
        .await
        .expect(0);
}
