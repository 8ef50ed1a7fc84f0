//! Which schemas are there, beside the system's and those of extensions?

use super::{
    access::{self, Access, DefaultGrant, default_grants, grants},
    answer,
    kind::{Draft, Kind, object},
    name,
    scope::in_schemas,
};
use anyhow::Result;
use serde::Deserialize;
use tokio_postgres::SimpleQueryRow;

/// `schema`, by its name.
pub const SCHEMA: &str = "schema";

const QUERY: &str = concat!(
    "SELECT n.nspname AS name, \
     pg_catalog.pg_get_userbyid(n.nspowner) AS owner, ",
    grants!("n", "n.nspacl", "n.nspowner"),
    " AS grants, ",
    default_grants!("n.oid"),
    " AS defaults, \
     pg_catalog.obj_description(n.oid, 'pg_namespace') AS comment \
     FROM pg_catalog.pg_namespace n \
     WHERE ",
    in_schemas!("n.oid"),
    " ORDER BY n.nspname"
);

pub const KIND: Kind = Kind {
    names: &[SCHEMA],
    timescaledb: false,
    needs: &["pg_catalog.pg_default_acl"],
    queries: &[QUERY],
    read,
};

#[derive(Deserialize)]
struct Row {
    name: String,
    defaults: Option<Vec<DefaultGrant>>,
    #[serde(flatten)]
    access: Access,
}

fn read(answers: &[Vec<SimpleQueryRow>], draft: &mut Draft) -> Result<()> {
    for row in answer::decode::<Row>(&answers[0])? {
        let mut object = object(SCHEMA, name::part(&row.name), &())?;
        row.access.attach(&mut object);
        access::attach_defaults(&mut object, row.defaults);
        draft.schema.insert(object);
    }
    Ok(())
}
