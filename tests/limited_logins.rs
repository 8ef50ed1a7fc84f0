//! What a login cannot see is never concluded: every part of the least role, and less, on both databases.

mod support;

use mysql_async::prelude::Queryable;
use serde_json::Value;
use std::collections::BTreeSet;
use support::{
    Kind, MysqlDatabase, Sgmp, TimescaleDatabase, database::postgres_admin, killed::project, unique,
};

const PASSWORD: &str = "limited";

/// Every subset of a list.
fn subsets<'a>(all: &[&'a str]) -> Vec<Vec<&'a str>> {
    (0..1_usize << all.len())
        .map(|bits| {
            let chosen = all.iter().enumerate();
            chosen
                .filter(|(index, _)| bits >> index & 1 == 1)
                .map(|(_, one)| *one)
                .collect()
        })
        .collect()
}

/// Exit 8, a grant by name, and nothing that would be a conclusion.
async fn sees_that_it_does_not_see(sgmp: &Sgmp, target: &str, what: &str) {
    for command in ["status", "diff"] {
        let (run, document) = sgmp.json(&[command, "--only", target]).await;
        assert_eq!(run.code, Some(8), "{what}: {command}: {document:#}");
        let findings = document["findings"].as_array().expect("findings");
        let kinds: BTreeSet<&str> = findings
            .iter()
            .filter_map(|finding| finding["kind"].as_str())
            .collect();
        assert!(
            kinds.is_empty() || kinds == BTreeSet::from(["unknown"]),
            "{what}: {document:#}"
        );
        let said = document.to_string();
        assert!(said.contains("GRANT "), "{what}: {document:#}");
        assert!(!said.contains("in sync"), "{what}: {document:#}");
        let pending = &document["targets"][target]["pending"];
        assert!(
            *pending == Value::Null || *pending == Value::Array(Vec::new()),
            "{what}: {document:#}"
        );
    }
    let plain = sgmp.run(&["status", "--only", target]).await;
    assert!(!plain.all().contains("in sync"), "{what}: {}", plain.all());
}

const MYSQL: &str = "CREATE TABLE t (id int PRIMARY KEY, CHECK (id > 0));\n\
     CREATE VIEW v AS SELECT id FROM t;\n\
     CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET @x = 1;\n\
     CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM t WHERE id < 0;\n\
     CREATE PROCEDURE p() SELECT 1;\n";

#[tokio::test]
async fn every_part_of_the_least_role_of_mysql_is_told_as_one() {
    let directory = project("mysql", &[MYSQL]);
    let database = MysqlDatabase::new().await;
    let sgmp = Sgmp::default()
        .mysql(&database)
        .with("SGMP_DB_MIGRATIONS", directory.path().display().to_string());
    sgmp.run(&["upgrade", "--only", "mysql"]).await.expect(0);
    let mut admin = database.admin().await;
    let on = format!("`{}`", database.name);
    let own = ["SELECT", "SHOW VIEW", "TRIGGER", "EVENT", "SHOW_ROUTINE"];
    // Less than a part: one table, a column of the record, the half of the record.
    let less = [
        vec![format!("GRANT SELECT ON {on}.t TO")],
        vec![format!(
            "GRANT SELECT (version) ON {on}.refinery_schema_history TO"
        )],
        vec![format!("GRANT SELECT ON {on}.refinery_schema_history TO")],
        vec![format!("GRANT SELECT ON {on}.sgmp_db_ledger TO")],
        vec![format!("GRANT INSERT ON {on}.* TO")],
        vec![
            format!("GRANT SELECT ON {on}.refinery_schema_history TO"),
            format!("GRANT SELECT ON {on}.sgmp_db_ledger TO"),
        ],
    ];
    let grant = |privilege: &&str| match *privilege {
        "SHOW_ROUTINE" => "GRANT SHOW_ROUTINE ON *.* TO".to_owned(),
        other => format!("GRANT {other} ON {on}.* TO"),
    };
    let parts = subsets(&own);
    assert_eq!(parts.len(), 32);
    let parts = parts.iter().map(|part| part.iter().map(grant).collect());
    for (number, grants) in parts.chain(less).enumerate() {
        let grants: Vec<String> = grants;
        let user: String = unique("l").chars().rev().take(20).collect();
        let user = format!("{user}{number}");
        let create = format!("CREATE USER '{user}'@'%' IDENTIFIED BY '{PASSWORD}'");
        admin.query_drop(&create).await.expect(&create);
        for grant in &grants {
            let statement = format!("{grant} '{user}'@'%'");
            admin.query_drop(&statement).await.expect(&statement);
        }
        let login = sgmp
            .clone()
            .with("MYSQL_USER", &user)
            .with("MYSQL_PASS", PASSWORD);
        let what = grants.join("; ");
        if grants.len() == own.len() {
            login.run(&["status", "--only", "mysql"]).await.expect(0);
        } else {
            sees_that_it_does_not_see(&login, "mysql", &what).await;
        }
        let drop = format!("DROP USER '{user}'@'%'");
        admin.query_drop(&drop).await.expect(&drop);
    }
}

#[tokio::test]
async fn every_part_of_the_least_role_of_postgresql_is_told_as_one() {
    let directory = project(
        "timescale",
        &[
            "CREATE TABLE t (id int PRIMARY KEY, CHECK (id > 0));\nCREATE VIEW v AS SELECT id FROM t;\n",
        ],
    );
    let database = TimescaleDatabase::new(Kind::Apache17).await;
    let sgmp = Sgmp::default()
        .timescale(&database)
        .with("SGMP_DB_MIGRATIONS", directory.path().display().to_string());
    sgmp.run(&["upgrade", "--only", "timescale"])
        .await
        .expect(0);
    let connect = format!("CONNECT ON DATABASE \"{}\"", database.name);
    database
        .execute(&format!(
            "REVOKE CONNECT, TEMPORARY ON DATABASE \"{}\" FROM PUBLIC; REVOKE ALL ON SCHEMA public FROM PUBLIC",
            database.name
        ))
        .await;
    let own = [
        connect.as_str(),
        "USAGE ON SCHEMA public",
        "SELECT ON public.refinery_schema_history",
        "SELECT ON public.sgmp_db_ledger",
        "SELECT ON public.sgmp_db_ledger_text",
    ];
    for grants in subsets(&own) {
        let role = unique("limited");
        let mut sql = format!("CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}';");
        for grant in &grants {
            sql.push_str(&format!("GRANT {grant} TO {role};"));
        }
        database.execute(&sql).await;
        let login = sgmp
            .clone()
            .with("TSDB_USER", &role)
            .with("TSDB_PASS", PASSWORD);
        if grants.len() == own.len() {
            login
                .run(&["status", "--only", "timescale"])
                .await
                .expect(0);
        } else {
            sees_that_it_does_not_see(&login, "timescale", &grants.join("; ")).await;
        }
    }
    // The grants that are named are the ones that help.
    let role = unique("limited");
    database
        .execute(&format!("CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'"))
        .await;
    let login = sgmp
        .clone()
        .with("TSDB_USER", &role)
        .with("TSDB_PASS", PASSWORD);
    for _ in 0..4 {
        let (run, document) = login.json(&["status", "--only", "timescale"]).await;
        if run.code == Some(0) {
            break;
        }
        let remedy = document["error"]["remedy"].as_str().expect("a remedy");
        let grants = remedy.strip_prefix("as an administrator: ").expect(remedy);
        let (grants, _) = grants.rsplit_once(';').expect(remedy);
        database.execute(grants).await;
    }
    login
        .run(&["status", "--only", "timescale"])
        .await
        .expect(0);
}

/// Whoever owns the database and is nothing else may not see the server's settings; the extension is
/// preloaded all the same.
#[tokio::test]
async fn an_owner_of_an_empty_database_is_not_told_to_restart_the_server() {
    for kind in [Kind::Apache17, Kind::Apache18] {
        let database = TimescaleDatabase::absent(kind).await;
        let role = unique("owner");
        let admin = postgres_admin(database.server.port, "postgres")
            .await
            .expect("an administrator");
        admin
            .batch_execute(&format!("CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'"))
            .await
            .expect("a role");
        admin
            .batch_execute(&format!(
                "CREATE DATABASE \"{}\" TEMPLATE template0 OWNER {role} ENCODING 'UTF8'",
                database.name
            ))
            .await
            .expect("a database");
        let directory = project(
            "timescale",
            &[
                "CREATE EXTENSION IF NOT EXISTS timescaledb;\nCREATE TABLE t (at timestamptz NOT NULL);\nSELECT create_hypertable('t', 'at');\n",
            ],
        );
        let sgmp = Sgmp::default()
            .timescale(&database)
            .with("TSDB_USER", &role)
            .with("TSDB_PASS", PASSWORD)
            .with("SGMP_DB_MIGRATIONS", directory.path().display().to_string());
        let dry = sgmp
            .run(&["upgrade", "--dry-run", "--only", "timescale"])
            .await;
        assert!(!dry.all().contains("preload"), "{}", dry.all());
        sgmp.run(&["upgrade", "--only", "timescale"])
            .await
            .expect(0);
        sgmp.run(&["status", "--only", "timescale"]).await.expect(0);
    }
}
