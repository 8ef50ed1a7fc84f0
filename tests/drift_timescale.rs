//! Drift on real TimescaleDB servers: no change is missed, none is told that is not one, and repair repairs.

mod support;

#[path = "drift_timescale/cases.rs"]
mod cases;
#[path = "drift_timescale/look.rs"]
mod look;
#[path = "drift_timescale/orders.rs"]
mod orders;
#[path = "drift_timescale/pairs.rs"]
mod pairs;
#[path = "drift_timescale/prove.rs"]
mod prove;
#[path = "drift_timescale/repaired.rs"]
mod repaired;

use cases::Case;
use look::{assert_same, engine, migrated, read};
use sgmp_db::engine::Engine;
use support::{Kind, TimescaleDatabase};

#[tokio::test]
async fn the_same_migrations_read_the_same_on_every_server() {
    let mut readings = Vec::new();
    for kind in Kind::TIMESCALE {
        let database = migrated(kind).await;
        readings.push((kind, read(&database).await));
    }
    let (_, first) = &readings[0];
    assert!(first.schema.objects.len() > 12, "{:#?}", first.schema);
    for (kind, reading) in &readings[1..] {
        assert_eq!(reading.unseen, [], "{kind:?}");
        assert_same(first, reading);
    }
    let majors: Vec<&str> = readings
        .iter()
        .map(|(_, reading)| reading.server_major.as_str())
        .collect();
    assert_eq!(majors, ["17", "18", "17"]);
}

#[tokio::test]
async fn a_database_without_the_extension_is_read_too() {
    for kind in [Kind::Apache17, Kind::Community] {
        let database = TimescaleDatabase::new(kind).await;
        database
            .execute("CREATE TABLE plain (a integer PRIMARY KEY)")
            .await;
        let mut engine = engine(&database);
        let reading = engine.schema().await.expect("a reading");
        let names: Vec<String> = reading
            .schema
            .objects
            .keys()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            names,
            [
                "constraint plain.plain_pkey",
                "database default",
                "extension plpgsql",
                "schema public",
                "table plain"
            ]
        );
    }
}

#[tokio::test]
async fn every_change_of_every_kind_is_found_once_and_repaired() {
    let all: Vec<&Case> = cases::EVERYWHERE.iter().collect();
    let made = prove::prove(Kind::Apache17, &all).await;
    assert!(made.len() >= 22, "{made:?}");
    assert!(made.values().sum::<usize>() >= 170, "{made:?}");
}

/// What differs between the versions is in the catalogs of these kinds.
#[tokio::test]
async fn a_newer_server_finds_and_repairs_the_same() {
    let kinds = [
        "column",
        "constraint",
        "hypertable",
        "dimension",
        "index",
        "statistics",
        "collation",
        "publication",
        "interval",
        "attribute",
    ];
    let some: Vec<&Case> = cases::EVERYWHERE
        .iter()
        .filter(|case| kinds.contains(&case.kind))
        .collect();
    let made = prove::prove(Kind::Apache18, &some).await;
    assert_eq!(made.len(), kinds.len());
}

#[tokio::test]
async fn every_change_of_a_continuous_aggregate_is_found_once_and_repaired() {
    let kinds = ["hypertable", "view", "interval"];
    let some = cases::EVERYWHERE
        .iter()
        .filter(|case| kinds.contains(&case.kind));
    let all: Vec<&Case> = cases::COMMUNITY.iter().chain(some).collect();
    let made = prove::prove(Kind::Community, &all).await;
    assert!(made["continuous_aggregate"] >= 7, "{made:?}");
}

#[tokio::test]
async fn statements_come_in_an_order_that_works_and_what_is_withheld_is_withheld_whole() {
    repaired::prove(Kind::Apache17, "", orders::PLAIN).await;
}

/// The seed of a pair that fails is in the message; `SGMP_DB_PAIRS` is how many there are.
#[tokio::test]
async fn any_schema_is_repaired_to_any_other() {
    pairs::prove(Kind::Apache17).await;
}

#[tokio::test]
async fn aggregates_are_repaired_without_losing_what_they_hold() {
    repaired::prove(Kind::Community, orders::HYPERTABLE, orders::COMMUNITY).await;
}

/// A view that another change takes down with it has its owner, grants and comments again afterwards.
#[tokio::test]
async fn what_is_made_anew_keeps_its_owner_its_grants_and_its_comments() {
    let database = TimescaleDatabase::new(Kind::Apache17).await;
    let role = support::unique("kept");
    database.execute(prove::BASE).await;
    database
        .execute(&format!(
            "CREATE ROLE {role}; GRANT SELECT ON above TO {role} WITH GRANT OPTION; GRANT SELECT (id) ON device_view TO PUBLIC; \
             GRANT INSERT ON plain TO {role}; COMMENT ON VIEW above IS 'it''s above'; COMMENT ON COLUMN device_view.label IS 'named'; \
             GRANT CREATE ON SCHEMA public TO {role}; ALTER VIEW above OWNER TO {role}"
        ))
        .await;
    let expected = read(&database).await;
    database
        .execute("CREATE OR REPLACE VIEW device_view AS SELECT id, label, price, house_id FROM device WHERE price > 0; ALTER TABLE plain DROP COLUMN at; ALTER TABLE plain ADD COLUMN at timestamptz NOT NULL DEFAULT now(); ALTER TABLE plain ALTER at DROP DEFAULT")
        .await;
    let actual = read(&database).await;
    let found = look::differences(&expected, &actual);
    let names: Vec<String> = found.iter().map(|one| one.key.to_string()).collect();
    assert_eq!(names, ["table plain", "view device_view"]);
    for repair in engine(&database).repair(&found, &expected.schema, &actual.schema) {
        database.execute(&repair.sql).await;
    }
    assert_same(&expected, &read(&database).await);
}
