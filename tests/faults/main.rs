//! Never half-done: `upgrade` is interrupted at every packet of its way, and the same command
//! typed again finishes the job.
//!
//! A sample runs with the other tests; the full size is `scripts/faults`.

mod attack;
mod battery;
mod breaker;
mod crowd;
mod disk;
mod first_form;
mod line;
mod log;
mod project;
mod resuming;
mod route;
mod size;
mod spot;
mod state;
mod subject;
#[path = "../support/mod.rs"]
mod support;
mod turns;
mod victim;
mod wire;

use battery::attack;
use log::Log;
use size::Size;
use subject::Subject;
use support::Kind;

async fn survives(kind: Kind, title: &str, sample: usize) {
    under_attack(Subject::new(kind).await, title, sample).await;
}

/// From a ledger as the first released binary left it, until it is converted.
async fn survives_from_first_form(kind: Kind, title: &str, sample: usize) {
    let subject = Subject::with_first_form(kind).await;
    under_attack(subject, title, sample).await;
}

async fn under_attack(subject: Subject, title: &str, sample: usize) {
    let rounds = Size::from_environment(sample).rounds(&subject.stops);
    let each = rounds.iter().flat_map(|round| round.iter());
    let mut log = Log::new(title, each.map(|(_, stops)| stops.len()).sum());
    println!(
        "{title}: {} points on the way; with nothing to do a client sends {} packets",
        subject.stops.len(),
        subject.idle
    );
    for (number, round) in rounds.iter().enumerate() {
        for (interruption, stops) in round {
            attack(&subject, *interruption, stops, &mut log).await;
        }
        let (round, all) = (number + 1, rounds.len());
        println!("{title}: round {round} of {all}\n{}", log.table());
    }
    assert_eq!(log.failed(), 0, "every one is told above");
    assert!(log.interruptions() >= log.runs());
    assert!(
        log.struck_again() * 10 >= log.runs(),
        "a tenth of all runs is struck again while it resumes"
    );
    let (locked, waited) = log.locked();
    assert!(waited * 2 >= locked, "most come while the lock is held");
}

#[tokio::test]
async fn mysql_survives_interruptions_while_an_old_ledger_is_converted() {
    let title = "MySQL from an old ledger";
    survives_from_first_form(Kind::Mysql, title, 8).await;
}

#[tokio::test]
async fn postgresql_survives_interruptions_while_an_old_ledger_is_converted() {
    let title = "PostgreSQL from an old ledger";
    survives_from_first_form(Kind::Apache17, title, 6).await;
}

#[tokio::test]
async fn mysql_survives_interruptions_anywhere() {
    survives(Kind::Mysql, "MySQL", 20).await;
}

#[tokio::test]
async fn postgresql_survives_interruptions_anywhere() {
    survives(Kind::Apache17, "PostgreSQL with TimescaleDB", 12).await;
}
