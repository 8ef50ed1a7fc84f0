//! Real servers for tests: one container per kind of server for the whole run, one database per test.
#![allow(dead_code, unused_imports)] // every test binary uses a part of it

pub mod bastion;
pub mod binary;
pub mod certificates;
pub mod database;
pub mod dns;
pub mod dump;
pub mod engine;
pub mod golden;
pub mod hostile;
pub mod killed;
pub mod multiplexer;
pub mod proxy;
pub mod remedies;
pub mod server;
pub mod shell;
pub mod story;

pub use bastion::Bastion;
pub use binary::{Run, Sgmp};
pub use database::{MysqlDatabase, TimescaleDatabase};
pub use proxy::{Link, Proxy};
pub use server::{Kind, Server};
pub use story::Story;

/// The path of a program, which scripts/test installs.
pub fn tool(name: &str, variable: &str) -> std::path::PathBuf {
    if let Some(path) = std::env::var_os(variable) {
        return path.into();
    }
    let script = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scripts/tool");
    let output = std::process::Command::new(script)
        .arg(name)
        .output()
        .expect("scripts/tool");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout)
        .expect("a path")
        .trim()
        .into()
}

/// A name that no other test, process or run uses.
pub fn unique(prefix: &str) -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    let nanoseconds = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("the clock is past 1970")
        .as_nanos()
        % 1_000_000_000;
    format!("{prefix}_{}_{nanoseconds}_{number}", std::process::id())
}
