//! Files of real size: 10 MB in one statement, and as much again in many; applied on both servers within the memory
//! that DESIGN promises, 64 MB and twice the file.
//!
//! `SGMP_DB_TEST_MEGABYTES=300 scripts/test --release --test big_files` is the full size.

mod support;

use std::{fmt::Write, fs, path::Path, time::Duration};
use support::{Kind, MysqlDatabase, Run, Sgmp, TimescaleDatabase, binary::finish};

const MEGABYTE: usize = 1 << 20;

/// What the tool may need beside two copies of the file.
const BASE: usize = 64 * MEGABYTE;

/// Of CI's sample.
const USUAL: usize = 16;

fn megabytes() -> usize {
    std::env::var("SGMP_DB_TEST_MEGABYTES").map_or(USUAL, |text| text.parse().expect("a number"))
}

/// A file of that many bytes in INSERTs of that many each, with rows of 1 KB; and how many rows.
fn file(bytes: usize, statement: usize) -> (String, usize) {
    let mut text = "CREATE TABLE seed (id int PRIMARY KEY, name text NOT NULL);\n".to_owned();
    let mut row = 0_usize;
    while text.len() < bytes {
        let begun = text.len();
        text.push_str("INSERT INTO seed (id, name) VALUES ");
        while row == 0 || text.len() - begun < statement {
            let comma = if text.ends_with(' ') { "" } else { "," };
            // Digits that differ, so that nothing compresses or repeats by chance alone.
            let digits = (row as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            write!(text, "{comma}({row},'{digits:0>1000}')").expect("a row");
            row += 1;
        }
        text.push_str(";\n");
    }
    (text, row)
}

/// Runs it to its end; its greatest resident set, in bytes.
async fn measured(sgmp: &Sgmp, arguments: &[&str]) -> (Run, usize) {
    let child = sgmp.spawn(arguments);
    let status = format!("/proc/{}/status", child.id().expect("it runs"));
    let watch = async {
        let mut peak = 0;
        // It is a zombie, without memory, from its end until its output has been read.
        while let Some(now) = peak_of(Path::new(&status)) {
            peak = now.max(peak);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        peak
    };
    tokio::join!(finish(child), watch)
}

/// proc_pid_status(5): "VmHWM: Peak resident set size", in kB.
fn peak_of(status: &Path) -> Option<usize> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: usize = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// Applies the file on both databases, one after the other so that each is measured by itself.
async fn is_applied_within_the_memory(statement: usize) {
    let (mysql, timescale) = (
        MysqlDatabase::new().await,
        TimescaleDatabase::new(Kind::Apache17).await,
    );
    let directory = tempfile::tempdir().expect("a directory");
    let (text, rows) = file(megabytes() * MEGABYTE, statement);
    let limit = BASE + 2 * text.len();
    for folder in ["mysql", "timescale"] {
        fs::create_dir(directory.path().join(folder)).expect("a folder");
        let file = directory.path().join(folder).join("V1__seed.sql");
        fs::write(file, &text).expect("the file");
    }
    let sgmp = Sgmp::on(&mysql, &timescale)
        .with("SGMP_DB_MIGRATIONS", directory.path().display().to_string());
    for only in ["mysql", "timescale"] {
        for command in ["check", "upgrade", "status"] {
            let (run, peak) = measured(&sgmp, &[command, "--only", only]).await;
            println!(
                "{only} {command}: {} MB, {} MB at most, of {} MB allowed",
                text.len() / MEGABYTE,
                peak / MEGABYTE,
                limit / MEGABYTE
            );
            run.expect(0);
            assert!(
                peak <= limit,
                "{only} {command}: {peak} bytes, {limit} are allowed"
            );
            assert!(peak > 0);
        }
    }
    let count = "SELECT CAST(count(*) AS char(20)) FROM seed";
    assert_eq!(mysql.rows(count).await, [rows.to_string()]);
    assert_eq!(
        timescale.rows("SELECT count(*)::text FROM seed").await,
        [rows.to_string()]
    );
}

#[tokio::test]
async fn statements_of_ten_megabytes_are_applied_within_the_memory() {
    is_applied_within_the_memory(10 * MEGABYTE).await;
}

#[tokio::test]
async fn many_statements_are_applied_within_the_memory() {
    is_applied_within_the_memory(8 << 10).await;
}
