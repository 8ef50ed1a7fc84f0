//! What a login cannot see is said, by the grant that it lacks, and never concluded from silence.

use crate::{
    alike::RICH,
    read,
    support::{MysqlDatabase, unique},
};
use mysql_async::prelude::Queryable;
use sgmp_db::{
    engine::Engine,
    schema::{ObjectDifference, Reading, Scope, diff},
};
use std::collections::BTreeSet;

/// The role of docs/least-role.md, for another database and login.
fn least_role(database: &str, user: &str) -> Vec<String> {
    let document = include_str!("../../docs/least-role.md");
    let (_, behind) = document.split_once("```sql\n").expect("a block of SQL");
    let (mysql, _) = behind.split_once("```").expect("the end of the block");
    mysql
        .replace("`sgmp`", &format!("`{database}`"))
        .replace("'sgmp_status'", &format!("'{user}'"))
        .replace("'…'", "'x'")
        .split(";\n")
        .map(str::trim)
        .filter(|statement| !statement.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Without what is compared only on request: grants differ, because they are what is tried.
fn visible(expected: &Reading, actual: &Reading) -> Vec<ObjectDifference> {
    let scope = Scope {
        same_major: true,
        ..Scope::default()
    };
    diff(&expected.schema, &actual.schema, &scope)
}

async fn database() -> MysqlDatabase {
    let database = MysqlDatabase::new().await;
    database.execute(RICH).await;
    database
}

fn short() -> String {
    unique("u").chars().rev().take(16).collect()
}

async fn read_as(database: &MysqlDatabase, user: &str) -> Reading {
    let mut engine = database.engine_as(user, "x");
    let reading = engine.schema().await.expect("a reading");
    engine.close().await.expect("the end of the session");
    reading
}

#[tokio::test]
async fn the_documented_least_role_sees_what_an_administrator_sees() {
    let (database, user) = (database().await, short());
    let mut admin = database.admin().await;
    let statements = least_role(&database.name, &user);
    assert!(statements.len() > 1, "{statements:?}");
    for statement in &statements {
        admin.query_drop(statement).await.expect(statement);
    }
    let (expected, actual) = (read(&database).await, read_as(&database, &user).await);
    assert_eq!(actual.unseen, []);
    assert_eq!(visible(&expected, &actual), []);
}

#[tokio::test]
async fn every_grant_that_is_missing_is_named_with_the_statement_that_gives_it() {
    let (database, name) = (database().await, short());
    let mut admin = database.admin().await;
    let expected = read(&database).await;
    let on = format!("`{}`.*", database.name);
    let all = [
        ("SELECT", on.as_str()),
        ("SHOW VIEW", on.as_str()),
        ("TRIGGER", on.as_str()),
        ("EVENT", on.as_str()),
        ("SHOW_ROUTINE", "*.*"),
    ];
    for (missing, scope) in all {
        let user = format!("{name}_{}", missing.len());
        // Through a role, as an administrator would.
        let setup = [
            format!("CREATE USER '{user}'@'%' IDENTIFIED BY 'x'"),
            format!("CREATE ROLE 'r{user}'"),
            format!("GRANT 'r{user}' TO '{user}'@'%'"),
            format!("SET DEFAULT ROLE 'r{user}' TO '{user}'@'%'"),
            // Any privilege lets it enter the database.
            format!("GRANT REFERENCES ON {on} TO '{user}'@'%'"),
        ];
        for statement in setup {
            admin.query_drop(&statement).await.expect(&statement);
        }
        for (grant, scope) in all {
            if grant != missing {
                let statement = format!("GRANT {grant} ON {scope} TO 'r{user}'");
                admin.query_drop(&statement).await.expect(&statement);
            }
        }
        let actual = read_as(&database, &user).await;
        let grants: Vec<&str> = actual.unseen.iter().map(|one| one.grant.as_str()).collect();
        assert_eq!(grants, [missing]);
        let remedy = &actual.unseen[0].remedy;
        assert_eq!(
            *remedy,
            format!("GRANT {missing} ON {scope} TO `{user}`@`%`")
        );
        // Whatever it reads differently is of a kind that it says it does not see.
        let hidden: BTreeSet<&String> = actual.unseen.iter().flat_map(|one| &one.kinds).collect();
        for difference in visible(&expected, &actual) {
            assert!(
                hidden.contains(&difference.key.kind),
                "{missing}: {difference:?}"
            );
        }
        admin.query_drop(remedy).await.expect(remedy);
        let remedied = read_as(&database, &user).await;
        assert_eq!(remedied.unseen, [], "{missing}");
        assert_eq!(visible(&expected, &remedied), [], "{missing}");
    }
}
