//! Which continuous aggregates does the backend make by itself, and how? Facts of SGMP, not settings.

use super::{Interval, Refresh, Span, TableName};

/// The hypertable that the backend aggregates.
pub const SOURCE: &str = "house_data";

/// How the backend refreshes every aggregate of its own: everything up to an hour ago, every hour.
pub fn refresh() -> Refresh {
    let hour = Interval {
        microseconds: 3_600_000_000,
        ..Interval::default()
    };
    Refresh {
        start: None,
        end: Some(Span::Interval(hour)),
        every: hour,
    }
}

/// Is this an aggregate of the backend's: `house_<house_id>_<six lower-case letters>` over `house_data`?
pub fn makes(aggregate: &TableName, source: &TableName) -> bool {
    source.name == SOURCE && house(&aggregate.name).is_some()
}

/// The house in the name of an aggregate of the backend's.
pub fn house(name: &str) -> Option<i64> {
    let (id, letters) = name.strip_prefix("house_")?.split_once('_')?;
    let right = letters.len() == 6 && letters.chars().all(|c| c.is_ascii_lowercase());
    id.parse().ok().filter(|_| right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_backends_own_names_are_the_backends() {
        let is = |name: &str| makes(&TableName::parse(name), &TableName::parse(SOURCE));
        assert!(is("house_7_abcdef") && is("house_12_zzzzzz"));
        for other in [
            "house_hourly",
            "house_7_abcde",
            "house_7_Abcdef",
            "house_x_abcdef",
        ] {
            assert!(!is(other), "{other}");
        }
        assert!(!makes(
            &TableName::parse("house_7_abcdef"),
            &TableName::parse("events")
        ));
    }
}
