//! Schemas that nobody thought of: each equals itself after dump and restore, and is made from
//! nothing, and taken away, by what repairs a difference.

use crate::{
    change::told,
    client::{LOGIN, client, pipe},
    compared, differences, read,
    support::MysqlDatabase,
};
use mysql_async::prelude::Queryable;
use sgmp_db::{
    engine::Engine,
    schema::{Reading, Schema},
};
use std::fmt::Write;

/// Numbers that are the same in every run (xorshift64*), so that a failure can be seen again.
pub struct Dice(u64);

impl Dice {
    /// Of a seed.
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(drawn).expect("31 bits") % limit
    }

    pub fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

const NAMES: &[&str] = &[
    "a",
    "b",
    "Mixed",
    "two words",
    "select",
    "日本",
    "x.y",
    "back``tick",
    "percent%",
    "day",
    "$",
    "ü",
];
const PLAIN: &[&str] = &[
    "int",
    "bigint unsigned",
    "int(7) zerofill",
    "tinyint(1)",
    "decimal(12,4)",
    "float(7,3)",
    "double",
    "bit(5)",
    "year",
    "date",
    "time(2)",
    "datetime(6)",
    "timestamp NULL",
    "json",
    "binary(6)",
    "varbinary(30)",
    "blob",
    "point SRID 4326",
    "geometry",
    "bool",
    "serial_",
];
const TEXTS: &[&str] = &[
    "varchar(40)",
    "char(9)",
    "tinytext",
    "text",
    "longtext",
    "enum('a','it''s','')",
    "set('x','y z')",
    "national varchar(20)",
    "varchar(20) CHARACTER SET latin1",
    "varchar(20) COLLATE utf8mb4_bin",
    "varchar(30) CHARACTER SET ascii",
    "text COLLATE utf8mb4_general_ci",
];
const NUMBERS: &[&str] = &["int", "bigint", "smallint unsigned", "decimal(9,2)"];
/// Conditions on a number `@` that the server keeps, and prints, in ways of its own.
const CONDITIONS: &[&str] = &[
    "@ BETWEEN 1 AND 24 AND @ <> 5",
    "(@, @ + 1) = (1, 2) AND @ > 0",
    "((@, @ + 1) = (1, 2) AND (@ > 0 AND @ < 9)) OR (@, @ + 1) <> (3, 4) OR (@ = 7 OR @ = 1)",
    "(@, @ + 1) IN ((1, 2), (3, 4)) AND NOT (@ = 1 AND @ = 2)",
    "@ IN (1, 2, @) XOR (@ = 1 AND (@ = 2 AND @ <=> 3))",
    "IF(@ BETWEEN 1 AND 2 AND @ = 3, @ IN (1, 2), @ IN (@, 3)) AND (@ = 1 OR @ = 2)",
    "NOT @ BETWEEN 1 AND 2 OR (@ IS NULL OR (@ > 1 OR @ < 1))",
];
const COMMENTS: &[&str] = &["plain", "it''s", "back\\\\slash", "two\\nlines", "ü 日本"];

struct Table {
    columns: Vec<String>,
    numbers: Vec<usize>,
    texts: Vec<usize>,
}

pub fn quoted(name: &str) -> String {
    format!("`{name}`")
}

/// A column's definition behind its name.
fn column(dice: &mut Dice, table: &mut Table, index: usize) -> String {
    let mut sql = match dice.below(3) {
        0 => {
            table.numbers.push(index);
            let kind = dice.one(NUMBERS);
            let default = dice.one(&["", "DEFAULT 0", "DEFAULT 7", "DEFAULT (1 + 2)", "NOT NULL"]);
            format!("{kind} {default}")
        }
        1 => {
            let kind = dice.one(TEXTS);
            let short = kind.contains("char(");
            if short {
                table.texts.push(index);
            }
            let ascii = [
                "",
                "DEFAULT 'x'",
                "DEFAULT ''",
                "DEFAULT 'it''s \\\\'",
                "NOT NULL",
                "DEFAULT (upper('y'))",
            ];
            let default = if short { dice.one(&ascii) } else { "" };
            format!("{kind} {default}")
        }
        _ => {
            let kind = dice.one(PLAIN).replace("serial_", "bigint");
            let default = match kind.as_str() {
                "bit(5)" => dice.one(&["", "DEFAULT b'10'"]),
                "datetime(6)" => dice.one(&[
                    "",
                    "DEFAULT now(6)",
                    "ON UPDATE now(6)",
                    "DEFAULT '1999-01-01'",
                ]),
                "json" => dice.one(&["", "DEFAULT (json_array(1, 'a'))"]),
                "varbinary(30)" => dice.one(&["", "DEFAULT 'abc'", "DEFAULT 0x00ff"]),
                _ => "",
            };
            format!("{kind} {default}")
        }
    };
    if dice.chance(10) {
        sql.push_str(" INVISIBLE");
    }
    if dice.chance(15) {
        write!(sql, " COMMENT '{}'", dice.one(COMMENTS)).expect("a string");
    }
    sql
}

/// One table; `earlier` are tables that have a key `id`.
fn table(dice: &mut Dice, name: &str, earlier: &[String]) -> String {
    let mut made = Table {
        columns: Vec::new(),
        numbers: Vec::new(),
        texts: Vec::new(),
    };
    let mut lines = vec!["id int NOT NULL".to_owned() + dice.one(&[" AUTO_INCREMENT", ""])];
    let mut names = NAMES.to_vec();
    for index in 0..2 + dice.below(8) {
        let own = names.remove(dice.below(names.len()));
        let definition = column(dice, &mut made, index);
        made.columns.push(quoted(own));
        lines.push(format!("{} {definition}", quoted(own)));
    }
    lines.push("PRIMARY KEY (id)".to_owned());
    let number = made
        .numbers
        .first()
        .map(|index| made.columns[*index].clone());
    let text = made.texts.first().map(|index| made.columns[*index].clone());
    if let Some(number) = &number {
        let storage = dice.one(&["STORED", "VIRTUAL"]);
        lines.push(format!("computed bigint AS ({number} * 2 + 1) {storage}"));
        lines.push(format!("KEY numbers ({number} DESC, id)"));
        lines.push(format!("CHECK ({number} >= 0 OR {number} IS NULL)"));
        let mut condition = || dice.one(CONDITIONS).replace('@', number);
        lines.push(format!("CHECK ({})", condition()));
        lines.push(format!("judged int AS ({}) VIRTUAL", condition()));
        lines.push(format!("KEY judging (({}))", condition()));
        lines.push(format!(
            "guessed int DEFAULT ({})",
            "(1, 2) = (1, 2) AND (3 = 3 AND 4 BETWEEN 1 AND 5)"
        ));
        if dice.chance(50) {
            lines.push(format!("UNIQUE KEY `a key` ({number}, id) INVISIBLE"));
        }
    }
    if let Some(text) = &text {
        lines.push(format!(
            "KEY texts ({text}(3)) COMMENT '{}'",
            dice.one(COMMENTS)
        ));
        lines.push(format!("KEY lowered ((concat(lower({text}), 'it''s')))"));
        let enforced = dice.one(&["", "NOT ENFORCED"]);
        lines.push(format!(
            "CONSTRAINT `c {name}` CHECK ({text} <> 'a\\\\b') {enforced}"
        ));
        if dice.chance(40) {
            lines.push(format!(
                "FULLTEXT KEY words ({text}){}",
                dice.one(&["", " WITH PARSER ngram"])
            ));
        }
    }
    let cut = dice.chance(20)
        && !lines.iter().any(|line| {
            line.contains("FULLTEXT") || line.contains("point") || line.contains("geometry")
        });
    if !cut && dice.chance(60) && !earlier.is_empty() {
        let parent = &earlier[dice.below(earlier.len())];
        let action = dice.one(&[
            "",
            "ON DELETE CASCADE",
            "ON DELETE SET NULL ON UPDATE CASCADE",
            "ON UPDATE RESTRICT",
        ]);
        lines.push("parent int".to_owned());
        lines.push(format!(
            "FOREIGN KEY (parent) REFERENCES {} (id) {action}",
            quoted(parent)
        ));
    }
    let mut sql = format!(
        "CREATE TABLE {} (\n  {}\n)",
        quoted(name),
        lines.join(",\n  ")
    );
    sql.push_str(dice.one(&[
        "",
        "",
        " COLLATE utf8mb4_bin",
        " CHARACTER SET latin1",
        " ROW_FORMAT = DYNAMIC",
        " STATS_PERSISTENT = 1",
    ]));
    if dice.chance(20) {
        write!(sql, " COMMENT '{}'", dice.one(COMMENTS)).expect("a string");
    }
    if cut {
        sql.push_str(dice.one(&[
            " PARTITION BY HASH (id) PARTITIONS 3",
            " PARTITION BY LINEAR KEY (id) PARTITIONS 2",
            " PARTITION BY RANGE (id) (PARTITION p VALUES LESS THAN (5) COMMENT 'it''s', PARTITION `q r` VALUES LESS THAN MAXVALUE)",
            " PARTITION BY LIST (id) SUBPARTITION BY HASH (id) SUBPARTITIONS 2 (PARTITION p VALUES IN (1,2,3))",
        ]));
    }
    sql
}

fn schema(seed: u64) -> Vec<String> {
    let mut dice = Dice::new(seed);
    let count = 4 + dice.below(4);
    objects(&mut dice, count, &["t", "Table ", "o``", "日本"])
}

/// Tables, and what is on them; their names begin with one of these.
pub fn objects(dice: &mut Dice, count: usize, names: &[&str]) -> Vec<String> {
    let mut statements = Vec::new();
    let mut tables: Vec<String> = Vec::new();
    for index in 0..count {
        let name = format!("{}{index}", dice.one(names));
        statements.push(table(dice, &name, &tables));
        // A partitioned table cannot be referenced.
        if !statements
            .last()
            .is_some_and(|sql| sql.contains("PARTITION BY"))
        {
            tables.push(name.clone());
        }
        let own = quoted(&name);
        if dice.chance(50) {
            statements.push(format!("CREATE VIEW `v {index}` AS SELECT x.id, x.id + 1 AS `n,1`, '{own}' AS t, {} AS q FROM {own} x WHERE {} AND x.id > 1", dice.one(CONDITIONS).replace('@', "(x.id + 1)"), dice.one(CONDITIONS).replace('@', "x.id")));
        }
        if dice.chance(40) {
            let moment = dice.one(&["BEFORE INSERT", "AFTER UPDATE", "BEFORE DELETE"]);
            for which in ["one", "two"] {
                statements.push(format!("CREATE TRIGGER `{which} {index}` {moment} ON {own} FOR EACH ROW BEGIN\n  -- why\n  SET @x = 'it''s 😀';\nEND"));
            }
        }
        if dice.chance(30) {
            let mode = dice.one(&["IN", "OUT", "INOUT"]);
            statements.push(format!("CREATE PROCEDURE `p {index}`({mode} `q r` varchar(20), IN n decimal(9,2)) READS SQL DATA COMMENT 'it''s' SELECT count(*) FROM {own}"));
        }
        if dice.chance(30) {
            statements.push(format!("CREATE EVENT `e {index}` ON SCHEDULE EVERY {} HOUR DISABLE DO DELETE FROM {own} WHERE id < 0", 1 + dice.below(5)));
        }
    }
    statements
}

async fn dumped_and_restored(database: &MysqlDatabase) -> Reading {
    let mut dump = vec!["mysqldump"];
    dump.extend(LOGIN);
    dump.extend([
        "--set-gtid-purged=OFF",
        "--no-data",
        "--routines",
        "--events",
        "--triggers",
        &database.name,
    ]);
    let text = client(database, &dump, &[]).await.expect("a dump");
    let copy = MysqlDatabase::new().await;
    let text = String::from_utf8(text).expect("UTF-8");
    pipe(&copy, &text).await.expect("the restore");
    read(&copy).await
}

/// Carries out the repairs of everything that differs.
async fn repaired(database: &MysqlDatabase, expected: &Schema) -> Reading {
    let mut engine = database.engine();
    let actual = engine.schema().await.expect("a reading");
    let found = compared(expected, &actual.schema);
    let mut session = database.session().await;
    for repair in engine.repair(&found, expected, &actual.schema) {
        session.query_drop(&repair.sql).await.expect(&repair.sql);
    }
    let reading = engine.schema().await.expect("a reading");
    engine.close().await.expect("the end of the session");
    reading
}

async fn prove(seeds: std::ops::Range<u64>) {
    for seed in seeds {
        let database = MysqlDatabase::new().await;
        let empty = read(&database).await;
        let mut session = database.session().await;
        for statement in schema(seed) {
            session.query_drop(&statement).await.expect(&statement);
        }
        let original = read(&database).await;
        let restored = dumped_and_restored(&database).await;
        assert_eq!(
            told(&differences(&original, &restored)),
            [""; 0],
            "seed {seed}"
        );
        let fresh = MysqlDatabase::new().await;
        let made = repaired(&fresh, &original.schema).await;
        assert_eq!(
            told(&differences(&original, &made)),
            [""; 0],
            "seed {seed}, made"
        );
        let emptied = repaired(&fresh, &empty.schema).await;
        assert_eq!(
            told(&differences(&empty, &emptied)),
            [""; 0],
            "seed {seed}, emptied"
        );
    }
}

#[tokio::test]
async fn random_schemas_equal_themselves_after_dump_and_restore_and_are_made_by_repair() {
    prove(0..8).await;
}

#[tokio::test]
async fn more_random_schemas_equal_themselves_after_dump_and_restore_and_are_made_by_repair() {
    prove(100..108).await;
}
