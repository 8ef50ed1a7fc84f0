//! Intervals on their way out of and into SQL, in their three parts: as text they would depend on
//! the session's IntervalStyle, and compared by the server a month would be 30 days.

use super::session;
use crate::policy::{Interval, Span};
use tokio_postgres::SimpleQueryRow;

/// SQL for an interval as `months days seconds`, or for a number as it is; NULL stays NULL.
pub fn sql(text: &str) -> String {
    let i = format!("({text})::interval");
    format!(
        "CASE WHEN ({text}) IS NULL THEN NULL WHEN ({text})::text ~ '^-?[0-9]+$' THEN ({text})::text \
         ELSE pg_catalog.concat_ws(' ', EXTRACT(YEAR FROM {i}) * 12 + EXTRACT(MONTH FROM {i}), \
         EXTRACT(DAY FROM {i}), \
         EXTRACT(HOUR FROM {i}) * 3600 + EXTRACT(MINUTE FROM {i}) * 60 + EXTRACT(SECOND FROM {i})) END"
    )
}

/// Reads what `sql` wrote.
pub fn read(row: &SimpleQueryRow, index: usize) -> Option<Span> {
    parse(session::optional(row, index)?)
}

fn parse(text: &str) -> Option<Span> {
    if let Ok(number) = text.parse() {
        return Some(Span::Integer(number));
    }
    // EXTRACT is a float before PostgreSQL 14 and numeric since.
    let parts: Vec<f64> = text
        .split(' ')
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    let [months, days, seconds] = parts.as_slice() else {
        return None;
    };
    Some(Span::Interval(Interval {
        months: *months as i64,
        days: *days as i64,
        microseconds: (seconds * 1e6).round() as i64,
    }))
}

/// A span as an SQL expression.
pub fn literal(span: &Span) -> String {
    match span {
        Span::Interval(interval) => format!("INTERVAL '{interval}'"),
        Span::Integer(number) => format!("{number}::bigint"),
    }
}

/// A span as a job's configuration has it.
pub fn json(span: Option<&Span>) -> String {
    match span {
        None => "'null'::jsonb".to_owned(),
        Some(Span::Interval(interval)) => {
            format!("pg_catalog.to_jsonb((INTERVAL '{interval}')::text)")
        }
        Some(Span::Integer(number)) => format!("pg_catalog.to_jsonb({number}::bigint)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_parts_stay_apart() {
        let interval = |text: &str| match parse(text) {
            Some(Span::Interval(interval)) => interval.to_string(),
            other => panic!("{other:?}"),
        };
        assert_eq!(interval("1 0 0.000000"), "1 month");
        assert_eq!(interval("0 30 0"), "30 days");
        assert_eq!(interval("0 0 5400.000000"), "1 hour 30 minutes");
        assert_eq!(parse("5000"), Some(Span::Integer(5000)));
        assert_eq!(parse("x y z"), None);
    }
}
