//! How a result looks: on a terminal, in a pipe, in GitHub Actions, and when nobody reads it any more.

mod support;

use std::{
    fs,
    process::{Command, Stdio},
};
use support::{Kind, MysqlDatabase, Sgmp, TimescaleDatabase};

async fn pair() -> (MysqlDatabase, TimescaleDatabase, Sgmp) {
    let (mysql, timescale) = (
        MysqlDatabase::new().await,
        TimescaleDatabase::new(Kind::Apache17).await,
    );
    let sgmp = Sgmp::on(&mysql, &timescale);
    (mysql, timescale, sgmp)
}

/// Runs it on a terminal of that many columns, which script(1) makes, and returns what the terminal saw.
fn on_a_terminal(sgmp: &Sgmp, arguments: &str, columns: u32) -> String {
    let line = format!(
        "stty cols {columns} rows 40; exec {} {arguments}",
        env!("CARGO_BIN_EXE_sgmp-db")
    );
    let ended = Command::new("timeout")
        .args([
            "100",
            "script",
            "--quiet",
            "--return",
            "--command",
            &line,
            "/dev/null",
        ])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").expect("a PATH"))
        .env("TERM", "xterm-256color")
        .envs(&sgmp.environment)
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::null())
        .output()
        .expect("script(1)");
    String::from_utf8(ended.stdout).expect("UTF-8")
}

/// Without the terminal's control sequences.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}') {
        plain.push_str(&rest[..at]);
        let tail = &rest[at + 1..];
        let end = tail
            .find(|c: char| c.is_ascii_alphabetic())
            .map_or(tail.len(), |end| end + 1);
        rest = &tail[end..];
    }
    plain + rest
}

#[tokio::test]
async fn a_pipe_gets_one_line_per_migration_on_stderr_and_no_colour() {
    let (_mysql, _timescale, sgmp) = pair().await;
    let run = sgmp.run(&["upgrade"]).await;
    run.expect(0);
    assert!(!run.all().contains('\u{1b}'), "{run:?}");
    let lines: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(lines.len(), 10, "{}", run.stderr);
    for (version, name) in [
        (1, "initial"),
        (7, "analytics_per_house"),
        (9, "analytics_continuous_aggregation"),
    ] {
        let line = format!("mysql: migrations/mysql/V{version}__{name}.sql: ");
        assert_eq!(
            lines
                .iter()
                .filter(|one| one.starts_with(&line) && one.ends_with(" ms"))
                .count(),
            1,
            "{line}"
        );
    }
    assert!(run.stdout.contains("in sync"), "{}", run.stdout);
}

#[tokio::test]
async fn a_terminal_gets_bars_and_colour_and_no_color_takes_the_colour_away() {
    let (_mysql, _timescale, sgmp) = pair().await;
    let seen = on_a_terminal(&sgmp, "upgrade", 120);
    // How full a bar is when it is drawn depends on the servers' speed.
    let bar = seen.contains(['█', '░']);
    assert!(seen.contains('\u{1b}') && bar, "{seen}");
    assert!(plain(&seen).contains("in sync"), "{seen}");
    let green = "\u{1b}[32m";
    assert!(on_a_terminal(&sgmp, "status", 120).contains(green));
    let bare = on_a_terminal(&sgmp.clone().with("NO_COLOR", "1"), "status", 120);
    assert!(
        bare.contains("in sync") && !bare.contains('\u{1b}'),
        "{bare}"
    );
    assert!(on_a_terminal(&sgmp.clone().with("NO_COLOR", ""), "status", 120).contains(green));
    assert!(!on_a_terminal(&sgmp, "status --color never", 120).contains(green));
    let forced = sgmp.run(&["status", "--color", "always"]).await;
    assert!(forced.stdout.contains(green), "{forced:?}");
}

#[tokio::test]
async fn a_narrow_terminal_gets_blocks_instead_of_words_cut_in_two() {
    let (_mysql, _timescale, sgmp) = pair().await;
    let wide = plain(&on_a_terminal(&sgmp, "status", 120));
    assert!(wide.starts_with("database"), "{wide}");
    for columns in [60, 45] {
        let narrow = plain(&on_a_terminal(&sgmp, "status", columns));
        let lines: Vec<&str> = narrow.lines().map(str::trim_end).collect();
        assert_eq!(lines[0], "mysql", "{narrow}");
        assert!(
            lines.contains(&"  pending   9") && lines.contains(&"  state     pending"),
            "{narrow}"
        );
    }
    // In a pipe nothing is cut, whatever COLUMNS says: somebody may grep it.
    let run = sgmp.clone().with("COLUMNS", "20").run(&["status"]).await;
    assert!(
        run.stdout
            .lines()
            .any(|line| line.contains("mysql") && line.contains("pending")),
        "{run:?}"
    );
}

#[tokio::test]
async fn nobody_reading_is_no_error() {
    let (_mysql, _timescale, sgmp) = pair().await;
    for arguments in [
        "status",
        "status --json",
        "--help",
        "completions bash",
        "check",
    ] {
        let line = format!(
            "set -o pipefail; {} {arguments} | true",
            env!("CARGO_BIN_EXE_sgmp-db")
        );
        let ended = Command::new("timeout")
            .args(["60", "bash", "-c", &line])
            .envs(&sgmp.environment)
            .current_dir(std::env::temp_dir())
            .output()
            .expect("bash");
        let code = ended.status.code();
        assert!(matches!(code, Some(0 | 3)), "{arguments}: {code:?}");
        assert!(
            ended.stderr.is_empty(),
            "{arguments}: {}",
            String::from_utf8_lossy(&ended.stderr)
        );
    }
}

#[tokio::test]
async fn github_actions_sees_findings_and_errors_as_annotations() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("mysql")).unwrap();
    fs::write(
        directory.path().join("mysql/V1__a.sql"),
        "SELECT 1;\nSELECT 'open;\n",
    )
    .unwrap();
    let sgmp = Sgmp::default()
        .standing_in(directory.path())
        .with("GITHUB_ACTIONS", "true");
    let run = sgmp.run(&["check", "--migrations", "."]).await;
    run.expect(2);
    let annotation = "::error file=mysql/V1__a.sql,line=2::this string does not end (syntax)";
    assert!(
        run.stderr.lines().any(|line| line == annotation),
        "{}",
        run.stderr
    );
    let (run, _) = sgmp.json(&["check", "--migrations", "."]).await;
    assert!(
        run.stderr.contains(annotation),
        "beside --json, too: {}",
        run.stderr
    );
    let (_mysql, _timescale, sgmp) = pair().await;
    let run = sgmp
        .clone()
        .with("GITHUB_ACTIONS", "true")
        .run(&["status"])
        .await;
    run.expect(3);
    assert!(
        run.stderr
            .contains("::error file=migrations/mysql/V1__initial.sql::"),
        "{}",
        run.stderr
    );
    let elsewhere = sgmp.run(&["status"]).await;
    assert!(!elsewhere.all().contains("::error"), "{elsewhere:?}");
}
