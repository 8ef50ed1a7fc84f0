//! Two schemas that nobody thought of, over all kinds: from the one the repair leads to the other.
//!
//! A schema is a choice: each piece is absent, or there in one of its variants. So two schemas share names,
//! and differ in what an object is as well as in whether it is there. A pair that fails is shrunk by leaving
//! pieces out on both sides.

use super::{
    prove::{lines, texts},
    repaired::Bench,
};
use crate::support::server::Kind;
use std::{collections::BTreeSet, env};

/// How many pairs, unless `SGMP_DB_PAIRS` says so.
const PAIRS: u64 = 100;
/// The first pair's seed, unless `SGMP_DB_SEED` says so.
const SEED: u64 = 1;

/// An object by its name here, and how it can be: what a variant needs, and its SQL.
type Piece = (&'static str, &'static [(&'static str, &'static str)]);

/// In an order in which each needs only earlier ones.
#[rustfmt::skip]
const PIECES: &[Piece] = &[
    ("schema", &[("", "CREATE SCHEMA \"Other s\"")]),
    ("mood", &[("", "CREATE TYPE mood AS ENUM ('a', 'b', 'c')"), ("", "CREATE TYPE mood AS ENUM ('c', 'a', 'b')"), ("", "CREATE TYPE mood AS ENUM ('a', 'x', 'b', 'c')"), ("", "CREATE TYPE mood AS ENUM ('a', 'b', 'd', 'c')")]),
    ("f", &[("", "CREATE FUNCTION f(v numeric) RETURNS numeric IMMUTABLE LANGUAGE sql AS 'SELECT v + 1'"), ("", "CREATE FUNCTION f(v numeric) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 2'"), ("", "CREATE FUNCTION f(w numeric) RETURNS numeric IMMUTABLE STRICT LANGUAGE plpgsql AS $$ BEGIN\n-- one\nRETURN w; END $$")]),
    ("domain", &[("", "CREATE DOMAIN pos AS numeric"), ("", "CREATE DOMAIN pos AS numeric DEFAULT 2 CONSTRAINT positive CHECK (VALUE > 0)"), ("", "CREATE DOMAIN pos AS bigint NOT NULL"), ("f", "CREATE DOMAIN pos AS numeric CONSTRAINT positive CHECK (f(VALUE) > 0)")]),
    ("pair", &[("", "CREATE TYPE pair AS (x int, y text)"), ("", "CREATE TYPE pair AS (x bigint, y text, z int)"), ("mood", "CREATE TYPE pair AS (z int, m mood)")]),
    // No statement changes a type that a column uses.
    ("used", &[("", "CREATE TYPE used AS (x int, y text)")]),
    ("span", &[("", "CREATE TYPE span AS RANGE (SUBTYPE = float8)"), ("", "CREATE TYPE span AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = float8mi)")]),
    ("counter", &[("", "CREATE SEQUENCE counter"), ("", "CREATE SEQUENCE counter AS int INCREMENT 2 CYCLE"), ("", "CREATE UNLOGGED SEQUENCE counter CACHE 5")]),
    ("t", &[
        ("", "CREATE TABLE t (id int NOT NULL, a int, b text, c numeric)"),
        ("", "CREATE TABLE t (id bigint NOT NULL, a numeric, b varchar(9) NOT NULL DEFAULT 'x', c numeric)"),
        ("", "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY, a int DEFAULT 5, b text COLLATE \"C\", c numeric GENERATED ALWAYS AS (1 + 2) STORED)"),
        ("", "CREATE TABLE t (id serial, c numeric NOT NULL, b text, a int)"),
        ("mood f", "CREATE TABLE t (id int NOT NULL, a numeric DEFAULT f(3), b text DEFAULT 'a'::mood, c numeric, m mood DEFAULT 'b', ms mood[])"),
        ("domain span counter", "CREATE TABLE t (id bigint NOT NULL DEFAULT nextval('counter'), a int, b text, c numeric, p pos, r span) WITH (fillfactor = 70)"),
        ("f", "CREATE TABLE t (id int NOT NULL, a int, b text, c numeric GENERATED ALWAYS AS (f(a)) STORED)"),
    ]),
    ("t_key", &[("t", "ALTER TABLE t ADD CONSTRAINT t_key PRIMARY KEY (id)"), ("t", "ALTER TABLE t ADD CONSTRAINT t_key UNIQUE (id) WITH (fillfactor = 50)"), ("t", "ALTER TABLE t ADD CONSTRAINT t_key UNIQUE (id)")]),
    ("t_check", &[("t", "ALTER TABLE t ADD CONSTRAINT t_check CHECK (a > 0)"), ("t", "ALTER TABLE t ADD CONSTRAINT t_check CHECK (a > 0 AND b <> '') NOT VALID"), ("t f", "ALTER TABLE t ADD CONSTRAINT t_check CHECK (f(a) > 0)")]),
    ("t_index", &[("t", "CREATE INDEX same ON t (a)"), ("t", "CREATE UNIQUE INDEX same ON t (b, a DESC) WHERE a > 3"), ("t f", "CREATE INDEX same ON t (f(a), lower(b))")]),
    ("u", &[
        ("", "CREATE TABLE u (t_id bigint, n int NOT NULL, o text)"),
        ("domain used", "CREATE TABLE u (t_id bigint, n int NOT NULL, o text, q used, p pos[])"),
        ("schema mood", "CREATE TABLE u (t_id bigint, n int NOT NULL, m mood, o text)"),
        ("", "CREATE TABLE u (o text, n bigint NOT NULL, t_id bigint)"),
    ]),
    ("u_key", &[("u t_key t", "ALTER TABLE u ADD CONSTRAINT u_t FOREIGN KEY (t_id) REFERENCES t (id)"), ("u t_key t", "ALTER TABLE u ADD CONSTRAINT u_t FOREIGN KEY (t_id) REFERENCES t (id) ON DELETE CASCADE")]),
    ("u_index", &[("u", "CREATE INDEX u_n ON u (n)"), ("u", "CREATE INDEX u_n ON u USING hash (n)"), ("u", "CREATE INDEX u_n ON u (o) INCLUDE (n)")]),
    ("log", &[
        ("", "CREATE TABLE \"Other log\" (at int NOT NULL, v int) PARTITION BY RANGE (at)"),
        ("", "CREATE TABLE \"Other log\" (at int NOT NULL, v int, w text DEFAULT 'w') PARTITION BY RANGE (at)"),
        ("", "CREATE TABLE \"Other log\" (at int NOT NULL, v int) PARTITION BY LIST (at)"),
    ]),
    ("log_part", &[("log", "DO $$ BEGIN IF (SELECT partstrat = 'r' FROM pg_partitioned_table WHERE partrelid = '\"Other log\"'::regclass) THEN CREATE TABLE log_1 PARTITION OF \"Other log\" FOR VALUES FROM (0) TO (10); ELSE CREATE TABLE log_1 PARTITION OF \"Other log\" FOR VALUES IN (1); END IF; END $$"), ("log", "CREATE TABLE log_1 PARTITION OF \"Other log\" DEFAULT"), ("", "CREATE TABLE log_1 (at int NOT NULL, v int)")]),
    // Only where there is no partition: one that leaves keeps a copy of the index, which is told at the next look.
    ("log_index", &[("log", "DO $$ BEGIN IF to_regclass('log_1') IS NULL THEN CREATE INDEX log_v ON \"Other log\" (v); END IF; END $$"), ("log", "DO $$ BEGIN IF to_regclass('log_1') IS NULL THEN CREATE INDEX log_v ON \"Other log\" (v, at); END IF; END $$")]),
    ("child", &[("u", "CREATE TABLE child (extra int) INHERITS (u)"), ("", "CREATE TABLE child (extra int)"), ("u", "CREATE TABLE child (extra int, more text) INHERITS (u)")]),
    ("v", &[("t", "CREATE VIEW v AS SELECT id, a FROM t"), ("t", "CREATE VIEW v AS SELECT id, b, a FROM t WHERE a > 1"), ("u", "CREATE VIEW v AS SELECT t_id AS id, n AS a FROM u"), ("t f", "CREATE VIEW v WITH (security_barrier = true) AS SELECT id, f(a) AS a FROM t"), ("", "CREATE TABLE v (id bigint, a numeric)")]),
    ("of_v", &[("v", "CREATE FUNCTION of_v() RETURNS SETOF v LANGUAGE sql STABLE AS 'SELECT NULL::v'"), ("v", "CREATE FUNCTION of_v() RETURNS SETOF v LANGUAGE plpgsql AS $$ BEGIN RETURN; END $$"), ("", "CREATE FUNCTION of_v() RETURNS int LANGUAGE sql AS 'SELECT 1'")]),
    ("above", &[("v", "CREATE VIEW above AS SELECT a FROM v"), ("v of_v", "CREATE VIEW above AS SELECT x.*::text AS x FROM of_v() AS x"), ("v", "CREATE MATERIALIZED VIEW above AS SELECT a, id FROM v")]),
    ("above_index", &[("above", "DO $$ BEGIN IF (SELECT relkind = 'm' FROM pg_class WHERE oid = 'above'::regclass) THEN CREATE INDEX above_a ON above (a); END IF; END $$")]),
    ("of_mood", &[("mood", "CREATE FUNCTION of_mood(m mood, ms mood[]) RETURNS mood LANGUAGE sql AS 'SELECT m'"), ("mood t", "CREATE FUNCTION of_mood(r t) RETURNS mood LANGUAGE sql AS 'SELECT NULL::mood'")]),
    ("work", &[("u", "CREATE PROCEDURE work(INOUT r u) LANGUAGE plpgsql AS $$ BEGIN END $$"), ("", "CREATE PROCEDURE work(n int) LANGUAGE sql AS 'SELECT 1'"), ("t", "CREATE PROCEDURE work(n int) LANGUAGE plpgsql AS $$ DECLARE r t%ROWTYPE; BEGIN NULL; END $$")]),
    ("atomic", &[("t f", "CREATE FUNCTION atomic() RETURNS numeric LANGUAGE sql BEGIN ATOMIC SELECT f(max(a)) FROM t; END"), ("u", "CREATE FUNCTION atomic() RETURNS numeric LANGUAGE sql BEGIN ATOMIC SELECT max(n) FROM u; END")]),
    ("most", &[("f", "CREATE AGGREGATE most (numeric) (SFUNC = numeric_larger, STYPE = numeric)"), ("", "CREATE AGGREGATE most (numeric) (SFUNC = numeric_add, STYPE = numeric, INITCOND = '0')")]),
    ("fires", &[("", "CREATE FUNCTION fires() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$"), ("", "CREATE FUNCTION fires() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$")]),
    ("trigger", &[("t fires", "CREATE TRIGGER trig BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION fires()"), ("t fires", "CREATE TRIGGER trig AFTER UPDATE OF b ON t FOR EACH ROW WHEN (OLD.a IS DISTINCT FROM NEW.a) EXECUTE FUNCTION fires()"), ("u fires", "CREATE TRIGGER trig BEFORE DELETE ON u FOR EACH STATEMENT EXECUTE FUNCTION fires()")]),
    ("rule", &[("t", "CREATE RULE quiet AS ON DELETE TO t DO INSTEAD NOTHING"), ("t u", "CREATE RULE quiet AS ON INSERT TO t WHERE NEW.a > 5 DO ALSO INSERT INTO u (n) VALUES (NEW.id)")]),
    ("policy", &[("t", "CREATE POLICY own ON t USING (a > 0)"), ("t u", "CREATE POLICY own ON t FOR SELECT USING (a IN (SELECT n FROM u))"), ("u v", "CREATE POLICY own ON u USING (n IN (SELECT a FROM v))")]),
    ("secured", &[("u", "ALTER TABLE u ENABLE ROW LEVEL SECURITY"), ("t", "ALTER TABLE t FORCE ROW LEVEL SECURITY")]),
    ("moody", &[("mood", "CREATE TABLE moody (m mood, CHECK (m <> 'c'))"), ("mood", "CREATE TABLE moody (m mood PRIMARY KEY, n mood[] DEFAULT '{a}')"), ("mood of_mood", "CREATE TABLE moody (m mood, k text DEFAULT 'b'::mood::text)")]),
    ("moody_index", &[("moody mood", "CREATE INDEX moody_m ON moody (m) WHERE m = 'b'"), ("moody mood", "CREATE INDEX same_m ON moody ((m = 'b'))")]),
    ("elsewhere", &[("schema", "CREATE TABLE \"Other s\".\"T 1\" (id int PRIMARY KEY, \"W x\" text)"), ("schema mood", "CREATE TABLE \"Other s\".\"T 1\" (id bigint PRIMARY KEY, \"W x\" text, m mood)"), ("schema t", "CREATE VIEW \"Other s\".\"T 1\" AS SELECT id, b AS \"W x\" FROM t")]),
    ("over", &[("elsewhere", "CREATE VIEW \"Other s\".over AS SELECT \"W x\" AS w FROM \"Other s\".\"T 1\""), ("elsewhere v", "CREATE VIEW \"Other s\".over AS SELECT e.\"W x\" AS w, v.a FROM \"Other s\".\"T 1\" AS e, v")]),
    ("event", &[("", "CREATE FUNCTION noticed() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN NULL; END $$; CREATE EVENT TRIGGER noticed ON ddl_command_end EXECUTE FUNCTION noticed()"), ("", "CREATE FUNCTION noticed() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RETURN; END $$; CREATE EVENT TRIGGER noticed ON sql_drop WHEN TAG IN ('DROP TABLE') EXECUTE FUNCTION noticed()")]),
    ("statistics", &[("t", "CREATE STATISTICS s ON id, b FROM t"), ("t f", "CREATE STATISTICS s (mcv) ON id, (f(a)) FROM t"), ("u", "CREATE STATISTICS s ON n, o FROM u"), ("t schema", "CREATE STATISTICS \"Other s\".s ON id, b FROM t")]),
    ("published", &[("t", "CREATE PUBLICATION pub FOR TABLE t"), ("t u", "CREATE PUBLICATION pub FOR TABLE t (id, b), u WHERE (n > 3)"), ("schema", "CREATE PUBLICATION pub FOR TABLES IN SCHEMA \"Other s\""), ("", "CREATE PUBLICATION pub FOR ALL TABLES WITH (publish = 'insert')")]),
];

/// How many pieces came later: the seeds of the others mean what they meant.
const LATER: usize = 2;

/// Numbers in a row that a seed decides (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) >> 33).expect("31 bits") % sides
    }
}

/// For each piece the number of its variant.
type Choice = Vec<Option<usize>>;

fn choices(seed: u64) -> (Choice, Choice) {
    let (before, later) = PIECES.split_at(PIECES.len() - LATER);
    let (mut actual, mut expected) = some(before, Dice(seed));
    let (here, there) = some(later, Dice(!seed));
    actual.extend(here);
    expected.extend(there);
    (actual, expected)
}

fn some(pieces: &[Piece], mut dice: Dice) -> (Choice, Choice) {
    let mut any = |variants: usize| match dice.roll(4) {
        0 => None,
        _ => Some(dice.roll(variants)),
    };
    let actual: Choice = pieces
        .iter()
        .map(|(_, variants)| any(variants.len()))
        .collect();
    let others: Choice = pieces
        .iter()
        .map(|(_, variants)| any(variants.len()))
        .collect();
    let expected = actual
        .iter()
        .zip(others)
        .map(|(same, other)| if dice.roll(2) == 0 { *same } else { other })
        .collect();
    (actual, expected)
}

/// The statements of a choice, without what lacks what it needs.
fn script(choice: &Choice) -> Vec<&'static str> {
    let mut there = BTreeSet::new();
    let mut statements = Vec::new();
    for ((name, variants), variant) in PIECES.iter().zip(choice) {
        let Some((needs, sql)) = variant.map(|variant| variants[variant]) else {
            continue;
        };
        if needs.split_whitespace().all(|need| there.contains(need)) {
            there.insert(*name);
            statements.push(sql);
        }
    }
    statements
}

/// From the one to the other: what went wrong.
async fn lead(kind: Kind, (actual, expected): (&Choice, &Choice)) -> Result<(), String> {
    let (mut here, mut there) = (Bench::new(kind).await, Bench::new(kind).await);
    for (bench, choice) in [(&here, actual), (&there, expected)] {
        for sql in script(choice) {
            bench
                .run(sql)
                .await
                .map_err(|told| format!("not made: {told}"))?;
        }
    }
    let wanted = there.read().await;
    let (_, repairs) = here.repairs(&wanted).await;
    let harmless: Vec<_> = repairs
        .iter()
        .filter(|one| one.destructive.is_none())
        .cloned()
        .collect();
    if harmless.len() < repairs.len() {
        // What loses nothing works by itself; it is only tried.
        here.tried(&harmless)
            .await
            .map_err(|told| format!("without what is withheld: {told}"))?;
    }
    here.script(&repairs).await?;
    let (left, _) = here.repairs(&wanted).await;
    match left.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "left {}\nafter\n{}",
            lines(&left).join("; "),
            texts(&repairs)
        )),
    }
}

/// Leaves out what is not needed to fail.
async fn shrunk(kind: Kind, actual: &Choice, expected: &Choice) -> (Choice, Choice) {
    let (mut actual, mut expected) = (actual.clone(), expected.clone());
    let mut again = true;
    while again {
        again = false;
        for place in 0..PIECES.len() {
            for (here, there) in [
                (None, None),
                (expected[place], expected[place]),
                (actual[place], actual[place]),
            ] {
                if (actual[place], expected[place]) == (here, there)
                    || actual[place].is_none() && expected[place].is_none()
                {
                    continue;
                }
                let (mut fewer, mut other) = (actual.clone(), expected.clone());
                (fewer[place], other[place]) = (here, there);
                if lead(kind, (&fewer, &other))
                    .await
                    .is_err_and(|told| !told.starts_with("not made"))
                {
                    (actual, expected, again) = (fewer, other, true);
                    break;
                }
            }
        }
    }
    (actual, expected)
}

/// Every pair of the sample.
pub async fn prove(kind: Kind) {
    let number = |name: &str, usual: u64| {
        let value = env::var(name).ok();
        value.map_or(usual, |text| text.parse().expect("a number"))
    };
    let (pairs, first) = (number("SGMP_DB_PAIRS", PAIRS), number("SGMP_DB_SEED", SEED));
    println!("{kind:?}: pairs {first} to {}", first + pairs - 1);
    let mut failures = Vec::new();
    for seed in first..first + pairs {
        let (actual, expected) = choices(seed);
        if let Err(told) = lead(kind, (&actual, &expected)).await {
            println!("SGMP_DB_SEED={seed} SGMP_DB_PAIRS=1: {told}");
            failures.push(seed);
        }
    }
    let Some(seed) = failures.first() else {
        return;
    };
    let (actual, expected) = choices(*seed);
    let (actual, expected) = shrunk(kind, &actual, &expected).await;
    let told = lead(kind, (&actual, &expected)).await.unwrap_err();
    panic!(
        "{} of {pairs} pairs failed: {failures:?}; of the first what is needed to fail:\nmade:\n  {}\nexpected:\n  {}\n{told}",
        failures.len(),
        script(&actual).join(";\n  "),
        script(&expected).join(";\n  ")
    );
}
