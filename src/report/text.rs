//! The document for people: tables, then findings, then notes.

use super::{Style, table::table};
use crate::outcome::{Document, Finding, Kind, RanOutcome, TargetReport};
use crate::target::Target;
use std::io::{self, Write};

/// Writes what belongs on stdout.
pub fn write(document: &Document, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if let Some(plain) = &document.plain {
        return write!(out, "{plain}");
    }
    let text = document
        .extra
        .get("text")
        .and_then(serde_json::Value::as_str);
    for text in document.words.as_deref().into_iter().chain(text) {
        writeln!(out, "{text}")?;
    }
    // `check` asks no server, so there is no state to show.
    if document
        .targets
        .values()
        .any(|report| report.server.is_some())
    {
        writeln!(out, "{}", targets(document, style))?;
    }
    if !document.ran.is_empty() {
        writeln!(out, "\n{}", ran(document, style))?;
    }
    scripts(document, style, out)?;
    if let Some(events) = document
        .extra
        .get("events")
        .and_then(serde_json::Value::as_array)
    {
        writeln!(out, "\n{}", events_table(events, style))?;
    }
    files(document, out)?;
    section("findings", &document.findings, ("31", style), out)?;
    section("notes", &document.notes, ("33", style), out)
}

/// Which migrations all of it is about.
fn files(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    match &document.migrations {
        Some(files) => writeln!(out, "files: {files}"),
        None => Ok(()),
    }
}

/// Beside a plain result, what it does not say itself.
pub fn write_beside(document: &Document, style: Style, err: &mut dyn Write) -> io::Result<()> {
    if document.plain.is_none() {
        return Ok(());
    }
    files(document, err)?;
    let mut findings = document.findings.clone();
    findings.retain(|finding| finding.kind != Kind::Drift);
    section("findings", &findings, ("31", style), err)?;
    section("notes", &document.notes, ("33", style), err)
}

/// Writes errors, each with what to type next.
pub fn write_failures(document: &Document, style: Style, err: &mut dyn Write) -> io::Result<()> {
    for failure in document.failures() {
        let target = failure
            .target
            .map(|target| format!("{target}: "))
            .unwrap_or_default();
        writeln!(err, "{} {target}{failure}", style.paint("31;1", "error:"))?;
        if let Some(statement) = &failure.statement {
            for line in statement.lines().take(12) {
                writeln!(err, "    {line}")?;
            }
        }
        if let Some(remedy) = &failure.remedy {
            writeln!(err, "{} {remedy}", style.paint("36;1", " hint:"))?;
        }
    }
    Ok(())
}

fn targets(document: &Document, style: Style) -> String {
    let rows: Vec<Vec<String>> = document
        .targets
        .iter()
        .map(|(target, report)| {
            vec![
                target.to_string(),
                server(*target, report),
                version(report.version),
                version(report.latest),
                report.pending.len().to_string(),
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

fn state(document: &Document, target: Target, report: &TargetReport, style: Style) -> String {
    let mut findings = document
        .findings
        .iter()
        .filter(|finding| finding.target.is_none_or(|on| on == target))
        .peekable();
    let is_found = findings.peek().is_some();
    let half_applied = findings.any(|finding| finding.kind == Kind::HalfApplied);
    let failed = document
        .failures()
        .iter()
        .any(|failure| failure.target.is_none_or(|on| on == target));
    if failed {
        style.paint("31", "failed")
    } else if half_applied {
        style.paint("31", "half-applied")
    } else if !report.pending.is_empty() {
        style.paint("33", "pending")
    } else if is_found {
        style.paint("31", "not in sync")
    } else {
        style.paint("32", "in sync")
    }
}

fn ran(document: &Document, style: Style) -> String {
    let rows: Vec<Vec<String>> = document
        .ran
        .iter()
        .map(|ran| {
            let outcome = match ran.outcome {
                RanOutcome::Applied => style.paint("32", "applied"),
                RanOutcome::Resumed => style.paint("32", "resumed and applied"),
                RanOutcome::Reverted => style.paint("33", "reverted"),
                RanOutcome::Failed => style.paint("31", "failed"),
                RanOutcome::Stopped => style.paint("31", "stopped"),
            };
            vec![
                ran.target.to_string(),
                format!("V{}__{}", ran.version, ran.name),
                ran.statements.to_string(),
                format!("{} ms", ran.duration_ms),
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
fn scripts(document: &Document, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for (target, report) in &document.targets {
        for pending in &report.pending {
            let Some(sql) = &pending.sql else { continue };
            let head = format!("-- {target}: V{}__{}", pending.version, pending.name);
            writeln!(out, "\n{}\n{}", style.paint("1", &head), sql.trim_end())?;
        }
    }
    Ok(())
}

fn events_table(events: &[serde_json::Value], style: Style) -> String {
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
    let rows: Vec<Vec<String>> = events
        .iter()
        .map(|event| {
            columns
                .iter()
                .map(|column| match &event[*column] {
                    serde_json::Value::Null => String::new(),
                    serde_json::Value::String(text) => text.clone(),
                    other => other.to_string(),
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
    findings: &[Finding],
    (sgr, style): (&str, Style),
    out: &mut dyn Write,
) -> io::Result<()> {
    if findings.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", style.paint(sgr, title))?;
    for finding in findings {
        let target = finding
            .target
            .map(|target| format!("{target}: "))
            .unwrap_or_default();
        writeln!(out, "  {target}{}", finding.message.replace('\n', "\n    "))?;
        if let Some(remedy) = &finding.remedy {
            writeln!(out, "    {} {remedy}", style.paint("36", "->"))?;
        }
    }
    Ok(())
}
