//! In GitHub Actions, findings and errors are annotations on the file and line.
//!
//! Source: GitHub documentation, "Workflow commands for GitHub Actions": `::error file=…,line=…::message`.

use super::Screen;
use crate::{outcome::Document, visible};
use std::io;

/// Does GitHub run us?
pub fn are_wanted() -> bool {
    std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// Writes one workflow command per finding and failure, where GitHub runs us.
pub fn write(document: &Document, err: &mut Screen<'_>) -> io::Result<()> {
    if !are_wanted() {
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
    err: &mut Screen<'_>,
    file: Option<&str>,
    line: Option<usize>,
    message: &str,
) -> io::Result<()> {
    let place = match (file, line) {
        (Some(file), Some(line)) => format!(" file={},line={line}", property(file)),
        (Some(file), None) => format!(" file={}", property(file)),
        _ => String::new(),
    };
    err.exactly(&format!("::error{place}::{}\n", data(message)))
}

/// Control characters are shown; a percent sign, which would begin an escape of GitHub's own, is one.
/// No line break is left that could begin a command.
fn data(text: &str) -> String {
    visible::line(text).replace('%', "%25")
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
        let mut screen = Screen::new(&mut out);
        let (file, message) = (
            "a,b\n.sql",
            "50%\n::stop-commands::x\r\u{1b}[2J ##[add-mask]y",
        );
        command(&mut screen, Some(file), Some(3), message).unwrap();
        let expected = "::error file=a%2Cb\\n.sql,line=3::50%25\\n::stop-commands::x\\r\\u{1b}[2J \\u{23}#[add-mask]y\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
