//! Which row-level policies do tables have? Whether they are in force is the table's `row_security`.

use super::{
    access::Access,
    answer,
    kind::{Draft, Kind, object},
    name,
    scope::relations,
};
use anyhow::Result;
use serde::{Deserialize, Serialize};
use tokio_postgres::SimpleQueryRow;

/// `row_policy`, as `table.policy`.
pub const ROW_POLICY: &str = "row_policy";

const QUERY: &str = concat!(
    "SELECT n.nspname AS schema, \
     c.relname AS table, \
     y.polname AS name, \
     NOT y.polpermissive AS restrictive, \
     y.polcmd AS command, \
     (SELECT pg_catalog.json_agg(CASE WHEN o.id = 0 THEN 'public' ELSE pg_catalog.pg_get_userbyid(o.id) END) \
     FROM pg_catalog.unnest(y.polroles) AS o(id)) AS roles, \
     pg_catalog.pg_get_expr(y.polqual, y.polrelid) AS using, \
     pg_catalog.pg_get_expr(y.polwithcheck, y.polrelid) AS check, \
     pg_catalog.obj_description(y.oid, 'pg_policy') AS comment \
     FROM ",
    relations!(),
    " JOIN pg_catalog.pg_policy y ON y.polrelid = r.oid \
     JOIN pg_catalog.pg_class c ON c.oid = y.polrelid \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     ORDER BY n.nspname, c.relname, y.polname"
);

pub const KIND: Kind = Kind {
    names: &[ROW_POLICY],
    timescaledb: false,
    needs: &["pg_catalog.pg_policy"],
    queries: &[QUERY],
    read,
};

#[derive(Deserialize)]
struct Row {
    schema: String,
    table: String,
    name: String,
    restrictive: bool,
    command: String,
    roles: Option<Vec<String>>,
    using: Option<String>,
    check: Option<String>,
    #[serde(flatten)]
    access: Access,
}

/// Who may see or write which rows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RowPolicy {
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restrictive: bool,
    pub command: String,
    pub roles: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub using: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
}

fn read(answers: &[Vec<SimpleQueryRow>], draft: &mut Draft) -> Result<()> {
    for row in answer::decode::<Row>(&answers[0])? {
        let mut roles = row.roles.unwrap_or_default();
        roles.sort();
        let policy = RowPolicy {
            restrictive: row.restrictive,
            command: match row.command.as_str() {
                "r" => "select",
                "a" => "insert",
                "w" => "update",
                "d" => "delete",
                _ => "all",
            }
            .to_owned(),
            roles,
            using: row.using,
            check: row.check,
        };
        let key = name::of_table(&row.schema, &row.table, &row.name);
        let mut object = object(ROW_POLICY, key, &policy)?;
        row.access.attach(&mut object);
        draft.schema.insert(object);
    }
    Ok(())
}
