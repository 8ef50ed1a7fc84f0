//! Which functions and procedures are there, and what do they do?

use super::{
    access::{Access, grants},
    answer,
    kind::{Draft, Kind, object},
    name,
    scope::{in_schemas, not_of_extension},
    tables,
};
use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use tokio_postgres::SimpleQueryRow;

/// `function`, as `name(argument types)`.
pub const FUNCTION: &str = "function";
/// `procedure`, as `name(argument types)`.
pub const PROCEDURE: &str = "procedure";

/// The constructors that a range type brings with it are the type's (`deptype` i).
/// A body written as SQL and not as a string (14 and later) is printed by the server.
const QUERY: &str = concat!(
    "SELECT n.nspname AS schema, \
     p.proname AS name, \
     pg_catalog.oidvectortypes(p.proargtypes) AS identity, \
     p.prokind = 'p' AS procedure, \
     p.prokind = 'w' AS window, \
     pg_catalog.pg_get_function_arguments(p.oid) AS arguments, \
     pg_catalog.pg_get_function_result(p.oid) AS returns, \
     l.lanname AS language, \
     p.provolatile AS volatility, \
     p.proisstrict AS strict, \
     p.prosecdef AS security_definer, \
     p.proleakproof AS leakproof, \
     p.proparallel AS parallel, \
     p.procost AS cost, \
     p.proretset AS returns_set, \
     p.prorows AS rows, \
     p.proconfig AS config, \
     p.probin AS library, \
     p.prosrc AS body, \
     CASE WHEN p.prosrc = '' THEN pg_catalog.pg_get_functiondef(p.oid) END AS definition, \
     pg_catalog.pg_get_userbyid(p.proowner) AS owner, ",
    grants!("f", "p.proacl", "p.proowner"),
    " AS grants, \
     pg_catalog.obj_description(p.oid, 'pg_proc') AS comment \
     FROM pg_catalog.pg_proc p \
     JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
     JOIN pg_catalog.pg_language l ON l.oid = p.prolang \
     WHERE p.prokind <> 'a' AND ",
    in_schemas!("p.pronamespace"),
    " AND ",
    not_of_extension!("pg_proc", "p.oid"),
    " AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend i \
     WHERE i.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass \
     AND i.objid = p.oid AND i.deptype = 'i') \
     ORDER BY n.nspname, p.proname, 3"
);

pub const KIND: Kind = Kind {
    names: &[FUNCTION, PROCEDURE],
    timescaledb: false,
    needs: &["pg_catalog.pg_proc", "pg_catalog.pg_language"],
    queries: &[QUERY],
    read,
};

#[derive(Deserialize)]
struct Row {
    schema: String,
    name: String,
    identity: String,
    procedure: bool,
    window: bool,
    arguments: Option<String>,
    returns: Option<String>,
    language: String,
    volatility: String,
    strict: bool,
    security_definer: bool,
    leakproof: bool,
    parallel: String,
    cost: f64,
    returns_set: bool,
    rows: f64,
    config: Option<Vec<String>>,
    library: Option<String>,
    body: String,
    definition: Option<String>,
    #[serde(flatten)]
    access: Access,
}

/// A function or procedure; what is absent is what CREATE FUNCTION takes by itself.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Routine {
    pub arguments: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returns: Option<String>,
    pub language: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub window: bool,
    /// `immutable` or `stable`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volatility: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub strict: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub security_definer: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub leakproof: bool,
    /// `safe` or `restricted`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<f64>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub config: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub library: Option<String>,
    /// Absent where the body is SQL that the server has taken in; then its text is compared within
    /// one major version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

fn read(answers: &[Vec<SimpleQueryRow>], draft: &mut Draft) -> Result<()> {
    for row in answer::decode::<Row>(&answers[0])? {
        let key = format!(
            "{}({})",
            name::qualified(&row.schema, &row.name),
            row.identity
        );
        let kind = if row.procedure { PROCEDURE } else { FUNCTION };
        let definition = row.definition.clone();
        let (routine, access) = routine(row)?;
        let mut object = object(kind, key, &routine)?;
        object.per_major = definition.map(|text| json!({ "definition": text }));
        access.attach(&mut object);
        draft.schema.insert(object);
    }
    Ok(())
}

fn routine(row: Row) -> Result<(Routine, Access)> {
    // pg_proc's own defaults (PostgreSQL documentation, CREATE FUNCTION: COST, ROWS).
    let usual_cost = match row.language.as_str() {
        "internal" | "c" => 1.0,
        _ => 100.0,
    };
    let usual_rows = if row.returns_set { 1000.0 } else { 0.0 };
    let unless = |value: f64, usual: f64| Some(value).filter(|value| *value != usual);
    let routine = Routine {
        arguments: answer::present(row.arguments)?,
        returns: row.returns,
        language: row.language,
        window: row.window,
        volatility: match row.volatility.as_str() {
            "i" => Some("immutable".to_owned()),
            "s" => Some("stable".to_owned()),
            _ => None,
        },
        strict: row.strict,
        security_definer: row.security_definer,
        leakproof: row.leakproof,
        parallel: match row.parallel.as_str() {
            "s" => Some("safe".to_owned()),
            "r" => Some("restricted".to_owned()),
            _ => None,
        },
        cost: unless(row.cost, usual_cost),
        rows: unless(row.rows, usual_rows),
        config: tables::options(row.config),
        library: row.library,
        body: Some(row.body).filter(|_| row.definition.is_none()),
    };
    Ok((routine, row.access))
}
