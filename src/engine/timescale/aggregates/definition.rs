//! Do two texts select the same? Only as far as the backend's one kind of aggregate needs it.
//!
//! The server prints what it understood: with casts, brackets, qualified names and its own words for
//! an interval, all of which differ from version to version. What is left without them is compared.

use crate::{
    policy::Interval,
    sql::{Dialect, Token, tokens},
};

/// Words that follow a cast and belong to the type's name.
const TYPE_WORDS: [&str; 6] = ["precision", "varying", "with", "without", "time", "zone"];

/// Are both the same but for spelling?
pub fn is_same(one: &str, other: &str) -> bool {
    parts(one) == parts(other)
}

/// What is selected from where, the conditions in alphabetical order, and the grouping.
fn parts(text: &str) -> (Vec<String>, Vec<String>, Vec<String>) {
    let words = words(text);
    let end = |from: usize, word: &str| {
        let rest = words.get(from..).unwrap_or_default();
        rest.iter()
            .position(|one| one == word)
            .map_or(words.len(), |at| from + at)
    };
    let conditions = end(0, "WHERE");
    let grouping = end(conditions, "GROUP");
    let between = words.get(conditions + 1..grouping).unwrap_or_default();
    let mut each: Vec<String> = between
        .split(|word| word == "AND")
        .map(|condition| condition.join(" "))
        .collect();
    each.sort();
    (
        words[..conditions].to_vec(),
        each,
        words[grouping..].to_vec(),
    )
}

fn words(text: &str) -> Vec<String> {
    let tokens = tokens(Dialect::Postgres, text);
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let next = |offset: usize| tokens.get(at + offset);
        if token.text == "::"
            || (token.is_symbol(":") && next(1).is_some_and(|one| one.is_symbol(":")))
        {
            at += if token.text == "::" { 2 } else { 3 };
            while tokens.get(at).is_some_and(|one| one.is_any(&TYPE_WORDS)) {
                at += 1;
            }
            continue;
        }
        // `schema.name` and `table.column` are `name` and `column`.
        if next(1).is_some_and(|dot| dot.is_symbol(".")) && next(2).is_some() {
            at += 2;
            continue;
        }
        words.extend(word(token));
        at += 1;
    }
    words
}

fn word(token: &Token<'_>) -> Option<String> {
    let text = token.text;
    if ["(", ")", ";"].contains(&text) || token.is("interval") {
        return None;
    }
    if ["where", "and", "group"]
        .iter()
        .any(|keyword| token.is(keyword))
    {
        return Some(text.to_uppercase());
    }
    if let Some(value) = string(text) {
        let value = Interval::parse(&value).map_or(value, |interval| interval.to_string());
        return Some(format!("'{value}"));
    }
    Some(token.name(Dialect::Postgres))
}

/// The value of a string literal, plain or with backslashes.
fn string(text: &str) -> Option<String> {
    let inner = |quoted: &str| {
        let inner = quoted.strip_prefix('\'')?.strip_suffix('\'')?;
        Some(inner.replace("''", "'"))
    };
    match text.strip_prefix(['E', 'e']) {
        Some(escaped) => inner(escaped).map(|value| value.replace("\\\\", "\\")),
        None => inner(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "SELECT time_bucket(INTERVAL '1 hour', \"timestamp\") AS \"time\", avg(value_decimal) AS average \
        FROM house_data WHERE house_id = 7 AND device_name = 'it''s' AND field = 'a.b' GROUP BY time_bucket(INTERVAL '1 hour', \"timestamp\")";

    #[test]
    fn what_servers_print_of_it_is_the_same() {
        let printed = " SELECT time_bucket('01:00:00'::interval, house_data.\"timestamp\") AS \"time\",\n    avg(house_data.value_decimal) AS average\n   \
            FROM public.house_data\n  WHERE ((house_data.house_id = 7) AND ((house_data.device_name)::text = 'it''s'::text) AND (house_data.field = 'a.b'::text))\n  \
            GROUP BY (time_bucket('01:00:00'::interval, house_data.\"timestamp\"));";
        assert!(is_same(printed, OURS));
        let backslash = "WHERE field = E'a\\\\b'";
        assert!(is_same("WHERE field = 'a\\b'::text", backslash));
    }

    #[test]
    fn every_part_that_differs_is_told() {
        for (from, to) in [
            ("'1 hour'", "'1 day'"),
            ("avg", "max"),
            ("value_decimal", "house_id"),
            ("AS average", "AS mean"),
            ("house_data", "events"),
            ("house_id = 7", "house_id = 8"),
            ("'a.b'", "'a'"),
            ("AND field = 'a.b'", ""),
        ] {
            assert!(!is_same(&OURS.replace(from, to), OURS), "{from}");
        }
        let swapped = OURS.replace(
            "house_id = 7 AND device_name = 'it''s'",
            "device_name = 'it''s' AND house_id = 7",
        );
        assert!(is_same(&swapped, OURS));
    }
}
