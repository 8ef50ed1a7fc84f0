//! The values that a table's keys may have in `policies.yaml`.

use super::{Columnstore, Compression, Interval, OrderBy, Refresh, Retention, Span, file::Reader};
use crate::yaml::Yaml;

const REFRESH: [&str; 3] = ["start_offset", "end_offset", "every"];
const COMPRESSION: [&str; 3] = ["after", "segment_by", "order_by"];
const RETENTION: [&str; 2] = ["drop_after", "drop_created_before"];

/// How the values are read; what cannot be read is told and left out.
pub trait Values {
    /// A length that is longer than nothing.
    fn span(&mut self, yaml: &Yaml, at: &[&str]) -> Option<Span>;
    /// The same of time only.
    fn interval(&mut self, yaml: &Yaml, at: &[&str]) -> Option<Interval>;
    /// `none`, or one of `drop_after` and `drop_created_before`.
    fn retention(&mut self, yaml: &Yaml, at: &[&str]) -> Option<Retention>;
    /// `none`, or settings of the columnstore.
    fn compression(&mut self, yaml: &Yaml, at: &[&str]) -> Option<Compression>;
    /// `none`, or a list of refresh policies.
    fn refresh(&mut self, yaml: &Yaml, at: &[&str]) -> Option<Vec<Refresh>>;
}

impl Values for Reader<'_, '_> {
    fn span(&mut self, yaml: &Yaml, at: &[&str]) -> Option<Span> {
        let text = yaml.scalar().unwrap_or_default();
        let span = Span::parse(&text).filter(Span::is_positive);
        if span.is_none() {
            let words = "is not an interval; write it as in 1 month or 7 days";
            self.say(at, &format!("`{text}` {words}"));
        }
        span
    }

    fn interval(&mut self, yaml: &Yaml, at: &[&str]) -> Option<Interval> {
        match self.span(yaml, at)? {
            Span::Interval(interval) => Some(interval),
            Span::Integer(number) => {
                self.say(
                    at,
                    &format!("`{number}` has no unit; write it as in 7 days"),
                );
                None
            }
        }
    }

    fn retention(&mut self, yaml: &Yaml, at: &[&str]) -> Option<Retention> {
        if is_none(yaml) {
            return Some(Retention::None);
        }
        let (mut found, before) = (Vec::new(), self.wrong.len());
        for (key, value) in self.map(yaml, at) {
            let at = [at, &[key.as_str()]].concat();
            match key.as_str() {
                "drop_after" => found.extend(self.span(value, &at).map(Retention::DropAfter)),
                "drop_created_before" => {
                    let interval = self.interval(value, &at);
                    found.extend(interval.map(Retention::DropCreatedBefore));
                }
                _ => self.unknown(&at, &RETENTION),
            }
        }
        if found.len() != 1 && self.wrong.len() == before {
            let words = "retention must be none, or have one of drop_after and drop_created_before, as in { drop_after: 1 month }";
            self.say(at, words);
        }
        found.pop()
    }

    fn compression(&mut self, yaml: &Yaml, at: &[&str]) -> Option<Compression> {
        if is_none(yaml) {
            return Some(Compression::None);
        }
        let before = self.wrong.len();
        let (mut after, mut segment_by, mut order_by) = (None, None, None);
        for (key, value) in self.map(yaml, at) {
            let at = [at, &[key.as_str()]].concat();
            match key.as_str() {
                "after" => after = self.span(value, &at),
                "segment_by" => segment_by = words(self, value, &at),
                "order_by" => {
                    order_by = words(self, value, &at).map(|words| order(self, &words, &at))
                }
                _ => self.unknown(&at, &COMPRESSION),
            }
        }
        if after.is_none() && self.wrong.len() == before {
            self.say(
                at,
                "compression must be none, or say after what time, as in { after: 7 days }",
            );
        }
        let ordered = order_by
            .iter()
            .flatten()
            .map(|order: &OrderBy| &order.column);
        let both = segment_by
            .iter()
            .flatten()
            .find(|column| ordered.clone().any(|other| other == *column));
        if let Some(column) = both {
            let words = format!("{column} cannot be in both segment_by and order_by");
            self.say(at, &words);
        }
        Some(Compression::On(Columnstore {
            after: after?,
            segment_by,
            order_by,
        }))
    }

    fn refresh(&mut self, yaml: &Yaml, at: &[&str]) -> Option<Vec<Refresh>> {
        let Yaml::List(items) = yaml else {
            if !is_none(yaml) {
                let words = "refresh must be none, or a list as in [{ start_offset: 3 days, end_offset: 1 hour, every: 1 hour }]";
                self.say(at, words);
            }
            return Some(Vec::new());
        };
        let read: Vec<Refresh> = items
            .iter()
            .filter_map(|item| one_refresh(self, item, at))
            .collect();
        for (index, one) in read.iter().enumerate() {
            if let Some(other) = read[..index].iter().find(|other| overlap(one, other)) {
                let words =
                    format!("the windows `{other}` and `{one}` overlap, which the server refuses");
                self.say(at, &words);
            }
        }
        Some(read)
    }
}

fn is_none(yaml: &Yaml) -> bool {
    yaml.scalar().as_deref() == Some("none")
}

fn one_refresh(reader: &mut Reader<'_, '_>, yaml: &Yaml, at: &[&str]) -> Option<Refresh> {
    let before = reader.wrong.len();
    let (mut start, mut end, mut every) = (None, None, None);
    for (key, value) in reader.map(yaml, at) {
        let at = [at, &[key.as_str()]].concat();
        match key.as_str() {
            "start_offset" => start = Some(bound(reader, value, &at)),
            "end_offset" => end = Some(bound(reader, value, &at)),
            "every" => every = reader.interval(value, &at),
            _ => reader.unknown(&at, &REFRESH),
        }
    }
    let (Some(start), Some(end), Some(every)) = (start, end, every) else {
        if reader.wrong.len() == before {
            reader.say(
                at,
                "a refresh policy has start_offset, end_offset (an interval, or none) and every",
            );
        }
        return None;
    };
    if let (Some(start), Some(end)) = (start, end)
        && start.longer_than(&end) != Some(true)
    {
        reader.say(
            at,
            &format!("start_offset ({start}) must be longer than end_offset ({end})"),
        );
    }
    Some(Refresh { start, end, every })
}

fn bound(reader: &mut Reader<'_, '_>, yaml: &Yaml, at: &[&str]) -> Option<Span> {
    if is_none(yaml) {
        return None;
    }
    reader.span(yaml, at)
}

/// Windows reach from `start` ago to `end` ago; they may touch.
fn overlap(one: &Refresh, other: &Refresh) -> bool {
    let reaches = |start: Option<Span>, end: Option<Span>| match (start, end) {
        (Some(start), Some(end)) => start.longer_than(&end).unwrap_or(true),
        _ => true,
    };
    reaches(one.start, other.end) && reaches(other.start, one.end)
}

/// A list of words, or one word.
fn words(reader: &mut Reader<'_, '_>, yaml: &Yaml, at: &[&str]) -> Option<Vec<String>> {
    let items = match yaml {
        Yaml::List(items) => items.iter().map(Yaml::scalar).collect::<Option<Vec<_>>>(),
        other => other.scalar().map(|word| vec![word]),
    };
    let mut seen = items.clone().unwrap_or_default();
    seen.sort();
    seen.dedup();
    match items {
        Some(items) if seen.len() == items.len() => Some(items),
        Some(_) => {
            reader.say(at, "a column is there twice");
            None
        }
        None => {
            reader.say(
                at,
                "this must be a list of columns, as in [house_id, device_name]",
            );
            None
        }
    }
}

/// `column [asc|desc] [nulls first|nulls last]`
fn order(reader: &mut Reader<'_, '_>, words: &[String], at: &[&str]) -> Vec<OrderBy> {
    let mut order = Vec::new();
    for text in words {
        match OrderBy::parse(text) {
            Some(one) => order.push(one),
            None => reader.say(
                at,
                &format!("`{text}` is no order; write it as in: timestamp desc"),
            ),
        }
    }
    order
}

impl OrderBy {
    /// Reads `column [asc|desc] [nulls first|nulls last]`.
    pub fn parse(text: &str) -> Option<OrderBy> {
        let mut words = text.split_whitespace();
        let column = words.next()?.trim_matches('"').to_owned();
        let rest: Vec<String> = words.map(str::to_lowercase).collect();
        let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
        let (descending, rest) = match rest.as_slice() {
            ["desc", rest @ ..] => (true, rest),
            ["asc", rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let nulls_first = match rest {
            [] => descending,
            ["nulls", "first"] => true,
            ["nulls", "last"] => false,
            _ => return None,
        };
        Some(OrderBy {
            column,
            descending,
            nulls_first,
        })
    }
}
