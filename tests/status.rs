//! What `status` says of servers in every condition, and that it leaves nothing behind.

mod support;

use std::time::{Duration, Instant};
use support::{Kind, MysqlDatabase, Sgmp, TimescaleDatabase};

#[tokio::test]
async fn a_database_that_never_saw_sgmp_db_is_pending_and_stays_untouched() {
    for kind in Kind::TIMESCALE {
        let mysql = MysqlDatabase::new().await;
        let timescale = TimescaleDatabase::new(kind).await;
        let (run, document) = Sgmp::on(&mysql, &timescale).json(&["status"]).await;
        run.expect(3);
        assert_eq!(document["exits"], serde_json::json!([3]));
        assert_eq!(
            document["targets"]["mysql"]["pending"]
                .as_array()
                .unwrap()
                .len(),
            9
        );
        assert_eq!(
            document["targets"]["timescale"]["pending"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
        assert!(mysql.rows("SHOW TABLES").await.is_empty());
        assert!(
            timescale
                .rows("SELECT FROM pg_tables WHERE schemaname = 'public'")
                .await
                .is_empty()
        );
    }
}

#[tokio::test]
async fn a_database_name_that_does_not_exist_is_pending_and_is_not_made() {
    let mysql = MysqlDatabase::absent().await;
    let timescale = TimescaleDatabase::absent(Kind::Apache18).await;
    let sgmp = Sgmp::on(&mysql, &timescale);
    for command in ["status", "history"] {
        let code = if command == "status" { 3 } else { 0 };
        sgmp.run(&[command]).await.expect(code);
    }
    use mysql_async::prelude::Queryable;
    let found: Vec<String> = mysql
        .admin()
        .await
        .query(format!(
            "SHOW DATABASES LIKE '{}'",
            mysql.name.replace('_', "\\_")
        ))
        .await
        .unwrap();
    assert!(found.is_empty());
    let postgres = support::database::postgres_admin(timescale.server.port, "postgres")
        .await
        .unwrap();
    let found = postgres
        .query(
            "SELECT FROM pg_database WHERE datname = $1",
            &[&timescale.name],
        )
        .await;
    assert!(found.unwrap().is_empty());
}

#[tokio::test]
async fn a_server_that_is_down_fails_within_its_timeout_and_names_the_address() {
    let mysql = MysqlDatabase::new().await;
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    // A port that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    for (variable, command) in [("MYSQL_PORT", "status"), ("TSDB_PORT", "upgrade")] {
        let begun = Instant::now();
        let sgmp = Sgmp::on(&mysql, &timescale).with(variable, free.to_string());
        let run = sgmp.run(&[command, "--connect-timeout", "3s"]).await;
        run.expect(1).says(&format!("127.0.0.1:{free}"));
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
    assert!(mysql.rows("SHOW TABLES").await.is_empty());
    assert!(
        timescale
            .rows("SELECT FROM pg_tables WHERE schemaname = 'public'")
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn only_narrows_to_one_database() {
    let mysql = MysqlDatabase::new().await;
    let sgmp = Sgmp::default()
        .mysql(&mysql)
        .with("TSDB_HOST", "nowhere.invalid");
    let (run, document) = sgmp.json(&["upgrade", "--only", "mysql"]).await;
    run.expect(0);
    assert!(document["targets"].get("timescale").is_none());
    sgmp.run(&["status", "--only", "mysql"]).await.expect(0);
}

#[tokio::test]
async fn history_tells_who_did_what_and_how_long_it_took() {
    let mysql = MysqlDatabase::new().await;
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    let sgmp = Sgmp::on(&mysql, &timescale);
    sgmp.run(&["upgrade"]).await.expect(0);
    let (run, document) = sgmp.json(&["history"]).await;
    run.expect(0);
    let events = document["events"].as_array().unwrap();
    assert_eq!(events.len(), 10);
    for event in events {
        assert_eq!(event["state"], "done");
        assert!(
            event["sha256"].as_str().unwrap().starts_with("sha256:v1:"),
            "{event}"
        );
        assert!(event["duration_ms"].as_u64().unwrap() > 0, "{event}");
        assert!(
            event["started_at"].as_str().unwrap().ends_with('Z'),
            "{event}"
        );
        assert!(event["who"].as_str().unwrap().contains(" as "), "{event}");
    }
}

#[tokio::test]
async fn a_login_that_may_not_change_the_schema_is_told_which_grants_it_lacks() {
    use mysql_async::prelude::Queryable;
    let mysql = MysqlDatabase::new().await;
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    let user = support::unique("u");
    let user = &user[user.len() - 12..];
    let mut admin = mysql.admin().await;
    admin
        .query_drop(format!("CREATE USER '{user}'@'%' IDENTIFIED BY 'x'"))
        .await
        .unwrap();
    admin
        .query_drop(format!(
            "GRANT SELECT ON `{}`.* TO '{user}'@'%'",
            mysql.name
        ))
        .await
        .unwrap();
    timescale
        .execute(&format!(
            "CREATE ROLE \"{user}\" LOGIN PASSWORD 'x'; REVOKE CREATE ON SCHEMA public FROM PUBLIC"
        ))
        .await;
    let sgmp = Sgmp::on(&mysql, &timescale)
        .with("MYSQL_USER", user)
        .with("MYSQL_PASS", "x")
        .with("TSDB_USER", user)
        .with("TSDB_PASS", "x");
    let run = sgmp.run(&["upgrade"]).await;
    run.expect(1)
        .says("INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER");
    run.says("GRANT CREATE ON SCHEMA public")
        .says("GRANT CREATE ON DATABASE");
    assert!(mysql.rows("SHOW TABLES").await.is_empty());
}
