//! States from which a repair is not obvious: what the migrations made, what was done to it, and what
//! must be found. Each is repaired through the server's own client, both ways.

use crate::{
    change::told,
    client::{pipe, script},
    compared, read,
    support::MysqlDatabase,
};
use mysql_async::prelude::Queryable;
use sgmp_db::{
    drift::without_repair,
    engine::Engine,
    schema::{Reading, Repair, Schema},
};

/// One state.
struct Case {
    base: &'static str,
    /// By hand, without sgmp-db.
    change: &'static str,
    /// As `told` writes it, separated by `; `.
    finding: &'static str,
    /// What a reader of the script must be told, in a note or as the reason why it is withheld.
    says: &'static str,
}

const fn case(base: &'static str, change: &'static str, finding: &'static str) -> Case {
    Case {
        base,
        change,
        finding,
        says: "",
    }
}

const fn saying(
    base: &'static str,
    change: &'static str,
    finding: &'static str,
    says: &'static str,
) -> Case {
    Case {
        base,
        change,
        finding,
        says,
    }
}

#[rustfmt::skip]
const KEYS: &[Case] = &[
    // A column may take NULL only when it has left the primary key (1171).
    case("CREATE TABLE t (a int, b int)", "ALTER TABLE t ADD PRIMARY KEY (a, b)", "changed table t columns.a.nullable; changed table t columns.b.nullable; unexpected index t.PRIMARY"),
    case("CREATE TABLE t (a int, b int, c int)", "ALTER TABLE t ADD PRIMARY KEY (a)", "changed table t columns.a.nullable; unexpected index t.PRIMARY"),
    case("CREATE TABLE t (a int NOT NULL, b int, PRIMARY KEY (a))", "ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (a, b)", "changed index t.PRIMARY parts; changed table t columns.b.nullable"),
    // An AUTO_INCREMENT column must be a key as long as it is there (1075).
    case("CREATE TABLE t (x int NOT NULL PRIMARY KEY)", "ALTER TABLE t DROP PRIMARY KEY, ADD COLUMN id int NOT NULL AUTO_INCREMENT PRIMARY KEY", "changed index t.PRIMARY parts; unexpected table t columns.id"),
    case("CREATE TABLE t (x int)", "ALTER TABLE t ADD COLUMN id int NOT NULL AUTO_INCREMENT PRIMARY KEY FIRST", "unexpected index t.PRIMARY; unexpected table t columns.id"),
    case("CREATE TABLE t (id int NOT NULL AUTO_INCREMENT, x int, PRIMARY KEY (id), KEY x (x))", "ALTER TABLE t MODIFY id int NOT NULL, DROP PRIMARY KEY, ADD PRIMARY KEY (x, id)", "changed index t.PRIMARY parts; changed table t columns.x.nullable; missing table t columns.id.auto_increment"),
    case("CREATE TABLE t (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, n int)", "ALTER TABLE t MODIFY id int NOT NULL, ADD other int NOT NULL AUTO_INCREMENT UNIQUE", "missing table t columns.id.auto_increment; unexpected index t.other; unexpected table t columns.other"),
    // An index over a column that goes, which is another one without it.
    case("CREATE TABLE t (id int PRIMARY KEY, a int, KEY k (a))", "ALTER TABLE t ADD b int, DROP KEY k, ADD KEY k (a, b)", "changed index t.k parts; unexpected table t columns.b"),
    case("CREATE TABLE t (id int PRIMARY KEY, a int, CHECK (a > 0))", "ALTER TABLE t ADD b int, ADD CHECK (b > a)", "unexpected check t.t_chk_2; unexpected table t columns.b"),
    case("CREATE TABLE t (id int PRIMARY KEY, a int)", "ALTER TABLE t ADD b int, ADD g int AS (a + b), ADD KEY kg (g)", "unexpected index t.kg; unexpected table t columns.b; unexpected table t columns.g"),
    // A generated column made virtual, with all that rests on it.
    case("CREATE TABLE t (id int PRIMARY KEY, a int, g int AS (a + 1) STORED, h int AS (g + 1) STORED, KEY kh (h), CHECK (g > 0))", "ALTER TABLE t DROP CHECK t_chk_1, DROP KEY kh, DROP h, DROP g, ADD g int AS (a + 1) VIRTUAL AFTER a, ADD h int AS (g + 1) STORED AFTER g, ADD KEY kh (h), ADD CONSTRAINT t_chk_1 CHECK (g > 0)", "changed table t columns.g.generated.storage"),
    // Names that are unique in the schema, whatever table they belong to.
    case("CREATE TABLE t (a int, CONSTRAINT c CHECK (a > 0)); CREATE TABLE u (a int)", "ALTER TABLE t DROP CHECK c; ALTER TABLE u ADD CONSTRAINT c CHECK (a > 1)", "missing check t.c; unexpected check u.c"),
    case("CREATE TABLE t (a int); CREATE TABLE u (a int); CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1", "DROP TRIGGER x; CREATE TRIGGER x BEFORE INSERT ON u FOR EACH ROW SET NEW.a = 1", "missing trigger t.x; unexpected trigger u.x"),
    case("CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t", "DROP VIEW v; CREATE TABLE v (a int)", "missing view v; unexpected table v"),
    // A spatial index holds the SRID of its column (3644).
    saying("CREATE TABLE t (id int PRIMARY KEY, p point NOT NULL SRID 4326, SPATIAL KEY k (p))", "ALTER TABLE t DROP KEY k; ALTER TABLE t MODIFY p point NOT NULL SRID 0; ALTER TABLE t ADD SPATIAL KEY k (p)", "changed table t columns.p.srid", "ST_SRID(`p`, 4326)"),
    case("CREATE TABLE t (id int PRIMARY KEY, p point NOT NULL SRID 4326, SPATIAL KEY k (p))", "ALTER TABLE t DROP KEY k; ALTER TABLE t MODIFY p point NOT NULL; ALTER TABLE t ADD KEY k (id)", "changed index t.k parts; missing index t.k type; missing table t columns.p.srid"),
    // Partitions and the keys that must hold their column.
    case("CREATE TABLE t (a int NOT NULL, b int NOT NULL, PRIMARY KEY (a)) PARTITION BY HASH (a) PARTITIONS 2", "ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (b) PARTITION BY HASH (b) PARTITIONS 3", "changed index t.PRIMARY parts; changed table t partitions.count; changed table t partitions.expression"),
];

#[rustfmt::skip]
const FOREIGN_KEYS: &[Case] = &[
    // The index that the server makes for a foreign key is made with it, under another name.
    case("CREATE TABLE p (c int PRIMARY KEY); CREATE TABLE q (c int, FOREIGN KEY (c) REFERENCES p (c))", "ALTER TABLE q DROP FOREIGN KEY q_ibfk_1", "missing foreign_key q.q_ibfk_1"),
    case("CREATE TABLE p (c int PRIMARY KEY); CREATE TABLE q (c int, FOREIGN KEY (c) REFERENCES p (c))", "ALTER TABLE q DROP FOREIGN KEY q_ibfk_1, DROP KEY c", "missing foreign_key q.q_ibfk_1; missing index q.c"),
    case("CREATE TABLE p (c int PRIMARY KEY); CREATE TABLE q (c int, FOREIGN KEY (c) REFERENCES p (c))", "ALTER TABLE q DROP FOREIGN KEY q_ibfk_1; ALTER TABLE q DROP KEY c, ADD KEY c (c), ADD CONSTRAINT q_ibfk_1 FOREIGN KEY (c) REFERENCES p (c) ON DELETE CASCADE", "unexpected foreign_key q.q_ibfk_1 on_delete"),
    case("CREATE TABLE p (a int, b int, UNIQUE KEY (a, b)); CREATE TABLE q (a int, b int, FOREIGN KEY (a, b) REFERENCES p (a, b))", "ALTER TABLE q DROP FOREIGN KEY q_ibfk_1", "missing foreign_key q.q_ibfk_1"),
    // It goes by itself when another index can serve.
    case("CREATE TABLE p (c int PRIMARY KEY); CREATE TABLE q (c int, d int, KEY c (c), KEY both_of_them (c, d), FOREIGN KEY (c) REFERENCES p (c))", "ALTER TABLE q DROP FOREIGN KEY q_ibfk_1, DROP KEY both_of_them, DROP KEY c; ALTER TABLE q ADD CONSTRAINT c FOREIGN KEY (c) REFERENCES p (c)", "missing foreign_key q.q_ibfk_1; missing index q.both_of_them; unexpected foreign_key q.c"),
    // Not even AUTO_INCREMENT can go from a column that one joins (1833).
    case("CREATE TABLE t (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, up int, FOREIGN KEY (up) REFERENCES t (id))", "ALTER TABLE t DROP FOREIGN KEY t_ibfk_1; ALTER TABLE t MODIFY id int NOT NULL, DROP KEY up, ADD KEY up (up); ALTER TABLE t ADD CONSTRAINT t_ibfk_1 FOREIGN KEY (up) REFERENCES t (id)", "missing table t columns.id.auto_increment"),
    // What a foreign key joins cannot change, and the last index that it rests on cannot go.
    case("CREATE TABLE p (c int PRIMARY KEY); CREATE TABLE q (c int, FOREIGN KEY (c) REFERENCES p (c))", "ALTER TABLE q DROP FOREIGN KEY q_ibfk_1; ALTER TABLE p MODIFY c bigint; ALTER TABLE q MODIFY c bigint; ALTER TABLE q DROP KEY c, ADD KEY c (c), ADD CONSTRAINT q_ibfk_1 FOREIGN KEY (c) REFERENCES p (c)", "changed table p columns.c.type; changed table q columns.c.type"),
    case("CREATE TABLE p (c int PRIMARY KEY, d int); CREATE TABLE q (c int, d int, KEY k (c), FOREIGN KEY (c) REFERENCES p (c))", "ALTER TABLE q ADD KEY l (c, d), DROP KEY k", "missing index q.k; unexpected index q.l"),
    case("CREATE TABLE p (c int PRIMARY KEY); CREATE TABLE q (c int, UNIQUE KEY (c))", "ALTER TABLE q ADD FOREIGN KEY (c) REFERENCES p (c); ALTER TABLE p ADD FOREIGN KEY (c) REFERENCES q (c)", "unexpected foreign_key p.p_ibfk_1; unexpected foreign_key q.q_ibfk_1"),
    case("CREATE TABLE p (c int PRIMARY KEY)", "CREATE TABLE q (c int PRIMARY KEY, FOREIGN KEY (c) REFERENCES p (c)); CREATE TABLE r (c int PRIMARY KEY, FOREIGN KEY (c) REFERENCES q (c)); ALTER TABLE q ADD FOREIGN KEY (c) REFERENCES r (c)", "unexpected foreign_key q.q_ibfk_1; unexpected foreign_key q.q_ibfk_2; unexpected foreign_key r.r_ibfk_1; unexpected index q.PRIMARY; unexpected index r.PRIMARY; unexpected table q; unexpected table r"),
    case("CREATE TABLE p (c int PRIMARY KEY, KEY (c)); CREATE TABLE q (c int, FOREIGN KEY (c) REFERENCES p (c)); CREATE TABLE h (c int PRIMARY KEY) PARTITION BY HASH (c)", "ALTER TABLE q DROP FOREIGN KEY q_ibfk_1; ALTER TABLE p PARTITION BY HASH (c) PARTITIONS 2; ALTER TABLE h REMOVE PARTITIONING; ALTER TABLE q ADD FOREIGN KEY (c) REFERENCES h (c)", "changed foreign_key q.q_ibfk_1 references; missing table h partitions; unexpected table p partitions"),
];

#[rustfmt::skip]
const COLUMNS: &[Case] = &[
    // The binary log takes no new column with a default of its own for each row (1674).
    saying("CREATE TABLE t (id int PRIMARY KEY, uu binary(16) DEFAULT (uuid_to_bin(uuid()))); INSERT INTO t (id) VALUES (1), (2)", "ALTER TABLE t DROP uu", "missing table t columns.uu", "1674"),
    saying("CREATE TABLE t (id int PRIMARY KEY, uu char(36) NOT NULL DEFAULT (uuid()), n int NOT NULL DEFAULT (rand() * 10), UNIQUE KEY (uu), CHECK (uu <> '')); INSERT INTO t (id) VALUES (1), (2)", "ALTER TABLE t DROP CHECK t_chk_1, DROP uu, DROP n, ADD late int", "missing check t.t_chk_1; missing index t.uu; missing table t columns.n; missing table t columns.uu; unexpected table t columns.late", "1674"),
    case("CREATE TABLE t (id int PRIMARY KEY, late char(36) DEFAULT (uuid()), b int)", "ALTER TABLE t DROP late, MODIFY b int FIRST", "changed table t column_order; missing table t columns.late"),
    // All comments of a table are one difference where the other side has none.
    case("CREATE TABLE t (id int COMMENT 'x', n int, KEY k (n) COMMENT 'z') COMMENT 'y'", "ALTER TABLE t MODIFY id int, DROP KEY k, ADD KEY k (n), COMMENT ''", "missing table t comments"),
    // What fills a column that takes no NULL.
    saying("CREATE TABLE t (id int PRIMARY KEY, n text NOT NULL, m int NOT NULL, e enum('x','y') NOT NULL); INSERT INTO t VALUES (1, 'a', 2, 'y')", "ALTER TABLE t DROP n, DROP m, DROP e", "missing table t columns.e; missing table t columns.m; missing table t columns.n", "rows that are there get '' in column n; rows that are there get 0 in column m; rows that are there get 'x' in column e"),
    saying("CREATE TABLE t (id int PRIMARY KEY, d date NOT NULL)", "ALTER TABLE t DROP d", "missing table t columns.d", "1292"),
    // A zero byte ends no default.
    case("CREATE TABLE t (b binary(2) DEFAULT '\\0a', v varbinary(9) DEFAULT '\\0', s varchar(9) DEFAULT 'x\\0y', f binary(3) DEFAULT 'a')", "ALTER TABLE t ALTER b SET DEFAULT '\\0b'", "changed table t columns.b.default"),
    case("CREATE TABLE t (id int, b binary(2) DEFAULT '\\0a', v varbinary(9) DEFAULT '', s varchar(9) DEFAULT 'x\\0y', l binary(4) DEFAULT 0xff00fe)", "ALTER TABLE t DROP b, DROP v, DROP s, DROP l", "missing table t columns.b; missing table t columns.l; missing table t columns.s; missing table t columns.v"),
    // One change of a default is one difference.
    case("CREATE TABLE t (a varchar(9), b text) COLLATE utf8mb4_bin; CREATE TABLE u (a varchar(9), b varchar(9) COLLATE latin1_bin); CREATE TABLE w (n int); CREATE FUNCTION f(s varchar(9)) RETURNS varchar(9) DETERMINISTIC RETURN s; CREATE PROCEDURE p(IN s text, n int) SELECT s", "ALTER DATABASE COLLATE utf8mb4_general_ci", "changed database defaults collation"),
    case("CREATE TABLE t (a varchar(9), b text)", "ALTER TABLE t DEFAULT COLLATE utf8mb4_bin", "unexpected table t collation"),
    case("CREATE TABLE t (a varchar(9), b text)", "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "unexpected table t collation"),
    case("CREATE TABLE t (a varchar(9), b text) COLLATE utf8mb4_general_ci", "ALTER DATABASE COLLATE utf8mb4_general_ci", "changed database defaults collation"),
];

#[rustfmt::skip]
const PROGRAMS: &[Case] = &[
    case("CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2020-01-01 03:00:00' ENDS '2037-01-01 00:00:00' DO SELECT 1", "DROP EVENT e", "missing event e"),
    case("CREATE EVENT e ON SCHEDULE AT '2037-01-01 12:30:00' ON COMPLETION PRESERVE DO SELECT 1", "DROP EVENT e", "missing event e"),
    case("CREATE EVENT e ON SCHEDULE EVERY 1 HOUR STARTS CURRENT_TIMESTAMP + INTERVAL 2 HOUR DISABLE COMMENT 'why' DO SELECT 1", "DROP EVENT e", "missing event e"),
    case("CREATE EVENT e ON SCHEDULE AT '2037-01-01 12:30:00' DO SELECT 1", "ALTER EVENT e ON SCHEDULE AT '2036-01-01 12:30:00'", "changed event e at"),
    case("CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2020-01-01 03:00:00' DO SELECT 1", "ALTER EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2020-01-01 04:00:00'", "changed event e starts"),
    case("CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1", "ALTER EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 03:00:00' ENDS '2037-06-01 00:00:00'", "unexpected event e ends; unexpected event e starts"),
    case("CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2036-01-01 03:00:00' ENDS '2037-01-01 00:00:00' ON COMPLETION PRESERVE DO SELECT 1", "ALTER EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2036-01-01 03:00:00' ENDS '2037-01-02 00:00:00'", "changed event e ends"),
    // Bodies come back as they were written.
    case("CREATE TABLE t (s varchar(20)); CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW\nBEGIN\n    -- no shouting\n    IF NEW.s = 'A' THEN\n        SET NEW.s = 'a'; /* done */\n    END IF;\nEND -- of x", "DROP TRIGGER x", "missing trigger t.x"),
    case("CREATE PROCEDURE p()\nBEGIN\n    # first\n    SELECT 1;\n\n    SELECT `p`.`x` FROM (SELECT 1 AS x) p;\nEND; CREATE FUNCTION f() RETURNS int DETERMINISTIC\n    RETURN 1 -- one", "DROP PROCEDURE p; DROP FUNCTION f", "missing function f; missing procedure p"),
    case("CREATE EVENT e ON SCHEDULE EVERY 1 HOUR DISABLE DO\nBEGIN\n    -- nothing\n    SELECT 1;\nEND", "DROP EVENT e", "missing event e"),
    // What a view reads comes first, whichever is missing.
    case("CREATE TABLE t (a int); CREATE FUNCTION z() RETURNS int DETERMINISTIC RETURN 1; CREATE VIEW b AS SELECT a, z() AS z FROM t; CREATE VIEW a AS SELECT z FROM b", "DROP VIEW a; DROP VIEW b; DROP FUNCTION z; DROP TABLE t", "missing function z; missing table t; missing view a; missing view b"),
    case("CREATE TABLE t (a int, b int); CREATE VIEW v AS SELECT a, b FROM t; CREATE VIEW w AS SELECT b FROM v", "DROP VIEW w; DROP VIEW v; ALTER TABLE t DROP b, ADD c int; CREATE VIEW w AS SELECT c FROM t; CREATE VIEW v AS SELECT c FROM w", "changed view v columns; changed view v depends_on; changed view v text; changed view w columns; changed view w depends_on; changed view w text; missing table t columns.b; unexpected table t columns.c"),
    case("CREATE TABLE t (a int, b int); CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET NEW.b = NEW.a", "DROP TRIGGER x; ALTER TABLE t DROP b", "missing table t columns.b; missing trigger t.x"),
];

fn lines(expected: &Schema, actual: &Schema) -> String {
    told(&compared(expected, actual)).join("; ")
}

/// Repairs that lead to what is expected.
async fn repairs(database: &MysqlDatabase, expected: &Reading) -> Result<Vec<Repair>, String> {
    let mut engine = database.engine();
    let actual = engine.schema().await.expect("a reading");
    let found = compared(&expected.schema, &actual.schema);
    let repairs = engine.repair(&found, &expected.schema, &actual.schema);
    let left: Vec<String> = without_repair(&found, &repairs)
        .iter()
        .map(|one| one.key.to_string())
        .collect();
    engine.close().await.expect("the end of the session");
    match left.is_empty() {
        true => Ok(repairs),
        false => Err(format!("no statement repairs {left:?}")),
    }
}

/// First without what loses something, which must run too, then all of it.
async fn repair(database: &MysqlDatabase, expected: &Reading) -> Result<Vec<Repair>, String> {
    let all = repairs(database, expected).await?;
    let harmless = all.iter().filter(|one| one.destructive.is_none());
    pipe(database, &script(harmless))
        .await
        .map_err(|error| format!("without what loses something: {error}"))?;
    pipe(database, &script(&repairs(database, expected).await?)).await?;
    let repaired = read(database).await;
    let left = lines(&expected.schema, &repaired.schema);
    match left.is_empty() {
        true => Ok(all),
        false => Err(format!("left {left} after\n{}", script(&all))),
    }
}

async fn prove(case: &Case) -> Result<(), String> {
    let database = MysqlDatabase::new().await;
    let mut session = database.session().await;
    session.query_drop(case.base).await.expect(case.base);
    let base = read(&database).await;
    session.query_drop(case.change).await.expect(case.change);
    let changed = read(&database).await;
    let found = lines(&base.schema, &changed.schema);
    if found != case.finding {
        return Err(format!("found    {found}\nexpected {}", case.finding));
    }
    let made = repair(&database, &base).await?;
    let words = made
        .iter()
        .flat_map(|one| one.note.iter().chain(&one.destructive));
    let words: Vec<&str> = words.map(String::as_str).collect();
    if !words.iter().any(|one| one.contains(case.says)) && !case.says.is_empty() {
        return Err(format!("{words:#?} do not say {}", case.says));
    }
    let again = read(&database).await;
    // Bodies too, as they were written.
    if again.schema != base.schema && lines(&base.schema, &changed.schema).contains("missing") {
        let texts = |reading: &Reading| {
            let objects = reading.schema.objects.values();
            objects
                .filter_map(|one| one.value.get("body").cloned())
                .collect::<Vec<_>>()
        };
        if texts(&again) != texts(&base) {
            return Err(format!("{:#?} is not {:#?}", texts(&again), texts(&base)));
        }
    }
    repair(&database, &changed)
        .await
        .map(drop)
        .map_err(|error| format!("the other way: {error}"))
}

async fn prove_all(cases: &[Case]) {
    let mut wrong = Vec::new();
    for case in cases {
        if let Err(words) = prove(case).await {
            wrong.push(format!("{}\n{}\n{words}", case.base, case.change));
        }
    }
    let count = cases.len();
    println!("{count} states, each found, repaired with and without losses, and made again");
    assert!(
        wrong.is_empty(),
        "{} of {count} failed:\n\n{}",
        wrong.len(),
        wrong.join("\n\n")
    );
}

#[tokio::test]
async fn keys_that_are_not_in_order_are_repaired_in_an_order_that_works() {
    prove_all(KEYS).await;
}

#[tokio::test]
async fn foreign_keys_are_repaired_with_the_indexes_that_they_rest_on() {
    prove_all(FOREIGN_KEYS).await;
}

#[tokio::test]
async fn columns_and_defaults_are_repaired_or_say_what_to_do_first() {
    prove_all(COLUMNS).await;
}

#[tokio::test]
async fn programs_come_back_as_they_were_written() {
    prove_all(PROGRAMS).await;
}
