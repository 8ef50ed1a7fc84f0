//! Tables: the only place that knows `tabled`.

use super::{Shown, Style};
use tabled::{
    builder::Builder,
    settings::{Padding, Style as Borders},
};

/// Rows below a head; where the terminal is too narrow for them, one block of lines per row, because a
/// word cut in two is harder to read than a longer list.
///
/// Only the last column may be coloured: `tabled` counts control sequences as width.
pub fn table(head: &[&str], rows: &[Vec<Shown>], style: Style) -> Shown {
    let mut builder = Builder::default();
    builder.push_record(head.iter().copied());
    for row in rows {
        builder.push_record(row.iter().map(Shown::as_str));
    }
    let mut table = builder.build();
    table.with(Borders::blank()).with(Padding::new(0, 1, 0, 0));
    let text = table.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let widest = lines.iter().map(|line| visible(line)).max().unwrap_or(0);
    match style.width {
        Some(width) if widest > width => blocks(head, rows),
        _ => Shown::laid_out(lines.join("\n")),
    }
}

/// One block per row: its first value, and below it the others with their names.
fn blocks(head: &[&str], rows: &[Vec<Shown>]) -> Shown {
    let longest = head.iter().map(|name| name.len()).max().unwrap_or(0);
    let mut lines = Vec::new();
    for row in rows {
        for (index, (name, value)) in head.iter().zip(row).enumerate() {
            match index {
                0 => lines.push(value.clone()),
                _ if value.as_str().is_empty() => {}
                _ => lines.push(Shown::line(format!("  {name:<longest$}  ")).then(value)),
            }
        }
    }
    Shown::stacked(&lines)
}

/// Columns that a line takes on a terminal: without colour's control sequences (`ESC [ … m`).
fn visible(line: &str) -> usize {
    let mut parts = line.split('\u{1b}');
    let first = parts.next().map_or(0, |part| part.chars().count());
    let rest = parts.map(|part| {
        part.split_once('m')
            .map_or(0, |(_, text)| text.chars().count())
    });
    first + rest.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(width: Option<usize>) -> String {
        let style = Style {
            colour: true,
            width,
        };
        let rows = [vec![
            Shown::line("mysql"),
            Shown::line("MySQL 9.7 and some more words"),
            Shown::painted(style, "32", "in sync"),
        ]];
        let table = table(&["database", "server", "state"], &rows, style);
        table.as_str().to_owned()
    }

    #[test]
    fn a_narrow_terminal_gets_blocks_and_a_pipe_the_table() {
        let narrow = shown(Some(40));
        let lines: Vec<&str> = narrow.lines().collect();
        assert_eq!(
            lines[..2],
            ["mysql", "  server    MySQL 9.7 and some more words"]
        );
        assert_eq!(lines[2], "  state     \u{1b}[32min sync\u{1b}[0m");
        assert_eq!(shown(None).lines().count(), 2);
        // Colour takes no room.
        assert_eq!(shown(Some(49)), shown(None));
    }
}
