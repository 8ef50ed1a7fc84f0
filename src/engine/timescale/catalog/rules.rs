//! Which rewrite rules do tables and views have, beside the one that makes a view a view?

use super::{
    access::Access,
    answer,
    kind::{Draft, Kind, object},
    name,
    scope::relations,
    triggers::firing,
};
use crate::engine::timescale::normal;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio_postgres::SimpleQueryRow;

/// `rule`, as `table.rule`.
pub const RULE: &str = "rule";

const QUERY: &str = concat!(
    "SELECT n.nspname AS schema, \
     c.relname AS table, \
     w.rulename AS name, \
     w.ev_type AS event, \
     w.is_instead AS instead, \
     w.ev_enabled AS enabled, \
     pg_catalog.pg_get_ruledef(w.oid) AS definition, \
     pg_catalog.obj_description(w.oid, 'pg_rewrite') AS comment \
     FROM ",
    relations!(),
    " JOIN pg_catalog.pg_rewrite w ON w.ev_class = r.oid AND w.rulename <> '_RETURN' \
     JOIN pg_catalog.pg_class c ON c.oid = w.ev_class \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     ORDER BY n.nspname, c.relname, w.rulename"
);

pub const KIND: Kind = Kind {
    names: &[RULE],
    timescaledb: false,
    needs: &["pg_catalog.pg_rewrite"],
    queries: &[QUERY],
    read,
};

#[derive(Deserialize)]
struct Row {
    schema: String,
    table: String,
    name: String,
    event: String,
    instead: bool,
    enabled: String,
    definition: Option<String>,
    #[serde(flatten)]
    access: Access,
}

/// A rule; its text is compared within one major version, this across them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rule {
    pub event: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub instead: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<String>,
}

fn read(answers: &[Vec<SimpleQueryRow>], draft: &mut Draft) -> Result<()> {
    for row in answer::decode::<Row>(&answers[0])? {
        let rule = Rule {
            event: match row.event.as_str() {
                "2" => "update",
                "3" => "insert",
                "4" => "delete",
                _ => "select",
            }
            .to_owned(),
            instead: row.instead,
            enabled: firing(&row.enabled),
        };
        let definition = normal::statement(&answer::present(row.definition)?);
        let key = name::of_table(&row.schema, &row.table, &row.name);
        let mut object = object(RULE, key, &rule)?;
        object.per_major = Some(json!({ "definition": definition }));
        row.access.attach(&mut object);
        draft.schema.insert(object);
    }
    Ok(())
}
