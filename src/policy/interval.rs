//! A PostgreSQL interval as what it is: months, days and time do not turn into each other.

use std::fmt;

/// Months, days and microseconds, as PostgreSQL stores them: `1 month` is not `30 days`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Interval {
    pub months: i64,
    pub days: i64,
    pub microseconds: i64,
}

const SECOND: i64 = 1_000_000;

/// Unit, months, days, microseconds. PostgreSQL documentation, 8.5.4.
const UNITS: [(&[&str], Interval); 7] = [
    (
        &["y", "yr", "yrs", "year", "years"],
        Interval {
            months: 12,
            days: 0,
            microseconds: 0,
        },
    ),
    (
        &["mon", "mons", "month", "months"],
        Interval {
            months: 1,
            days: 0,
            microseconds: 0,
        },
    ),
    (
        &["w", "week", "weeks"],
        Interval {
            months: 0,
            days: 7,
            microseconds: 0,
        },
    ),
    (
        &["d", "day", "days"],
        Interval {
            months: 0,
            days: 1,
            microseconds: 0,
        },
    ),
    (
        &["h", "hr", "hrs", "hour", "hours"],
        Interval {
            months: 0,
            days: 0,
            microseconds: 3600 * SECOND,
        },
    ),
    (
        &["m", "min", "mins", "minute", "minutes"],
        Interval {
            months: 0,
            days: 0,
            microseconds: 60 * SECOND,
        },
    ),
    (
        &["s", "sec", "secs", "second", "seconds"],
        Interval {
            months: 0,
            days: 0,
            microseconds: SECOND,
        },
    ),
];

impl Interval {
    /// Reads whole numbers with units (`1 month`, `7 days 12 hours`), with a clock time at the end
    /// (`1 day 02:30:00`) as PostgreSQL prints it.
    pub fn parse(text: &str) -> Option<Interval> {
        let mut interval = Interval::default();
        let spaced = separate(text);
        let mut words = spaced.split_whitespace().peekable();
        words.peek()?;
        while let Some(word) = words.next() {
            if word.contains(':') {
                interval.microseconds = interval.microseconds.checked_add(clock(word)?)?;
                continue;
            }
            let count: i64 = word.parse().ok()?;
            let unit = words.next()?.to_lowercase();
            let (_, one) = UNITS
                .iter()
                .find(|(names, _)| names.contains(&unit.as_str()))?;
            interval.months = interval
                .months
                .checked_add(one.months.checked_mul(count)?)?;
            interval.days = interval.days.checked_add(one.days.checked_mul(count)?)?;
            let microseconds = one.microseconds.checked_mul(count)?;
            interval.microseconds = interval.microseconds.checked_add(microseconds)?;
        }
        Some(interval)
    }

    /// Is it longer than nothing?
    pub fn is_positive(&self) -> bool {
        self.length() > 0
    }

    /// Microseconds with a month of 30 days and a day of 24 hours, as PostgreSQL compares
    /// intervals. For longer and shorter only, never for equality.
    pub fn length(&self) -> i128 {
        let days = i128::from(self.months) * 30 + i128::from(self.days);
        days * 86_400 * i128::from(SECOND) + i128::from(self.microseconds)
    }
}

/// `7days` is `7 days`.
fn separate(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len() + 4);
    let mut last = ' ';
    for c in text.chars() {
        if last.is_ascii_digit() && c.is_alphabetic() {
            spaced.push(' ');
        }
        spaced.push(c);
        last = c;
    }
    spaced
}

/// `HH:MM` or `HH:MM:SS`.
fn clock(word: &str) -> Option<i64> {
    let parts: Vec<i64> = word
        .split(':')
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    let [hours, minutes, seconds] = match parts.as_slice() {
        [hours, minutes] => [*hours, *minutes, 0],
        [hours, minutes, seconds] => [*hours, *minutes, *seconds],
        _ => return None,
    };
    (minutes < 60 && seconds < 60).then(|| ((hours * 60 + minutes) * 60 + seconds) * SECOND)
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.microseconds / SECOND;
        let parts = [
            (self.months / 12, "year"),
            (self.months % 12, "month"),
            (self.days, "day"),
            (seconds / 3600, "hour"),
            (seconds % 3600 / 60, "minute"),
            (seconds % 60, "second"),
        ];
        let words: Vec<String> = parts
            .iter()
            .filter(|(count, _)| *count != 0)
            .map(|(count, unit)| format!("{count} {unit}{}", if *count == 1 { "" } else { "s" }))
            .collect();
        if words.is_empty() {
            f.write_str("0 seconds")
        } else {
            f.write_str(&words.join(" "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_the_same_interval_are_equal_and_months_are_not_days() {
        let parse = |text| Interval::parse(text).unwrap();
        assert_eq!(parse("1 month"), parse("1 mon"));
        assert_eq!(parse("7 days"), parse("1 week"));
        assert_eq!(parse("24 hours"), parse("24:00:00"));
        assert_eq!(parse("1 day 02:30"), parse("1d 150 minutes"));
        assert_ne!(parse("1 month"), parse("30 days"));
        assert_ne!(parse("1 day"), parse("24 hours"));
        assert_eq!(parse("1 year 1 month").to_string(), "1 year 1 month");
    }

    #[test]
    fn what_is_no_interval_is_refused() {
        for text in [
            "",
            "1",
            "month",
            "1 fortnight",
            "1.5 days",
            "1 month ago",
            "99999999999999999999 days",
            "1:75",
        ] {
            assert_eq!(Interval::parse(text), None, "{text}");
        }
        assert!(!Interval::parse("0 days").unwrap().is_positive());
    }
}
