//! A file that was edited although a part of it, or all of it, is in the database.

use super::support::{
    Story,
    killed::{Fate, kill_in},
    story::Database,
};

/// The first statement works, the second does not.
fn broken(directive: &str) -> String {
    format!("{directive}CREATE TABLE a (id int);\nALTER TABLE nothing ADD COLUMN x int;\n")
}

/// The statement that is in the database is edited between the failure and the next run.
async fn between<D: Database>(mut story: Story<D>, directive: &str, engine: &str) {
    let broken = broken(directive);
    story.types("upgrade", 7).await;
    let other = broken.replace("(id int)", "(id bigint)");
    story.edits(1, &other.replace("nothing", "a"));
    story.types("upgrade", 5).await;
    story.there().await;
    story.types("status", 7).await;
    story.edits(1, &broken.replace("nothing", "a"));
    story.types("upgrade", 0).await;
    story.there().await;
    story.is(&format!("edited-between.{engine}"));
}

#[tokio::test]
async fn mysql_between_failure_and_resume() {
    let story = Story::mysql(&[&broken("")]).await;
    between(story, "", "mysql").await;
}

#[tokio::test]
async fn timescale_between_failure_and_resume() {
    let directive = "-- sgmp-db: no-transaction\n";
    let story = Story::timescale(&[&broken(directive)]).await;
    between(story, directive, "timescale").await;
}

#[tokio::test]
async fn mysql_a_statement_in_flight() {
    let text = "ALTER TABLE a ADD COLUMN b int;\nCREATE TABLE c (id int);\n";
    let mut story = Story::mysql(&["CREATE TABLE a (id int);\n", text]).await;
    story.prepares("upgrade --to 1").await;
    kill_in(&story.sgmp, &story.database, "a", Fate::Applied).await;
    story.meanwhile("an upgrade was killed in statement 1, and the server finished the statement");
    story.there().await;
    story.edits(2, &text.replace("b int", "b bigint"));
    story.types("upgrade", 5).await;
    story.types("status", 7).await;
    story.edits(2, text);
    story.types("upgrade", 0).await;
    story.there().await;
    story.is("edited-in-flight.mysql");
}

/// All of it is in the database.
async fn afterwards<D: Database>(mut story: Story<D>, engine: &str) {
    story.prepares("upgrade").await;
    story.edits(1, "CREATE TABLE a (id int NULL);\n");
    story.types("upgrade", 5).await;
    story.types("status", 5).await;
    story.types("resolve 1 --accept-checksum", 2).await;
    story.types("resolve 1 --accept-checksum --yes", 0).await;
    story.types("resolve 1 --accept-checksum --yes", 2).await;
    story.is(&format!("edited-after.{engine}"));
}

#[tokio::test]
async fn mysql_after_it_was_applied() {
    afterwards(Story::mysql(&["CREATE TABLE a (id int);\n"]).await, "mysql").await;
}

#[tokio::test]
async fn timescale_after_it_was_applied() {
    let story = Story::timescale(&["CREATE TABLE a (id int);\n"]).await;
    afterwards(story, "timescale").await;
}
