//! A statement whose end nobody recorded and no evidence tells: exit 7 with both commands, and both of them
//! typed.

use super::support::{
    Story,
    killed::{Fate, kill_in, send, waiting_on},
    story::{Database, until},
    unique,
};

/// What people see, and the way out by that claim.
async fn settled<D: Database>(story: &mut Story<D>, claim: &str) {
    story.types("status", 7).await;
    story.types("upgrade", 7).await;
    story.there().await;
    story.types(&format!("resolve 2 {claim}"), 2).await;
    story
        .types(&format!("resolve 2 {claim} --yes --reason looked"), 0)
        .await;
    story.types("upgrade", 0).await;
    story.there().await;
}

/// Killed on MySQL in the first statement of V2.
async fn killed(files: &[&str], table: &str, fate: Fate) -> Story<super::support::MysqlDatabase> {
    let mut story = Story::mysql(files).await;
    story.prepares("upgrade --to 1").await;
    kill_in(&story.sgmp, &story.database, table, fate).await;
    story.meanwhile(match fate {
        Fate::Applied => {
            "an upgrade was killed in statement 1, and the server finished the statement"
        }
        Fate::NotApplied => "an upgrade was killed in statement 1, and its session too",
    });
    story
}

#[tokio::test]
async fn mysql_a_partition_is_exchanged() {
    let tables = "CREATE TABLE p (id int NOT NULL) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10));\n\
        CREATE TABLE x (id int NOT NULL);\nINSERT INTO x VALUES (1);\n";
    let text = "ALTER TABLE p EXCHANGE PARTITION p0 WITH TABLE x;\nCREATE TABLE later (id int);\n";
    let mut story = killed(&[tables, text], "p", Fate::Applied).await;
    settled(&mut story, "--applied").await;
    story.is("undecided-exchange.mysql");
}

#[tokio::test]
async fn mysql_two_equal_tables_are_swapped() {
    let tables = "CREATE TABLE a (id int);\nCREATE TABLE b (id int);\n";
    let text = "RENAME TABLE a TO t, b TO a, t TO b;\nCREATE TABLE later (id int);\n";
    let mut story = killed(&[tables, text], "a", Fate::NotApplied).await;
    settled(&mut story, "--reverted").await;
    story.is("undecided-swap.mysql");
}

#[tokio::test]
async fn mysql_somebody_changes_the_table_meanwhile() {
    let text = "ALTER TABLE a ADD COLUMN b int NOT NULL;\nCREATE TABLE later (id int);\n";
    let files = ["CREATE TABLE a (id int);\n", text];
    let mut story = killed(&files, "a", Fate::NotApplied).await;
    story.meanwhile("somebody adds b to a by hand, as a varchar(9)");
    let by_hand = "ALTER TABLE a ADD COLUMN b varchar(9)";
    story.database.execute(by_hand).await;
    settled(&mut story, "--applied").await;
    story.is("undecided-by-hand.mysql");
}

#[tokio::test]
async fn mysql_a_procedure_fails_half_way() {
    let procedure = "CREATE TABLE a (id int PRIMARY KEY);\n\
        DELIMITER $$\nCREATE PROCEDURE fill() BEGIN INSERT INTO a VALUES (1); COMMIT; INSERT INTO a VALUES (1); END$$\nDELIMITER ;\n";
    let text = "CALL fill();\nCREATE TABLE later (id int);\n";
    let mut story = Story::mysql(&[procedure, text]).await;
    story.prepares("upgrade --to 1").await;
    story.types("upgrade", 7).await;
    settled(&mut story, "--applied").await;
    story.is("undecided-call-fails.mysql");
}

#[tokio::test]
async fn mysql_a_procedure_is_killed() {
    let procedure =
        "CREATE TABLE a (id int);\nCREATE PROCEDURE grow() ALTER TABLE a ADD COLUMN b int;\n";
    let text = "CALL grow();\nCREATE TABLE later (id int);\n";
    let mut story = killed(&[procedure, text], "a", Fate::NotApplied).await;
    settled(&mut story, "--reverted").await;
    story.is("undecided-call-killed.mysql");
}

#[tokio::test]
async fn mysql_nothing_may_be_tried() {
    let text = "ALTER TABLE a ADD COLUMN b int;\nCREATE TABLE later (id int);\n";
    let files = ["CREATE TABLE a (id int);\n", text];
    let mut story = killed(&files, "a", Fate::Applied).await;
    let (login, name) = (unique("u"), story.database.name.clone());
    for statement in [
        format!("CREATE USER '{login}'@'%' IDENTIFIED BY 'a-Password-1'"),
        format!(
            "GRANT ALL ON `{}`.* TO '{login}'@'%'",
            name.replace('_', "\\_")
        ),
        format!("GRANT SHOW_ROUTINE ON *.* TO '{login}'@'%'"),
    ] {
        story.database.execute(&statement).await;
    }
    story.sgmp = story
        .sgmp
        .clone()
        .with("MYSQL_USER", &login)
        .with("MYSQL_PASS", "a-Password-1");
    story.is_called(&login, "LOGIN");
    story.meanwhile("the login may not make a database for a trial");
    settled(&mut story, "--applied").await;
    story.is("undecided-no-trial.mysql");
}

/// A procedure that commits inside, called from a file that runs statement by statement.
const GROW: &str = "CREATE TABLE a (id int);\n\
    CREATE PROCEDURE grow() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO a VALUES (1); COMMIT; ALTER TABLE a ADD COLUMN b int NOT NULL; END $$;\n";
const CALLED: &str = "-- sgmp-db: no-transaction\nCALL grow();\nCREATE TABLE later (id int);\n";

#[tokio::test]
async fn timescale_a_procedure_fails_half_way() {
    let mut story = Story::timescale(&[GROW, CALLED]).await;
    story.prepares("upgrade --to 1").await;
    story.types("upgrade", 7).await;
    settled(&mut story, "--applied").await;
    story.is("undecided-call-fails.timescale");
}

#[tokio::test]
async fn timescale_a_procedure_is_killed() {
    let waits = GROW.replace(
        "ALTER TABLE a ADD COLUMN b int NOT NULL",
        "PERFORM pg_sleep(60)",
    );
    let mut story = Story::timescale(&[&waits, CALLED]).await;
    story.prepares("upgrade --to 1").await;
    let child = story.sgmp.spawn(&["upgrade", "--only", "timescale"]);
    let sleeps = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
    let backend = until(&story.database, sleeps).await;
    send(&child, "KILL");
    let end = format!("SELECT pg_terminate_backend({backend}, 10000)");
    story.database.execute(&end).await;
    story.meanwhile("an upgrade was killed in statement 1, and its session too");
    let quick = "CREATE OR REPLACE PROCEDURE grow() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO a VALUES (2); COMMIT; END $$";
    story.types("status", 7).await;
    story.types("upgrade", 7).await;
    story.types("resolve 2 --reverted", 2).await;
    story.types("resolve 2 --reverted --yes", 0).await;
    story.meanwhile("the procedure is made one that ends");
    story.database.execute(quick).await;
    story.types("upgrade --allow-drift", 0).await;
    story.there().await;
    story.is("undecided-call-killed.timescale");
}

#[tokio::test]
async fn timescale_an_index_is_half_built() {
    let text = "-- sgmp-db: no-transaction\nCREATE INDEX CONCURRENTLY i ON a (id);\n";
    let mut story = Story::timescale(&["CREATE TABLE a (id int);\n", text]).await;
    story.prepares("upgrade --to 1").await;
    let held = story.database.session().await;
    held.batch_execute("BEGIN; INSERT INTO a VALUES (1)")
        .await
        .unwrap();
    let child = story.sgmp.spawn(&["upgrade", "--only", "timescale"]);
    let backend = waiting_on(&story.database).await;
    send(&child, "KILL");
    let end = format!("SELECT pg_terminate_backend({backend}, 10000)");
    story.database.execute(&end).await;
    held.batch_execute("ROLLBACK").await.unwrap();
    story.meanwhile("an upgrade was killed while the index was built, which is invalid now");
    story.types("status", 7).await;
    story.types("upgrade", 0).await;
    story.types("status", 0).await;
    story.is("decided-index.timescale");
}
