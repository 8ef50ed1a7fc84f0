//! What does a server print in its own way? Definitions taken apart into what they say, and the
//! spellings of one thing made one. Pure; each quirk has a test of its name.

mod constraint;
mod cursor;
mod expression;
mod index;
mod object;

pub use constraint::constraint;
pub use expression::expression;
pub use index::index;
pub use object::object;

use super::catalog::sequences::Sequence;
use serde::Deserialize;

/// A locale under one spelling: the C library takes `en_US.UTF-8` and `en_US.utf8` for the same.
pub fn locale_spelling(locale: &str) -> String {
    if locale == "POSIX" {
        return "C".to_owned();
    }
    match locale.split_once('.') {
        None => locale.to_owned(),
        Some((language, codeset)) => {
            let plain = codeset.to_ascii_lowercase();
            match plain.as_str() {
                "utf-8" | "utf8" => format!("{language}.UTF-8"),
                _ => format!("{language}.{codeset}"),
            }
        }
    }
}

/// The order that a collation means: in UTF8, `C.UTF-8` sorts by code point, which is the order of
/// the bytes, which is `C`.
pub fn collation_order(collation: &str, encoding: &str) -> String {
    let spelling = locale_spelling(collation);
    if encoding == "UTF8" && spelling == "C.UTF-8" {
        return "C".to_owned();
    }
    spelling
}

/// A printed statement without the semicolon that some functions end it with, nor blank space around.
pub fn statement(text: &str) -> String {
    let text = text.trim();
    text.strip_suffix(';').unwrap_or(text).trim_end().to_owned()
}

/// The name of an aggregate's index without the number that its table was given:
/// `_materialized_hypertable_7_time_idx` is another on the next server.
pub fn storage_index(index: &str, storage: &str) -> String {
    match index.strip_prefix(storage) {
        Some(rest) if rest.starts_with('_') => format!("_materialized_hypertable{rest}"),
        _ => index.to_owned(),
    }
}

/// The numbers of a sequence as pg_sequence has them.
#[derive(Debug, Deserialize)]
pub struct SequenceNumbers {
    #[serde(rename = "type")]
    type_name: String,
    start: i64,
    increment: i64,
    min: i64,
    max: i64,
    cache: i64,
    cycle: bool,
}

/// Only what differs from what CREATE SEQUENCE takes by itself for that type and direction.
pub fn sequence(numbers: SequenceNumbers) -> Sequence {
    let (lowest, highest) = match numbers.type_name.as_str() {
        "smallint" => (i64::from(i16::MIN), i64::from(i16::MAX)),
        "integer" => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => (i64::MIN, i64::MAX),
    };
    let ascending = numbers.increment > 0;
    let (min, max) = if ascending {
        (1, highest)
    } else {
        (lowest, -1)
    };
    let start = if ascending { numbers.min } else { numbers.max };
    let unless = |value: i64, default: i64| Some(value).filter(|value| *value != default);
    Sequence {
        unlogged: false,
        type_name: numbers.type_name,
        start: unless(numbers.start, start),
        increment: unless(numbers.increment, 1),
        min: unless(numbers.min, min),
        max: unless(numbers.max, max),
        cache: unless(numbers.cache, 1),
        cycle: numbers.cycle,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_codeset_has_many_spellings() {
        assert_eq!(locale_spelling("en_US.utf8"), "en_US.UTF-8");
        assert_eq!(locale_spelling("de_DE.ISO8859-1"), "de_DE.ISO8859-1");
        assert_eq!(locale_spelling("POSIX"), "C");
    }

    #[test]
    fn c_utf8_sorts_as_c_does_in_utf8_only() {
        assert_eq!(collation_order("C.UTF-8", "UTF8"), "C");
        assert_eq!(collation_order("C.UTF-8", "SQL_ASCII"), "C.UTF-8");
        assert_eq!(collation_order("en_US.UTF-8", "UTF8"), "en_US.UTF-8");
    }

    #[test]
    fn an_aggregates_index_carries_an_internal_number() {
        let storage = "_materialized_hypertable_7";
        let own = storage_index("_materialized_hypertable_7_time_idx", storage);
        assert_eq!(own, "_materialized_hypertable_time_idx");
        assert_eq!(storage_index("mine", storage), "mine");
    }

    #[test]
    fn a_printed_view_ends_with_a_semicolon() {
        assert_eq!(statement(" SELECT 1;\n"), "SELECT 1");
    }

    #[test]
    fn a_descending_sequence_starts_at_its_maximum() {
        let numbers = SequenceNumbers {
            type_name: "integer".to_owned(),
            start: -1,
            increment: -1,
            min: i64::from(i32::MIN),
            max: -1,
            cache: 1,
            cycle: false,
        };
        let sequence = sequence(numbers);
        assert_eq!(sequence.increment, Some(-1));
        assert_eq!(
            (sequence.start, sequence.min, sequence.max),
            (None, None, None)
        );
    }
}
