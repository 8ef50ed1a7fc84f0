//! Colour and width: what the reader's terminal can do.

use std::io::IsTerminal;

/// Whether to colour: `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colour {
    #[default]
    Auto,
    Always,
    Never,
}

/// What the reader's end can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    pub colour: bool,
    /// Columns; none where the output is not a terminal, and then nothing is cut or wrapped.
    pub width: Option<usize>,
}

impl Style {
    /// For stdout. `NO_COLOR`, set to anything but the empty string, turns colour off (no-color.org).
    pub fn detect(colour: Colour, no_color: Option<&str>, columns: Option<&str>) -> Style {
        let terminal = std::io::stdout().is_terminal();
        let width = terminal.then(|| {
            columns
                .and_then(|columns| columns.parse().ok())
                .or_else(|| console_width().filter(|width| *width > 0))
                .unwrap_or(80)
        });
        let colour = match colour {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => terminal && no_color.is_none_or(str::is_empty),
        };
        Style { colour, width }
    }

    /// Does a person see it at once, rather than a program or a file take it?
    pub fn is_terminal(self) -> bool {
        self.width.is_some()
    }
}

fn console_width() -> Option<usize> {
    terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
}
