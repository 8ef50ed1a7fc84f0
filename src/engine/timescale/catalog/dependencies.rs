//! What does each object depend on, as the server records it? Not compared: from this comes the order in
//! which statements work.

use super::{
    aggregates::AGGREGATE,
    answer,
    collations::COLLATION,
    constraints::CONSTRAINT,
    continuous_aggregates::CONTINUOUS_AGGREGATE,
    indexes::INDEX,
    kind::{Draft, Kind},
    name,
    routines::{FUNCTION, PROCEDURE},
    row_policies::ROW_POLICY,
    rules::RULE,
    scope::{in_schemas, relations},
    sequences::SEQUENCE,
    statistics::STATISTICS,
    tables::{FOREIGN_TABLE, TABLE},
    triggers::TRIGGER,
    types::{COMPOSITE_TYPE, DOMAIN, ENUM, RANGE_TYPE},
    views::{MATERIALIZED_VIEW, VIEW},
};
use crate::schema::{Key, Schema};
use anyhow::Result;
use serde::Deserialize;
use tokio_postgres::SimpleQueryRow;

/// From the objects that were read to what they depend on (PostgreSQL documentation, 52.18 pg_depend):
/// always from the dependent's side, because a hypertable's chunks depend on it too. What an object
/// depends on by its place (an index on its table's columns) it says itself; so does a view which
/// relations it reads.
const QUERY: &str = concat!(
    "SELECT q.of, q.schema, q.relation, q.own, \
     CASE WHEN q.of = 'relation' AND d.objsubid > 0 THEN (SELECT a.attname FROM pg_catalog.pg_attribute a \
     WHERE a.attrelid = q.objid AND a.attnum = d.objsubid) END AS column, \
     COALESCE(pn.nspname, en.nspname, tn.nspname, kn.nspname, xn.nspname, cn.nspname, ln.nspname) AS on_schema, \
     COALESCE(p.proname, e.typname, t.typname, kc.relname, xc.relname, c.relname, l.collname) AS on_name, \
     pg_catalog.oidvectortypes(p.proargtypes) AS on_arguments, \
     COALESCE(k.conname, CASE WHEN c.relkind IN ('i', 'I') THEN c.relname END) AS on_part, \
     ra.attname AS on_column \
     FROM (",
    "SELECT 'relation' AS of, 'pg_catalog.pg_class'::pg_catalog.regclass AS classid, c.oid AS objid, \
     n.nspname AS schema, c.relname AS relation, NULL::text AS own FROM ",
    relations!(),
    " JOIN pg_catalog.pg_class c ON c.oid = r.oid AND c.relkind <> 'S' \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     UNION ALL SELECT 'index', 'pg_catalog.pg_class'::pg_catalog.regclass, i.indexrelid, n.nspname, c.relname, x.relname FROM ",
    relations!(),
    " JOIN pg_catalog.pg_index i ON i.indrelid = r.oid AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL) \
     JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid \
     JOIN pg_catalog.pg_class c ON c.oid = r.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     UNION ALL SELECT 'default', 'pg_catalog.pg_attrdef'::pg_catalog.regclass, f.oid, n.nspname, c.relname, a.attname FROM ",
    relations!(),
    " JOIN pg_catalog.pg_attrdef f ON f.adrelid = r.oid \
     JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum = f.adnum \
     JOIN pg_catalog.pg_class c ON c.oid = r.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     UNION ALL SELECT 'constraint', 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid, n.nspname, c.relname, k.conname FROM ",
    relations!(),
    " JOIN pg_catalog.pg_constraint k ON k.conrelid = r.oid AND k.contype IN ('c', 'x', 'f') \
     JOIN pg_catalog.pg_class c ON c.oid = r.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     UNION ALL SELECT 'rule', 'pg_catalog.pg_rewrite'::pg_catalog.regclass, w.oid, n.nspname, c.relname, w.rulename FROM ",
    relations!(),
    " JOIN pg_catalog.pg_rewrite w ON w.ev_class = r.oid \
     JOIN pg_catalog.pg_class c ON c.oid = r.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     UNION ALL SELECT 'trigger', 'pg_catalog.pg_trigger'::pg_catalog.regclass, g.oid, n.nspname, c.relname, g.tgname FROM ",
    relations!(),
    " JOIN pg_catalog.pg_trigger g ON g.tgrelid = r.oid AND NOT g.tgisinternal \
     JOIN pg_catalog.pg_class c ON c.oid = r.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     UNION ALL SELECT 'statistics', 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass, s.oid, n.nspname, c.relname, \
     CASE WHEN s.stxnamespace <> c.relnamespace THEN sn.nspname || '.' ELSE '' END || s.stxname FROM ",
    relations!(),
    " JOIN pg_catalog.pg_statistic_ext s ON s.stxrelid = r.oid JOIN pg_catalog.pg_namespace sn ON sn.oid = s.stxnamespace \
     JOIN pg_catalog.pg_class c ON c.oid = r.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     UNION ALL SELECT 'policy', 'pg_catalog.pg_policy'::pg_catalog.regclass, y.oid, n.nspname, c.relname, y.polname FROM ",
    relations!(),
    " JOIN pg_catalog.pg_policy y ON y.polrelid = r.oid \
     JOIN pg_catalog.pg_class c ON c.oid = r.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     UNION ALL SELECT 'check', 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid, n.nspname, t.typname, k.conname \
     FROM pg_catalog.pg_type t JOIN pg_catalog.pg_constraint k ON k.contypid = t.oid AND k.contype = 'c' \
     JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE ",
    in_schemas!("t.typnamespace"),
    " UNION ALL SELECT 'type', 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid, n.nspname, t.typname, NULL \
     FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype IN ('d', 'r') AND ",
    in_schemas!("t.typnamespace"),
    " UNION ALL SELECT 'type', 'pg_catalog.pg_class'::pg_catalog.regclass, t.typrelid, n.nspname, t.typname, NULL \
     FROM pg_catalog.pg_type t JOIN pg_catalog.pg_class c ON c.oid = t.typrelid AND c.relkind = 'c' \
     JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype = 'c' AND ",
    in_schemas!("t.typnamespace"),
    " UNION ALL SELECT 'routine', 'pg_catalog.pg_proc'::pg_catalog.regclass, f.oid, n.nspname, f.proname, \
     pg_catalog.oidvectortypes(f.proargtypes) \
     FROM pg_catalog.pg_proc f JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace WHERE ",
    in_schemas!("f.pronamespace"),
    ") AS q(of, classid, objid, schema, relation, own) \
     JOIN pg_catalog.pg_depend d ON d.classid = q.classid AND d.objid = q.objid \
     AND (d.deptype = 'n' OR d.deptype = 'a' AND d.refobjsubid > 0 AND q.of IN ('trigger', 'default')) \
     LEFT JOIN pg_catalog.pg_proc p ON d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND p.oid = d.refobjid \
     LEFT JOIN pg_catalog.pg_namespace pn ON pn.oid = p.pronamespace \
     LEFT JOIN pg_catalog.pg_type t ON d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND t.oid = d.refobjid \
     LEFT JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace \
     LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND t.typlen = -1 AND t.typelem <> 0 \
     LEFT JOIN pg_catalog.pg_namespace en ON en.oid = e.typnamespace \
     LEFT JOIN pg_catalog.pg_constraint k ON d.refclassid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND k.oid = d.refobjid \
     LEFT JOIN pg_catalog.pg_class kc ON kc.oid = k.conrelid \
     LEFT JOIN pg_catalog.pg_namespace kn ON kn.oid = kc.relnamespace \
     LEFT JOIN pg_catalog.pg_class c ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid = d.refobjid \
     LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = c.relnamespace \
     LEFT JOIN pg_catalog.pg_attribute ra ON ra.attrelid = c.oid AND ra.attnum = d.refobjsubid AND d.refobjsubid > 0 \
     LEFT JOIN pg_catalog.pg_index x ON c.relkind IN ('i', 'I') AND x.indexrelid = c.oid \
     LEFT JOIN pg_catalog.pg_class xc ON xc.oid = x.indrelid \
     LEFT JOIN pg_catalog.pg_namespace xn ON xn.oid = xc.relnamespace \
     LEFT JOIN pg_catalog.pg_collation l ON d.refclassid = 'pg_catalog.pg_collation'::pg_catalog.regclass AND l.oid = d.refobjid \
     LEFT JOIN pg_catalog.pg_namespace ln ON ln.oid = l.collnamespace \
     WHERE NOT (q.of = 'rule' AND q.own = '_RETURN' AND c.oid IS NOT NULL)"
);

pub const KIND: Kind = Kind {
    names: &[],
    timescaledb: false,
    needs: &[
        "pg_catalog.pg_attrdef",
        "pg_catalog.pg_attribute",
        "pg_catalog.pg_class",
        "pg_catalog.pg_collation",
        "pg_catalog.pg_constraint",
        "pg_catalog.pg_depend",
        "pg_catalog.pg_index",
        "pg_catalog.pg_namespace",
        "pg_catalog.pg_policy",
        "pg_catalog.pg_proc",
        "pg_catalog.pg_rewrite",
        "pg_catalog.pg_statistic_ext",
        "pg_catalog.pg_trigger",
        "pg_catalog.pg_type",
    ],
    queries: &[QUERY],
    read,
};

#[derive(Deserialize)]
struct Row {
    of: String,
    schema: String,
    relation: String,
    own: Option<String>,
    column: Option<String>,
    on_schema: Option<String>,
    on_name: Option<String>,
    on_arguments: Option<String>,
    on_part: Option<String>,
    on_column: Option<String>,
}

const RELATIONS: [&str; 6] = [
    TABLE,
    FOREIGN_TABLE,
    VIEW,
    MATERIALIZED_VIEW,
    CONTINUOUS_AGGREGATE,
    SEQUENCE,
];
const TYPES: [&str; 4] = [ENUM, DOMAIN, COMPOSITE_TYPE, RANGE_TYPE];
const ROUTINES: [&str; 3] = [FUNCTION, PROCEDURE, AGGREGATE];
/// Kind of a column where it is depended on; columns are parts of their tables otherwise.
pub const COLUMN: &str = "column";

fn read(answers: &[Vec<SimpleQueryRow>], draft: &mut Draft) -> Result<()> {
    for row in answer::decode::<Row>(&answers[0])? {
        let Some((key, part)) = dependent(&row, &draft.schema) else {
            continue;
        };
        let Some(on) = depended(&row, &draft.schema) else {
            continue;
        };
        if on == key {
            continue;
        }
        if let Some(object) = draft.schema.objects.get_mut(&key) {
            let known = object.depends_on.entry(part).or_default();
            known.insert(on.to_string());
        }
    }
    Ok(())
}

/// The object, and the part of it that depends.
fn dependent(row: &Row, schema: &Schema) -> Option<(Key, String)> {
    let whole = name::qualified(&row.schema, &row.relation);
    let own = row.own.as_deref().unwrap_or_default();
    let of_table = |kind: &str| Key::new(kind, format!("{whole}.{}", name::part(own)));
    let definition = "definition".to_owned();
    Some(match row.of.as_str() {
        "relation" => match &row.column {
            Some(column) => (relation(&whole, schema)?, format!("columns.{column}")),
            None => (relation(&whole, schema)?, definition),
        },
        "default" => (relation(&whole, schema)?, format!("columns.{own}.default")),
        "index" => (of_table(INDEX), definition),
        "constraint" => (of_table(CONSTRAINT), definition),
        "trigger" => (of_table(TRIGGER), definition),
        "policy" => (of_table(ROW_POLICY), definition),
        "statistics" => (of_table(STATISTICS), definition),
        "rule" if own == "_RETURN" => (relation(&whole, schema)?, definition),
        "rule" => (of_table(RULE), definition),
        "check" => (Key::new(DOMAIN, whole), format!("checks.{own}")),
        "type" => (among(&TYPES, &whole, schema)?, definition),
        _ => {
            let signature = format!("{whole}({own})");
            (among(&ROUTINES, &signature, schema)?, definition)
        }
    })
}

fn depended(row: &Row, schema: &Schema) -> Option<Key> {
    let whole = name::qualified(row.on_schema.as_deref()?, row.on_name.as_deref()?);
    if let Some(arguments) = &row.on_arguments {
        return among(&ROUTINES, &format!("{whole}({arguments})"), schema);
    }
    if let Some(part) = &row.on_part {
        let of_table = format!("{whole}.{}", name::part(part));
        return among(&[CONSTRAINT, INDEX], &of_table, schema);
    }
    if let Some(column) = &row.on_column {
        relation(&whole, schema)?;
        return Some(Key::new(COLUMN, format!("{whole}.{}", name::part(column))));
    }
    among(&TYPES, &whole, schema)
        .or_else(|| relation(&whole, schema))
        .or_else(|| among(&[COLLATION], &whole, schema))
}

/// The relation of that name, whatever it is.
pub fn relation(whole: &str, schema: &Schema) -> Option<Key> {
    among(&RELATIONS, whole, schema)
}

fn among(kinds: &[&str], name: &str, schema: &Schema) -> Option<Key> {
    let mut keys = kinds.iter().map(|kind| Key::new(*kind, name));
    keys.find(|key| schema.objects.contains_key(key))
}
