//! What a MySQL file leaves in its session never meets the next file: refused before anything runs, or told at
//! the end of the file with what is in the database and what to type.

mod support;

use support::{MysqlDatabase, Run, Sgmp, killed::project};

const UPGRADE: [&str; 3] = ["upgrade", "--only", "mysql"];
const ALLOWED: &str = "-- sgmp-db: allow=transaction-control because \"a test\"\n\
    -- sgmp-db: allow=session-dependent because \"a test\"\n";
const NEXT: &str = "INSERT INTO a VALUES (9);\n";

/// Runs V1, which makes table `a`, this as V2, and a V3 that inserts 9.
async fn second(text: &str) -> (MysqlDatabase, Run, Sgmp, tempfile::TempDir) {
    let mysql = MysqlDatabase::new().await;
    let first = "CREATE TABLE a (id int PRIMARY KEY);\n\
        DELIMITER $$\n\
        CREATE PROCEDURE begins() BEGIN START TRANSACTION; INSERT INTO a VALUES (5); END$$\n\
        CREATE PROCEDURE gives_back() BEGIN DO RELEASE_ALL_LOCKS(); END$$\n\
        DELIMITER ;\n";
    let directory = project("mysql", &[first, text, NEXT]);
    let sgmp = Sgmp::default()
        .mysql(&mysql)
        .with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap());
    let run = sgmp.run(&UPGRADE).await;
    (mysql, run, sgmp, directory)
}

async fn ids(mysql: &MysqlDatabase) -> Vec<String> {
    mysql.rows("SELECT id FROM a ORDER BY id").await
}

#[tokio::test]
async fn what_stays_in_a_session_is_refused_with_file_and_line_whatever_the_file_allows() {
    let refused = [
        ("LOCK TABLES a WRITE;\nSELECT 1;\n", "table locks"),
        (
            "CREATE TEMPORARY TABLE x (id int);\nSELECT 1;\n",
            "temporary table x",
        ),
        ("DO GET_LOCK('mine', 1);\nSELECT 1;\n", "lock of get_lock()"),
        (
            "DO RELEASE_ALL_LOCKS();\nSELECT 1;\n",
            "keeps other runs away",
        ),
    ];
    for (text, what) in refused {
        let allow = "-- sgmp-db: allow=left-behind because \"a test\"\n\
            -- sgmp-db: allow=runner-lock because \"a test\"\n";
        let (mysql, run, ..) = second(&format!("{ALLOWED}{allow}{text}")).await;
        run.expect(2).says("V2__step.sql:5").says(what);
        assert!(mysql.rows("SHOW TABLES").await.is_empty(), "{text}");
    }
    for text in [
        "START TRANSACTION;\n",
        "SET autocommit = 0;\n",
        "XA START 'x';\n",
    ] {
        let (mysql, run, ..) = second(&format!("SELECT 1;\n{text}")).await;
        run.expect(2)
            .says("V2__step.sql:2")
            .says("transaction-control");
        assert!(mysql.rows("SHOW TABLES").await.is_empty(), "{text}");
    }
}

#[tokio::test]
async fn an_allowed_transaction_that_stays_open_is_told_and_the_next_file_does_not_run() {
    for open in ["START TRANSACTION", "XA START 'x'"] {
        let text = format!("{ALLOWED}INSERT INTO a VALUES (1);\n{open};\n");
        let (mysql, run, sgmp, _directory) = second(&text).await;
        run.expect(7).says("1 of 2 statements are in the database");
        if open.starts_with("START") {
            run.says("leaves an open transaction behind");
        }
        assert_eq!(ids(&mysql).await, ["1"], "{open}");
        sgmp.run(&UPGRADE).await.expect(7);
        assert_eq!(ids(&mysql).await, ["1"], "{open}");
    }
}

#[tokio::test]
async fn a_procedure_that_leaves_a_transaction_open_at_the_end_of_a_file_is_in_doubt() {
    let (mysql, run, sgmp, _directory) =
        second("INSERT INTO a VALUES (1);\nCALL begins();\n").await;
    run.expect(7)
        .says("leaves an open transaction behind")
        .says("how statement 2 of 2 ended is not known")
        .says("sgmp-db resolve 2 --only mysql --applied");
    assert_eq!(ids(&mysql).await, ["1"], "its rows are rolled back");
    sgmp.run(&UPGRADE)
        .await
        .expect(7)
        .says("sgmp-db resolve 2 --only mysql --reverted");
    sgmp.run(&["resolve", "2", "--applied", "--yes"])
        .await
        .expect(0);
    sgmp.run(&UPGRADE).await.expect(0);
    assert_eq!(ids(&mysql).await, ["1", "9"]);
}

#[tokio::test]
async fn a_procedure_that_gives_back_the_runners_lock_ends_the_run_before_the_next_statement() {
    for text in [
        "CALL gives_back();\nINSERT INTO a VALUES (1);\n",
        "CALL gives_back();\n",
    ] {
        let (mysql, run, ..) = second(text).await;
        assert_ne!(run.code, Some(0));
        run.says("RELEASE_ALL_LOCKS()");
        assert!(ids(&mysql).await.is_empty(), "{text}");
    }
}

#[tokio::test]
async fn what_a_file_may_set_for_itself_is_gone_in_the_next() {
    for text in [
        "SET autocommit = 0;\nINSERT INTO a VALUES (1);\n",
        "LOCK TABLES a READ;\nUNLOCK TABLES;\nINSERT INTO a VALUES (1);\n",
        "PREPARE p FROM 'SELECT 1';\nINSERT INTO a VALUES (1);\n",
    ] {
        let (mysql, run, ..) = second(&format!("{ALLOWED}{text}")).await;
        run.expect(0);
        assert_eq!(ids(&mysql).await, ["1", "9"], "{text}");
        let open = mysql
            .rows("SELECT count(*) FROM sgmp_db_ledger WHERE state = 'done'")
            .await;
        assert_eq!(open, ["3"]);
    }
}
