//! Schemas that nobody here wrote, each of more than fifty tables: they are read without an error, and
//! compare clean with themselves after dump and restore. Where they are from: tests/fixtures/foreign.

mod support;

use sgmp_db::{
    config::{Endpoint, Tls, TlsMode},
    connect::ConnectOptions,
    engine::{Engine, timescale::Timescale},
    schema::{Class, Reading, Scope, diff},
    target::Target,
};
use std::collections::BTreeMap;
use support::{Kind, MysqlDatabase, TimescaleDatabase, server::PASSWORD};

const NAMES: [&str; 3] = ["nautobot", "oscar", "wagtail"];

fn fixture(engine: &str, name: &str) -> String {
    let path = format!(
        "{}/tests/fixtures/foreign/{engine}/{name}.sql",
        env!("CARGO_MANIFEST_DIR")
    );
    std::fs::read_to_string(path).expect("the fixture")
}

async fn read(engine: &mut dyn Engine) -> Reading {
    let reading = engine.schema().await.expect("a reading");
    engine.close().await.expect("the end of the session");
    reading
}

/// Fails unless both are the same in everything that can be asked for, and hold every table of the
/// script.
#[track_caller]
fn assert_same(name: &str, script: &str, original: &Reading, restored: &Reading) {
    let scope = Scope {
        include: [Class::Owners, Class::Grants, Class::Comments].into(),
        same_major: true,
    };
    let found = diff(&original.schema, &restored.schema, &scope);
    assert!(found.is_empty(), "{name}: {found:#?}");
    assert_eq!(original.unseen, []);
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for key in original.schema.objects.keys() {
        *kinds.entry(&key.kind).or_default() += 1;
    }
    assert_eq!(kinds["table"], script.matches("CREATE TABLE ").count());
    assert!(kinds["table"] > 50, "{kinds:?}");
    println!("{name}: {kinds:?}");
}

#[tokio::test]
async fn mysql_schemas_of_other_peoples_software_compare_clean_after_dump_and_restore() {
    for name in NAMES {
        let script = fixture("mysql", name);
        let (original, restored) = (MysqlDatabase::new().await, MysqlDatabase::new().await);
        original.restore(&script).await;
        restored.restore(&original.dump().await).await;
        let first = read(&mut original.engine()).await;
        let second = read(&mut restored.engine()).await;
        assert_same(name, &script, &first, &second);
    }
}

#[tokio::test]
async fn postgres_schemas_of_other_peoples_software_compare_clean_after_dump_and_restore() {
    for kind in [Kind::Apache17, Kind::Apache18] {
        for name in NAMES {
            let script = fixture("timescale", name);
            let original = TimescaleDatabase::new(kind).await;
            let restored = TimescaleDatabase::new(kind).await;
            original.restore(&script).await;
            restored.restore(&original.dump().await).await;
            let first = read(&mut postgres(&original)).await;
            let second = read(&mut postgres(&restored)).await;
            assert_same(name, &script, &first, &second);
        }
    }
}

fn postgres(database: &TimescaleDatabase) -> Timescale {
    let endpoint = Endpoint {
        target: Target::Timescale,
        host: "127.0.0.1".to_owned(),
        port: database.server.port,
        user: "postgres".to_owned(),
        password: Some(PASSWORD.to_owned().into()),
        database: database.name.clone(),
        tls: Tls {
            mode: TlsMode::Prefer,
            ca: None,
            name: None,
        },
        consul: None,
    };
    Timescale::new(endpoint, ConnectOptions::default(), None)
}
