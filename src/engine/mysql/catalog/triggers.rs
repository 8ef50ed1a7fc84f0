//! What is a trigger? The order of several for one moment is a matter of their table.

use super::{cells::Cells, shown::Shown};
use crate::{
    engine::mysql::normal,
    schema::{Class, Key, Object},
};
use anyhow::Result;
use mysql_async::Row;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// The kind of these objects.
pub const KIND: &str = "trigger";

pub const QUERY: &str = "SELECT t.EVENT_OBJECT_TABLE, \
     t.TRIGGER_NAME, \
     t.ACTION_TIMING, \
     t.EVENT_MANIPULATION, \
     t.ACTION_STATEMENT, \
     t.SQL_MODE, \
     t.DEFINER \
     FROM information_schema.TRIGGERS AS t \
     WHERE t.TRIGGER_SCHEMA = DATABASE() \
     ORDER BY t.EVENT_OBJECT_TABLE, t.ACTION_TIMING, t.EVENT_MANIPULATION, t.ACTION_ORDER";

/// A trigger as it is compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    /// `BEFORE` or `AFTER`.
    pub timing: String,
    /// `INSERT`, `UPDATE` or `DELETE`.
    pub event: String,
    pub body: String,
    /// Only modes that change what this body means.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sql_mode: Vec<String>,
}

/// Triggers by table.
#[derive(Debug, Default)]
pub struct Triggers {
    pub objects: Vec<Object>,
    /// By table and moment, where there are several.
    pub order: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

/// Every trigger on a table that `known` knows.
pub fn read(rows: Vec<Row>, shown: &Shown, known: impl Fn(&str) -> bool) -> Result<Triggers> {
    let mut triggers = Triggers::default();
    for row in rows {
        let mut cells = Cells::new(row);
        let (table, name) = (cells.text()?, cells.text()?);
        if !known(&table) {
            continue;
        }
        let (timing, event) = (cells.text()?, cells.text()?);
        let told = cells.or_empty()?;
        let body = shown.trigger_body(&name).unwrap_or(&told);
        let trigger = Trigger {
            body: normal::body(body),
            sql_mode: normal::matters(&cells.or_empty()?, body),
            timing: timing.clone(),
            event: event.clone(),
        };
        let key = Key::new(KIND, format!("{table}.{name}"));
        let mut object = Object::new(key, serde_json::to_value(trigger)?);
        object
            .optional
            .insert(Class::Definers, json!(cells.text()?));
        triggers.objects.push(object);
        let moment = format!("{timing}_{event}").to_ascii_lowercase();
        let of_table = triggers.order.entry(table).or_default();
        of_table.entry(moment).or_default().push(name);
    }
    for moments in triggers.order.values_mut() {
        moments.retain(|_, names| names.len() > 1);
    }
    Ok(triggers)
}
