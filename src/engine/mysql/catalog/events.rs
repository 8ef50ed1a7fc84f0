//! What is an event? Its times are left out: the server fills in the moment of creation, so that
//! the same migration run twice has other times, and a dump writes them out as if they were asked for.
//!
//! An event that drops itself when its time is over is data, not schema.

use super::{cells::Cells, shown::Shown};
use crate::{
    engine::mysql::normal,
    schema::{Class, Key, Object},
};
use anyhow::Result;
use mysql_async::Row;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The kind of these objects.
pub const KIND: &str = "event";

pub const QUERY: &str = "SELECT e.EVENT_NAME, \
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
pub fn read(rows: Vec<Row>, shown: &Shown) -> Result<Vec<Object>> {
    let mut objects = Vec::new();
    for row in rows {
        let mut cells = Cells::new(row);
        let name = cells.text()?;
        let recurring = cells.text()? == "RECURRING";
        let (value, unit) = (cells.or_empty()?, cells.or_empty()?);
        let ends = cells.maybe()?.is_some() || !recurring;
        let preserve = cells.text()? == "PRESERVE";
        let disabled = cells.text()? == "DISABLED";
        if ends && !preserve {
            continue;
        }
        let told = cells.or_empty()?;
        let body = shown.event_body(&name).unwrap_or(&told);
        let event = Event {
            schedule: if recurring {
                format!("EVERY {} {unit}", interval(&value))
            } else {
                "AT".to_owned()
            },
            preserve,
            disabled: disabled && !ends,
            body: normal::body(body),
            sql_mode: normal::matters(&cells.or_empty()?, body),
        };
        let mut object = Object::new(Key::new(KIND, name), serde_json::to_value(event)?);
        let comment = cells.or_empty()?;
        if !comment.is_empty() {
            object.optional.insert(Class::Comments, json!(comment));
        }
        object
            .optional
            .insert(Class::Definers, json!(cells.text()?));
        objects.push(object);
    }
    Ok(objects)
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
