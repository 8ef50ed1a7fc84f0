//! A signal that comes while we compute: it is heard in every stage, the first and the second, and leaves
//! nothing half done behind.

mod support;

use futures_util::future::join_all;
use std::{
    fs,
    time::{Duration, Instant},
};
use support::{
    Kind, MysqlDatabase, Run, Sgmp, TimescaleDatabase,
    binary::finish,
    killed::{project, send},
};
use tempfile::TempDir;

/// How long the process may take to end; a debug build on a busy machine.
const PROMPT: Duration = Duration::from_secs(6);

/// Each signal, once and twice, with the code that the shell learns.
const SIGNALS: [(&[&str], i32); 4] = [
    (&["INT"], 130),
    (&["TERM"], 143),
    (&["INT", "INT"], 130),
    (&["TERM", "TERM"], 143),
];

/// A project with one file of so many statements for both databases.
fn large(statements: usize) -> TempDir {
    let directory = project("mysql", &[]);
    let mut text = "CREATE TABLE t (id int);\n".to_owned();
    for id in 1..statements {
        text.push_str(&format!("INSERT INTO t VALUES ({id});\n"));
    }
    for target in ["mysql", "timescale"] {
        fs::write(directory.path().join(target).join("V1__large.sql"), &text).unwrap();
    }
    directory
}

/// Starts a call, sends it the signals after that time, and holds that it ends at once, in few words.
async fn stopped(
    sgmp: &Sgmp,
    arguments: &[&str],
    (after, signals, code): (Duration, &[&str], i32),
) -> Run {
    let child = sgmp.spawn(arguments);
    tokio::time::sleep(after).await;
    ended(child, arguments, (signals, code)).await
}

async fn ended(
    child: tokio::process::Child,
    arguments: &[&str],
    (signals, code): (&[&str], i32),
) -> Run {
    let begun = Instant::now();
    for (index, signal) in signals.iter().enumerate() {
        if index > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        send(&child, signal);
    }
    let run = finish(child).await;
    let took = begun.elapsed();
    println!("{arguments:?} {signals:?}: {took:?}");
    run.expect(code).says("stopped");
    assert!(took < PROMPT, "{arguments:?} {signals:?}: {took:?}");
    let errors = run.stderr.matches("error:").count();
    // Short, and once; under the lock once for each database.
    assert!((1..=2).contains(&errors), "{run:?}");
    assert!(run.stderr.len() < 600 * errors, "{run:?}");
    assert!(!run.stderr.contains("error: timescale: cancel"), "{run:?}");
    run
}

#[tokio::test]
async fn a_check_of_a_large_file_ends_at_once() {
    let directory = large(300_000);
    let sgmp = Sgmp::default().with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap());
    for (index, (signals, code)) in SIGNALS.into_iter().enumerate() {
        let after = Duration::from_millis(300 + 350 * index as u64);
        let run = stopped(&sgmp, &["check"], (after, signals, code)).await;
        assert!(run.stdout.is_empty(), "{run:?}");
    }
}

#[tokio::test]
async fn planning_ends_at_once_and_nothing_was_changed() {
    let (mysql, timescale) = (
        MysqlDatabase::new().await,
        TimescaleDatabase::new(Kind::Apache17).await,
    );
    let directory = large(300_000);
    let sgmp =
        Sgmp::on(&mysql, &timescale).with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap());
    for (index, (signals, code)) in SIGNALS.into_iter().enumerate() {
        let calls: [&[&str]; 2] = [&["upgrade"], &["upgrade", "--dry-run"]];
        let runs = calls.into_iter().enumerate().map(|(call, arguments)| {
            let after = Duration::from_millis(600 + 500 * index as u64 + 200 * call as u64);
            stopped(&sgmp, arguments, (after, signals, code))
        });
        join_all(runs).await;
        let none: [String; 0] = [];
        assert_eq!(mysql.rows("SHOW TABLES").await, none);
        let made = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace";
        assert_eq!(timescale.rows(made).await, none);
    }
}

/// The last two rounds are in the middle of the file.
#[tokio::test]
async fn under_the_lock_it_ends_at_once_and_what_is_in_is_recorded() {
    let (mysql, timescale) = (
        MysqlDatabase::new().await,
        TimescaleDatabase::new(Kind::Apache17).await,
    );
    let directory = large(20_000);
    let sgmp =
        Sgmp::on(&mysql, &timescale).with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap());
    let rounds = SIGNALS.into_iter().zip([0, 150, 300, 500]);
    for ((signals, code), after) in rounds {
        let child = sgmp.spawn(&["upgrade"]);
        locked(&mysql).await;
        tokio::time::sleep(Duration::from_millis(after)).await;
        ended(child, &["upgrade"], (signals, code)).await;
        unlocked(&mysql).await;
        // What the server was sent may still run to its end; then the record agrees with the rows.
        let made = timescale.rows("SELECT to_regclass('t') IS NULL").await;
        assert_eq!(made, ["t"]);
    }
    let run = sgmp.run(&["upgrade"]).await;
    run.expect(0);
    let all = "SELECT count(*), count(DISTINCT id) FROM t";
    assert_eq!(mysql.rows(all).await, ["19999|19999"]);
    assert_eq!(timescale.rows(all).await, ["19999|19999"]);
}

const LOCKS: &str = "SELECT count(*) FROM performance_schema.metadata_locks WHERE OBJECT_TYPE = 'USER LEVEL LOCK' AND OBJECT_NAME LIKE";

/// Returns when an upgrade holds the lock.
async fn locked(mysql: &MysqlDatabase) {
    is_locked(mysql, true).await;
}

/// Returns when the server has ended its session.
async fn unlocked(mysql: &MysqlDatabase) {
    is_locked(mysql, false).await;
}

async fn is_locked(mysql: &MysqlDatabase, wanted: bool) {
    let query = format!("{LOCKS} '%{}%'", mysql.name);
    for _ in 0..2_400 {
        if (mysql.rows(&query).await != ["0"]) == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the lock does not become held: {wanted}");
}
