//! A database as the engine reads it.
#![allow(dead_code)] // each test binary uses a part of it

use crate::support::{TimescaleDatabase, server::Kind, server::PASSWORD};
use sgmp_db::{
    config::{Endpoint, Tls, TlsMode},
    connect::ConnectOptions,
    engine::{Engine, alike, timescale::Timescale},
    schema::{Class, ObjectDifference, Reading, Scope, diff},
    target::Target,
};

/// What every SGMP install has.
pub const SGMP: &str = include_str!("../../migrations/timescale/V1__initial.sql");

/// The engine on that database, as the administrator.
pub fn engine(database: &TimescaleDatabase) -> Timescale {
    engine_as(database, "postgres", PASSWORD)
}

/// The engine on that database, as anybody.
pub fn engine_as(database: &TimescaleDatabase, user: &str, password: &str) -> Timescale {
    let endpoint = endpoint(database, user, password);
    Timescale::new(endpoint, ConnectOptions::default(), None)
}

/// The engine on a database of that name elsewhere, as the administrator.
pub fn engine_at(database: &TimescaleDatabase, host: &str, port: u16) -> Timescale {
    let endpoint = Endpoint {
        host: host.to_owned(),
        port,
        ..endpoint(database, "postgres", PASSWORD)
    };
    Timescale::new(endpoint, ConnectOptions::default(), None)
}

fn endpoint(database: &TimescaleDatabase, user: &str, password: &str) -> Endpoint {
    Endpoint {
        target: Target::Timescale,
        host: "127.0.0.1".to_owned(),
        port: database.server.port,
        user: user.to_owned(),
        password: Some(password.to_owned().into()),
        database: database.name.clone(),
        tls: Tls {
            mode: TlsMode::Disable,
            ca: None,
            name: None,
        },
        consul: None,
    }
}

/// A database with SGMP's migration in it.
pub async fn migrated(kind: Kind) -> TimescaleDatabase {
    let database = TimescaleDatabase::new(kind).await;
    database.execute(SGMP).await;
    database
}

/// One reading, in a session of its own.
pub async fn read(database: &TimescaleDatabase) -> Reading {
    let mut engine = engine(database);
    let reading = engine.schema().await.expect("a reading");
    engine.close().await.expect("the end of the session");
    reading
}

/// Every difference, with all that can be asked for.
pub fn differences(expected: &Reading, actual: &Reading) -> Vec<ObjectDifference> {
    let scope = Scope {
        include: [Class::Owners, Class::Grants, Class::Comments].into(),
        same_major: expected.server_major == actual.server_major,
    };
    // As `status` compares: a server whose licence has no columnstore knows none of its settings.
    let actual = alike(Target::Timescale, &expected.schema, &actual.schema);
    diff(&expected.schema, &actual, &scope)
}

/// Fails with the differences if there are any.
#[track_caller]
pub fn assert_same(expected: &Reading, actual: &Reading) {
    let found = differences(expected, actual);
    assert!(found.is_empty(), "{found:#?}");
}
