//! Schemas that are the same, however the server, the session or the database was set.

use crate::{
    change::told,
    differences, read,
    support::{Kind, MysqlDatabase, Server, server, unique},
};
use mysql_async::prelude::Queryable;
use sgmp_db::{engine::Engine, schema::Reading};

/// One of each kind of object.
pub const RICH: &str = include_str!("rich.sql");

async fn made(settings: &str) -> MysqlDatabase {
    let database = MysqlDatabase::new().await;
    fill(&database, settings).await;
    database
}

async fn fill(database: &MysqlDatabase, settings: &str) {
    let mut session = database.session().await;
    for statement in [settings, RICH] {
        if !statement.is_empty() {
            session.query_drop(statement).await.expect(statement);
        }
    }
}

async fn rich() -> Reading {
    let reading = read(&made("").await).await;
    assert!(reading.schema.objects.len() > 20, "{:#?}", reading.schema);
    reading
}

#[tokio::test]
async fn what_a_session_was_set_to_when_it_created_a_schema_does_not_show() {
    let expected = rich().await;
    for settings in [
        "SET SESSION sql_mode = ''",
        "SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,NO_UNSIGNED_SUBTRACTION,IGNORE_SPACE'",
        "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES,HIGH_NOT_PRECEDENCE,REAL_AS_FLOAT'",
        "SET SESSION sql_quote_show_create = 0",
        "SET NAMES latin1",
        "SET SESSION time_zone = '+05:00', explicit_defaults_for_timestamp = 1",
        "SET SESSION sql_generate_invisible_primary_key = 1",
    ] {
        let actual = read(&made(settings).await).await;
        assert_eq!(
            told(&differences(&expected, &actual)),
            [""; 0],
            "{settings}"
        );
    }
}

#[tokio::test]
async fn another_default_of_the_database_is_one_difference_and_its_repair_reaches_every_table() {
    let expected = rich().await;
    for default in ["CHARACTER SET latin1", "COLLATE utf8mb4_general_ci"] {
        let database = MysqlDatabase::new().await;
        database
            .execute(&format!("ALTER DATABASE `{}` {default}", database.name))
            .await;
        fill(&database, "").await;
        let actual = read(&database).await;
        let found = differences(&expected, &actual);
        assert_eq!(
            told(&found),
            ["changed database defaults collation"],
            "{default}"
        );
        let mut engine = database.engine();
        let mut session = database.session().await;
        for repair in engine.repair(&found, &expected.schema, &actual.schema) {
            session.query_drop(&repair.sql).await.expect(&repair.sql);
        }
        let repaired = engine.schema().await.expect("a reading");
        assert_eq!(
            told(&differences(&expected, &repaired)),
            [""; 0],
            "{default}"
        );
        assert_eq!(repaired.schema, expected.schema);
        engine.close().await.expect("the end of the session");
    }
}

#[tokio::test]
async fn what_changes_nothing_is_no_difference() {
    let database = made("").await;
    let expected = read(&database).await;
    for nothing in [
        "ALTER TABLE parent MODIFY code varchar(20) COLLATE utf8mb4_0900_ai_ci NOT NULL DEFAULT 'x'",
        "ALTER TABLE parent MODIFY code varchar(20) NOT NULL DEFAULT ('x')",
        "ALTER TABLE parent COLLATE utf8mb4_bin, COLLATE utf8mb4_0900_ai_ci",
        "ALTER TABLE child DROP FOREIGN KEY child_parent; ALTER TABLE child ADD CONSTRAINT child_parent \
         FOREIGN KEY (parent_id) REFERENCES parent (id) ON DELETE CASCADE ON UPDATE RESTRICT",
        "ALTER TABLE parent AUTO_INCREMENT = 100",
        "INSERT INTO parent (code) VALUES ('a'), ('b'); ANALYZE TABLE parent; OPTIMIZE TABLE parent; DELETE FROM parent",
        "ALTER TABLE parent ALTER COLUMN b DROP DEFAULT",
        "ALTER TABLE parent FORCE",
        "DROP TABLE IF EXISTS alembic_version; CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)",
        "CREATE EVENT once ON SCHEDULE AT now() + INTERVAL 1 DAY DO SELECT 1",
        "ALTER EVENT tidy ON SCHEDULE EVERY 1 DAY STARTS now() + INTERVAL 3 DAY",
    ] {
        database.execute(nothing).await;
        let actual = read(&database).await;
        assert_eq!(told(&differences(&expected, &actual)), [""; 0], "{nothing}");
    }
}

#[tokio::test]
async fn a_view_whose_table_is_gone_is_read_like_any_other() {
    let database = made("").await;
    let expected = read(&database).await;
    database
        .execute("SET foreign_key_checks = 0; DROP TABLE parent")
        .await;
    let found = told(&differences(&expected, &read(&database).await));
    assert_eq!(
        found,
        [
            "missing index parent.PRIMARY",
            "missing index parent.code",
            "missing table parent"
        ]
    );
}

#[tokio::test]
async fn a_server_with_hostile_settings_and_lower_case_names_reads_the_same() {
    let start = "set -e; data=/tmp/lower; init=/tmp/init.sql; password=${MYSQL_ROOT_PASSWORD//\\'/\\'\\'}; \
         mkdir -p $data; chown mysql $data; \
         mysqld --initialize-insecure --user=mysql --datadir=$data --lower-case-table-names=1; \
         echo \"CREATE USER 'root'@'%' IDENTIFIED BY '$password'; GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;\" > $init; \
         chown mysql $init; \
         exec mysqld --user=mysql --datadir=$data --lower-case-table-names=1 --init-file=$init \
         --character-set-server=latin1 --default-time-zone=-03:00 --event-scheduler=OFF";
    let (_container, port) = server::own(Kind::Mysql, &["bash", "-c", start]).await;
    let database = MysqlDatabase {
        server: Server {
            kind: Kind::Mysql,
            port,
            container: String::new(),
        },
        name: unique("t"),
    };
    let mut admin = database.admin().await;
    for statement in [
        "SET GLOBAL sql_mode = 'ANSI_QUOTES'",
        "SET GLOBAL sql_quote_show_create = 0",
        "SET GLOBAL information_schema_stats_expiry = 0",
        "SET GLOBAL sql_generate_invisible_primary_key = 1",
        "SET GLOBAL group_concat_max_len = 4",
        &format!("CREATE DATABASE {} CHARACTER SET utf8mb4", database.name),
    ] {
        admin.query_drop(statement).await.expect(statement);
    }
    fill(&database, "").await;
    let (expected, actual) = (rich().await, read(&database).await);
    assert_eq!(told(&differences(&expected, &actual)), [""; 0]);
}
