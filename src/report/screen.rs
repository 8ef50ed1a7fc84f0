//! The only way by which a text reaches a terminal or a log: all that is hidden in it is shown.

use super::Style;
use crate::visible;
use std::io::{self, Write};

/// A text in which nothing is hidden; only its colours are control sequences, and those are ours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown(String);

impl Shown {
    /// One line, whatever the text holds.
    pub fn line(text: impl AsRef<str>) -> Shown {
        Shown(visible::line(text.as_ref()).into_owned())
    }

    /// As many lines as the text has: for texts that are lines by their nature, such as SQL.
    pub fn lines(text: impl AsRef<str>) -> Shown {
        Shown(visible::lines(text.as_ref()).into_owned())
    }

    /// The same on one line, in that SGR colour, where colour is on.
    pub fn painted(style: Style, sgr: &'static str, text: impl AsRef<str>) -> Shown {
        let Shown(text) = Shown::line(text);
        match style.colour {
            true => Shown(format!("\u{1b}[{sgr}m{text}\u{1b}[0m")),
            false => Shown(text),
        }
    }

    /// The same, and the other one behind it.
    pub fn then(mut self, other: &Shown) -> Shown {
        self.0.push_str(&other.0);
        self
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the table's borders and blanks make of texts that are shown already.
    pub(super) fn laid_out(table: String) -> Shown {
        Shown(table)
    }

    /// Several lines of one.
    pub(super) fn stacked(lines: &[Shown]) -> Shown {
        let lines: Vec<&str> = lines.iter().map(Shown::as_str).collect();
        Shown(lines.join("\n"))
    }
}

/// Where it is written.
pub struct Screen<'a> {
    to: &'a mut dyn Write,
    /// Does GitHub Actions read it, for which a line that begins with `::` is a command? Source: GitHub
    /// documentation, "Workflow commands for GitHub Actions"; its runner skips blanks before it.
    commands: bool,
}

impl<'a> Screen<'a> {
    /// To stdout or stderr.
    pub fn new(to: &'a mut dyn Write) -> Screen<'a> {
        let commands = super::annotations::are_wanted();
        Screen { to, commands }
    }

    /// Writes it and a line end.
    pub fn put(&mut self, shown: &Shown) -> io::Result<()> {
        self.print(shown)?;
        self.to.write_all(b"\n")
    }

    /// Writes it.
    pub fn print(&mut self, shown: &Shown) -> io::Result<()> {
        match self.commands {
            true => self.to.write_all(without_commands(&shown.0).as_bytes()),
            false => self.to.write_all(shown.0.as_bytes()),
        }
    }

    /// Writes what is for a program, byte for byte: a script into a file or a pipe.
    pub(super) fn exactly(&mut self, text: &str) -> io::Result<()> {
        self.to.write_all(text.as_bytes())
    }

    /// Nothing may be kept back.
    pub fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

fn without_commands(text: &str) -> String {
    let lines = text.split_inclusive('\n').map(|line| {
        let inner = line.trim_start();
        let (blanks, _) = line.split_at(line.len() - inner.len());
        match inner.strip_prefix("::") {
            Some(command) => format!("{blanks}\\u{{3a}}:{command}"),
            None => line.to_owned(),
        }
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_the_only_control_sequence() {
        let style = Style {
            colour: true,
            width: None,
        };
        let shown = Shown::painted(style, "31", "a\u{1b}[2J\nb").then(&Shown::line("\u{9b}c\t"));
        assert_eq!(
            shown.as_str(),
            "\u{1b}[31ma\\u{1b}[2J\\nb\u{1b}[0m\\u{9b}c\\t"
        );
        assert_eq!(
            Shown::lines("a\n\tb\u{202e}\r").as_str(),
            "a\n\tb\\u{202e}\\r"
        );
    }

    #[test]
    fn no_line_is_a_command_of_github_actions() {
        let shown = Shown::lines("a::b\n  ::set-output name=x::y\n::error::z");
        let mut out = Vec::new();
        let mut screen = Screen {
            to: &mut out,
            commands: true,
        };
        screen.put(&shown).unwrap();
        let expected = "a::b\n  \\u{3a}:set-output name=x::y\n\\u{3a}:error::z\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
