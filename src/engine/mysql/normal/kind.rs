//! How is a type, a collation or a table option written, whatever version of the server says it?

use std::collections::BTreeMap;

/// A column's type without the display widths that mean nothing. Kept: `tinyint(1)`, which is how
/// MySQL spells a boolean, and the width of a zerofill column, which shows in its values.
/// Servers upgraded in place keep old widths in information_schema (skeema#158).
pub fn column_type(raw: &str) -> String {
    let raw = raw.trim();
    if raw == "year(4)" {
        return "year".to_owned();
    }
    let Some((name, rest)) = raw.split_once('(') else {
        return raw.to_owned();
    };
    let Some((width, behind)) = rest.split_once(')') else {
        return raw.to_owned();
    };
    let meant =
        behind.contains("zerofill") || (name == "tinyint" && width == "1" && behind.is_empty());
    if is_integer(name) && !meant {
        return format!("{name}{behind}");
    }
    raw.to_owned()
}

/// Is it one of the integer types?
pub fn is_integer(kind: &str) -> bool {
    ["tinyint", "smallint", "mediumint", "int", "bigint"].contains(&first_word(kind))
}

/// Are its literals numbers?
pub fn is_numeric(kind: &str) -> bool {
    is_integer(kind) || ["decimal", "float", "double"].contains(&first_word(kind))
}

/// May it only have a default that is an expression?
pub fn is_long_text(kind: &str) -> bool {
    let word = first_word(kind);
    word.ends_with("text") || word.ends_with("blob") || word == "json"
}

fn first_word(kind: &str) -> &str {
    kind.split(['(', ' ']).next().unwrap_or_default()
}

/// A collation's name since 8.0.30: `utf8` became `utf8mb3`.
pub fn collation(raw: &str) -> String {
    match raw.strip_prefix("utf8_") {
        Some(rest) => format!("utf8mb3_{rest}"),
        None => raw.to_owned(),
    }
}

/// What a table was asked for explicitly (`CREATE_OPTIONS`), by lower-case name; values as SQL.
/// Its order and case vary, and `partitioned` is told elsewhere (skeema#88).
pub fn options(raw: &str) -> BTreeMap<String, String> {
    raw.split_ascii_whitespace()
        .filter_map(|option| option.split_once('='))
        .map(|(name, value)| {
            let value = value.trim_matches(['"', '\'']);
            (name.to_ascii_lowercase(), value.to_ascii_uppercase())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_widths_of_integers_and_years_mean_nothing() {
        assert_eq!(column_type("int(11)"), "int");
        assert_eq!(column_type("bigint(20) unsigned"), "bigint unsigned");
        assert_eq!(column_type("tinyint(1) unsigned"), "tinyint unsigned");
        assert_eq!(column_type("year(4)"), "year");
    }

    #[test]
    fn a_boolean_and_a_zerofill_column_keep_their_width() {
        assert_eq!(column_type("tinyint(1)"), "tinyint(1)");
        assert_eq!(
            column_type("int(5) unsigned zerofill"),
            "int(5) unsigned zerofill"
        );
    }

    #[test]
    fn parentheses_of_other_types_stay() {
        for same in [
            "decimal(10,0)",
            "float(7,4)",
            "varchar(256)",
            "enum('int(3)','a')",
        ] {
            assert_eq!(column_type(same), same);
        }
    }

    #[test]
    fn utf8_is_utf8mb3() {
        assert_eq!(collation("utf8_general_ci"), "utf8mb3_general_ci");
        assert_eq!(collation("utf8mb4_bin"), "utf8mb4_bin");
    }

    #[test]
    fn options_have_no_order_and_no_partitioned() {
        let read =
            options("row_format=DYNAMIC partitioned stats_persistent=1 COMPRESSION=\"zlib\"");
        let expected: BTreeMap<String, String> = [
            ("compression", "ZLIB"),
            ("row_format", "DYNAMIC"),
            ("stats_persistent", "1"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        assert_eq!(read, expected);
    }
}
