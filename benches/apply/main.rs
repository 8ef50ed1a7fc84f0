//! How fast are 1,000 small migrations applied, next to the same SQL in one client session and to
//! other tools? And what do start, memory, `check` and the binary cost?
//!
//! `scripts/bench` runs it with every tool that it can install. No test depends on a time.

mod contestants;
mod files;
mod resources;
mod server;
#[path = "../../tests/support/mod.rs"]
mod support;

use contestants::Contestant;
use files::Files;
use server::BenchServer;
use std::time::Duration;
use support::{Kind, Link, Proxy};

/// Migrations of one run.
const COUNT: usize = 1000;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(measure());
}

/// How many times each contestant runs: `SGMP_DB_BENCH_RUNS`, else 5.
fn runs() -> usize {
    std::env::var("SGMP_DB_BENCH_RUNS").map_or(5, |runs| {
        runs.parse().expect("SGMP_DB_BENCH_RUNS is a number")
    })
}

async fn measure() {
    let files = Files::write(COUNT);
    for kind in [Kind::Mysql, Kind::Apache17] {
        let server = BenchServer::start(kind).await;
        let contestants = contestants::all(kind);
        println!(
            "\n{} ({COUNT} migrations of one CREATE TABLE each, {} runs)",
            server.describe().await,
            runs()
        );
        let times = race(&server, &contestants, &files).await;
        report(&contestants, &times);
        turns(&server, &files).await;
    }
    resources::report(&files).await;
}

/// Runs them in turns, so that a busy moment of the machine meets all of them.
async fn race(server: &BenchServer, contestants: &[Contestant], files: &Files) -> Vec<Vec<f64>> {
    let mut times = vec![Vec::new(); contestants.len()];
    for run in 0..runs() {
        for (index, contestant) in contestants.iter().enumerate() {
            let database = format!("bench_{run}_{index}");
            server.create(&database).await;
            let took = contestant.run(server, &database, files).await;
            assert_eq!(server.tables(&database).await, COUNT, "{}", contestant.name);
            server.remove(&database).await;
            times[index].push(took.as_secs_f64());
        }
    }
    times
}

/// Medians, and the median of the ratios to the client's time in the same round.
fn report(contestants: &[Contestant], times: &[Vec<f64>]) {
    println!(
        "{:<24} {:>9} {:>9} {:>9} {:>7}",
        "", "median s", "least s", "most s", "ratio"
    );
    for (contestant, own) in contestants.iter().zip(times) {
        let ratios = own.iter().zip(&times[0]).map(|(own, client)| own / client);
        let least = own.iter().copied().fold(f64::INFINITY, f64::min);
        let most = own.iter().copied().fold(0.0, f64::max);
        println!(
            "{:<24} {:>9.2} {least:>9.2} {most:>9.2} {:>7.2}",
            contestant.name,
            median(own.clone()),
            median(ratios.collect())
        );
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Turns of a whole run on a counting link, less those of a run without work.
async fn turns(server: &BenchServer, files: &Files) {
    server.create("bench_turns").await;
    let link = Link::round_trip(Duration::ZERO);
    let mut counted = Vec::new();
    for _ in 0..2 {
        let proxy = Proxy::start(server.published, link);
        let ours = contestants::ours(server.kind);
        ours.run_at(server, ("127.0.0.1", proxy.port), "bench_turns", files)
            .await;
        counted.push(
            proxy
                .connections()
                .iter()
                .map(|one| one.turns())
                .sum::<usize>(),
        );
    }
    server.remove("bench_turns").await;
    let (work, calm) = (counted[0], counted[1]);
    let each = (work - calm) as f64 / COUNT as f64;
    println!(
        "turns: {work} with {COUNT} migrations, {calm} without work: {each:.2} per migration of one statement"
    );
}
