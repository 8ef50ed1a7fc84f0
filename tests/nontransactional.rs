//! Tables that no transaction covers (MyISAM, MEMORY, ARCHIVE, CSV): a data statement on one that was cut
//! short is never run again without asking, and an undisturbed one just works.

mod support;

use mysql_async::{Conn, prelude::Queryable};
use support::{
    Kind, MysqlDatabase, Run, Sgmp,
    binary::finish,
    golden::golden,
    killed::{gone, project, told, waiting, write},
    server::{Server, own},
    unique,
};
use tempfile::TempDir;

const UPGRADE: [&str; 3] = ["upgrade", "--only", "mysql"];
const FIRST: [&str; 5] = ["upgrade", "--only", "mysql", "--to", "1"];

/// Where a statement was cut short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// Its session was killed before it began.
    Before,
    /// Its session was killed when it had run and before that was recorded.
    Behind,
    /// Only the tool was: the server runs the packet to its end.
    Nowhere,
}

const TABLES: &str = "CREATE TABLE my (id int PRIMARY KEY, n int NOT NULL) ENGINE=MyISAM;\n\
    INSERT INTO my VALUES (1, 0), (2, 0);\n\
    CREATE TABLE inno (id int PRIMARY KEY, n int NOT NULL);\n\
    INSERT INTO inno VALUES (1, 0), (2, 0);\n";

fn sgmp(mysql: &MysqlDatabase, directory: &TempDir) -> Sgmp {
    Sgmp::default()
        .mysql(mysql)
        .with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap())
}

/// A session that keeps everybody from the table.
async fn lock(mysql: &MysqlDatabase, table: &str) -> Conn {
    let mut session = mysql.session().await;
    let locked = session.query_drop(format!("LOCK TABLES `{table}` WRITE"));
    locked.await.unwrap();
    session
}

/// Kills the tool while a statement of its waits for the table, and returns when the server is done.
async fn kill_at(sgmp: &Sgmp, mysql: &MysqlDatabase, table: &str, cut: Cut) {
    let mut session = lock(mysql, table).await;
    let mut child = sgmp.spawn(&UPGRADE);
    let connection = waiting(mysql).await;
    child.kill().await.unwrap();
    let kill = format!("KILL {connection}");
    match cut {
        Cut::Before => mysql.execute(&kill).await,
        Cut::Behind => {
            let mut ledger = mysql.session().await;
            ledger.query_drop("START TRANSACTION").await.unwrap();
            let rows = "SELECT id FROM sgmp_db_ledger FOR UPDATE";
            let _: Vec<u64> = ledger.query(rows).await.unwrap();
            session.query_drop("UNLOCK TABLES").await.unwrap();
            recording(mysql, &connection).await;
            mysql.execute(&kill).await;
            gone(mysql, &connection).await;
            ledger.disconnect().await.unwrap();
        }
        Cut::Nowhere => session.query_drop("UNLOCK TABLES").await.unwrap(),
    }
    gone(mysql, &connection).await;
    session.disconnect().await.unwrap();
}

/// Returns when the connection has run its statement and waits to record that.
async fn recording(mysql: &MysqlDatabase, connection: &str) {
    let query = format!(
        "SELECT count(*) FROM performance_schema.data_lock_waits w \
         JOIN performance_schema.threads t ON t.THREAD_ID = w.REQUESTING_THREAD_ID \
         WHERE t.PROCESSLIST_ID = {connection}"
    );
    for _ in 0..400 {
        if mysql.rows(&query).await == ["1"] {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("it does not record");
}

fn in_doubt(run: &Run) {
    run.expect(7)
        .says("sgmp-db resolve 2 --only mysql --applied")
        .says("sgmp-db resolve 2 --only mysql --reverted");
}

/// Databases of a server that lets one statement change tables with and without transactions: with
/// GTIDs, as on the shared one, the server refuses that by itself (error 1785).
async fn without_gtids(port: u16) -> MysqlDatabase {
    let server = Server {
        kind: Kind::Mysql,
        port,
        container: String::new(),
    };
    let name = unique("t");
    let database = MysqlDatabase { server, name };
    let create = format!("CREATE DATABASE `{}` CHARACTER SET utf8mb4", database.name);
    database.admin().await.query_drop(create).await.unwrap();
    database
}

const NO_GTIDS: [&str; 3] = [
    "mysqld",
    "--gtid-mode=OFF",
    "--enforce-gtid-consistency=OFF",
];

#[tokio::test]
async fn a_change_of_a_myisam_table_that_was_cut_short_is_settled_by_hand_and_happens_once() {
    for cut in [Cut::Before, Cut::Behind] {
        let mysql = MysqlDatabase::new().await;
        let second = "UPDATE my SET n = n + 1;\nUPDATE inno SET n = n + 1;\n";
        let directory = project("mysql", &[TABLES, second]);
        let sgmp = sgmp(&mysql, &directory);
        sgmp.run(&FIRST).await.expect(0);
        kill_at(&sgmp, &mysql, "my", cut).await;
        sgmp.run(&["status", "--only", "mysql"])
            .await
            .expect(7)
            .says("nobody recorded how statement 1 ended");
        let run = sgmp.run(&UPGRADE).await;
        in_doubt(&run);
        golden(
            "undecidable-myisam.txt",
            &told(&run, &mysql.name, &directory),
        );
        let (claim, n) = match cut {
            Cut::Before => ("--reverted", "0"),
            _ => ("--applied", "1"),
        };
        assert_eq!(mysql.rows("SELECT n FROM my").await, [n, n]);
        assert_eq!(mysql.rows("SELECT n FROM inno").await, ["0", "0"]);
        sgmp.run(&["resolve", "2", claim, "--yes"]).await.expect(0);
        sgmp.run(&UPGRADE).await.expect(0);
        assert_eq!(mysql.rows("SELECT n FROM my").await, ["1", "1"]);
        assert_eq!(mysql.rows("SELECT n FROM inno").await, ["1", "1"]);
        sgmp.run(&["status", "--only", "mysql"])
            .await
            .says("in sync");
    }
}

#[tokio::test]
async fn the_last_statement_of_a_file_is_in_doubt_too() {
    for (cut, claim) in [(Cut::Before, "--reverted"), (Cut::Behind, "--applied")] {
        let mysql = MysqlDatabase::new().await;
        let directory = project("mysql", &[TABLES, "UPDATE my SET n = n + 1;\n"]);
        let sgmp = sgmp(&mysql, &directory);
        sgmp.run(&FIRST).await.expect(0);
        kill_at(&sgmp, &mysql, "my", cut).await;
        in_doubt(&sgmp.run(&UPGRADE).await);
        sgmp.run(&["resolve", "2", claim, "--yes"]).await.expect(0);
        sgmp.run(&UPGRADE).await.expect(0);
        assert_eq!(mysql.rows("SELECT n FROM my").await, ["1", "1"]);
        let versions = mysql.rows("SELECT version FROM refinery_schema_history");
        assert_eq!(versions.await, ["1", "2"]);
    }
}

#[tokio::test]
async fn what_the_server_ran_to_its_end_after_a_kill_is_known() {
    for second in [
        "UPDATE my SET n = n + 1;\n",
        "UPDATE my SET n = n + 1;\nUPDATE inno SET n = n + 1;\n",
    ] {
        let mysql = MysqlDatabase::new().await;
        let directory = project("mysql", &[TABLES, second]);
        let sgmp = sgmp(&mysql, &directory);
        sgmp.run(&FIRST).await.expect(0);
        kill_at(&sgmp, &mysql, "my", Cut::Nowhere).await;
        sgmp.run(&UPGRADE).await.expect(0);
        assert_eq!(mysql.rows("SELECT n FROM my").await, ["1", "1"]);
    }
}

#[tokio::test]
async fn an_innodb_statement_beside_it_still_resumes_by_itself() {
    for cut in [Cut::Before, Cut::Nowhere] {
        let mysql = MysqlDatabase::new().await;
        let second =
            "UPDATE my SET n = n + 1;\nUPDATE inno SET n = n + 1;\nUPDATE my SET n = n + 10;\n";
        let directory = project("mysql", &[TABLES, second]);
        let sgmp = sgmp(&mysql, &directory);
        sgmp.run(&FIRST).await.expect(0);
        kill_at(&sgmp, &mysql, "inno", cut).await;
        sgmp.run(&UPGRADE).await.expect(0);
        assert_eq!(mysql.rows("SELECT n FROM my").await, ["11", "11"]);
        assert_eq!(mysql.rows("SELECT n FROM inno").await, ["1", "1"]);
    }
}

#[tokio::test]
async fn undisturbed_every_engine_works_even_when_the_file_makes_the_table_itself() {
    for engine in ["MyISAM", "MEMORY", "ARCHIVE", "CSV"] {
        let mysql = MysqlDatabase::new().await;
        let text = format!(
            "CREATE TABLE a (id int NOT NULL) ENGINE={engine};\n\
             CREATE VIEW v AS SELECT id FROM a;\n\
             INSERT INTO a VALUES (1);\n\
             INSERT INTO v SELECT 2;\n\
             INSERT INTO a (id) SELECT id + 2 FROM (SELECT id FROM a) AS b;\n"
        );
        let directory = project("mysql", &[&text, "INSERT INTO a VALUES (5);\n"]);
        let sgmp = sgmp(&mysql, &directory);
        sgmp.run(&UPGRADE).await.expect(0);
        let rows = mysql.rows("SELECT id FROM a ORDER BY id").await;
        assert_eq!(rows, ["1", "2", "3", "4", "5"], "{engine}");
        let record = "SELECT state, statements_done, in_flight FROM sgmp_db_ledger ORDER BY id";
        assert_eq!(mysql.rows(record).await, ["done|5|NULL", "done|1|NULL"]);
    }
}

/// What V1 makes beside the tables, and what changes a table without transactions through it.
const REACHING: [(&str, &str); 4] = [
    (
        "CREATE VIEW v AS SELECT * FROM my;\n",
        "UPDATE v SET n = n + 1 WHERE id IN (SELECT id FROM inno)",
    ),
    (
        "CREATE TRIGGER g AFTER UPDATE ON inno FOR EACH ROW UPDATE my SET n = n + 1 WHERE id = NEW.id;\n",
        "UPDATE inno SET n = n + 1",
    ),
    (
        "DELIMITER $$\nCREATE FUNCTION f(x int) RETURNS int DETERMINISTIC\nBEGIN\n  UPDATE my SET n = n + 1;\n  RETURN x;\nEND$$\nDELIMITER ;\n",
        "INSERT INTO inno VALUES (3, f(0))",
    ),
    ("", "UPDATE inno JOIN my USING (id) SET my.n = my.n + 1"),
];

#[tokio::test]
async fn what_reaches_such_a_table_in_another_way_is_in_doubt_and_the_same_without_one_is_not() {
    let (_container, port) = own(Kind::Mysql, &NO_GTIDS).await;
    for (makes, statement) in REACHING {
        for engine in ["MyISAM", "InnoDB"] {
            let mysql = without_gtids(port).await;
            let first = format!("{TABLES}{makes}").replace("MyISAM", engine);
            let second = format!("{statement};\nINSERT INTO inno VALUES (9, 9);\n");
            let directory = project("mysql", &[&first, &second]);
            let sgmp = sgmp(&mysql, &directory);
            sgmp.run(&FIRST).await.expect(0);
            let cut = match engine {
                "MyISAM" => Cut::Behind,
                _ => Cut::Nowhere,
            };
            kill_at(&sgmp, &mysql, "inno", cut).await;
            assert_eq!(
                mysql.rows("SELECT n FROM my WHERE id = 1").await,
                ["1"],
                "{statement}"
            );
            let run = sgmp.run(&UPGRADE).await;
            if engine == "MyISAM" {
                in_doubt(&run);
                run.says("not transactional");
                sgmp.run(&["resolve", "2", "--applied", "--yes"])
                    .await
                    .expect(0);
                sgmp.run(&UPGRADE).await.expect(0);
            } else {
                run.expect(0);
            }
            assert_eq!(
                mysql.rows("SELECT n FROM my WHERE id = 1").await,
                ["1"],
                "{statement}"
            );
            assert_eq!(mysql.rows("SELECT n FROM inno WHERE id = 9").await, ["9"]);
            mysql
                .admin()
                .await
                .query_drop(format!("DROP DATABASE `{}`", mysql.name))
                .await
                .unwrap();
        }
    }
}

#[tokio::test]
async fn a_trigger_reaches_another_database_only_where_it_names_it() {
    let (_container, port) = own(Kind::Mysql, &NO_GTIDS).await;
    let other = without_gtids(port).await;
    let my = "CREATE TABLE my (id int PRIMARY KEY, n int) ENGINE=MyISAM";
    other.execute(my).await;
    for (log, cut) in [
        ("log".to_owned(), Cut::Nowhere),
        (format!("{}.my", other.name), Cut::Behind),
    ] {
        let mysql = without_gtids(port).await;
        let first = format!(
            "CREATE TABLE log (id int, n int);\nCREATE TABLE inno (id int PRIMARY KEY, n int);\n\
             INSERT INTO inno VALUES (1, 0);\n\
             CREATE TRIGGER g AFTER UPDATE ON inno FOR EACH ROW INSERT INTO {log} VALUES (NEW.id, 0);\n"
        );
        let second = "UPDATE inno SET n = n + 1;\nCREATE TABLE later (id int);\n";
        let directory = project("mysql", &[&first, second]);
        let sgmp = sgmp(&mysql, &directory);
        sgmp.run(&FIRST).await.expect(0);
        kill_at(&sgmp, &mysql, "inno", cut).await;
        let run = sgmp.run(&UPGRADE).await;
        if cut == Cut::Behind {
            in_doubt(&run);
        } else {
            run.expect(0);
        }
        assert_eq!(mysql.rows("SELECT n FROM inno").await, ["1"]);
        assert_eq!(
            mysql.rows(&format!("SELECT count(*) FROM {log}")).await,
            ["1"]
        );
    }
}

#[tokio::test]
async fn a_failed_insert_that_left_some_rows_is_in_doubt() {
    let mysql = MysqlDatabase::new().await;
    let second = "INSERT INTO my VALUES (3, 3), (4, 4), (4, 4), (5, 5);\nUPDATE inno SET n = 7;\n";
    let directory = project("mysql", &[TABLES, second]);
    let sgmp = sgmp(&mysql, &directory);
    sgmp.run(&FIRST).await.expect(0);
    let failed = sgmp.run(&UPGRADE).await;
    in_doubt(&failed);
    failed
        .says("Duplicate entry '4'")
        .says("how statement 1 of 2 ended is not known");
    golden(
        "failed-half-way-myisam.txt",
        &told(&failed, &mysql.name, &directory),
    );
    assert_eq!(mysql.rows("SELECT count(*) FROM my").await, ["4"]);
    in_doubt(&sgmp.run(&UPGRADE).await);
    mysql.execute("DELETE FROM my WHERE id > 2").await;
    let corrected = second.replace("(4, 4), (4, 4)", "(4, 4)");
    write(directory.path(), "mysql", 2, &corrected);
    in_doubt(&sgmp.run(&UPGRADE).await);
    sgmp.run(&["resolve", "2", "--reverted", "--yes"])
        .await
        .expect(0);
    sgmp.run(&UPGRADE).await.expect(0);
    assert_eq!(mysql.rows("SELECT count(*) FROM my").await, ["5"]);
    assert_eq!(mysql.rows("SELECT n FROM inno").await, ["7", "7"]);
}

#[tokio::test]
async fn a_failure_before_any_row_leaves_no_doubt() {
    let wrong = [
        "INSERT INTO my (nothing) VALUES (3)",
        "INSERT INTO my VALUES (3)",
        "UPDATE my SET n = = 1",
        "DELETE FROM my WHERE id IN (SELECT id FROM nothing)",
    ];
    for statement in wrong {
        let mysql = MysqlDatabase::new().await;
        let directory = project("mysql", &[TABLES, &format!("{statement};\n")]);
        let sgmp = sgmp(&mysql, &directory);
        let run = sgmp.run(&UPGRADE).await;
        run.expect(1)
            .says("nothing of this file is in the database");
        write(directory.path(), "mysql", 2, "UPDATE my SET n = 5;\n");
        sgmp.run(&UPGRADE).await.expect(0);
        assert_eq!(mysql.rows("SELECT n FROM my").await, ["5", "5"]);
    }
}

#[tokio::test]
async fn a_myisam_table_that_somebody_has_locked_is_waited_for() {
    let mysql = MysqlDatabase::new().await;
    let second = "-- sgmp-db: lock-timeout=1s\nUPDATE my SET n = n + 1;\n";
    let directory = project("mysql", &[TABLES, second]);
    let sgmp = sgmp(&mysql, &directory);
    sgmp.run(&FIRST).await.expect(0);
    let session = lock(&mysql, "my").await;
    let run = sgmp
        .run(&["upgrade", "--only", "mysql", "--lock-wait", "3s"])
        .await;
    run.expect(6)
        .says("trying again")
        .says("nothing of this file is in the database");
    let child = sgmp.spawn(&UPGRADE);
    waiting(&mysql).await;
    tokio::time::sleep(std::time::Duration::from_millis(1200)).await;
    session.disconnect().await.unwrap();
    finish(child).await.expect(0);
    assert_eq!(mysql.rows("SELECT n FROM my").await, ["1", "1"]);
}

#[tokio::test]
async fn a_table_filled_from_a_query_is_believed_only_where_the_server_makes_both_at_once() {
    let (_container, port) = own(Kind::Mysql, &NO_GTIDS).await;
    for engine in ["MyISAM", "InnoDB"] {
        for cut in [Cut::Before, Cut::Nowhere] {
            let mysql = without_gtids(port).await;
            let second = format!(
                "CREATE TABLE c ENGINE={engine} SELECT id, n FROM inno;\nCREATE TABLE later (id int);\n"
            );
            let directory = project("mysql", &[TABLES, &second]);
            let sgmp = sgmp(&mysql, &directory);
            sgmp.run(&FIRST).await.expect(0);
            kill_at(&sgmp, &mysql, "inno", cut).await;
            let run = sgmp.run(&UPGRADE).await;
            if (engine, cut) == ("MyISAM", Cut::Nowhere) {
                in_doubt(&run);
                run.says("table c is there, but may lack rows of the query");
                sgmp.run(&["resolve", "2", "--applied", "--yes"])
                    .await
                    .expect(0);
                sgmp.run(&UPGRADE).await.expect(0);
            } else {
                run.expect(0);
            }
            assert_eq!(mysql.rows("SELECT count(*) FROM c").await, ["2"]);
        }
    }
}

#[tokio::test]
async fn a_copied_table_is_compared_with_its_original() {
    let second = "CREATE TABLE c LIKE inno;\nCREATE TABLE later (id int);\n";
    for cut in [Cut::Before, Cut::Nowhere] {
        let mysql = MysqlDatabase::new().await;
        let directory = project("mysql", &[TABLES, second]);
        let sgmp = sgmp(&mysql, &directory);
        sgmp.run(&FIRST).await.expect(0);
        kill_at(&sgmp, &mysql, "inno", cut).await;
        if cut == Cut::Before {
            mysql.execute("CREATE TABLE c (other int)").await;
            let run = sgmp.run(&UPGRADE).await;
            in_doubt(&run);
            run.says("somebody else changed it");
            mysql.execute("DROP TABLE c").await;
        }
        sgmp.run(&UPGRADE).await.expect(0);
        let columns = "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'c' ORDER BY 1";
        assert_eq!(mysql.rows(columns).await, ["id", "n"]);
    }
}
