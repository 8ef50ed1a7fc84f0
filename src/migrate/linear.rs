//! The work on one file grows as the file does: counted, not timed (`sql::work`), for files of every shape.

use super::{
    contradiction::made,
    files::{Directives, Migration, Script, is_atomic, lint_migration},
    plan::same_beginning,
    resume::settings,
};
use crate::{
    sql::{Dialect, SqlText, same_sql, work},
    target::Target,
};

/// A file of `count` parts.
type Shape = fn(usize) -> String;

fn each(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect()
}

fn shapes(dialect: Dialect) -> Vec<(&'static str, Shape)> {
    let mut shapes: Vec<(&'static str, Shape)> = vec![
        ("inserts of one row", |n| {
            each(n, |i| format!("INSERT INTO a VALUES ({i},'row');\n"))
        }),
        ("inserts with settings between", |n| {
            each(n, |i| {
                format!("SET a.b = {i};\nINSERT INTO a VALUES ({i}, \"x\", 'y');\n")
            })
        }),
        ("tables", |n| {
            each(n, |i| {
                format!("CREATE TABLE t{i} (id int PRIMARY KEY); -- one\n")
            })
        }),
        ("temporary tables that go", |n| {
            each(n, |i| format!("CREATE TEMPORARY TABLE t{i} (a int);\n"))
                + &each(n, |i| format!("DROP TABLE t{i};\n"))
        }),
        ("temporary tables that stay", |n| {
            each(n, |i| {
                format!("CREATE TEMPORARY TABLE t{i} (a int);\nINSERT INTO t{i} VALUES (1);\n")
            })
        }),
        ("one statement of many rows", |n| {
            format!(
                "INSERT INTO a VALUES {}(0);",
                each(n, |i| format!("({i},'x',f({i})),"))
            )
        }),
        ("one statement of many names", |n| {
            format!("SELECT {} 1;", each(n, |i| format!("a{i}, ")))
        }),
        ("comments only", |n| {
            each(n, |i| format!("-- {i}\n/* {i} */\n"))
        }),
        ("words that make a file be looked at again", |n| {
            each(n, |i| {
                format!("CREATE INDEX i{i} ON a (b); -- continuous concurrently\nSELECT 1;\n")
            })
        }),
        ("names in brackets", |n| {
            format!(
                "CREATE TABLE a ({} z int);",
                each(n, |i| format!("c{i} int DEFAULT (1 + (2)), "))
            )
        }),
    ];
    shapes.extend(match dialect {
        Dialect::Mysql => MYSQL,
        Dialect::Postgres => POSTGRES,
    });
    shapes
}

const MYSQL: [(&str, Shape); 5] = [
    ("bodies", |n| {
        let body = |i| {
            format!("CREATE PROCEDURE p{i}() BEGIN SELECT 1; IF a THEN SELECT 2; END IF; END$$\n")
        };
        format!("DELIMITER $$\n{}DELIMITER ;\n", each(n, body))
    }),
    ("delimiters", |n| {
        each(n, |i| format!("DELIMITER $$\nSELECT {i}$$\nDELIMITER ;\n"))
    }),
    ("variables and locks", |n| {
        each(n, |i| {
            format!(
                "SET @a{i} = 1;\nINSERT INTO t VALUES (@a{i});\nDO GET_LOCK('a', 1);\nDO RELEASE_LOCK('a');\n"
            )
        })
    }),
    ("comments for versions", |n| {
        each(n, |i| {
            format!("/*!40101 SET a = {i} */;\n/*!99999 it {i} */;\n")
        })
    }),
    ("modes", |n| {
        each(n, |_| {
            "SET sql_mode = 'ANSI_QUOTES';\nUPDATE \"t\" SET a = 'x';\nSET sql_mode = '';\n"
                .to_owned()
        })
    }),
];

const POSTGRES: [(&str, Shape); 5] = [
    ("indexes built concurrently", |n| {
        each(n, |i| {
            format!(
                "SELECT create_hypertable('h{i}', 'at');\nCREATE INDEX CONCURRENTLY ON h{i} (a);\n"
            )
        })
    }),
    ("aggregates", |n| {
        each(n, |i| {
            format!("CREATE MATERIALIZED VIEW v{i} WITH (timescaledb.continuous) AS SELECT 1;\n")
        })
    }),
    ("functions", |n| {
        each(n, |i| {
            format!("CREATE FUNCTION f{i}() RETURNS int AS $a$ SELECT 1; $a$ LANGUAGE sql;\n")
        })
    }),
    ("locks", |n| {
        each(n, |_| {
            "SELECT pg_advisory_lock(1);\nSELECT pg_advisory_unlock(1);\n".to_owned()
        })
    }),
    ("pieces of strings", |n| {
        format!(
            "SELECT {} E'z';",
            each(n, |_| "E'a\\\\'\n-- b\n'c',".to_owned())
        )
    }),
];

/// Everything that `check`, a plan, a preflight and the preparation of a run or a resumption do to a file.
fn all(target: Target, text: &str) -> u64 {
    let before = work::counted();
    let dialect = target.dialect();
    let script = Script {
        file: "f".to_owned(),
        sql: SqlText::new(dialect, text),
        directives: Directives::parse(dialect, text, "f").unwrap(),
    };
    let applied = SqlText::new(dialect, format!("-- applied\n{text}"));
    let migration = Migration {
        version: 1,
        name: "a".to_owned(),
        down: Some(script.clone()),
        up: script,
    };
    let sql = &migration.up.sql;
    // A look, the preflight and the run under the lock each ask.
    for _ in 0..3 {
        lint_migration(target, &migration);
        is_atomic(&migration.up);
        settings(sql.statements());
        let count = sql.statements().len();
        same_sql(&applied, sql);
        same_beginning(&applied, sql, count);
        made(sql);
        crate::engine::prepared(target, sql.statements(), text);
    }
    work::counted() - before
}

#[test]
fn twice_the_file_is_twice_the_work() {
    for target in Target::ALL {
        for (name, shape) in shapes(target.dialect()) {
            let (once, twice) = (shape(400), shape(800));
            let (once, twice) = (all(target, &once), all(target, &twice));
            assert!(once > 0, "{target}: {name}: nothing was counted");
            assert!(
                twice * 10 <= once * 23,
                "{target}: {name}: {once}, and {twice} for twice as much"
            );
        }
    }
}

/// Bytes that are gone through for a byte of the file: each pass over it costs one.
#[test]
fn a_check_reads_a_file_once() {
    for target in Target::ALL {
        let text = each(1_000, |i| {
            format!("INSERT INTO a VALUES ({i},'a longer row of text');\n")
        });
        let script = Script {
            file: "f".to_owned(),
            sql: SqlText::new(target.dialect(), text.as_str()),
            directives: Directives::default(),
        };
        let migration = Migration {
            version: 1,
            name: "a".to_owned(),
            up: script.clone(),
            down: Some(script),
        };
        let before = work::counted();
        lint_migration(target, &migration);
        let read = work::counted() - before;
        // One pass and one more for each token.
        let most = 2 * text.len() as u64;
        assert!(read <= most, "{target}: {read} for {} bytes", text.len());
    }
}
