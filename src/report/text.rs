//! The document for people: tables, then findings, then notes.

use super::{Screen, Shown, Style, pending::in_runs, table::table};
use crate::outcome::{Document, Finding, Kind, Plain, RanOutcome, TargetReport};
use crate::target::Target;
use std::{borrow::Cow, io};

/// Writes what belongs on stdout.
pub fn write(document: &Document, style: Style, out: &mut Screen<'_>) -> io::Result<()> {
    if let Some(plain) = &document.plain {
        return write_plain(plain, style, out);
    }
    let text = document
        .extra
        .get("text")
        .and_then(serde_json::Value::as_str);
    for line in &document.words {
        out.put(&Shown::line(line))?;
    }
    if let Some(text) = text {
        out.put(&Shown::lines(text))?;
    }
    // `check` asks no server, so there is no state to show.
    if document
        .targets
        .values()
        .any(|report| report.server.is_some())
    {
        out.put(&targets(document, style))?;
    }
    if !document.ran.is_empty() {
        out.put(&Shown::default())?;
        out.put(&ran(document, style))?;
    }
    scripts(document, style, out)?;
    if let Some(events) = document
        .extra
        .get("events")
        .and_then(serde_json::Value::as_array)
    {
        out.put(&Shown::default())?;
        out.put(&events_table(events, style))?;
    }
    files(document, out)?;
    let findings = in_runs(&document.findings, &document.targets);
    section("findings", &findings, ("31", style), out)?;
    section("notes", &one_by_one(&document.notes), ("33", style), out)
}

fn one_by_one(findings: &[Finding]) -> Vec<Cow<'_, Finding>> {
    findings.iter().map(Cow::Borrowed).collect()
}

/// Which migrations all of it is about.
fn files(document: &Document, out: &mut Screen<'_>) -> io::Result<()> {
    match &document.migrations {
        Some(files) => out.put(&Shown::line(format!("files: {files}"))),
        None => Ok(()),
    }
}

/// Beside a plain result, what it does not say itself.
pub fn write_beside(document: &Document, style: Style, err: &mut Screen<'_>) -> io::Result<()> {
    if document.plain.is_none() {
        return Ok(());
    }
    files(document, err)?;
    let mut findings = document.findings.clone();
    findings.retain(|finding| finding.kind != Kind::Drift);
    if let Some(Plain::Scripts(scripts)) = &document.plain
        && style.is_terminal()
        && scripts.iter().any(|script| script.text() != script.shown())
    {
        err.put(&Shown::line(document.call.complete(
            "note: names above are shown with escapes and cannot be pasted; write the statements to a file: sgmp-db diff --sql > repair.sql",
        )))?;
    }
    section("findings", &one_by_one(&findings), ("31", style), err)?;
    section("notes", &one_by_one(&document.notes), ("33", style), err)
}

/// Writes errors, each with what to type next.
pub fn write_failures(document: &Document, style: Style, err: &mut Screen<'_>) -> io::Result<()> {
    for failure in document.failures() {
        let target = failure
            .target
            .map(|target| format!("{target}: "))
            .unwrap_or_default();
        let head = Shown::painted(style, "31;1", "error:");
        err.put(&head.then(&Shown::line(format!(" {target}{failure}"))))?;
        if let Some(statement) = &failure.statement {
            for line in statement.lines().take(12) {
                err.put(&Shown::lines(format!("    {line}")))?;
            }
        }
        if let Some(remedy) = &failure.remedy {
            let head = Shown::painted(style, "36;1", " hint:");
            err.put(&head.then(&Shown::line(format!(" {remedy}"))))?;
        }
    }
    Ok(())
}

/// A result to pass on: a program gets it byte for byte, a terminal without anything that it obeys.
fn write_plain(plain: &Plain, style: Style, out: &mut Screen<'_>) -> io::Result<()> {
    match plain {
        Plain::Patch(text) => out.print(&Shown::lines(text)),
        Plain::Scripts(scripts) => {
            scripts
                .iter()
                .try_for_each(|script| match style.is_terminal() {
                    true => out.print(&Shown::lines(script.shown())),
                    false => out.exactly(&script.text()),
                })
        }
    }
}

fn targets(document: &Document, style: Style) -> Shown {
    let rows: Vec<Vec<Shown>> = document
        .targets
        .iter()
        .map(|(target, report)| {
            vec![
                Shown::line(target.name()),
                Shown::line(server(*target, report)),
                Shown::line(version(report.version)),
                Shown::line(version(report.latest)),
                Shown::line(report.pending.len().to_string()),
                state(document, *target, report, style),
            ]
        })
        .collect();
    table(
        &[
            "database", "server", "version", "latest", "pending", "state",
        ],
        &rows,
        style,
    )
}

fn server(target: Target, report: &TargetReport) -> String {
    let Some(server) = &report.server else {
        return "-".to_owned();
    };
    let name = match target {
        Target::Mysql => "MySQL",
        Target::Timescale => "PostgreSQL",
    };
    let mut text = format!("{name} {}", server.version);
    if let Some(extension) = &server.extension {
        text.push_str(&format!(", TimescaleDB {extension}"));
    }
    if let Some(licence) = &server.licence {
        text.push_str(&format!(" ({licence} licence)"));
    }
    text
}

fn version(version: Option<i32>) -> String {
    version.map_or_else(|| "-".to_owned(), |version| format!("V{version}"))
}

fn state(document: &Document, target: Target, report: &TargetReport, style: Style) -> Shown {
    let kinds: Vec<Kind> = document
        .findings
        .iter()
        .filter(|finding| finding.target.is_none_or(|on| on == target))
        .map(|finding| finding.kind)
        .collect();
    let failed = document
        .failures()
        .iter()
        .any(|failure| match failure.target {
            Some(on) => on == target,
            // An upgrade that findings stop has failed at nothing.
            None => !document
                .findings
                .iter()
                .any(|finding| finding.kind.exit() == failure.exit),
        });
    if failed {
        Shown::painted(style, "31", "failed")
    } else if kinds.contains(&Kind::HalfApplied) {
        Shown::painted(style, "31", "half-applied")
    } else if !report.pending.is_empty() {
        Shown::painted(style, "33", "pending")
    } else if kinds.iter().any(|kind| *kind != Kind::Unknown) {
        Shown::painted(style, "31", "not in sync")
    } else if !kinds.is_empty() {
        Shown::painted(style, "33", "unknown")
    } else {
        Shown::painted(style, "32", "in sync")
    }
}

fn ran(document: &Document, style: Style) -> Shown {
    let rows: Vec<Vec<Shown>> = document
        .ran
        .iter()
        .map(|ran| {
            let outcome = match ran.outcome {
                RanOutcome::Applied => Shown::painted(style, "32", "applied"),
                RanOutcome::Resumed => Shown::painted(style, "32", "resumed and applied"),
                RanOutcome::Reverted => Shown::painted(style, "33", "reverted"),
                RanOutcome::Failed => Shown::painted(style, "31", "failed"),
                RanOutcome::Stopped => Shown::painted(style, "31", "stopped"),
            };
            vec![
                Shown::line(ran.target.name()),
                Shown::line(format!("V{}__{}", ran.version, ran.name)),
                Shown::line(ran.statements.to_string()),
                Shown::line(format!("{} ms", ran.duration_ms)),
                outcome,
            ]
        })
        .collect();
    table(
        &["database", "migration", "statements", "time", "outcome"],
        &rows,
        style,
    )
}

/// The SQL of a dry run.
fn scripts(document: &Document, style: Style, out: &mut Screen<'_>) -> io::Result<()> {
    for (target, report) in &document.targets {
        for pending in &report.pending {
            let Some(sql) = &pending.sql else { continue };
            let head = format!("-- {target}: V{}__{}", pending.version, pending.name);
            out.put(&Shown::default())?;
            out.put(&Shown::painted(style, "1", &head))?;
            out.put(&Shown::lines(sql.trim_end()))?;
        }
    }
    Ok(())
}

fn events_table(events: &[serde_json::Value], style: Style) -> Shown {
    let columns = [
        "started_at",
        "target",
        "event",
        "migration",
        "state",
        "duration_ms",
        "who",
        "tool_version",
        "error",
    ];
    let rows: Vec<Vec<Shown>> = events
        .iter()
        .map(|event| {
            columns
                .iter()
                .map(|column| match &event[*column] {
                    serde_json::Value::Null => Shown::default(),
                    serde_json::Value::String(text) => Shown::line(text),
                    other => Shown::line(other.to_string()),
                })
                .collect()
        })
        .collect();
    table(
        &[
            "when",
            "database",
            "event",
            "migration",
            "state",
            "ms",
            "who",
            "version",
            "error",
        ],
        &rows,
        style,
    )
}

fn section(
    title: &str,
    findings: &[Cow<'_, Finding>],
    (sgr, style): (&'static str, Style),
    out: &mut Screen<'_>,
) -> io::Result<()> {
    if findings.is_empty() {
        return Ok(());
    }
    out.put(&Shown::default())?;
    out.put(&Shown::painted(style, sgr, title))?;
    for finding in findings {
        let target = finding
            .target
            .map(|target| format!("{target}: "))
            .unwrap_or_default();
        out.put(&Shown::line(format!("  {target}{}", finding.headline())))?;
        for line in finding.patch.iter().flat_map(|patch| patch.lines()) {
            out.put(&Shown::line(format!("    {line}")))?;
        }
        if let Some(remedy) = &finding.remedy {
            let arrow = Shown::line("    ").then(&Shown::painted(style, "36", "->"));
            out.put(&arrow.then(&Shown::line(format!(" {remedy}"))))?;
        }
    }
    Ok(())
}
