//! A database that came out of its dump: PostgreSQL prints some expressions in another way there,
//! and that is no drift.

mod support;

#[path = "drift_timescale/dice.rs"]
mod dice;
#[path = "drift_timescale/dump.rs"]
mod dump;
#[path = "drift_timescale/expressions.rs"]
mod expressions;
#[path = "drift_timescale/look.rs"]
mod look;

use dice::Dice;
use look::{differences, engine, read};
use sgmp_db::{
    engine::Engine,
    schema::{Change, Key, Snapshot},
    target::Target,
};
use std::fs;
use support::{
    Kind, Sgmp, TimescaleDatabase,
    killed::{project, write},
};

/// Every PostgreSQL that has its own tools beside it.
const SERVERS: [Kind; 2] = [Kind::Apache17, Kind::Apache18];

/// The smallest inputs, then every kind.
fn migration(seed: u64) -> String {
    let mut dice = Dice(seed);
    format!(
        "CREATE TABLE a (s varchar(10) CHECK (s IN ('a','b')), h int, CHECK (h BETWEEN 1 AND 24 AND h <> 5));\n\
         CREATE TYPE \"Feeling\" AS ENUM ('sad', 'it''s', 'Glad, so');\n\
         CREATE DOMAIN positive AS bigint DEFAULT 5 CHECK (VALUE > 0);\n{}{}",
        expressions::TYPES,
        expressions::table(&mut dice, "public", 1),
    )
}

fn on(database: &TimescaleDatabase, directory: &std::path::Path) -> Sgmp {
    Sgmp::default()
        .timescale(database)
        .with("SGMP_DB_MIGRATIONS", directory.display().to_string())
}

const STATUS: &[&str] = &["status", "--only", "timescale"];

#[tokio::test]
async fn a_restored_database_is_in_sync_is_repaired_and_goes_on() {
    for (seed, kind) in (11..).zip(SERVERS) {
        let directory = project("timescale", &[&migration(seed)]);
        let database = TimescaleDatabase::new(kind).await;
        let sgmp = on(&database, directory.path());
        sgmp.run(&["upgrade", "--only", "timescale"])
            .await
            .expect(0);
        sgmp.run(STATUS).await.expect(0);
        let copy = dump::restored(&database).await;
        let restored = on(&copy, directory.path());
        restored.run(STATUS).await.expect(0);
        write(
            directory.path(),
            "timescale",
            2,
            "CREATE TABLE later (i int);\n",
        );
        restored
            .run(&["upgrade", "--only", "timescale"])
            .await
            .expect(0);
        restored.run(STATUS).await.expect(0);
        let again = dump::restored(&copy).await;
        on(&again, directory.path()).run(STATUS).await.expect(0);
        // Dropped by hand, and made again from what was recorded.
        again
            .execute(
                "ALTER TABLE a DROP CONSTRAINT a_s_check; ALTER TABLE a DROP CONSTRAINT a_h_check; \
                 DROP INDEX \"part 1\"; DROP INDEX \"expr 1\"; DROP TRIGGER \"t 1\" ON \"judged 1\"; \
                 DROP RULE \"r 1\" ON \"judged 1\"; DROP POLICY \"p 1\" ON \"judged 1\"; \
                 DROP VIEW \"v 1\"; DROP MATERIALIZED VIEW \"m 1\"; \
                 ALTER TABLE \"judged 1\" DROP CONSTRAINT \"ex 1\", DROP CONSTRAINT \"ck 1 0\", ALTER y DROP DEFAULT",
            )
            .await;
        let sgmp = on(&again, directory.path());
        sgmp.run(STATUS).await.expect(4);
        let repair = [
            "diff",
            "--sql",
            "--allow-destructive",
            "--only",
            "timescale",
        ];
        let run = sgmp.run(&repair).await;
        again.execute(&run.expect(4).stdout).await;
        sgmp.run(STATUS).await.expect(0);
    }
}

/// Files beside the migrations that an older program wrote hold the first print.
#[tokio::test]
async fn a_snapshot_with_the_older_print_is_still_what_is_there() {
    let directory = project("timescale", &[&migration(21)]);
    let database = TimescaleDatabase::new(Kind::Apache17).await;
    let sgmp = on(&database, directory.path());
    sgmp.run(&["upgrade", "--only", "timescale"])
        .await
        .expect(0);
    let reading = read(&database).await;
    let mut schema = reading.schema.clone();
    let prints = [
        ("a.a_h_check", "(((h >= 1) AND (h <= 24)) AND (h <> 5))"),
        (
            "a.a_s_check",
            "((s)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))",
        ),
    ];
    for (name, print) in prints {
        let object = schema
            .objects
            .get_mut(&Key::new("constraint", name))
            .expect(name);
        assert_ne!(
            object.value["expression"], print,
            "{name}: not the older print"
        );
        object.value["expression"] = print.into();
    }
    let snapshot = Snapshot {
        target: Target::Timescale,
        server_major: reading.server_major,
        version: 1,
        schema,
    };
    let file = directory.path().join("timescale/schema.snapshot");
    fs::write(file, snapshot.render()).expect("a file");
    sgmp.run(STATUS).await.expect(0);
    let copy = dump::restored(&database).await;
    on(&copy, directory.path()).run(STATUS).await.expect(0);
    copy.execute("ALTER TABLE a DROP CONSTRAINT a_h_check; ALTER TABLE a ADD CONSTRAINT a_h_check CHECK (h BETWEEN 1 AND 24 AND h <> 6)")
        .await;
    on(&copy, directory.path())
        .run(STATUS)
        .await
        .expect(4)
        .says("constraint a.a_h_check");
}

/// A formula over three columns, as nested as the dice fall.
fn formula(dice: &mut Dice, depth: usize) -> String {
    if depth == 0 || dice.chance(20) {
        let leaves = [
            "t",
            "u",
            "w",
            "(t OR u)",
            "s IN ('true', 'false')",
            "s = ANY ((ARRAY[t::varchar, 'false'])::text[])",
            "i BETWEEN 1 AND 2",
            "t IS NULL",
            "(t, u) = (u, w)",
        ];
        return dice.one(&leaves).to_owned();
    }
    let (a, b) = (formula(dice, depth - 1), formula(dice, depth - 1));
    match dice.roll(5) {
        0 => format!("NOT ({a})"),
        1 => format!("(({a}) = ({b}))"),
        2 => format!("({a}) OR ({b})"),
        3 => format!("({a}) AND ({b})"),
        _ => format!("({a}) AND {b} OR NOT ({b})"),
    }
}

/// What is read of an expression means what the expression means, in every row of a truth table.
#[tokio::test]
async fn no_expression_means_anything_else_than_before() {
    const FORMULAS: usize = 120;
    for (seed, kind) in (31..).zip(SERVERS) {
        println!("seed {seed}");
        let mut dice = Dice(seed);
        let database = TimescaleDatabase::new(kind).await;
        database
            .execute(
                "CREATE TABLE truth (id serial, t boolean, u boolean, w boolean, s varchar(10), i int); \
                 INSERT INTO truth (t, u, w, s, i) SELECT a, b, c, a::varchar, CASE WHEN b THEN 1 ELSE 5 END \
                 FROM unnest(ARRAY[true, false, NULL]) a, unnest(ARRAY[true, false, NULL]) b, unnest(ARRAY[true, false, NULL]) c",
            )
            .await;
        let formulas: Vec<String> = (0..FORMULAS).map(|_| formula(&mut dice, 4)).collect();
        let session = database.session().await;
        for (number, formula) in formulas.iter().enumerate() {
            session
                .batch_execute(&format!(
                    "CREATE VIEW v{number} AS SELECT id, {formula} AS q FROM truth"
                ))
                .await
                .expect(formula);
        }
        let reading = read(&database).await;
        let mut changed = 0;
        for (number, formula) in formulas.iter().enumerate() {
            let key = Key::new("view", format!("v{number}"));
            let texts = reading.schema.objects[&key].per_major.as_ref();
            let read = texts.and_then(|texts| texts["definition"].as_str());
            let read = read.expect("a definition");
            let rows = |from: &str| {
                format!("SELECT string_agg(coalesce(q::text, '-'), ',' ORDER BY id) FROM {from}")
            };
            let both = format!(
                "{} UNION ALL SELECT rtrim(pg_get_viewdef('v{number}'::regclass), ';') UNION ALL {}",
                rows(&format!("v{number}")),
                rows(&format!("({read}) AS r")),
            );
            let answers = database.rows(&both).await;
            assert_eq!(answers[0], answers[2], "seed {seed}: {formula}\n{read}");
            changed += usize::from(answers[1] != read);
        }
        println!("{kind:?}: {changed} of {FORMULAS} are read in another form than the first print");
        assert!(changed > 20, "{changed}");
    }
}

/// One change of an expression in each kind, by hand.
const CHANGES: &[(&str, &str)] = &[
    (
        "constraint a.a_h_check",
        "ALTER TABLE a DROP CONSTRAINT a_h_check; ALTER TABLE a ADD CONSTRAINT a_h_check CHECK (h BETWEEN 1 AND 24 OR h <> 5)",
    ),
    (
        "constraint a.a_s_check",
        "ALTER TABLE a DROP CONSTRAINT a_s_check; ALTER TABLE a ADD CONSTRAINT a_s_check CHECK (s IN ('a','c'))",
    ),
    (
        "constraint judged 1.ex 1",
        "ALTER TABLE \"judged 1\" DROP CONSTRAINT \"ex 1\"; ALTER TABLE \"judged 1\" ADD CONSTRAINT \"ex 1\" EXCLUDE USING gist (r WITH &&) WHERE (i = 1 AND (b = 2 OR n = 3))",
    ),
    (
        "domain judge 1",
        "ALTER DOMAIN \"judge 1\" DROP CONSTRAINT \"judge 1_check\"; ALTER DOMAIN \"judge 1\" ADD CONSTRAINT \"judge 1_check\" CHECK (VALUE IN ('a', 'b') AND (length(VALUE) BETWEEN 1 AND 5 OR VALUE <> 'c'))",
    ),
    (
        "index judged 1.part 1",
        "DROP INDEX \"part 1\"; CREATE INDEX \"part 1\" ON \"judged 1\" (id) WHERE (i = 1 AND b = 2) OR n = 3",
    ),
    (
        "index judged 1.expr 1",
        "DROP INDEX \"expr 1\"; CREATE INDEX \"expr 1\" ON \"judged 1\" ((i = 1 AND (b = 2 OR n = 3)), lower(s))",
    ),
    (
        "table judged 1",
        "ALTER TABLE \"judged 1\" ALTER y SET DEFAULT ('a'::varchar IN ('a', 'b') AND 1 BETWEEN 0 AND 2 AND false)",
    ),
    (
        "table judged 1",
        "ALTER TABLE \"judged 1\" ALTER z SET DEFAULT (ARRAY['a', 'c']::varchar[])::text[]",
    ),
    (
        "row_policy judged 1.p 1",
        "ALTER POLICY \"p 1\" ON \"judged 1\" USING (i = 1 AND (b = 2 OR n = 3))",
    ),
    (
        "rule judged 1.r 1",
        "CREATE OR REPLACE RULE \"r 1\" AS ON DELETE TO \"judged 1\" WHERE OLD.i = 1 AND (OLD.b = 2 OR OLD.n = 3) DO INSTEAD NOTHING",
    ),
    (
        "trigger judged 1.t 1",
        "CREATE OR REPLACE TRIGGER \"t 1\" BEFORE INSERT ON \"judged 1\" FOR EACH ROW WHEN (NEW.i = 1 AND (NEW.b = 2 OR NEW.n = 3)) EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    ),
    (
        "materialized_view m 1",
        "DROP MATERIALIZED VIEW \"m 1\"; CREATE MATERIALIZED VIEW \"m 1\" AS SELECT id, 1::bigint AS q, 2::bigint AS k FROM \"judged 1\" WHERE i = 1 AND (b = 2 OR n = 3) WITH NO DATA",
    ),
    (
        "view v 1",
        "CREATE OR REPLACE VIEW \"v 1\" AS SELECT id, s, i = 1 AND (b = 2 OR n = 3) AS q FROM \"judged 1\" a",
    ),
    (
        "function f 1(boolean)",
        "CREATE OR REPLACE FUNCTION \"f 1\"(a boolean DEFAULT ('a'::varchar IN ('a', 'c') AND (1 BETWEEN 0 AND 2 AND true))) RETURNS boolean LANGUAGE sql AS 'SELECT a'",
    ),
];

#[tokio::test]
async fn a_change_of_an_expression_is_found_in_every_kind_after_a_restore() {
    for (seed, kind) in (41..).zip(SERVERS) {
        let database = TimescaleDatabase::new(kind).await;
        database.execute(&migration(seed)).await;
        let expected = read(&database).await;
        let copy = dump::restored(&database).await;
        let mut reader = engine(&copy);
        let mut before = reader.schema().await.expect("a reading");
        assert!(differences(&expected, &before).is_empty());
        for (object, change) in CHANGES {
            copy.execute(change).await;
            let after = reader.schema().await.expect("a reading");
            let found = differences(&before, &after);
            let names: Vec<String> = found.iter().map(|one| one.key.to_string()).collect();
            assert_eq!(names, [*object], "{change}: {found:#?}");
            assert_eq!(found[0].change(), Change::Changed, "{change}");
            before = after;
        }
    }
}
