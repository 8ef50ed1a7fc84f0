//! MySQL: every table of information_schema.

use crate::{
    Held::{self, Compared, LeftOut, Noted, Part},
    support::MysqlDatabase,
    walk,
};
use sgmp_db::engine::Engine;
use std::collections::BTreeSet;

const OF_THE_SERVER: &str = "the server's, not the database's";
const OF_A_SESSION: &str = "what a session does, or may do";
const INSIDE: &str = "how InnoDB keeps what others list";

/// Every table of information_schema of MySQL 8.0 to 9.7, without InnoDB's.
#[rustfmt::skip]
const TABLES: &[(&str, Held)] = &[
    ("ADMINISTRABLE_ROLE_AUTHORIZATIONS", LeftOut(OF_A_SESSION)),
    ("APPLICABLE_ROLES", LeftOut(OF_A_SESSION)),
    ("CHARACTER_SETS", LeftOut(OF_THE_SERVER)),
    ("CHECK_CONSTRAINTS", Compared(&["check"])),
    ("COLLATIONS", LeftOut(OF_THE_SERVER)),
    ("COLLATION_CHARACTER_SET_APPLICABILITY", LeftOut(OF_THE_SERVER)),
    ("COLUMNS", Part("TABLES")),
    ("COLUMNS_EXTENSIONS", Part("COLUMNS")),
    ("COLUMN_PRIVILEGES", LeftOut("grants are parts of their objects, compared with --include grants")),
    ("COLUMN_STATISTICS", LeftOut("data: what ANALYZE TABLE gathers")),
    ("ENABLED_ROLES", LeftOut(OF_A_SESSION)),
    ("ENGINES", LeftOut(OF_THE_SERVER)),
    ("EVENTS", Compared(&["event"])),
    ("FILES", LeftOut(OF_THE_SERVER)),
    ("JSON_DUALITY_VIEWS", Part("VIEWS")),
    ("JSON_DUALITY_VIEW_COLUMNS", Part("VIEWS")),
    ("JSON_DUALITY_VIEW_LINKS", Part("VIEWS")),
    ("JSON_DUALITY_VIEW_TABLES", Part("VIEWS")),
    ("KEYWORDS", LeftOut(OF_THE_SERVER)),
    ("KEY_COLUMN_USAGE", Part("TABLE_CONSTRAINTS")),
    ("LIBRARIES", Noted("library")),
    ("OPTIMIZER_TRACE", LeftOut(OF_A_SESSION)),
    ("PARAMETERS", Part("ROUTINES")),
    ("PARTITIONS", Part("TABLES")),
    ("PLUGINS", LeftOut(OF_THE_SERVER)),
    ("PROCESSLIST", LeftOut(OF_A_SESSION)),
    ("PROFILING", LeftOut(OF_A_SESSION)),
    ("REFERENTIAL_CONSTRAINTS", Compared(&["foreign_key"])),
    ("RESOURCE_GROUPS", LeftOut(OF_THE_SERVER)),
    ("ROLE_COLUMN_GRANTS", LeftOut(OF_A_SESSION)),
    ("ROLE_ROUTINE_GRANTS", LeftOut(OF_A_SESSION)),
    ("ROLE_TABLE_GRANTS", LeftOut(OF_A_SESSION)),
    ("ROUTINES", Compared(&["function", "procedure"])),
    ("ROUTINE_LIBRARIES", Part("ROUTINES")),
    ("SCHEMATA", Compared(&["database"])),
    ("SCHEMATA_EXTENSIONS", LeftOut("READ ONLY of a database guards it against every statement: a state, not schema")),
    ("SCHEMA_PRIVILEGES", LeftOut("grants are parts of their objects, compared with --include grants")),
    ("STATISTICS", Compared(&["index"])),
    ("ST_GEOMETRY_COLUMNS", Part("COLUMNS")),
    ("ST_SPATIAL_REFERENCE_SYSTEMS", LeftOut(OF_THE_SERVER)),
    ("ST_UNITS_OF_MEASURE", LeftOut(OF_THE_SERVER)),
    ("TABLES", Compared(&["table"])),
    ("TABLESPACES", LeftOut(OF_THE_SERVER)),
    ("TABLESPACES_EXTENSIONS", LeftOut(OF_THE_SERVER)),
    ("TABLES_EXTENSIONS", Part("TABLES")),
    ("TABLE_CONSTRAINTS", Compared(&["index", "foreign_key", "check"])),
    ("TABLE_CONSTRAINTS_EXTENSIONS", Part("TABLE_CONSTRAINTS")),
    ("TABLE_PRIVILEGES", LeftOut("grants are parts of their objects, compared with --include grants")),
    ("TRIGGERS", Compared(&["trigger"])),
    ("USER_ATTRIBUTES", LeftOut(OF_THE_SERVER)),
    ("USER_PRIVILEGES", LeftOut(OF_THE_SERVER)),
    ("VIEWS", Compared(&["view"])),
    ("VIEW_ROUTINE_USAGE", Part("VIEWS")),
    ("VIEW_TABLE_USAGE", Part("VIEWS")),
];

const EACH: [&str; 9] = [
    "CREATE TABLE p (id int PRIMARY KEY)",
    "CREATE TABLE t (id int PRIMARY KEY, a int, KEY t_a (a), CONSTRAINT positive CHECK (a > 0), CONSTRAINT t_p FOREIGN KEY (a) REFERENCES p (id))",
    "CREATE VIEW v AS SELECT id FROM t",
    "CREATE TRIGGER fires BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1",
    "CREATE EVENT hourly ON SCHEDULE EVERY 1 HOUR DO SELECT 1",
    "CREATE FUNCTION f() RETURNS int DETERMINISTIC RETURN 1",
    "CREATE PROCEDURE pr() SELECT 1",
    "CREATE JSON DUALITY VIEW doubled AS SELECT JSON_DUALITY_OBJECT('_id': id) FROM p",
    "CREATE LIBRARY shared LANGUAGE JAVASCRIPT AS 'export function f() { return 1 }'",
];

#[tokio::test]
async fn every_table_of_information_schema_is_compared_noted_or_left_out_for_a_reason() {
    let database = MysqlDatabase::new().await;
    for sql in EACH {
        database.execute(sql).await;
    }
    let mut engine = database.engine();
    let reading = engine.schema().await.expect("a reading");
    engine.close().await.expect("the end of the session");
    let keys = reading.schema.objects.keys();
    let compared: BTreeSet<&str> = keys.map(|key| key.kind.as_str()).collect();
    let noted: BTreeSet<&str> = reading.uncompared.keys().map(String::as_str).collect();
    let all = database
        .rows("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'information_schema'")
        .await;
    let all: BTreeSet<String> = all.into_iter().collect();
    let (inside, others): (BTreeSet<String>, BTreeSet<String>) = all
        .into_iter()
        .partition(|name| name.starts_with("INNODB_"));
    println!(
        "{} tables and {} of which: {INSIDE}; noted: {:?}",
        others.len(),
        inside.len(),
        reading.uncompared
    );
    let wrong = walk(&others, TABLES, (&compared, &noted));
    assert!(wrong.is_empty(), "{compared:?}\n{}", wrong.join("\n"));
}
