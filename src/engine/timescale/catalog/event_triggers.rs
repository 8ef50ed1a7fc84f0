//! Which event triggers does the database have, beside those of extensions?

use super::{
    access::Access,
    answer,
    kind::{Draft, Kind, object},
    name,
    scope::not_of_extension,
    triggers::firing,
};
use anyhow::Result;
use serde::{Deserialize, Serialize};
use tokio_postgres::SimpleQueryRow;

/// `event_trigger`, by its name.
pub const EVENT_TRIGGER: &str = "event_trigger";

const QUERY: &str = concat!(
    "SELECT v.evtname AS name, \
     v.evtevent AS event, \
     v.evttags AS tags, \
     v.evtenabled AS enabled, \
     n.nspname AS function_schema, \
     p.proname AS function, \
     pg_catalog.pg_get_userbyid(v.evtowner) AS owner, \
     pg_catalog.obj_description(v.oid, 'pg_event_trigger') AS comment \
     FROM pg_catalog.pg_event_trigger v \
     JOIN pg_catalog.pg_proc p ON p.oid = v.evtfoid \
     JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
     WHERE ",
    not_of_extension!("pg_event_trigger", "v.oid"),
    " ORDER BY v.evtname"
);

pub const KIND: Kind = Kind {
    names: &[EVENT_TRIGGER],
    timescaledb: false,
    needs: &["pg_catalog.pg_event_trigger", "pg_catalog.pg_proc"],
    queries: &[QUERY],
    read,
};

#[derive(Deserialize)]
struct Row {
    name: String,
    event: String,
    tags: Option<Vec<String>>,
    enabled: String,
    function_schema: String,
    function: String,
    #[serde(flatten)]
    access: Access,
}

/// What runs when a statement changes the schema.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EventTrigger {
    pub event: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    pub function: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<String>,
}

fn read(answers: &[Vec<SimpleQueryRow>], draft: &mut Draft) -> Result<()> {
    for row in answer::decode::<Row>(&answers[0])? {
        let mut tags = row.tags.unwrap_or_default();
        tags.sort();
        let trigger = EventTrigger {
            event: row.event,
            tags,
            function: name::qualified(&row.function_schema, &row.function),
            enabled: firing(&row.enabled),
        };
        let mut object = object(EVENT_TRIGGER, name::part(&row.name), &trigger)?;
        row.access.attach(&mut object);
        draft.schema.insert(object);
    }
    Ok(())
}
