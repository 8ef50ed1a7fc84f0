//! What is an event? Its times are left out: the server fills in the moment of creation, so that
//! the same migration run twice has other times, and a dump writes them out as if they were asked for.
//!
//! An event that drops itself when its time is over is data, not schema.

use super::{
    answer,
    kind::{Ask, Asks, Draft, Kind, attach},
    show_create::is_mangled,
};
use crate::{engine::mysql::normal, schema::Class};
use anyhow::Result;
use serde::{Deserialize, Serialize};

/// The kind of these objects.
pub const KIND: &str = "event";

const QUERY: &str = "SELECT e.EVENT_NAME, \
     e.EVENT_TYPE, \
     e.INTERVAL_VALUE, \
     e.INTERVAL_FIELD, \
     e.ENDS, \
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
    ends: Option<String>,
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
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub preserve: bool,
    /// Switched off by hand; not by being a replica's, and not by being over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    pub body: String,
    /// Only modes that change what this body means.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sql_mode: Vec<String>,
}

/// Every event that stays.
fn read(rows: Vec<Vec<mysql_async::Row>>, draft: &mut Draft) -> Result<()> {
    let [rows] = answer::of(rows)?;
    for row in answer::decode::<Row>(rows)? {
        let recurring = row.event_type == "RECURRING";
        let ends = row.ends.is_some() || !recurring;
        let preserve = row.on_completion == "PRESERVE";
        if ends && !preserve {
            continue;
        }
        let value = interval(&row.interval_value.unwrap_or_default());
        let unit = row.interval_field.unwrap_or_default();
        let told = row.event_definition.unwrap_or_default();
        let body = draft.shown.event_body(&row.event_name).unwrap_or(&told);
        let event = Event {
            schedule: if recurring {
                format!("EVERY {value} {unit}")
            } else {
                "AT".to_owned()
            },
            preserve,
            disabled: row.status == "DISABLED" && !ends,
            body: normal::body(body),
            sql_mode: normal::matters(&row.sql_mode.unwrap_or_default(), body),
        };
        let object = draft.add(KIND, row.event_name, &event)?;
        attach(object, Class::Comments, row.event_comment);
        attach(object, Class::Definers, Some(row.definer));
    }
    Ok(())
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
