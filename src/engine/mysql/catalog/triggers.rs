//! What is a trigger? The order of several for one moment is a matter of their table.

use super::{
    answer,
    kind::{Ask, Asks, Draft, Kind, attach},
    show_create::is_mangled,
};
use crate::{engine::mysql::normal, schema::Class};
use anyhow::Result;
use serde::{Deserialize, Serialize};

/// The kind of these objects.
pub const KIND: &str = "trigger";

const QUERY: &str = "SELECT t.EVENT_OBJECT_TABLE, \
     t.TRIGGER_NAME, \
     t.ACTION_TIMING, \
     t.EVENT_MANIPULATION, \
     t.ACTION_STATEMENT, \
     t.SQL_MODE, \
     t.DEFINER \
     FROM information_schema.TRIGGERS AS t \
     WHERE t.TRIGGER_SCHEMA = DATABASE() \
     ORDER BY t.EVENT_OBJECT_TABLE, t.ACTION_TIMING, t.EVENT_MANIPULATION, t.ACTION_ORDER";

pub const TRIGGERS: Kind = Kind {
    names: &[KIND],
    needs: &["TRIGGER"],
    queries: &[QUERY],
    asks: Some(Asks {
        of: |rows, _| {
            let said = ["TRIGGER_NAME", "ACTION_STATEMENT"];
            Ask::about(KIND, &rows[0], said, is_mangled)
        },
        named: "TRIGGER_NAME",
    }),
    read,
};

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Row {
    event_object_table: String,
    trigger_name: String,
    action_timing: String,
    event_manipulation: String,
    action_statement: Option<String>,
    sql_mode: Option<String>,
    definer: String,
}

/// A trigger as it is compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    /// `BEFORE` or `AFTER`.
    pub timing: String,
    /// `INSERT`, `UPDATE` or `DELETE`.
    pub event: String,
    /// As it was sent, with its comments and line ends.
    pub body: String,
    /// Only modes that change what this body means.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sql_mode: Vec<String>,
}

fn read(rows: Vec<Vec<mysql_async::Row>>, draft: &mut Draft) -> Result<()> {
    let [rows] = answer::of(rows)?;
    for row in answer::decode::<Row>(rows)? {
        let (table, name) = (row.event_object_table, row.trigger_name);
        let moment = format!("{}_{}", row.action_timing, row.event_manipulation);
        let Some(parts) = draft.parts_of(&table) else {
            continue;
        };
        let order = &mut parts.trigger_order;
        let order = order.entry(moment.to_ascii_lowercase()).or_default();
        order.push(name.clone());
        let told = row.action_statement.unwrap_or_default();
        let body = draft.shown.trigger_body(&name).unwrap_or(&told);
        let trigger = Trigger {
            body: normal::as_sent(body),
            sql_mode: normal::matters(&row.sql_mode.unwrap_or_default(), body),
            timing: row.action_timing,
            event: row.event_manipulation,
        };
        let object = draft.add(KIND, format!("{table}.{name}"), &trigger)?;
        attach(object, Class::Definers, Some(row.definer));
    }
    for parts in draft.parts.values_mut() {
        parts.trigger_order.retain(|_, names| names.len() > 1);
    }
    Ok(())
}
