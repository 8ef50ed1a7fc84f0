//! What one run costs: time, what the server wrote for it, and the most memory that its processes had.

use std::{
    fs,
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::process::Command;

/// Of one run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    pub time: Duration,
    /// Bytes of binary log or WAL.
    pub written: u64,
    /// KiB; the largest of the processes. None where there is no /proc, or the run was too quick to be seen.
    pub peak: Option<u64>,
}

/// How often a process is looked at.
const EVERY: Duration = Duration::from_millis(4);
const LIMIT: Duration = Duration::from_secs(900);
const MARK: &str = "VmHWM of it: ";

/// Runs it to its end, which must be a good one.
pub async fn of(mut command: Command) -> Cost {
    let begun = Instant::now();
    let child = command
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("it runs");
    let id = child.id();
    let ended = tokio::time::timeout(LIMIT, child.wait_with_output());
    tokio::pin!(ended);
    let mut peak = None;
    let output = loop {
        tokio::select! {
            output = &mut ended => break output.expect("within a quarter of an hour").expect("it runs"),
            () = tokio::time::sleep(EVERY) => peak = peak.max(id.and_then(highest)),
        }
    };
    let time = begun.elapsed();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    let inside = said.lines().find_map(|line| line.strip_prefix(MARK));
    Cost {
        time,
        written: 0,
        peak: match inside {
            Some(inside) => inside.trim().parse().ok(),
            None => peak,
        },
    }
}

/// Highest resident memory so far of the largest process of a tree, in KiB.
fn highest(id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let own = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok());
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
    let below = children
        .split_whitespace()
        .filter_map(|child| highest(child.parse().ok()?));
    own.into_iter().chain(below).max()
}

/// A shell's line that tells the same of a command inside a container, whose processes are not ours.
pub fn reporting_its_peak(command: &str) -> String {
    format!(
        "exec 3<&0; {command} <&3 & p=$!; m=0; while l=$(grep VmHWM /proc/$p/status 2>/dev/null); do m=$l; \
         sleep 0.01; done; wait $p; s=$?; echo \"{MARK}$(echo \"$m\" | tr -cd 0-9)\" >&2; exit $s"
    )
}
