//! Everything that a document tells, each with its place: for formats that go by files and lines.

use crate::outcome::{Document, Failure, Finding, Kind, Ruled};

/// How bad?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Error,
    Warning,
    Note,
}

/// One thing that is told.
pub struct Place<'a> {
    pub level: Level,
    pub file: Option<&'a str>,
    pub line: Option<usize>,
    /// The fact.
    pub message: &'a str,
    pub remedy: Option<&'a str>,
    pub ruled: Option<&'a Ruled>,
}

/// Failures, findings and notes, in this order.
pub fn places(document: &Document) -> impl Iterator<Item = Place<'_>> {
    let failures = document.failures().iter().map(of_failure);
    let findings = document
        .findings
        .iter()
        .map(|one| of_finding(one, Level::Error));
    let notes = document.notes.iter().map(|note| {
        let level = match note.ruled.is_some() || note.kind != Kind::Remark {
            true => Level::Warning,
            false => Level::Note,
        };
        of_finding(note, level)
    });
    failures.chain(findings).chain(notes)
}

fn of_failure(failure: &Failure) -> Place<'_> {
    let ruled = failure.ruled.as_deref();
    Place {
        level: Level::Error,
        file: failure.file.as_deref(),
        line: failure.line,
        message: ruled.map_or(&failure.message, |ruled| &ruled.fact),
        remedy: failure.remedy.as_deref(),
        ruled,
    }
}

fn of_finding(finding: &Finding, level: Level) -> Place<'_> {
    let ruled = finding.ruled.as_deref();
    let object = finding.object.as_deref();
    Place {
        level,
        file: object.filter(|object| object.ends_with(".sql")),
        line: ruled.and_then(|ruled| ruled.line),
        message: ruled.map_or(&finding.message, |ruled| &ruled.fact),
        remedy: finding.remedy.as_deref(),
        ruled,
    }
}
