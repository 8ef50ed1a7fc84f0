//! Tables: the only place that knows `tabled`.

use super::Style;
use tabled::{
    builder::Builder,
    settings::{Padding, Style as Borders, Width, peaker::Priority},
};

/// Rows below a head, cut to the terminal's width where there is one.
pub fn table(head: &[&str], rows: &[Vec<String>], style: Style) -> String {
    let mut builder = Builder::default();
    builder.push_record(head.iter().copied());
    for row in rows {
        builder.push_record(row.iter().map(String::as_str));
    }
    let mut table = builder.build();
    table.with(Borders::blank()).with(Padding::new(0, 1, 0, 0));
    if let Some(width) = style.width {
        table.with(
            Width::wrap(width.max(20))
                .keep_words(true)
                .priority(Priority::max(true)),
        );
    }
    let mut text = table.to_string();
    text = text
        .lines()
        .map(str::trim_end)
        .collect::<Vec<_>>()
        .join("\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_terminal_wraps_and_a_pipe_does_not() {
        let rows = [vec!["mysql".to_owned(), "a rather long message ".repeat(4)]];
        let narrow = table(
            &["database", "message"],
            &rows,
            Style {
                colour: false,
                width: Some(40),
            },
        );
        assert!(
            narrow.lines().all(|line| line.chars().count() <= 40),
            "{narrow}"
        );
        let piped = table(
            &["database", "message"],
            &rows,
            Style {
                colour: false,
                width: None,
            },
        );
        assert_eq!(piped.lines().count(), 2);
    }
}
