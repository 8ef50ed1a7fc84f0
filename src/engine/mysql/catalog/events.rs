//! What is an event, and when does it run?
//!
//! The server fills in what the statement leaves out: STARTS is the moment of creation, and a time
//! that was asked for as `CURRENT_TIMESTAMP + INTERVAL …` is worked out. The same migration run
//! twice has other times then, and a dump writes all of them out. So a time that is whole minutes
//! behind the creation is told as that, STARTS is not told where it is the creation, and a time is
//! compared only where it was asked for in so many words (`times_as`).
//!
//! An event that is over drops itself, unless it is to be preserved: it is not missing then, and one
//! that is over at a time that was worked out is data, not schema.

use super::{
    answer,
    columns::quoted,
    kind::{Ask, Asks, Draft, Kind, attach},
    show_create::is_mangled,
};
use crate::{
    engine::mysql::normal,
    schema::{Class, Object},
};
use anyhow::Result;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

/// The kind of these objects.
pub const KIND: &str = "event";

const QUERY: &str = "SELECT e.EVENT_NAME, \
     e.EVENT_TYPE, \
     e.INTERVAL_VALUE, \
     e.INTERVAL_FIELD, \
     e.EXECUTE_AT, \
     e.STARTS, \
     e.ENDS, \
     TIMESTAMPDIFF(SECOND, e.CREATED, CONVERT_TZ(e.EXECUTE_AT, e.TIME_ZONE, @@session.time_zone)) AS AT_BEHIND_CREATED, \
     TIMESTAMPDIFF(SECOND, e.CREATED, CONVERT_TZ(e.STARTS, e.TIME_ZONE, @@session.time_zone)) AS STARTS_BEHIND_CREATED, \
     TIMESTAMPDIFF(SECOND, e.CREATED, CONVERT_TZ(e.ENDS, e.TIME_ZONE, @@session.time_zone)) AS ENDS_BEHIND_CREATED, \
     TIMESTAMPDIFF(SECOND, e.CREATED, e.LAST_ALTERED) AS ALTERED_BEHIND_CREATED, \
     e.ON_COMPLETION, \
     e.STATUS, \
     e.EVENT_DEFINITION, \
     e.SQL_MODE, \
     e.EVENT_COMMENT, \
     e.DEFINER \
     FROM information_schema.EVENTS AS e \
     WHERE e.EVENT_SCHEMA = DATABASE() \
     ORDER BY e.EVENT_NAME";

pub const EVENTS: Kind = Kind {
    names: &[KIND],
    needs: &["EVENT"],
    queries: &[QUERY],
    asks: Some(Asks {
        of: |rows, _| {
            Ask::about(
                KIND,
                &rows[0],
                ["EVENT_NAME", "EVENT_DEFINITION"],
                is_mangled,
            )
        },
        named: "EVENT_NAME",
    }),
    read,
};

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Row {
    event_name: String,
    event_type: String,
    interval_value: Option<String>,
    interval_field: Option<String>,
    execute_at: Option<String>,
    starts: Option<String>,
    ends: Option<String>,
    /// In seconds, like the next ones.
    at_behind_created: Option<i64>,
    starts_behind_created: Option<i64>,
    ends_behind_created: Option<i64>,
    altered_behind_created: i64,
    on_completion: String,
    status: String,
    event_definition: Option<String>,
    sql_mode: Option<String>,
    event_comment: Option<String>,
    definer: String,
}

/// An event as it is compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// `EVERY 1 HOUR`, or `AT` for a moment.
    pub schedule: String,
    /// `2030-01-01 00:00:00` in the event's own time zone, or `CURRENT_TIMESTAMP + INTERVAL 5 MINUTE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// The same behind `since `, where it was over already when the event was written, or `from `.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub preserve: bool,
    /// Switched off; not by being a replica's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// As it was sent, with its comments and line ends.
    pub body: String,
    /// Only modes that change what this body means.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sql_mode: Vec<String>,
}

/// What the server works out of it.
const NOW: &str = "CURRENT_TIMESTAMP + INTERVAL ";

impl Event {
    /// What is written behind ON SCHEDULE; none where the moment is not known.
    pub fn on_schedule(&self) -> Option<String> {
        let time = |text: &str| match text.starts_with(NOW) {
            true => text.to_owned(),
            false => quoted(text),
        };
        if self.schedule == AT {
            return self.at.as_deref().map(|at| format!("AT {}", time(at)));
        }
        let mut schedule = self.schedule.clone();
        if let Some(starts) = &self.starts {
            schedule.push_str(&format!(" STARTS {}", time(moment_of(starts))));
        }
        if let Some(ends) = &self.ends {
            schedule.push_str(&format!(" ENDS {}", time(ends)));
        }
        Some(schedule)
    }

    /// Takes over those times that may be what is expected: one that was worked out is another on
    /// every server, and one that nobody asked for is in the past.
    pub fn times_as(&mut self, wanted: &Event) {
        let told = |time: &Option<String>| {
            time.clone()
                .filter(|time| !moment_of(time).starts_with(NOW))
        };
        let both_told =
            |one: &Option<String>, other: &Option<String>| Some((told(one)?, told(other)?));
        if both_told(&wanted.at, &self.at).is_none() {
            self.at.clone_from(&wanted.at);
        }
        if wanted.ends.is_some()
            && self.ends.is_some()
            && both_told(&wanted.ends, &self.ends).is_none()
        {
            self.ends.clone_from(&wanted.ends);
        }
        let is_same = match (told(&wanted.starts), told(&self.starts)) {
            (Some(wanted), Some(found)) => moment_of(&wanted) == moment_of(&found),
            (None, Some(starts)) => wanted.starts.is_some() || starts.starts_with(SINCE),
            (Some(_), None) => self.starts.is_some(),
            (None, None) => true,
        };
        if is_same {
            self.starts.clone_from(&wanted.starts);
        }
        if self.may_be_over() {
            self.disabled = wanted.disabled;
        }
    }

    /// May its last time be in the past? The server then drops it, or switches it off.
    fn may_be_over(&self) -> bool {
        let last = match self.schedule == AT {
            true => self.at.as_deref().unwrap_or(NOW),
            false => match self.ends.as_deref() {
                Some(ends) => ends,
                None => return false,
            },
        };
        // No time zone is a whole day away.
        let tomorrow = (OffsetDateTime::now_utc() + Duration::days(1)).date();
        last.starts_with(NOW) || last < tomorrow.to_string().as_str()
    }
}

const AT: &str = "AT";
const SINCE: &str = "since ";
const FROM: &str = "from ";

fn moment_of(starts: &str) -> &str {
    let bare = starts.strip_prefix(SINCE).or(starts.strip_prefix(FROM));
    bare.unwrap_or(starts)
}

/// May an event that is expected have dropped itself?
pub fn may_be_over(object: &Object) -> bool {
    let event: Option<Event> = serde_json::from_value(object.value.clone()).ok();
    event.is_some_and(|event| !event.preserve && event.may_be_over())
}

/// A time as it was asked for, by how many seconds it is behind the creation and the last change.
fn asked(time: String, behind: [i64; 2]) -> String {
    let worked_out = behind
        .into_iter()
        .find(|seconds| *seconds > 0 && seconds % 60 == 0);
    match worked_out.filter(|_| !time.ends_with(":00")) {
        Some(seconds) => format!("{NOW}{} MINUTE", seconds / 60),
        None => time,
    }
}

fn read(rows: Vec<Vec<mysql_async::Row>>, draft: &mut Draft) -> Result<()> {
    let [rows] = answer::of(rows)?;
    for row in answer::decode::<Row>(rows)? {
        let altered = row.altered_behind_created;
        let time = |time: Option<String>, behind: Option<i64>| {
            let behind = behind.map(|created| [created, created - altered]);
            time.map(|time| asked(time, behind.unwrap_or_default()))
        };
        let recurring = row.event_type == "RECURRING";
        let value = interval(&row.interval_value.unwrap_or_default());
        let unit = row.interval_field.unwrap_or_default();
        let (at, ends) = (
            time(row.execute_at, row.at_behind_created),
            time(row.ends, row.ends_behind_created),
        );
        let preserve = row.on_completion == "PRESERVE";
        let last = at.as_ref().or(ends.as_ref());
        if !preserve && last.is_some_and(|last| last.starts_with(NOW)) {
            continue;
        }
        let told = row.event_definition.unwrap_or_default();
        let body = draft.shown.event_body(&row.event_name).unwrap_or(&told);
        let event = Event {
            schedule: match recurring {
                true => format!("EVERY {value} {unit}"),
                false => AT.to_owned(),
            },
            at,
            starts: starts(row.starts, row.starts_behind_created, altered),
            ends,
            preserve,
            disabled: row.status == "DISABLED",
            body: normal::as_sent(body),
            sql_mode: normal::matters(&row.sql_mode.unwrap_or_default(), body),
        };
        let object = draft.add(KIND, row.event_name, &event)?;
        attach(object, Class::Comments, row.event_comment);
        attach(object, Class::Definers, Some(row.definer));
    }
    Ok(())
}

fn starts(time: Option<String>, behind: Option<i64>, altered: i64) -> Option<String> {
    let created = behind?;
    let behind = [created, created - altered];
    if behind.contains(&0) {
        return None;
    }
    let time = asked(time?, behind);
    let word = if behind[1] < 0 { SINCE } else { FROM };
    Some(format!("{word}{time}"))
}

/// A unit of several parts (`'1:30' HOUR_MINUTE`) has its quotes in some versions.
fn interval(value: &str) -> String {
    let bare = value.trim_matches('\'');
    if bare.bytes().all(|byte| byte.is_ascii_digit()) {
        return bare.to_owned();
    }
    format!("'{bare}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_of_several_parts_is_quoted_once() {
        assert_eq!(interval("1"), "1");
        assert_eq!(interval("'1:30'"), "'1:30'");
        assert_eq!(interval("1:30"), "'1:30'");
    }
}
