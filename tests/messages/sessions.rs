//! Files that a lost session would change are refused before anything runs: by `check` without a server, by
//! `upgrade` with one.

use super::support::{Story, story::Database};

async fn refused<D: Database>(mut story: Story<D>, engine: &str) {
    story.types("check", 2).await;
    story.types("upgrade", 2).await;
    story.there().await;
    story.is(&format!("session-dependent.{engine}"));
}

#[tokio::test]
async fn mysql() {
    let files = [
        "SET @a = 1;\nCREATE TABLE a (id int);\nINSERT INTO a VALUES (@a);\n",
        "CREATE TEMPORARY TABLE few (id int);\nINSERT INTO few VALUES (1);\nINSERT INTO a SELECT id FROM few;\nDROP TEMPORARY TABLE few;\n",
        "INSERT INTO a VALUES (1);\nINSERT INTO b VALUES (LAST_INSERT_ID());\n",
        "PREPARE later FROM 'INSERT INTO a VALUES (1)';\nEXECUTE later;\nDEALLOCATE PREPARE later;\n",
        "LOCK TABLES a WRITE;\nINSERT INTO a VALUES (1);\nUNLOCK TABLES;\n",
        "UPDATE a SET id = 2;\nINSERT INTO b VALUES (ROW_COUNT());\n",
        "SET sql_mode = CONCAT(@@sql_mode, ',ANSI');\nCREATE TABLE c (id int);\n",
        "CREATE TEMPORARY TABLE stays (id int);\n",
        "CREATE TABLE d (id int);\nLOCK TABLES d WRITE;\n",
    ];
    refused(Story::mysql(&files).await, "mysql").await;
}

#[tokio::test]
async fn timescale() {
    let singly = "-- sgmp-db: no-transaction\n";
    let files = [
        "CREATE TEMP TABLE few (id int);\nINSERT INTO few VALUES (1);\nDROP TABLE few;\n",
        "PREPARE later AS SELECT 1;\nEXECUTE later;\nDEALLOCATE later;\n",
        "SET work_mem = current_setting('maintenance_work_mem');\nVACUUM;\n",
        "DECLARE c CURSOR WITH HOLD FOR SELECT 1;\nFETCH c;\nCLOSE c;\n",
        "CREATE LOCAL TEMP SEQUENCE few;\nSELECT nextval('few');\nDROP SEQUENCE few;\n",
        "SELECT nextval('s');\nSELECT currval('s');\n",
    ];
    let mut files: Vec<String> = files.iter().map(|text| format!("{singly}{text}")).collect();
    files.push("CREATE TEMP TABLE stays (id int);\n".to_owned());
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    refused(Story::timescale(&files).await, "timescale").await;
}
