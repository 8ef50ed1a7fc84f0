//! What we send for a file is what `mysql` and `psql` send for it, by the servers' own logs: for files that somebody
//! wrote to be read wrongly, and for as many more as are wanted, made at random.
//!
//! `SGMP_DB_TEST_FILES=5000 scripts/test --test splitter_logs` for many; `SGMP_DB_TEST_SEED` for the same ones again.

mod support;

#[path = "splitter_logs/generator.rs"]
mod generator;
#[path = "splitter_logs/log.rs"]
mod log;

use generator::{MYSQL, Odd, POSTGRES, random};
use log::Logged;
use sgmp_db::sql::{Dialect, split};

/// Of CI's sample, for each database.
const USUAL: usize = 150;

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |text| text.parse().expect("a number"))
}

/// The files: the written ones, then the random ones.
fn files(written: &[&str], odd: &Odd) -> Vec<String> {
    let seed = number("SGMP_DB_TEST_SEED", u64::from(std::process::id()));
    let count = number("SGMP_DB_TEST_FILES", USUAL as u64);
    println!("{count} random files, SGMP_DB_TEST_SEED={seed}");
    let mut files: Vec<String> = written.iter().map(|text| (*text).to_owned()).collect();
    files.extend((0..count).map(|index| random(odd, seed.wrapping_add(index))));
    files
}

/// What is in front of the statement and behind it. The clients add and leave out blanks: psql drops empty lines, mysql
/// puts a blank behind a comment.
fn around<'a>(sent: &'a str, statement: &str) -> Option<(&'a str, &'a str)> {
    let is_ink = |c: &char| !c.is_ascii_whitespace();
    let wanted: String = statement.chars().filter(is_ink).collect();
    let places: Vec<usize> = sent
        .char_indices()
        .filter(|(_, c)| is_ink(c))
        .flat_map(|(at, c)| at..at + c.len_utf8())
        .collect();
    let inked: String = sent.chars().filter(is_ink).collect();
    let from = inked.find(&wanted)?;
    let to = from + wanted.len();
    let end = places.get(to - 1)? + 1;
    Some((&sent[..places[from]], &sent[end..]))
}

/// Holds our statements against those of the client; what is around ours must be nothing to the server.
async fn compare(dialect: Dialect, files: &[String], logged: &Logged) {
    let (mut compared, mut refused) = (0, 0);
    for (text, theirs) in files.iter().zip(logged.read(files).await) {
        let Ok(ours) = split(dialect, text) else {
            refused += 1;
            continue;
        };
        let ours: Vec<&str> = ours.iter().map(|one| one.text()).collect();
        // Comments alone are sent by a client and are no statement to a server.
        let mut theirs_left = theirs.iter();
        for statement in &ours {
            loop {
                let sent = theirs_left.next().unwrap_or_else(|| {
                    panic!("the client sends no {statement:?} of {text:?}, but {theirs:?}")
                });
                if let Some((before, behind)) = around(sent, statement) {
                    logged.nothing(before, text).await;
                    logged.nothing(behind, text).await;
                    break;
                }
                logged.nothing(sent, text).await;
            }
        }
        for sent in theirs_left {
            logged.nothing(sent, text).await;
        }
        compared += 1;
    }
    println!(
        "{dialect:?}: {compared} files are sent as the client sends them, {refused} are refused"
    );
    assert!(compared > refused, "{compared} compared, {refused} refused");
}

#[tokio::test]
async fn mysql_is_sent_what_its_client_sends() {
    let files = files(&MYSQL, &Odd::mysql());
    compare(Dialect::Mysql, &files, &Logged::mysql().await).await;
}

#[tokio::test]
async fn postgresql_is_sent_what_psql_sends() {
    let files = files(&POSTGRES, &Odd::postgres());
    compare(Dialect::Postgres, &files, &Logged::postgres().await).await;
}
