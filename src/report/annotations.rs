//! In GitHub Actions, findings and errors are annotations on the file and line.
//!
//! Source: GitHub documentation, "Workflow commands for GitHub Actions": `::error file=…,line=…::message`.

use crate::outcome::Document;
use std::io::{self, Write};

/// Writes one workflow command per finding and failure, where GitHub runs us.
pub fn write(document: &Document, err: &mut dyn Write) -> io::Result<()> {
    if std::env::var_os("GITHUB_ACTIONS").is_none_or(|value| value != "true") {
        return Ok(());
    }
    for failure in document.failures() {
        command(err, failure.file.as_deref(), failure.line, &failure.message)?;
    }
    for finding in &document.findings {
        let file = finding
            .object
            .as_deref()
            .filter(|object| object.ends_with(".sql"));
        command(err, file, None, &finding.message)?;
    }
    Ok(())
}

fn command(
    err: &mut dyn Write,
    file: Option<&str>,
    line: Option<usize>,
    message: &str,
) -> io::Result<()> {
    let place = match (file, line) {
        (Some(file), Some(line)) => format!(" file={},line={line}", property(file)),
        (Some(file), None) => format!(" file={}", property(file)),
        _ => String::new(),
    };
    writeln!(err, "::error{place}::{}", data(message))
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_several_lines_stays_one_command() {
        let mut out = Vec::new();
        command(&mut out, Some("a,b.sql"), Some(3), "50%\nbroken").unwrap();
        assert_eq!(out, b"::error file=a%2Cb.sql,line=3::50%25%0Abroken\n");
    }
}
