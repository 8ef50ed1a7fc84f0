//! How fast are migrations applied, next to the same SQL in one client session and to other tools, what does the
//! server write for them, and how much memory do they take? And what do start, memory, `check` and the binary cost?
//!
//! `scripts/bench` runs it with every tool that it can install. No test depends on a time.

mod contestants;
mod cost;
mod files;
mod resources;
mod server;
#[path = "../../tests/support/mod.rs"]
mod support;
mod workload;

use contestants::Contestant;
use cost::Cost;
use files::Files;
use server::BenchServer;
use std::{env, time::Duration};
use support::{Kind, Link, Proxy};
use workload::Workload;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(measure());
}

/// How many times each contestant runs: `SGMP_DB_BENCH_RUNS`, else 5.
fn runs() -> usize {
    env::var("SGMP_DB_BENCH_RUNS").map_or(5, |runs| {
        runs.parse().expect("SGMP_DB_BENCH_RUNS is a number")
    })
}

/// All workloads, or the one that `SGMP_DB_BENCH_ONLY` names.
fn workloads() -> Vec<Workload> {
    let only = env::var("SGMP_DB_BENCH_ONLY").unwrap_or_default();
    let all = Workload::ALL.into_iter();
    all.filter(|one| only.is_empty() || one.name() == only)
        .collect()
}

async fn measure() {
    for workload in workloads() {
        let files = Files::write(workload);
        for kind in [Kind::Mysql, Kind::Apache17] {
            let server = BenchServer::start(kind).await;
            let contestants = contestants::all(kind);
            println!(
                "\n{}: {}, {} runs",
                server.describe().await,
                workload.describe(),
                runs()
            );
            let costs = race(&server, &contestants, (workload, &files)).await;
            report(&contestants, &costs);
            if workload == Workload::Small {
                turns(&server, &files).await;
            }
        }
    }
    resources::report().await;
}

/// Runs them in turns, so that a busy moment of the machine meets all of them.
async fn race(
    server: &BenchServer,
    contestants: &[Contestant],
    (workload, files): (Workload, &Files),
) -> Vec<Vec<Cost>> {
    let mut costs = vec![Vec::new(); contestants.len()];
    for run in 0..runs() {
        for (index, contestant) in contestants.iter().enumerate() {
            let database = format!("bench_{run}_{index}");
            server.create(&database).await;
            let cost = contestant.run(server, &database, files).await;
            let made = (server.tables(&database).await, server.rows(&database).await);
            assert_eq!(
                made,
                (workload.tables(), workload.rows()),
                "{}",
                contestant.name
            );
            server.remove(&database).await;
            costs[index].push(cost);
        }
    }
    costs
}

/// Medians, and the medians of the ratios to the client's figures in the same round.
fn report(contestants: &[Contestant], costs: &[Vec<Cost>]) {
    println!(
        "{:<20} {:>9} {:>9} {:>9} {:>7} {:>11} {:>7} {:>9}",
        "", "median s", "least s", "most s", "ratio", "log MB", "ratio", "peak MB"
    );
    let seconds = |cost: &Cost| cost.time.as_secs_f64();
    let written = |cost: &Cost| cost.written as f64 / 1e6;
    for (contestant, own) in contestants.iter().zip(costs) {
        let ratio = |figure: &dyn Fn(&Cost) -> f64| {
            let pairs = own.iter().zip(&costs[0]);
            median(pairs.map(|(own, client)| figure(own) / figure(client)))
        };
        let times = || own.iter().map(seconds);
        let peak = own.iter().filter_map(|cost| cost.peak).max();
        println!(
            "{:<20} {:>9.2} {:>9.2} {:>9.2} {:>7.2} {:>11.2} {:>7.2} {:>9}",
            contestant.name,
            median(times()),
            times().fold(f64::INFINITY, f64::min),
            times().fold(0.0, f64::max),
            ratio(&seconds),
            median(own.iter().map(written)),
            ratio(&written),
            peak.map_or("-".to_owned(), |kib| format!("{:.1}", kib as f64 / 1024.0)),
        );
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
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
    let count = Workload::Small.tables();
    let each = (work - calm) as f64 / count as f64;
    println!(
        "turns: {work} with {count} migrations, {calm} without work: {each:.2} per migration of one statement"
    );
}
