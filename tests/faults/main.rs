//! Never half-done: `upgrade` is interrupted at every packet of its way, and the same command
//! typed again finishes the job.
//!
//! A sample runs with the other tests; the full size is `scripts/faults`.

mod attack;
mod breaker;
mod crowd;
mod disk;
mod log;
mod project;
mod route;
mod state;
mod subject;
#[path = "../support/mod.rs"]
mod support;
mod turns;
mod victim;
mod wire;

use attack::Kind as Interruption;
use log::Log;
use route::sample;
use std::time::Instant;
use subject::{Subject, attack};
use support::Kind;

/// How much of the full size: `SGMP_DB_FAULTS=full`, or a number of points per kind.
fn size(default: usize) -> usize {
    match std::env::var("SGMP_DB_FAULTS").as_deref() {
        Ok("full") => usize::MAX,
        Ok(number) => number
            .parse()
            .expect("SGMP_DB_FAULTS is `full` or a number"),
        Err(_) => default,
    }
}

async fn survives(kind: Kind, title: &str, points: usize) {
    let subject = Subject::new(kind).await;
    let mut log = Log::default();
    for (offset, interruption) in Interruption::ALL.into_iter().enumerate() {
        let stops = sample(&subject.stops, size(points), offset * 3 + 1);
        let begun = Instant::now();
        attack(&subject, interruption, &stops, &mut log).await;
        let (runs, took) = (stops.len(), begun.elapsed());
        println!("{title}: {interruption} in {runs} runs, which took {took:.0?}");
    }
    println!(
        "{} points on the way; {}",
        subject.stops.len(),
        log.table(title)
    );
    let failures = log.failures(12);
    assert!(failures.is_empty(), "{}\n{failures}", log.table(title));
    assert!(log.interruptions() > 0);
}

#[tokio::test]
async fn mysql_survives_interruptions_anywhere() {
    survives(Kind::Mysql, "MySQL", 20).await;
}

#[tokio::test]
async fn postgresql_survives_interruptions_anywhere() {
    survives(Kind::Apache17, "PostgreSQL with TimescaleDB", 12).await;
}
