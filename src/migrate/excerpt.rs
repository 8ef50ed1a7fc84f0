//! As much of a failing statement as helps: all of a short one, the lines around the place of a long one.

use crate::engine::Place;
use std::borrow::Cow;

/// A statement up to so many bytes is shown as it is.
const WHOLE: usize = 2_000;

/// Lines shown on each side of the place.
const AROUND: usize = 3;

/// Characters of a line that are shown.
const WIDTH: usize = 200;

/// What of the statement's text goes into messages, `--json` and the ledger. Without a place of an error its beginning.
pub fn excerpt(text: &str, place: Option<Place>) -> Cow<'_, str> {
    if text.len() <= WHOLE {
        return Cow::Borrowed(text);
    }
    let at = place.map_or(1, |place| place.line.max(1)) - 1;
    let first = at.saturating_sub(AROUND);
    let mut shown = Vec::new();
    if first > 0 {
        shown.push("…".to_owned());
    }
    let lines = text.lines().enumerate().skip(first);
    for (number, line) in lines.take(at - first + AROUND + 1) {
        let column = place.and_then(|place| place.column);
        shown.push(cut(line, column.filter(|_| number == at)));
    }
    let bytes = text.len();
    shown.push(format!("… (a part of {bytes} bytes)"));
    Cow::Owned(shown.join("\n"))
}

/// The part of a line around that column, which counts from 1.
fn cut(line: &str, column: Option<usize>) -> String {
    let length = line.chars().count();
    if length <= WIDTH {
        return line.to_owned();
    }
    let start = column.map_or(0, |column| column.saturating_sub(WIDTH / 2));
    let start = start.min(length - WIDTH);
    let part: String = line.chars().skip(start).take(WIDTH).collect();
    let before = if start > 0 { "…" } else { "" };
    let behind = if start + WIDTH < length { "…" } else { "" };
    format!("{before}{part}{behind}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: usize, column: usize) -> Option<Place> {
        Some(Place {
            line,
            column: Some(column),
        })
    }

    #[test]
    fn a_short_statement_is_shown_whole() {
        assert_eq!(excerpt("SELECT 1", at(1, 3)), "SELECT 1");
    }

    #[test]
    fn of_many_lines_those_around_the_place_are_shown() {
        let text: String = (1..=9_000).map(|n| format!("({n}, 'x'),\n")).collect();
        let shown = excerpt(&text, at(4_000, 2));
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines.len(), 9);
        assert_eq!(lines[0], "…");
        assert_eq!(lines[4], "(4000, 'x'),");
        assert_eq!(lines[8], format!("… (a part of {} bytes)", text.len()));
        assert!(excerpt(&text, None).starts_with("(1, 'x'),\n"));
        assert!(excerpt(&text, at(90_000, 1)).len() < 100);
    }

    #[test]
    fn of_one_long_line_the_part_around_the_column_is_shown() {
        let text = format!("{}HERE{}", "ä".repeat(100_000), "ü".repeat(100_000));
        let shown = excerpt(&text, at(1, 100_002));
        assert!(shown.starts_with('…') && shown.contains("HERE") && shown.len() < 600);
        let start = excerpt(&text, None);
        assert!(start.starts_with("ää") && start.len() < 600);
    }
}
