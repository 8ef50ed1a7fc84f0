//! What the splitter takes for one statement is one statement to a real server, too.

mod support;

use mysql_async::prelude::Queryable;
use sgmp_db::sql::{
    Dialect::{Mysql, Postgres},
    split,
};
use support::{Kind, MysqlDatabase, TimescaleDatabase};

/// Programs with and without DELIMITER, names that are keywords, comments and strings full of semicolons.
const MYSQL: &str = include_str!("fixtures/splitter/mysql.sql");
const POSTGRES: &str = include_str!("fixtures/splitter/postgres.sql");

#[tokio::test]
async fn mysql_takes_every_statement_by_itself_and_makes_what_the_file_says() {
    let mysql = MysqlDatabase::new().await;
    let mut session = mysql.session().await;
    for statement in split(Mysql, MYSQL).unwrap() {
        let sent = session.query_drop(statement.text()).await;
        sent.unwrap_or_else(|error| {
            panic!("line {}: {error}\n{}", statement.line, statement.text())
        });
    }
    drop(session);
    let programs = "SELECT CONCAT(kind, ' ', name) FROM (\
        SELECT 'trigger' AS kind, trigger_name AS name FROM information_schema.triggers WHERE trigger_schema = DATABASE() \
        UNION ALL SELECT LOWER(routine_type), routine_name FROM information_schema.routines WHERE routine_schema = DATABASE() \
        UNION ALL SELECT 'event', event_name FROM information_schema.events WHERE event_schema = DATABASE()) made ORDER BY 1";
    assert_eq!(
        mysql.rows(programs).await,
        [
            "event e",
            "function f",
            "function g",
            "procedure nested",
            "procedure p",
            "procedure q",
            "trigger t1",
            "trigger t2",
            "trigger t3"
        ]
    );
    assert_eq!(
        mysql.rows("SELECT COUNT(*), MAX(`end`) FROM a").await,
        ["3|12"]
    );
    let texts = ["it's; a \"string\"", "\\; no escape", "5--3; 🦀"];
    assert_eq!(mysql.rows("SELECT note FROM a ORDER BY id").await, texts);
}

#[tokio::test]
async fn postgres_takes_every_statement_by_itself_and_makes_what_the_file_says() {
    for kind in Kind::TIMESCALE {
        let timescale = TimescaleDatabase::new(kind).await;
        let session = timescale.session().await;
        for statement in split(Postgres, POSTGRES).unwrap() {
            // The extended protocol takes one statement only, so a piece of two would be refused here.
            let prepared = session.prepare(statement.text()).await;
            let sent = match prepared {
                Ok(prepared) => session.execute(&prepared, &[]).await,
                Err(error) => Err(error),
            };
            sent.unwrap_or_else(|error| {
                panic!(
                    "{kind:?}, line {}: {error:?}\n{}",
                    statement.line,
                    statement.text()
                )
            });
        }
        let made = "SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace \
            WHERE n.nspname = 'split' ORDER BY 1";
        assert_eq!(
            timescale.rows(made).await,
            ["atomic", "dollars", "nested"],
            "{kind:?}"
        );
        let notes = timescale.rows("SELECT note FROM split.a ORDER BY id").await;
        assert_eq!(
            notes,
            [
                "it's; a \"string\"",
                "\\; no escape",
                "tab\t; here",
                "split; across lines",
                "from the rule"
            ],
            "{kind:?}"
        );
    }
}
