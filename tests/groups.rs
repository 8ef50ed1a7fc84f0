//! Neighbouring data statements share a transaction, and nobody sees it: whatever fails in the middle
//! is told, and leaves the database, as if each had gone alone.

mod support;

use mysql_async::{Conn, prelude::Queryable};
use std::time::{Duration, SystemTime};
use support::{
    Kind, MysqlDatabase, Server, Sgmp, TimescaleDatabase,
    binary::finish,
    killed::{project, send, write},
    server::own,
    unique,
};
use tempfile::TempDir;

const UPGRADE: [&str; 3] = ["upgrade", "--only", "mysql"];

fn sgmp(mysql: &MysqlDatabase, directory: &TempDir) -> Sgmp {
    Sgmp::default()
        .mysql(mysql)
        .with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap())
}

/// A number that the test prints, so that a failure can be repeated.
fn seed() -> usize {
    let nanoseconds = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .subsec_nanos();
    let seed = std::env::var("SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or(nanoseconds as usize / 1_000);
    println!("SEED={seed}");
    seed
}

/// `count` rows, and at `broken` a statement that fails.
fn file(head: &str, count: usize, broken: Option<(usize, &str)>) -> String {
    let mut text = format!("{head}CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL);\n");
    for id in 0..count {
        match broken {
            Some((at, statement)) if at == id => text.push_str(statement),
            _ if id % 7 == 6 => text.push_str(&format!("UPDATE t SET n = n + 1 WHERE id < {id}")),
            _ => text.push_str(&format!("INSERT INTO t VALUES ({id}, 0)")),
        }
        text.push_str(";\n");
    }
    text
}

/// What the rows are when the first `count` statements are in.
fn rows(count: usize) -> Vec<String> {
    let inserted = (0..count).filter(|id| id % 7 != 6);
    let bumps = |id: usize| (id + 1..count).filter(|at| at % 7 == 6).count();
    inserted.map(|id| format!("{id}|{}", bumps(id))).collect()
}

const ALL: &str = "SELECT * FROM t ORDER BY id";

#[tokio::test]
async fn one_that_fails_in_the_middle_is_named_and_those_before_it_stay() {
    let seed = seed();
    for round in 0..4 {
        let count = 150 + (seed + round) % 150;
        let at = 1 + (seed / 7 + round * 53) % (count - 1);
        // A row that is there, a table that is not, a text that is no statement.
        let wrong = [
            "INSERT INTO t VALUES (0, 0)",
            "UPDATE absent SET n = 1",
            "DELETE FROM t WHERE n = )",
        ];
        let wrong = wrong[round % wrong.len()];
        let broken = file("", count, Some((at, wrong)));
        let mysql = MysqlDatabase::new().await;
        let directory = project("mysql", &[&broken]);
        let sgmp = sgmp(&mysql, &directory);
        let run = sgmp.run(&UPGRADE).await;
        run.expect(7)
            .says(&format!(
                "V1__step.sql:{}: failed in statement {} of {}",
                at + 2,
                at + 2,
                count + 1
            ))
            .says(&format!(
                "{} of {} statements are in the database and stay there",
                at + 1,
                count + 1
            ))
            .says(wrong);
        assert_eq!(mysql.rows(ALL).await, rows(at));
        write(directory.path(), "mysql", 1, &file("", count, None));
        sgmp.run(&UPGRADE).await.expect(0);
        assert_eq!(mysql.rows(ALL).await, rows(count));

        let head = "-- sgmp-db: no-transaction\n";
        let timescale = TimescaleDatabase::new(Kind::Apache17).await;
        let directory = project("timescale", &[&file(head, count, Some((at, wrong)))]);
        let sgmp = Sgmp::default()
            .timescale(&timescale)
            .with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap());
        let upgrade = ["upgrade", "--only", "timescale"];
        sgmp.run(&upgrade)
            .await
            .expect(7)
            .says(&format!(
                "V1__step.sql:{}: failed in statement {} of {}",
                at + 3,
                at + 2,
                count + 1
            ))
            .says(&format!(
                "{} of {} statements are in the database and stay there",
                at + 1,
                count + 1
            ));
        assert_eq!(timescale.rows(ALL).await, rows(at));
        write(directory.path(), "timescale", 1, &file(head, count, None));
        sgmp.run(&upgrade).await.expect(0);
        assert_eq!(timescale.rows(ALL).await, rows(count));
    }
}

#[tokio::test]
async fn a_constraint_that_is_checked_at_the_end_names_the_statement_that_breaks_it() {
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    let mut text = "-- sgmp-db: no-transaction\nCREATE TABLE p (id int PRIMARY KEY);\n\
         CREATE TABLE c (id int REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED);\n"
        .to_owned();
    for id in 0..20 {
        let table = if id == 11 { "c" } else { "p" };
        text.push_str(&format!("INSERT INTO {table} VALUES ({});\n", id + 100));
    }
    let directory = project("timescale", &[&text]);
    let sgmp = Sgmp::default()
        .timescale(&timescale)
        .with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap());
    sgmp.run(&["upgrade", "--only", "timescale"])
        .await
        .expect(7)
        .says("failed in statement 14 of 22")
        .says("13 of 22 statements are in the database");
    assert_eq!(timescale.rows("SELECT count(*) FROM p").await, ["11"]);
}

/// A session that has locked a row.
async fn holding(mysql: &MysqlDatabase) -> Conn {
    let mut session = mysql.session().await;
    session.query_drop("START TRANSACTION").await.unwrap();
    session
        .query_drop("UPDATE t SET n = n WHERE id = 3")
        .await
        .unwrap();
    session
}

#[tokio::test]
async fn a_row_that_somebody_holds_stops_the_group_there_and_a_cancel_leaves_all_of_it_out() {
    let first = "CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL);\n\
         INSERT INTO t VALUES (1, 0), (2, 0), (3, 0), (4, 0);\n";
    let update = |id| format!("UPDATE t SET n = n + 1 WHERE id = {id};\n");
    let second: String = (1..=4).map(update).collect();
    let mysql = MysqlDatabase::new().await;
    let files = [
        first.to_owned(),
        format!("-- sgmp-db: lock-timeout=1s\n{second}"),
    ];
    let directory = project("mysql", &[&files[0], &files[1]]);
    let sgmp = sgmp(&mysql, &directory);
    sgmp.run(&["upgrade", "--only", "mysql", "--to", "1"])
        .await
        .expect(0);
    let session = holding(&mysql).await;
    sgmp.run(&["upgrade", "--only", "mysql", "--lock-wait", "1s"])
        .await
        .expect(7)
        .says("failed in statement 3 of 4")
        .says("2 of 4 statements are in the database");
    let n = "SELECT n FROM t ORDER BY id";
    assert_eq!(mysql.rows(n).await, ["1", "1", "0", "0"]);
    session.disconnect().await.unwrap();
    sgmp.run(&UPGRADE).await.expect(0);
    assert_eq!(mysql.rows(n).await, ["1"; 4]);

    write(
        directory.path(),
        "mysql",
        3,
        &format!("-- sgmp-db: lock-timeout=60s\n{second}"),
    );
    let session = holding(&mysql).await;
    let child = sgmp.spawn(&UPGRADE);
    let waits = format!(
        "SELECT count(*) FROM performance_schema.data_lock_waits w JOIN performance_schema.threads t \
         ON t.THREAD_ID = w.REQUESTING_THREAD_ID WHERE t.PROCESSLIST_DB = '{}'",
        mysql.name
    );
    for _ in 0..400 {
        if mysql.rows(&waits).await == ["1"] {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    send(&child, "INT");
    finish(child).await.expect(130);
    assert_eq!(mysql.rows(n).await, ["1"; 4], "nothing of the group is in");
    session.disconnect().await.unwrap();
    sgmp.run(&UPGRADE).await.expect(0);
    assert_eq!(mysql.rows(n).await, ["2"; 4]);
}

#[tokio::test]
async fn a_table_without_transactions_among_the_others_goes_by_itself() {
    let mut text = "CREATE TABLE t (id int PRIMARY KEY);\nCREATE TABLE my (id int PRIMARY KEY) ENGINE=MyISAM;\n".to_owned();
    for id in 0..60 {
        let table = if id % 20 == 7 { "my" } else { "t" };
        text.push_str(&format!("INSERT INTO {table} VALUES ({id});\n"));
    }
    let mysql = MysqlDatabase::new().await;
    let directory = project("mysql", &[&text]);
    sgmp(&mysql, &directory).run(&UPGRADE).await.expect(0);
    let counts = "SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM my)";
    assert_eq!(mysql.rows(counts).await, ["57|3"]);
}

/// A server of its own, whose binary log nobody else writes.
async fn alone(options: &[&str]) -> (impl Sized, MysqlDatabase) {
    let (container, port) = own(Kind::Mysql, &[&["mysqld"], options].concat()).await;
    let server = Server {
        kind: Kind::Mysql,
        port,
        container: String::new(),
    };
    let mysql = MysqlDatabase {
        server,
        name: unique("t"),
    };
    let create = format!("CREATE DATABASE `{}` CHARACTER SET utf8mb4", mysql.name);
    mysql.admin().await.query_drop(create).await.unwrap();
    (container, mysql)
}

/// How far the binary log is, in bytes.
async fn logged(mysql: &MysqlDatabase) -> u64 {
    let row = mysql.rows("SHOW BINARY LOG STATUS").await.remove(0);
    row.split('|').nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_seed_file_costs_little_more_binary_log_than_its_rows() {
    let (_container, mysql) = alone(&[]).await;
    let table = "CREATE TABLE seed (id int PRIMARY KEY, name varchar(99) NOT NULL, note varchar(200) NOT NULL);\n";
    let rows: String = (0..4_000_u64)
        .map(|id| {
            let noise = id.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            format!("INSERT INTO seed VALUES ({id}, 'device {id}', 'a note about it, of some length: {noise:x}');\n")
        })
        .collect();
    let before = logged(&mysql).await;
    let mut session = mysql.session().await;
    session.query_drop(table).await.unwrap();
    session.query_drop("START TRANSACTION").await.unwrap();
    for row in rows.lines() {
        session.query_drop(row).await.unwrap();
    }
    session.query_drop("COMMIT").await.unwrap();
    let by_hand = logged(&mysql).await - before;
    mysql.execute("DROP TABLE seed").await;
    let directory = project("mysql", &[&format!("{table}{rows}")]);
    let before = logged(&mysql).await;
    sgmp(&mysql, &directory).run(&UPGRADE).await.expect(0);
    let ours = logged(&mysql).await - before;
    println!("{by_hand} bytes by hand, {ours} by us");
    assert!(ours * 10 <= by_hand * 12, "{ours} of {by_hand} bytes");
}

#[tokio::test]
async fn a_file_larger_than_a_packet_works_and_a_statement_that_is_too_large_is_refused() {
    let (_container, mysql) = alone(&["--max-allowed-packet=1M"]).await;
    let row = |id: usize, bytes: usize| {
        format!("INSERT INTO big VALUES ({id}, '{}');\n", "x".repeat(bytes))
    };
    let table = "CREATE TABLE big (id int PRIMARY KEY, body longtext NOT NULL);\n";
    let fits: String = (0..4).map(|id| row(id, 1_000_000)).collect();
    let directory = project("mysql", &[&format!("{table}{fits}")]);
    let sgmp = sgmp(&mysql, &directory);
    sgmp.run(&UPGRADE).await.expect(0);
    let sizes = "SELECT count(*), sum(length(body)) FROM big";
    assert_eq!(mysql.rows(sizes).await, ["4|4000000"]);
    write(
        directory.path(),
        "mysql",
        2,
        &format!("SELECT 1;\n{}", row(9, 1_100_000)),
    );
    for words in [
        vec!["upgrade", "--only", "mysql", "--dry-run"],
        UPGRADE.to_vec(),
    ] {
        sgmp.run(&words)
            .await
            .expect(1)
            .says("V2__step.sql:2: the statement has 1100030 bytes, and this server takes at most 1048575 (max_allowed_packet); nothing was changed")
            .says("SET GLOBAL max_allowed_packet");
    }
    assert_eq!(mysql.rows(sizes).await, ["4|4000000"]);
    let entries = "SELECT count(*) FROM sgmp_db_ledger WHERE version = 2";
    assert_eq!(mysql.rows(entries).await, ["0"]);
}
