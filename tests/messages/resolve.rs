//! `resolve`: what it shows, what it records, and what it refuses.

use super::support::{
    Sgmp, Story,
    killed::{Fate, kill_in, project},
    story::Database,
};

/// One statement is in the database, the second was refused.
fn files(directive: &str) -> [String; 2] {
    let text = "CREATE TABLE a (id int);\nALTER TABLE nothing ADD COLUMN x int;\nCREATE TABLE c (id int);\n";
    [
        format!("{directive}{text}"),
        "CREATE TABLE d (id int);\n".to_owned(),
    ]
}

/// Every claim about a whole file, first refused, then made true.
async fn whole_file<D: Database>(mut story: Story<D>, engine: &str, made: impl AsyncFn(&D, &str)) {
    story.types("resolve 1 --reverted", 2).await;
    story.types("resolve 1 --accept-checksum", 2).await;
    story.types("resolve 9 --applied", 2).await;
    story.types("upgrade", 7).await;
    story.types("resolve 2 --applied", 2).await;
    story.types("resolve 1 --applied", 2).await;
    story.types("resolve 1 --applied --yes", 1).await;
    story.types("resolve 1 --reverted --yes", 1).await;
    story.meanwhile("table c is made by hand");
    made(&story.database, "CREATE TABLE c (id int)").await;
    story
        .types("resolve 1 --applied --yes --reason by-hand", 0)
        .await;
    story.types("resolve 1 --applied", 2).await;
    story.prepares("upgrade").await;
    story.meanwhile("the upgrade goes on with V2");
    story.types("resolve 1 --reverted", 2).await;
    story.types("resolve 2 --reverted --yes", 1).await;
    story.meanwhile("table d is dropped by hand");
    made(&story.database, "DROP TABLE d").await;
    story.types("resolve 2 --reverted --yes", 0).await;
    story.types("upgrade", 0).await;
    story.there().await;
    story.is(&format!("resolve-file.{engine}"));
}

#[tokio::test]
async fn mysql_a_whole_file() {
    let files = files("");
    let story = Story::mysql(&[&files[0], &files[1]]).await;
    whole_file(story, "mysql", async |database, sql| {
        database.execute(sql).await;
    })
    .await;
}

#[tokio::test]
async fn timescale_a_whole_file() {
    let files = files("-- sgmp-db: no-transaction\n");
    let story = Story::timescale(&[&files[0], &files[1]]).await;
    whole_file(story, "timescale", async |database, sql| {
        database.execute(sql).await;
    })
    .await;
}

#[tokio::test]
async fn mysql_taken_back_after_a_failure() {
    let files = files("");
    let mut story = Story::mysql(&[&files[0], &files[1]]).await;
    story.types("upgrade", 7).await;
    story.meanwhile("table a is dropped by hand");
    story.database.execute("DROP TABLE a").await;
    story.types("resolve 1 --reverted --yes", 0).await;
    story.types("status", 3).await;
    story.edits(1, &files[0].replace("nothing", "a"));
    story.types("upgrade", 0).await;
    story.there().await;
    story.is("resolve-reverted.mysql");
}

#[tokio::test]
async fn mysql_a_statement_in_flight_and_the_claim_is_not_what_the_schema_says() {
    let text = "ALTER TABLE a ADD COLUMN b int;\nCREATE TABLE c (id int);\n";
    for (name, fate, claim) in [
        ("resolve-contradicted-applied", Fate::Applied, "--reverted"),
        (
            "resolve-contradicted-reverted",
            Fate::NotApplied,
            "--applied",
        ),
    ] {
        let mut story = Story::mysql(&["CREATE TABLE a (id int);\n", text]).await;
        story.prepares("upgrade --to 1").await;
        kill_in(&story.sgmp, &story.database, "a", fate).await;
        story.meanwhile("an upgrade was killed in statement 1");
        story.there().await;
        story.types("status", 7).await;
        story.types(&format!("resolve 2 {claim}"), 2).await;
        story.types(&format!("resolve 2 {claim} --yes"), 1).await;
        story.types("upgrade", 0).await;
        story.there().await;
        story.is(&format!("{name}.mysql"));
    }
}

#[tokio::test]
async fn a_version_of_both_databases() {
    let mut mysql = Story::mysql(&["CREATE TABLE a (id int);\n"]).await;
    let timescale = Story::timescale(&[]).await;
    let both = project("mysql", &["CREATE TABLE a (id int);\n"]);
    std::fs::write(both.path().join("timescale/V1__step.sql"), "SELECT 1;\n").unwrap();
    let sgmp = Sgmp::on(&mysql.database, &timescale.database)
        .with("SGMP_DB_MIGRATIONS", both.path().to_str().unwrap());
    mysql.is_called(both.path().to_str().unwrap(), "DIR");
    let run = sgmp.run(&["resolve", "1", "--applied"]).await;
    mysql.said("sgmp-db resolve 1 --applied", &run);
    let run = sgmp.run(&["resolve", "9", "--applied"]).await;
    mysql.said("sgmp-db resolve 9 --applied", &run);
    mysql.is("resolve-which");
}
