//! Which sequences are there, and how do they count? One that belongs to a column is told with it.

use super::{
    access::{Access, grants},
    answer,
    kind::{Draft, Kind, object},
    name,
    scope::relations,
};
use crate::engine::timescale::normal;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use tokio_postgres::SimpleQueryRow;

/// `sequence`, by its name.
pub const SEQUENCE: &str = "sequence";

const QUERY: &str = concat!(
    "SELECT n.nspname AS schema, \
     c.relname AS name, \
     c.relpersistence AS persistence, \
     pg_catalog.format_type(s.seqtypid, NULL) AS type, \
     s.seqstart AS start, \
     s.seqincrement AS increment, \
     s.seqmin AS min, \
     s.seqmax AS max, \
     s.seqcache AS cache, \
     s.seqcycle AS cycle, \
     o.refobjid::bigint AS owner_table, \
     o.refobjsubid AS owner_column, \
     pg_catalog.pg_get_userbyid(c.relowner) AS owner, ",
    grants!("s", "c.relacl", "c.relowner"),
    " AS grants, \
     pg_catalog.obj_description(c.oid, 'pg_class') AS comment \
     FROM ",
    relations!(),
    " JOIN pg_catalog.pg_class c ON c.oid = r.oid AND c.relkind = 'S' \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     JOIN pg_catalog.pg_sequence s ON s.seqrelid = c.oid \
     LEFT JOIN pg_catalog.pg_depend o ON o.classid = 'pg_catalog.pg_class'::pg_catalog.regclass \
     AND o.objid = c.oid \
     AND o.objsubid = 0 \
     AND o.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass \
     AND o.refobjsubid > 0 \
     AND o.deptype IN ('a', 'i') \
     ORDER BY n.nspname, c.relname"
);

pub const KIND: Kind = Kind {
    names: &[SEQUENCE],
    timescaledb: false,
    needs: &["pg_catalog.pg_sequence"],
    queries: &[QUERY],
    read,
};

#[derive(Deserialize)]
struct Row {
    schema: String,
    name: String,
    persistence: String,
    #[serde(flatten)]
    numbers: normal::SequenceNumbers,
    owner_table: Option<u32>,
    owner_column: Option<i16>,
    #[serde(flatten)]
    access: Access,
}

/// A sequence; what is absent is the server's default for its type and direction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sequence {
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unlogged: bool,
    #[serde(rename = "type")]
    pub type_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub increment: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<i64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cycle: bool,
}

/// A sequence that a column owns.
#[derive(Debug, Clone)]
pub struct Owned {
    pub schema: String,
    pub name: String,
    pub sequence: Sequence,
}

fn read(answers: &[Vec<SimpleQueryRow>], draft: &mut Draft) -> Result<()> {
    for row in answer::decode::<Row>(&answers[0])? {
        let mut sequence = normal::sequence(row.numbers);
        sequence.unlogged = row.persistence == "u";
        if let (Some(table), Some(column)) = (row.owner_table, row.owner_column) {
            let owned = Owned {
                schema: row.schema,
                name: row.name,
                sequence,
            };
            draft.owned_sequences.insert((table, column), owned);
            continue;
        }
        let mut object = object(SEQUENCE, name::qualified(&row.schema, &row.name), &sequence)?;
        row.access.attach(&mut object);
        draft.schema.insert(object);
    }
    Ok(())
}
