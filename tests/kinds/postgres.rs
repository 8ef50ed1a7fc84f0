//! PostgreSQL: every table of pg_catalog.

use crate::{
    Held::{self, Compared, LeftOut, Noted, Part},
    look::{differences, engine, read},
    support::{Kind, TimescaleDatabase},
    walk,
};
use sgmp_db::{engine::Engine, schema::Reading};
use std::collections::BTreeSet;

/// Every table of pg_catalog of PostgreSQL 13 to 18.
#[rustfmt::skip]
const CATALOGS: &[(&str, Held)] = &[
    ("pg_aggregate", Part("pg_proc")),
    ("pg_am", Noted("access method")),
    ("pg_amop", Part("pg_opfamily")),
    ("pg_amproc", Part("pg_opfamily")),
    ("pg_attrdef", Part("pg_class")),
    ("pg_attribute", Part("pg_class")),
    ("pg_auth_members", LeftOut("roles are the server's, not the database's")),
    ("pg_authid", LeftOut("roles are the server's, not the database's")),
    ("pg_cast", Noted("cast")),
    ("pg_class", Compared(&["table", "view", "materialized_view", "index", "sequence", "composite_type", "foreign_table"])),
    ("pg_collation", Compared(&["collation"])),
    ("pg_constraint", Compared(&["constraint", "domain"])),
    ("pg_conversion", Noted("conversion")),
    ("pg_database", Compared(&["database"])),
    ("pg_db_role_setting", Noted("setting of the database")),
    ("pg_default_acl", Compared(&["schema", "database"])),
    ("pg_depend", LeftOut("it orders repairs; what depends on what follows from the objects")),
    ("pg_description", LeftOut("comments are parts of their objects, compared with --include comments")),
    ("pg_enum", Part("pg_type")),
    ("pg_event_trigger", Compared(&["event_trigger"])),
    ("pg_extension", Compared(&["extension"])),
    ("pg_foreign_data_wrapper", Noted("foreign data wrapper")),
    ("pg_foreign_server", Noted("foreign server")),
    ("pg_foreign_table", Part("pg_class")),
    ("pg_index", Part("pg_class")),
    ("pg_inherits", Part("pg_class")),
    ("pg_init_privs", LeftOut("what extensions granted when they were made is theirs")),
    ("pg_language", Noted("language")),
    ("pg_largeobject", LeftOut("data")),
    ("pg_largeobject_metadata", LeftOut("data")),
    ("pg_namespace", Compared(&["schema"])),
    ("pg_opclass", Noted("operator class")),
    ("pg_operator", Noted("operator")),
    ("pg_opfamily", Noted("operator family")),
    ("pg_parameter_acl", LeftOut("grants on settings are the server's, not the database's")),
    ("pg_partitioned_table", Part("pg_class")),
    ("pg_policy", Compared(&["row_policy"])),
    ("pg_proc", Compared(&["function", "procedure", "aggregate"])),
    ("pg_publication", Compared(&["publication"])),
    ("pg_publication_namespace", Part("pg_publication")),
    ("pg_publication_rel", Part("pg_publication")),
    ("pg_range", Part("pg_type")),
    ("pg_replication_origin", LeftOut("how far a subscription is; the server's")),
    ("pg_rewrite", Compared(&["rule"])),
    // No provider of labels is on any test server.
    ("pg_seclabel", LeftOut("noted as `security label`; no server without a provider takes one")),
    ("pg_sequence", Part("pg_class")),
    ("pg_shdepend", LeftOut("which roles are used; owners and grants say it")),
    ("pg_shdescription", LeftOut("comments on what is the server's")),
    ("pg_shseclabel", LeftOut("labels of what is the server's")),
    ("pg_statistic", LeftOut("data: what ANALYZE gathers")),
    ("pg_statistic_ext", Compared(&["statistics"])),
    ("pg_statistic_ext_data", LeftOut("data: what ANALYZE gathers")),
    ("pg_subscription", Noted("subscription")),
    ("pg_subscription_rel", Part("pg_subscription")),
    ("pg_tablespace", LeftOut("where files lie is the server's affair")),
    ("pg_transform", Noted("transform")),
    ("pg_trigger", Compared(&["trigger"])),
    ("pg_ts_config", Noted("text search configuration")),
    ("pg_ts_config_map", Part("pg_ts_config")),
    ("pg_ts_dict", Noted("text search dictionary")),
    ("pg_ts_parser", Noted("text search parser")),
    ("pg_ts_template", Noted("text search template")),
    ("pg_type", Compared(&["enum", "domain", "range_type", "composite_type"])),
    ("pg_user_mapping", Noted("user mapping")),
];

/// What has no catalog of its own.
const CODES: &[(&str, &str)] = &[
    ("SELECT DISTINCT relkind::text FROM pg_class", "rpvmfSciIt"),
    ("SELECT DISTINCT typtype::text FROM pg_type", "bcdeprm"),
    ("SELECT DISTINCT prokind::text FROM pg_proc", "fpaw"),
    (
        "SELECT DISTINCT contype::text FROM pg_constraint",
        "cfptuxn",
    ),
];

/// One of each kind, beside those of the drift tests.
const EACH: &str = include_str!("each.sql");

async fn catalogs(database: &TimescaleDatabase, sql: &str) -> BTreeSet<String> {
    let rows = database.session().await.query(sql, &[]).await;
    let rows = rows.expect("the server's own list");
    rows.iter().map(|row| row.get(0)).collect()
}

/// A database with one of each kind, as it is read.
async fn each(kind: Kind) -> (TimescaleDatabase, Reading) {
    let database = TimescaleDatabase::new(kind).await;
    let name = &database.name;
    let sql = format!("{EACH}; ALTER DATABASE \"{name}\" SET work_mem = '5MB'");
    let session = database.session().await;
    let statements = sgmp_db::sql::split(sgmp_db::sql::Dialect::Postgres, &sql);
    for statement in statements.expect("statements") {
        let made = session.batch_execute(statement.text()).await;
        made.unwrap_or_else(|error| panic!("{}: {error:?}", statement.text()));
    }
    let reading = read(&database).await;
    (database, reading)
}

#[tokio::test]
async fn every_catalog_of_postgresql_is_compared_noted_or_left_out_for_a_reason() {
    for kind in [Kind::Apache17, Kind::Apache18] {
        let (database, reading) = each(kind).await;
        let keys = reading.schema.objects.keys();
        let compared: BTreeSet<&str> = keys.map(|key| key.kind.as_str()).collect();
        let noted: BTreeSet<&str> = reading.uncompared.keys().map(String::as_str).collect();
        let all = "SELECT relname::text FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r'";
        let all = catalogs(&database, all).await;
        println!(
            "{kind:?}: {} catalogs, noted: {:?}",
            all.len(),
            reading.uncompared
        );
        let wrong = walk(&all, CATALOGS, (&compared, &noted));
        assert!(wrong.is_empty(), "{kind:?}:\n{}", wrong.join("\n"));
        for (query, known) in CODES {
            let codes = catalogs(&database, query).await;
            let unknown: Vec<&String> =
                codes.iter().filter(|code| !known.contains(*code)).collect();
            assert!(unknown.is_empty(), "{kind:?}: {query}: {unknown:?}");
        }
    }
}

/// What a server brings by itself, or an extension, is never noted.
#[tokio::test]
async fn nothing_is_noted_where_nobody_made_anything() {
    for kind in Kind::TIMESCALE {
        let database = crate::look::migrated(kind).await;
        database
            .execute("CREATE TYPE span AS RANGE (SUBTYPE = float8); CREATE DOMAIN d AS int; CREATE TABLE t (a span[], b d[])")
            .await;
        let reading = read(&database).await;
        assert!(
            reading.uncompared.is_empty(),
            "{kind:?}: {:?}",
            reading.uncompared
        );
        let kinds = ["statistics", "collation", "publication"];
        let brought = reading.schema.objects.keys();
        let brought: Vec<_> = brought
            .filter(|key| kinds.contains(&key.kind.as_str()))
            .collect();
        assert!(brought.is_empty(), "{kind:?}: {brought:?}");
    }
}

/// From nothing to one of each kind that is compared.
#[tokio::test]
async fn statistics_collations_and_publications_are_made_from_nothing() {
    let made = "CREATE SCHEMA app; CREATE TABLE t (a int PRIMARY KEY, b int, c text); CREATE TABLE app.u (a int, b int); CREATE TABLE u (a int);\
        CREATE COLLATION app.numeric (provider = icu, locale = 'en-u-kn-true', deterministic = false);\
        CREATE TABLE sorted (a text COLLATE app.numeric);\
        CREATE STATISTICS pair (ndistinct) ON a, b FROM t; CREATE STATISTICS app.pair ON (a + b), lower(c) FROM t;\
        ALTER STATISTICS app.pair SET STATISTICS 50;\
        CREATE PUBLICATION \"all of it.\" FOR ALL TABLES WITH (publish = 'insert');\
        CREATE PUBLICATION partly FOR TABLE t (a, b) WHERE (a > 3), u, TABLES IN SCHEMA app";
    // A schema and a list of columns exclude each other.
    let made = made.replace("t (a, b) WHERE (a > 3), u, TABLES IN SCHEMA app", "t (a, b) WHERE (a > 3), u; CREATE PUBLICATION within FOR TABLES IN SCHEMA app WITH (publish_via_partition_root = true)");
    for kind in [Kind::Apache17, Kind::Apache18] {
        let database = TimescaleDatabase::new(kind).await;
        let empty = TimescaleDatabase::new(kind).await;
        database.execute(&made).await;
        let (expected, actual) = (read(&database).await, read(&empty).await);
        let found = differences(&expected, &actual);
        for repair in engine(&empty).repair(&found, &expected.schema, &actual.schema) {
            empty.execute(&repair.sql).await;
        }
        let left = differences(&expected, &read(&empty).await);
        assert!(left.is_empty(), "{kind:?}: {left:#?}");
        // And everything gone again.
        let (expected, actual) = (actual, read(&empty).await);
        let found = differences(&expected, &actual);
        for repair in engine(&empty).repair(&found, &expected.schema, &actual.schema) {
            empty.execute(&repair.sql).await;
        }
        let left = differences(&expected, &read(&empty).await);
        assert!(left.is_empty(), "{kind:?}: {left:#?}");
    }
}
