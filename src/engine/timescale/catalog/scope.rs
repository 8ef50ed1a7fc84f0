//! Which relations are schema? Not chunks, not an extension's, not our own record.

use super::facts::{CHUNK_RELID, Facts};

/// From the schemas to their relations through pg_depend, whose index makes the cost one of the
/// relations found: a scan of pg_class would meet every chunk. Indexes and composite types have no
/// such entry; they are found from their table and in pg_type. The list stays in a setting of this
/// transaction.
const RELATIONS: &str = "SELECT pg_catalog.set_config('sgmp_db.relations', \
     COALESCE(pg_catalog.array_agg(c.oid ORDER BY c.oid), '{}')::text, true) \
     FROM pg_catalog.pg_depend d \
     JOIN pg_catalog.pg_class c ON c.oid = d.objid \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass \
     AND d.refobjid = ANY (ARRAY(SELECT pg_catalog.unnest(pg_catalog.current_setting('sgmp_db.schemas')::oid[]))) \
     AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass \
     AND d.objsubid = 0 \
     AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') \
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e \
     WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass \
     AND e.objid = c.oid \
     AND e.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass \
     AND e.deptype = 'e') \
     AND NOT (n.nspname = 'public' AND c.relname IN ('refinery_schema_history', 'sgmp_db_ledger', 'sgmp_db_ledger_text')) \
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend o \
     JOIN pg_catalog.pg_class t ON t.oid = o.refobjid \
     WHERE o.classid = 'pg_catalog.pg_class'::pg_catalog.regclass \
     AND o.objid = c.oid \
     AND o.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass \
     AND o.deptype IN ('a', 'i') \
     AND c.relkind = 'S' \
     AND t.relnamespace = c.relnamespace \
     AND n.nspname = 'public' \
     AND t.relname IN ('refinery_schema_history', 'sgmp_db_ledger', 'sgmp_db_ledger_text'))";

/// A hypertable may keep its chunks in a schema of the user's (`associated_schema_name`).
const NO_CHUNKS_BY_NAME: &str = " AND NOT EXISTS (SELECT FROM _timescaledb_catalog.chunk k \
     WHERE k.schema_name = n.nspname AND k.table_name = c.relname)";
const NO_CHUNKS_BY_OID: &str =
    " AND NOT EXISTS (SELECT FROM _timescaledb_catalog.chunk k WHERE k.relid = c.oid)";

/// The statement that finds them, before the kinds are asked.
pub fn query(facts: &Facts) -> String {
    let readable = !facts
        .unreadable
        .iter()
        .any(|name| name == "_timescaledb_catalog.chunk");
    let chunks = match (facts.timescaledb && readable, facts.has(CHUNK_RELID)) {
        (false, _) => "",
        (true, true) => NO_CHUNKS_BY_OID,
        (true, false) => NO_CHUNKS_BY_NAME,
    };
    format!("{RELATIONS}{chunks}")
}

/// SQL that yields the relations' oids as `r.oid`; the planner knows how many there are.
macro_rules! relations {
    () => {
        "pg_catalog.unnest(pg_catalog.current_setting('sgmp_db.relations')::oid[]) AS r(oid)"
    };
}
/// SQL that is true of what lives in the user's schemas, for a column of pg_namespace oids.
macro_rules! in_schemas {
    ($column:literal) => {
        concat!(
            $column,
            " = ANY (ARRAY(SELECT pg_catalog.unnest(pg_catalog.current_setting('sgmp_db.schemas')::oid[])))"
        )
    };
}
/// SQL that is true of what no extension owns.
macro_rules! not_of_extension {
    ($catalog:literal, $oid:literal) => {
        concat!(
            "NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.", $catalog,
            "'::pg_catalog.regclass AND e.objid = ", $oid,
            " AND e.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND e.deptype = 'e')"
        )
    };
}
pub(super) use {in_schemas, not_of_extension, relations};
