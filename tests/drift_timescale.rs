//! Drift on real TimescaleDB servers: no change is missed, none is told that is not one, and repair repairs.

mod support;

#[path = "drift_timescale/look.rs"]
mod look;

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
                "database defaults",
                "extension plpgsql",
                "schema public",
                "table plain"
            ]
        );
    }
}
