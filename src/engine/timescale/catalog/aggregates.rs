//! Which aggregate functions are there, and of which functions are they made?

use super::{
    access::{Access, grants},
    answer,
    kind::{Draft, Kind, object},
    name,
    scope::{in_schemas, not_of_extension},
};
use anyhow::Result;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio_postgres::SimpleQueryRow;

/// `aggregate`, as `name(argument types)`.
pub const AGGREGATE: &str = "aggregate";

/// The parts have the names of CREATE AGGREGATE's, so that repair writes them as they are.
const QUERY: &str = concat!(
    "SELECT n.nspname AS schema, \
     p.proname AS name, \
     pg_catalog.pg_get_function_identity_arguments(p.oid) AS identity, \
     pg_catalog.json_strip_nulls(pg_catalog.json_build_object(\
     'sfunc', a.aggtransfn::pg_catalog.regproc::text, \
     'stype', pg_catalog.format_type(a.aggtranstype, NULL), \
     'sspace', NULLIF(a.aggtransspace, 0)::text, \
     'finalfunc', NULLIF(a.aggfinalfn::pg_catalog.regproc::text, '-'), \
     'combinefunc', NULLIF(a.aggcombinefn::pg_catalog.regproc::text, '-'), \
     'serialfunc', NULLIF(a.aggserialfn::pg_catalog.regproc::text, '-'), \
     'deserialfunc', NULLIF(a.aggdeserialfn::pg_catalog.regproc::text, '-'), \
     'initcond', a.agginitval, \
     'msfunc', NULLIF(a.aggmtransfn::pg_catalog.regproc::text, '-'), \
     'minvfunc', NULLIF(a.aggminvtransfn::pg_catalog.regproc::text, '-'), \
     'mstype', CASE WHEN a.aggmtranstype <> 0 THEN pg_catalog.format_type(a.aggmtranstype, NULL) END, \
     'mfinalfunc', NULLIF(a.aggmfinalfn::pg_catalog.regproc::text, '-'), \
     'minitcond', a.aggminitval, \
     'sortop', CASE WHEN a.aggsortop <> 0 THEN a.aggsortop::pg_catalog.regoperator::text END, \
     'parallel', CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' END)) AS parts, \
     pg_catalog.pg_get_userbyid(p.proowner) AS owner, ",
    grants!("f", "p.proacl", "p.proowner"),
    " AS grants, \
     pg_catalog.obj_description(p.oid, 'pg_proc') AS comment \
     FROM pg_catalog.pg_proc p \
     JOIN pg_catalog.pg_aggregate a ON a.aggfnoid = p.oid \
     JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
     WHERE p.prokind = 'a' AND ",
    in_schemas!("p.pronamespace"),
    " AND ",
    not_of_extension!("pg_proc", "p.oid"),
    " ORDER BY n.nspname, p.proname, 3"
);

pub const KIND: Kind = Kind {
    names: &[AGGREGATE],
    timescaledb: false,
    needs: &["pg_catalog.pg_proc", "pg_catalog.pg_aggregate"],
    queries: &[QUERY],
    read,
};

#[derive(Deserialize)]
struct Row {
    schema: String,
    name: String,
    identity: Option<String>,
    parts: Map<String, Value>,
    #[serde(flatten)]
    access: Access,
}

fn read(answers: &[Vec<SimpleQueryRow>], draft: &mut Draft) -> Result<()> {
    for row in answer::decode::<Row>(&answers[0])? {
        let identity = answer::present(row.identity)?;
        let key = format!("{}({identity})", name::qualified(&row.schema, &row.name));
        let mut object = object(AGGREGATE, key, &row.parts)?;
        row.access.attach(&mut object);
        draft.schema.insert(object);
    }
    Ok(())
}
