//! What is published to subscribers, and which changes of it?

use super::{
    access::Access,
    answer,
    kind::{Draft, Kind, object},
    name,
    scope::not_of_extension,
};
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use tokio_postgres::SimpleQueryRow;

/// `publication`, by its name.
pub const PUBLICATION: &str = "publication";

/// Schemas came with 15 and a catalog of their own, which is asked about through pg_depend; `pubgencols`
/// came with 18. What a server does not have reads as NULL.
const PUBLICATIONS: &str = concat!(
    "SELECT p.pubname AS name, \
     p.puballtables AS all_tables, \
     p.pubinsert AS insert, \
     p.pubupdate AS update, \
     p.pubdelete AS delete, \
     p.pubtruncate AS truncate, \
     p.pubviaroot AS via_root, \
     NULLIF(pg_catalog.to_jsonb(p)->>'pubgencols', 'n') AS generated, \
     (SELECT pg_catalog.json_agg(n.nspname ORDER BY n.nspname) \
     FROM pg_catalog.pg_depend d \
     JOIN pg_catalog.pg_depend s ON s.classid = d.classid AND s.objid = d.objid \
     AND s.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass \
     JOIN pg_catalog.pg_namespace n ON n.oid = s.refobjid \
     WHERE d.refclassid = 'pg_catalog.pg_publication'::pg_catalog.regclass AND d.refobjid = p.oid \
     AND d.classid = pg_catalog.to_regclass('pg_catalog.pg_publication_namespace')) AS schemas, \
     pg_catalog.pg_get_userbyid(p.pubowner) AS owner, \
     pg_catalog.obj_description(p.oid, 'pg_publication') AS comment \
     FROM pg_catalog.pg_publication p \
     WHERE ",
    not_of_extension!("pg_publication", "p.oid"),
    " ORDER BY p.pubname"
);

/// Lists of columns and filters of rows came with 15: before, their names mean those of `absent`.
const TABLES: &str = "SELECT p.pubname AS publication, \
     n.nspname AS schema, \
     c.relname AS table, \
     (SELECT pg_catalog.json_agg(a.attname ORDER BY a.attname) FROM (SELECT r.*) AS own \
     JOIN pg_catalog.pg_attribute a ON a.attrelid = own.prrelid AND a.attnum = ANY (prattrs)) AS columns, \
     (SELECT pg_catalog.pg_get_expr(prqual, own.prrelid) FROM (SELECT r.*) AS own) AS rows \
     FROM pg_catalog.pg_publication_rel r \
     CROSS JOIN (SELECT NULL::pg_catalog.int2vector AS prattrs, NULL::pg_catalog.pg_node_tree AS prqual) AS absent \
     JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid \
     JOIN pg_catalog.pg_class c ON c.oid = r.prrelid \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     ORDER BY p.pubname, n.nspname, c.relname";

pub const KIND: Kind = Kind {
    names: &[PUBLICATION],
    timescaledb: false,
    needs: &["pg_catalog.pg_publication", "pg_catalog.pg_publication_rel"],
    queries: &[PUBLICATIONS, TABLES],
    read,
};

#[derive(Deserialize)]
struct Row {
    name: String,
    all_tables: bool,
    insert: bool,
    update: bool,
    delete: bool,
    truncate: bool,
    via_root: bool,
    generated: Option<String>,
    schemas: Option<BTreeSet<String>>,
    #[serde(flatten)]
    access: Access,
}

#[derive(Deserialize)]
struct TableRow {
    publication: String,
    schema: String,
    table: String,
    columns: Option<Vec<String>>,
    rows: Option<String>,
}

/// What subscribers get.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Publication {
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all_tables: bool,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tables: BTreeMap<String, Published>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub schemas: BTreeSet<String>,
    /// As `publish` takes them: `insert, update, delete, truncate`.
    pub publish: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub via_partition_root: bool,
    /// `stored`; absent is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated_columns: Option<String>,
}

/// What of one table.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Published {
    /// None is all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<String>>,
    /// Which rows; none is all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<String>,
}

fn read(answers: &[Vec<SimpleQueryRow>], draft: &mut Draft) -> Result<()> {
    let mut tables: BTreeMap<String, BTreeMap<String, Published>> = BTreeMap::new();
    for row in answer::decode::<TableRow>(&answers[1])? {
        let published = Published {
            columns: row.columns,
            rows: row.rows,
        };
        let table = name::qualified(&row.schema, &row.table);
        let of = tables.entry(row.publication).or_default();
        of.insert(table, published);
    }
    for row in answer::decode::<Row>(&answers[0])? {
        let operations = [
            (row.insert, "insert"),
            (row.update, "update"),
            (row.delete, "delete"),
            (row.truncate, "truncate"),
        ];
        let operations = operations.iter().filter(|(is, _)| *is);
        let publication = Publication {
            all_tables: row.all_tables,
            tables: tables.remove(&row.name).unwrap_or_default(),
            schemas: row.schemas.unwrap_or_default(),
            publish: operations
                .map(|(_, name)| *name)
                .collect::<Vec<_>>()
                .join(", "),
            via_partition_root: row.via_root,
            generated_columns: row.generated.map(|_| "stored".to_owned()),
        };
        let mut object = object(PUBLICATION, name::part(&row.name), &publication)?;
        row.access.attach(&mut object);
        draft.schema.insert(object);
    }
    Ok(())
}
