//! Does an output hold anything that a terminal or a build server would obey?

use crate::support::Sgmp;
use sgmp_db::visible::is_hidden;
use std::process::{Command, Stdio};

/// No hidden character but line feeds, and tabs between the words of a statement.
#[track_caller]
pub fn harmless(output: &str, what: &str) {
    let found = output
        .chars()
        .find(|c| *c != '\n' && *c != '\t' && is_hidden(*c));
    assert_eq!(found, None, "{what}: {output:?}");
    assert!(!output.contains("##["), "{what}: {output}");
}

/// In words, as JSON and in GitHub Actions.
pub async fn harmless_everywhere(sgmp: &Sgmp, call: &[&str], seed: u64) {
    let what = format!("seed {seed}, {call:?}");
    harmless(&sgmp.run(call).await.all(), &what);
    let (run, _) = sgmp.json(call).await;
    harmless(&run.all(), &what);
    let run = sgmp.clone().with("GITHUB_ACTIONS", "true").run(call).await;
    harmless(&run.all(), &what);
    for line in run.all().lines().map(str::trim_start) {
        let is_ours = ["::error ", "::error::", "::warning "]
            .iter()
            .any(|ours| line.starts_with(ours));
        assert!(!line.starts_with("::") || is_ours, "{what}: {line}");
    }
    let forged = run
        .all()
        .lines()
        .any(|line| line.starts_with("::error::FORGED"));
    assert!(!forged, "{what}: {}", run.all());
}

/// On a terminal, which script(1) makes.
#[track_caller]
pub fn harmless_on_a_terminal(sgmp: &Sgmp, call: &[&str], what: &str) {
    let words: Vec<&str> = [env!("CARGO_BIN_EXE_sgmp-db"), "--color", "never"]
        .into_iter()
        .chain(call.iter().copied())
        .collect();
    let mut command = Command::new("timeout");
    command
        .args([
            "100",
            "script",
            "--quiet",
            "--return",
            "--command",
            &words.join(" "),
            "/dev/null",
        ])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").expect("a PATH"))
        .env("TERM", "dumb")
        .envs(&sgmp.environment)
        .stdin(Stdio::null());
    if let Some(directory) = &sgmp.directory {
        command.current_dir(directory);
    }
    let ended = command.output().expect("script(1)");
    let seen = String::from_utf8(ended.stdout).expect("UTF-8");
    assert!(seen.contains("-- "), "{what}: {seen}");
    // The terminal's own line ends.
    harmless(&seen.replace("\r\n", "\n"), what);
}
