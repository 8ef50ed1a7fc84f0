//! Which extended statistics are kept on tables? Part of their table, as an index is.

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

/// `statistics`, as `table.statistics`.
pub const STATISTICS: &str = "statistics";

/// The columns of expressions came with 14, so the server's own print is taken apart: what stands before
/// and behind is known. `stxstattarget` is NULL for the default since 17, and was -1.
const QUERY: &str = concat!(
    "SELECT n.nspname AS schema, \
     c.relname AS table, \
     CASE WHEN x.stxnamespace <> c.relnamespace THEN sn.nspname END AS own_schema, \
     x.stxname AS name, \
     pg_catalog.pg_get_statisticsobjdef(x.oid) AS definition, \
     pg_catalog.format('CREATE STATISTICS %I.%I', sn.nspname, x.stxname) AS before, \
     ' FROM ' || x.stxrelid::pg_catalog.regclass::text AS behind, \
     NULLIF(x.stxstattarget, -1)::integer AS target, \
     pg_catalog.pg_get_userbyid(x.stxowner) AS owner, \
     pg_catalog.obj_description(x.oid, 'pg_statistic_ext') AS comment \
     FROM ",
    relations!(),
    " JOIN pg_catalog.pg_statistic_ext x ON x.stxrelid = r.oid \
     JOIN pg_catalog.pg_class c ON c.oid = x.stxrelid \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     JOIN pg_catalog.pg_namespace sn ON sn.oid = x.stxnamespace \
     ORDER BY n.nspname, c.relname, x.stxname"
);

pub const KIND: Kind = Kind {
    names: &[STATISTICS],
    timescaledb: false,
    needs: &["pg_catalog.pg_statistic_ext"],
    queries: &[QUERY],
    read,
};

#[derive(Deserialize)]
struct Row {
    schema: String,
    table: String,
    own_schema: Option<String>,
    name: String,
    definition: Option<String>,
    before: String,
    behind: String,
    target: Option<i32>,
    #[serde(flatten)]
    access: Access,
}

/// What the planner is told beyond single columns.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Statistics {
    /// Where that is not its table's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    pub name: String,
    /// `ndistinct`, `dependencies`, `mcv`; absent is all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<String>,
    /// Columns and expressions as the server prints them.
    pub of: String,
    /// Absent is the server's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<i32>,
}

fn read(answers: &[Vec<SimpleQueryRow>], draft: &mut Draft) -> Result<()> {
    for row in answer::decode::<Row>(&answers[0])? {
        let definition = answer::present(row.definition)?;
        let (kinds, of) = answer::present(parts(&definition, &row.before, &row.behind))?;
        // Two of one name on one table live in two schemas.
        let own = match &row.own_schema {
            Some(schema) => format!("{schema}.{}", row.name),
            None => row.name.clone(),
        };
        let statistics = Statistics {
            schema: row.own_schema,
            name: row.name,
            kinds,
            of,
            target: row.target,
        };
        let key = name::of_table(&row.schema, &row.table, &own);
        let mut object = object(STATISTICS, key, &statistics)?;
        row.access.attach(&mut object);
        draft.schema.insert(object);
    }
    Ok(())
}

/// Kinds, and columns and expressions, of a print.
fn parts(definition: &str, before: &str, behind: &str) -> Option<(Option<String>, String)> {
    let middle = definition.strip_prefix(before)?.strip_suffix(behind)?;
    let (kinds, of) = middle.split_once(" ON ")?;
    let kinds = kinds.trim().strip_prefix('(');
    let kinds = kinds.and_then(|kinds| kinds.strip_suffix(')'));
    Some((kinds.map(str::to_owned), of.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_print_is_taken_apart() {
        let (before, behind) = ("CREATE STATISTICS public.\"a ON b\"", " FROM public.t");
        let some = format!("{before} (ndistinct, mcv) ON a, lower(b){behind}");
        let some = parts(&some, before, behind);
        assert_eq!(
            some,
            Some((Some("ndistinct, mcv".to_owned()), "a, lower(b)".to_owned()))
        );
        let all = format!("{before} ON a, b{behind}");
        assert_eq!(parts(&all, before, behind), Some((None, "a, b".to_owned())));
    }
}
