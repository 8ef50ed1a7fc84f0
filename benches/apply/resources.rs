//! What the tool costs before it has talked to any server: start, `check` of many files, memory, size.

use crate::{files::Files, workload};
use std::{
    fs,
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::process::Command;

const BINARY: &str = env!("CARGO_BIN_EXE_sgmp-db");

/// Measures and prints.
pub async fn report() {
    println!("\nwithout a server");
    let size = fs::metadata(BINARY).expect("the binary").len() as f64 / 1_048_576.0;
    println!("binary, stripped: {size:.1} MiB");
    println!(
        "--version: {:.1} ms (median of 51)",
        median_of(51, &["--version"]).await
    );
    let files = Files::write(workload::Workload::Seed);
    let many = files.sgmp("many", &workload::small(10_000));
    for name in ["mysql", "timescale"] {
        // The files of one database are the 10,000; the other's are not read.
        let arguments = [
            "check",
            "--only",
            name,
            "--migrations",
            many.to_str().expect("a path"),
        ];
        println!(
            "check of 10,000 files ({name}): {:.0} ms (median of 11)",
            median_of(11, &arguments).await
        );
    }
    let seed = files.path("ours");
    let arguments = ["check", "--migrations", seed.to_str().expect("a path")];
    println!(
        "check of 20,000 INSERTs on each database: {:.0} ms (median of 11)",
        median_of(11, &arguments).await
    );
}

async fn median_of(runs: usize, arguments: &[&str]) -> f64 {
    let mut times = Vec::new();
    for _ in 0..runs {
        let begun = Instant::now();
        let mut command = Command::new(BINARY);
        let status = command
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        let status = tokio::time::timeout(Duration::from_secs(60), status)
            .await
            .expect("in time");
        assert!(status.expect("it runs").code().is_some(), "{arguments:?}");
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    times[runs / 2]
}
