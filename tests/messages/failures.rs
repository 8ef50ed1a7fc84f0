//! A statement that the server refuses, and a record that cannot be written.

use super::support::Story;

const TWO: &str = "CREATE TABLE a (id int);\nALTER TABLE nothing ADD COLUMN x int;\n";

#[tokio::test]
async fn mysql_the_first_statement() {
    let mut story = Story::mysql(&["CREATE TABL a (id int);\nCREATE TABLE b (id int);\n"]).await;
    story.types("upgrade", 1).await;
    story.there().await;
    story.types("status", 3).await;
    story.edits(1, "CREATE TABLE a (id int);\nCREATE TABLE b (id int);\n");
    story.types("upgrade", 0).await;
    story.there().await;
    story.is("failure-first.mysql");
}

#[tokio::test]
async fn mysql_a_later_statement() {
    let mut story = Story::mysql(&[TWO]).await;
    story.types("upgrade", 7).await;
    story.there().await;
    story.types("status", 7).await;
    story.meanwhile("nobody corrects the file");
    story.types("upgrade", 7).await;
    story.edits(1, &TWO.replace("nothing", "a"));
    story.types("upgrade", 0).await;
    story.there().await;
    story.types("status", 0).await;
    story.is("failure-later.mysql");
}

#[tokio::test]
async fn timescale_a_file_in_one_transaction() {
    let mut story = Story::timescale(&[TWO]).await;
    story.types("upgrade", 1).await;
    story.there().await;
    story.types("status", 3).await;
    story.edits(1, &TWO.replace("nothing", "a"));
    story.types("upgrade", 0).await;
    story.there().await;
    story.is("failure-atomic.timescale");
}

#[tokio::test]
async fn timescale_a_file_without_a_transaction() {
    let text = "-- sgmp-db: no-transaction\nCREATE INDEX CONCURRENTLY i ON nothing (id);\n\
        CREATE INDEX CONCURRENTLY j ON a (nothing);\n";
    let mut story = Story::timescale(&["CREATE TABLE a (id int);\n", text]).await;
    story.prepares("upgrade --to 1").await;
    story.types("upgrade", 1).await;
    story.types("status", 3).await;
    let text = text.replace("ON nothing", "ON a");
    story.edits(2, &text);
    story.types("upgrade", 7).await;
    story.types("status", 7).await;
    story.edits(2, &text.replace("(nothing)", "(id)"));
    story.types("upgrade", 0).await;
    story.is("failure-no-transaction.timescale");
}

#[tokio::test]
async fn mysql_the_record_cannot_be_written() {
    let files = [
        "CREATE TABLE a (id int);\n",
        "CREATE TABLE b (id int);\nALTER TABLE b ADD COLUMN x int;\n",
    ];
    let mut story = Story::mysql(&files).await;
    story.prepares("upgrade --to 1").await;
    let refuse = "CREATE TRIGGER refused BEFORE INSERT ON refinery_schema_history FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no rows today'";
    story.database.execute(refuse).await;
    story.types("upgrade", 7).await;
    story.there().await;
    story.types("status", 7).await;
    story.meanwhile("what refuses the row is removed");
    story.database.execute("DROP TRIGGER refused").await;
    story.types("upgrade", 0).await;
    story.there().await;
    story.is("failure-record.mysql");
}

#[tokio::test]
async fn timescale_the_record_cannot_be_written() {
    for (name, directive, code) in [
        ("failure-record.timescale", "", 1),
        (
            "failure-record-no-transaction.timescale",
            "-- sgmp-db: no-transaction\n",
            7,
        ),
    ] {
        let text =
            format!("{directive}CREATE TABLE b (id int);\nALTER TABLE b ADD COLUMN x int;\n");
        let mut story = Story::timescale(&["CREATE TABLE a (id int);\n", &text]).await;
        story.prepares("upgrade --to 1").await;
        let refuse = "CREATE FUNCTION refused() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no rows today'; END $$;\
            CREATE TRIGGER refused BEFORE INSERT ON refinery_schema_history FOR EACH ROW EXECUTE FUNCTION refused()";
        story.database.execute(refuse).await;
        // A function is drift of its own.
        story.types("upgrade --allow-drift", code).await;
        story.there().await;
        story.types("status", if code == 7 { 7 } else { 4 }).await;
        story.meanwhile("what refuses the row is removed");
        story
            .database
            .execute("DROP FUNCTION refused CASCADE")
            .await;
        story.types("upgrade", 0).await;
        story.there().await;
        story.is(name);
    }
}

#[tokio::test]
async fn mysql_a_procedure_leaves_a_transaction_open() {
    let open = "CREATE PROCEDURE open_one() START TRANSACTION;\n";
    let text = "CREATE TABLE b (id int);\nCALL open_one();\n";
    let mut story = Story::mysql(&[open, text]).await;
    story.prepares("upgrade --to 1").await;
    story.types("upgrade", 7).await;
    story.there().await;
    story.types("status", 7).await;
    story.types("upgrade", 7).await;
    story.there().await;
    story.is("left-transaction.mysql");
}
