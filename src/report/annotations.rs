//! In GitHub Actions, findings and errors are annotations on the file and line.
//!
//! Source: GitHub documentation, "Workflow commands for GitHub Actions": `::error file=…,line=…::message`.

use super::{
    Screen, Shown,
    places::{Level, Place, places},
};
use crate::{outcome::Document, visible};
use std::io;

/// Does GitHub run us?
pub fn are_wanted() -> bool {
    std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// Writes one workflow command per finding, failure and broken rule, where GitHub runs us.
pub fn write(document: &Document, err: &mut Screen<'_>) -> io::Result<()> {
    if !are_wanted() {
        return Ok(());
    }
    let is_told = |place: &Place<'_>| place.level == Level::Error || place.ruled.is_some();
    places(document)
        .filter(is_told)
        .try_for_each(|place| command(err, &place))
}

/// The whole result as workflow commands, with the command's own words behind them.
pub fn all(document: &Document, out: &mut Screen<'_>) -> io::Result<()> {
    places(document).try_for_each(|place| command(out, &place))?;
    document
        .words
        .iter()
        .try_for_each(|line| out.put(&Shown::line(line)))
}

fn command(to: &mut Screen<'_>, place: &Place<'_>) -> io::Result<()> {
    let name = match place.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "notice",
    };
    let properties = [
        place
            .file
            .map(|file| format!("file={}", property(file.strip_prefix("./").unwrap_or(file)))),
        place
            .file
            .and(place.line)
            .map(|line| format!("line={line}")),
        place
            .ruled
            .map(|ruled| format!("title={}", property(ruled.rule))),
    ];
    let properties: Vec<String> = properties.into_iter().flatten().collect();
    let blank = if properties.is_empty() { "" } else { " " };
    let mut message = data(place.message);
    if let Some(ruled) = place.ruled {
        message.push_str(&format!(
            "%0A{}%0AInstead: {}",
            data(ruled.reason),
            data(ruled.safer)
        ));
    }
    to.exactly(&format!(
        "::{name}{blank}{}::{message}\n",
        properties.join(",")
    ))
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
        let place = Place {
            level: Level::Error,
            file: Some(file),
            line: Some(3),
            message,
            remedy: None,
            ruled: None,
        };
        command(&mut screen, &place).unwrap();
        let expected = "::error file=a%2Cb\\n.sql,line=3::50%25\\n::stop-commands::x\\r\\u{1b}[2J \\u{23}#[add-mask]y\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
