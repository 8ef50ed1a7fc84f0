//! What a migration can make and nobody compares: it is named, so that no kind is silently unseen.

use super::{
    answer,
    kind::{Draft, Kind},
    scope::in_schemas,
};
use anyhow::Result;
use serde::Deserialize;
use tokio_postgres::SimpleQueryRow;

/// Neither an extension's nor what comes with another object by itself (a range type brings a cast).
macro_rules! made_by_hand {
    ($catalog:literal) => {
        concat!(
            " WHERE o.oid >= 16384 AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.", $catalog,
            "'::pg_catalog.regclass AND e.objid = o.oid AND e.deptype IN ('e', 'i'))"
        )
    };
}
/// One kind of a catalog, by what the server calls the object.
macro_rules! noted {
    ($kind:literal, $catalog:literal) => {
        concat!(
            "SELECT '",
            $kind,
            "' AS kind, (pg_catalog.pg_identify_object('pg_catalog.",
            $catalog,
            "'::pg_catalog.regclass, o.oid, 0)).identity AS name FROM pg_catalog.",
            $catalog,
            " o",
            made_by_hand!($catalog)
        )
    };
}

/// Objects with an oid below 16384 are the server's own (PostgreSQL documentation, 66.2.2). Base types are
/// found from their schema, because every table and chunk has two types. Of settings only the names are
/// told: a value may be a secret.
const QUERY: &str = concat!(
    noted!("access method", "pg_am"),
    " UNION ALL ",
    noted!("cast", "pg_cast"),
    " UNION ALL ",
    noted!("conversion", "pg_conversion"),
    " UNION ALL ",
    noted!("foreign data wrapper", "pg_foreign_data_wrapper"),
    " UNION ALL ",
    noted!("foreign server", "pg_foreign_server"),
    " UNION ALL ",
    noted!("language", "pg_language"),
    " UNION ALL ",
    noted!("operator", "pg_operator"),
    " UNION ALL ",
    noted!("operator class", "pg_opclass"),
    " UNION ALL ",
    noted!("operator family", "pg_opfamily"),
    " UNION ALL ",
    noted!("text search configuration", "pg_ts_config"),
    " UNION ALL ",
    noted!("text search dictionary", "pg_ts_dict"),
    " UNION ALL ",
    noted!("text search parser", "pg_ts_parser"),
    " UNION ALL ",
    noted!("text search template", "pg_ts_template"),
    " UNION ALL ",
    noted!("transform", "pg_transform"),
    " UNION ALL SELECT 'base type', pg_catalog.format_type(t.oid, NULL) \
     FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_type t ON t.oid = d.objid \
     WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass \
     AND d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND ",
    in_schemas!("d.refobjid"),
    " AND t.typtype IN ('b', 'p') \
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_type'::pg_catalog.regclass \
     AND e.objid = t.oid AND e.deptype IN ('e', 'i')) \
     UNION ALL SELECT 'user mapping', COALESCE(m.usename, 'public') || ' on ' || m.srvname \
     FROM pg_catalog.pg_user_mappings m \
     UNION ALL SELECT 'subscription', s.subname FROM pg_catalog.pg_subscription s \
     WHERE s.subdbid = (SELECT b.oid FROM pg_catalog.pg_database b WHERE b.datname = pg_catalog.current_database()) \
     UNION ALL SELECT 'security label', (pg_catalog.pg_identify_object(l.classoid, l.objoid, l.objsubid)).identity \
     FROM pg_catalog.pg_seclabel l \
     UNION ALL SELECT 'setting of the database', pg_catalog.split_part(w.config, '=', 1) \
     || CASE WHEN w.role = 0 THEN '' ELSE ' of ' || pg_catalog.pg_get_userbyid(w.role) END \
     FROM (SELECT g.setrole AS role, pg_catalog.unnest(g.setconfig) AS config FROM pg_catalog.pg_db_role_setting g \
     WHERE g.setdatabase = (SELECT b.oid FROM pg_catalog.pg_database b WHERE b.datname = pg_catalog.current_database())) AS w \
     ORDER BY 1, 2"
);

pub const KIND: Kind = Kind {
    names: &[
        "access method",
        "base type",
        "cast",
        "conversion",
        "foreign data wrapper",
        "foreign server",
        "language",
        "operator",
        "operator class",
        "operator family",
        "security label",
        "setting of the database",
        "subscription",
        "text search configuration",
        "text search dictionary",
        "text search parser",
        "text search template",
        "transform",
        "user mapping",
    ],
    timescaledb: false,
    needs: &[
        "pg_catalog.pg_am",
        "pg_catalog.pg_cast",
        "pg_catalog.pg_conversion",
        "pg_catalog.pg_foreign_data_wrapper",
        "pg_catalog.pg_foreign_server",
        "pg_catalog.pg_language",
        "pg_catalog.pg_operator",
        "pg_catalog.pg_opclass",
        "pg_catalog.pg_opfamily",
        "pg_catalog.pg_ts_config",
        "pg_catalog.pg_ts_dict",
        "pg_catalog.pg_ts_parser",
        "pg_catalog.pg_ts_template",
        "pg_catalog.pg_transform",
        "pg_catalog.pg_type",
        "pg_catalog.pg_user_mappings",
        "pg_catalog.pg_seclabel",
        "pg_catalog.pg_db_role_setting",
    ],
    queries: &[QUERY],
    read,
};

#[derive(Deserialize)]
struct Row {
    kind: String,
    name: Option<String>,
}

fn read(answers: &[Vec<SimpleQueryRow>], draft: &mut Draft) -> Result<()> {
    for row in answer::decode::<Row>(&answers[0])? {
        let name = answer::present(row.name)?;
        draft.uncompared.entry(row.kind).or_default().insert(name);
    }
    Ok(())
}
