//! The splitter's invariants on any text, and every case of MySQL's and PostgreSQL's syntax that splits wrongly
//! when it is taken for another. Cases that a server can prove run on one (tests/splitter_servers.rs).

use proptest::prelude::*;
use sgmp_db::sql::{
    Dialect::{self, Mysql, Postgres},
    SqlText, pieces, same_sql, split,
};

const DIALECTS: [Dialect; 2] = [Mysql, Postgres];

/// Words and signs out of which texts come that are nearly SQL.
const FRAGMENTS: [&str; 62] = [
    "'",
    "\"",
    "`",
    "\\",
    ";",
    "--",
    "-- ",
    "#",
    "/*",
    "*/",
    "/*!",
    "/*+",
    "$",
    "$$",
    "$tag$",
    "(",
    ")",
    "[",
    "]",
    ":",
    "::",
    ",",
    ".",
    "\n",
    "\r\n",
    " ",
    "\t",
    "\u{feff}",
    "\u{a0}",
    "é",
    "🦀",
    "a",
    "1",
    "CREATE ",
    "TRIGGER ",
    "FUNCTION ",
    "PROCEDURE ",
    "EVENT ",
    "RULE ",
    "BEGIN ",
    "ATOMIC ",
    "END ",
    "IF ",
    "CASE ",
    "THEN ",
    "LOOP ",
    "REPEAT ",
    "UNTIL ",
    "WHILE ",
    "DO ",
    "DELIMITER ",
    "$$\n",
    "DELIMITER ;\n",
    "E'",
    "SET sql_mode='NO_BACKSLASH_ESCAPES';",
    "SET sql_mode='ANSI_QUOTES';",
    "SET standard_conforming_strings=off;",
    "FOR EACH ROW ",
    "HANDLER FOR ",
    "SELECT 1;",
    "p() ",
    "COPY t FROM stdin;",
];

fn text() -> impl Strategy<Value = String> {
    let nearly = prop::collection::vec(prop::sample::select(FRAGMENTS.to_vec()), 0..40)
        .prop_map(|parts| parts.concat());
    prop_oneof![
        3 => nearly,
        1 => any::<String>(),
        1 => prop::collection::vec(any::<u8>(), 0..200).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_pieces_of_any_text_rejoin_to_it_and_none_is_empty(text in text()) {
        for dialect in DIALECTS {
            let mut at = 0;
            for piece in pieces(dialect, &text) {
                prop_assert_eq!(piece.range.start, at);
                prop_assert!(piece.range.end > at);
                prop_assert!(text.is_char_boundary(piece.range.end));
                at = piece.range.end;
            }
            prop_assert_eq!(at, text.len());
        }
    }

    #[test]
    fn a_statement_of_any_text_is_where_it_says(text in text()) {
        for dialect in DIALECTS {
            match split(dialect, &text) {
                Ok(statements) => for statement in statements {
                    prop_assert_eq!(&text[statement.range.clone()], statement.text());
                    prop_assert_eq!(text[..statement.range.start].matches('\n').count() + 1, statement.line);
                    prop_assert!(!statement.text().is_empty());
                },
                Err(error) => prop_assert!(error.line >= 1 && error.line <= text.matches('\n').count() + 1),
            }
        }
    }

    #[test]
    fn splitting_what_was_split_changes_nothing(text in text()) {
        // A byte order mark, a DELIMITER line and a changed mode are of the file, not of its statements.
        let text = text.replace("DELIMITER", "x").replace("SET s", "y").replace('\u{feff}', "");
        prop_assume!(!text.to_uppercase().contains("DELIMITER"));
        for dialect in DIALECTS {
            let Ok(statements) = split(dialect, &text) else { continue };
            let texts: Vec<&str> = statements.iter().map(|statement| statement.text()).collect();
            for one in &texts {
                // With its semicolon: `--` at the end of a text is a comment to MySQL, and before one is not.
                let alone = format!("{one};");
                let again = split(dialect, &alone).expect("a statement that was split");
                prop_assert_eq!(again.iter().map(|statement| statement.text()).collect::<Vec<_>>(), vec![*one]);
            }
            let joined: String = texts.iter().map(|text| format!("{text};\n")).collect();
            let again = split(dialect, &joined).expect("statements that were split");
            prop_assert_eq!(again.iter().map(|statement| statement.text()).collect::<Vec<_>>(), texts);
            prop_assert!(same_sql(&SqlText::new(dialect, text.as_str()), &SqlText::new(dialect, joined.as_str())));
        }
    }
}

/// Fails unless the text splits into exactly these statements.
#[track_caller]
fn splits(dialect: Dialect, text: &str, expected: &[&str]) {
    let statements = split(dialect, text)
        .unwrap_or_else(|error| panic!("{error} (line {}) in:\n{text}", error.line));
    assert_eq!(
        statements
            .iter()
            .map(|statement| statement.text())
            .collect::<Vec<_>>(),
        expected,
        "in:\n{text}"
    );
}

/// Fails unless the text is refused at that line with words like these.
#[track_caller]
fn refused(dialect: Dialect, text: &str, line: usize, words: &str) {
    let error = split(dialect, text).expect_err(text);
    let told = format!(
        "{} {}",
        error.message,
        error.hint.clone().unwrap_or_default()
    );
    assert!(
        told.contains(words),
        "no {words:?} in {told:?} for:\n{text}"
    );
    assert_eq!(error.line, line, "{text}");
}

/// Fails unless the text is one statement, with and without a semicolon behind, and the next one is seen.
#[track_caller]
fn one(dialect: Dialect, text: &str) {
    splits(dialect, text, &[text]);
    splits(dialect, &format!("{text};\nSELECT 1;"), &[text, "SELECT 1"]);
}

#[test]
fn case_08_delimiter_lines() {
    let body = "CREATE PROCEDURE p() BEGIN SELECT 1; END";
    for text in [
        format!("DELIMITER $$\n{body}$$\nDELIMITER ;\nSELECT 2;"),
        format!("DELIMITER //\n{body} //\nDELIMITER ;\nSELECT 2;"),
        format!("DELIMITER ;;\n{body};;\nDELIMITER ;\nSELECT 2;"),
        format!("delimiter 'x'\n{body}x\ndelimiter ;\nSELECT 2"),
        format!("DELIMITER \"$$\"\n{body}\n$$\nDELIMITER ;\nSELECT 2"),
        format!("DELIMITER //\nDELIMITER $$\n{body}$$\nDELIMITER ;\nDELIMITER ;\nSELECT 2;"),
        format!("  Delimiter $$   \r\n{body};\r\n$$\r\n  delimiter ;  \r\nSELECT 2;"),
        format!("DELIMITER $$\n$$ $$\n{body}$$\nSELECT 2$$"),
        format!("DELIMITER go\n{body}\ngo\nDELIMITER ;\nSELECT 2;"),
        // The client sends what stands between two delimiters as it is, and the server runs both.
        format!("DELIMITER $$\n{body}$$\nSELECT 2;\n$$"),
    ] {
        splits(Mysql, &text, &[body, "SELECT 2"]);
    }
    // Several statements under another delimiter are several.
    splits(
        Mysql,
        "DELIMITER $$\nSELECT 1; SELECT 2;\n$$",
        &["SELECT 1", "SELECT 2"],
    );
    splits(
        Mysql,
        "SELECT 'DELIMITER $$';\n-- DELIMITER $$\n/*\nDELIMITER $$\n*/ SELECT 2;",
        &["SELECT 'DELIMITER $$'", "SELECT 2"],
    );
    splits(
        Mysql,
        "CREATE TABLE t (\ndelimiter varchar(1)\n);",
        &["CREATE TABLE t (\ndelimiter varchar(1)\n)"],
    );
    splits(
        Mysql,
        "DELIMITER $$\nSELECT '$$', `$$`, /* $$ */ 1 -- $$\n$$",
        &["SELECT '$$', `$$`, /* $$ */ 1"],
    );
    refused(Mysql, "SELECT 1;\nDELIMITER\nSELECT 2;", 2, "DELIMITER $$");
    refused(Mysql, "DELIMITER$$\nSELECT 1$$", 1, "write a blank");
    refused(Mysql, "DELIMITER//\nSELECT 1//", 1, "write a blank");
}

#[test]
fn case_09_bodies_without_a_delimiter() {
    for text in [
        // A body of one statement that is none of BEGIN … END (flyway#2666).
        "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.x = 1",
        "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW IF NEW.x IS NULL THEN SET NEW.x = 1; END IF",
        "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW FOLLOWS `other` IF NEW.x > 1 THEN SET NEW.x = 1; ELSEIF NEW.x > 2 THEN SET NEW.x = 3; ELSE SET NEW.x = 2; END IF",
        "CREATE DEFINER=`root`@`%` TRIGGER IF NOT EXISTS t AFTER DELETE ON a FOR EACH ROW PRECEDES b BEGIN DELETE FROM c; END",
        "CREATE PROCEDURE p(IN a INT, OUT b VARCHAR(10)) BEGIN IF a THEN SELECT 1; ELSE BEGIN SELECT 2; END; END IF; CASE a WHEN 1 THEN SELECT 1; ELSE SELECT CASE WHEN a THEN 1 ELSE 2 END; END CASE; END",
        "CREATE PROCEDURE p() one: LOOP two: REPEAT SET @x = IF(@x, 1, 2); IF @x THEN LEAVE one; END IF; UNTIL @x > 3 END REPEAT two; END LOOP one",
        "CREATE PROCEDURE p() SQL SECURITY INVOKER COMMENT 'it''s' main: BEGIN WHILE @x > 0 DO SET @x = @x - 1; END WHILE; DO SLEEP(0), REPEAT('a', 3); END main",
        "CREATE PROCEDURE p() BEGIN DECLARE EXIT HANDLER FOR SQLSTATE '23000', NOT FOUND BEGIN ROLLBACK; END; DECLARE CONTINUE HANDLER FOR 1062 SET @x = 1; DECLARE CONTINUE HANDLER FOR SQLEXCEPTION IF @x THEN SELECT 1; END IF; SELECT 2; END",
        "CREATE FUNCTION f(a INT) RETURNS INT DETERMINISTIC RETURN IF(a > 1, CASE a WHEN 2 THEN IF(a, 1, 2) ELSE 3 END, 0)",
        "CREATE FUNCTION f(a INT) RETURNS VARCHAR(10) CHARACTER SET utf8mb4 READS SQL DATA BEGIN RETURN REPEAT('x', a); END",
        "CREATE FUNCTION f() RETURNS INT NO SQL CASE WHEN 1 THEN RETURN 1; ELSE RETURN 2; END CASE",
        "CREATE FUNCTION f() RETURNS SET('a','b') NO SQL BEGIN RETURN 'a'; END",
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS CURRENT_TIMESTAMP + INTERVAL 1 HOUR ON COMPLETION PRESERVE COMMENT 'x' DO BEGIN DELETE FROM a; DELETE FROM b; END",
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM a",
        "ALTER EVENT e ON SCHEDULE EVERY 2 DAY DO BEGIN DELETE FROM a; DELETE FROM b; END",
        // `end` and `begin` are no reserved words: columns may be called so.
        "CREATE PROCEDURE p() BEGIN SELECT end, begin FROM a WHERE end > begin; SELECT t.end FROM t; SELECT CASE WHEN end THEN end ELSE begin END FROM a; END",
        "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN SET NEW.end = NEW.begin; END",
        "CREATE PROCEDURE p() BEGIN REPEAT SET @a = 1; UNTIL (SELECT max(end) FROM a) = CASE WHEN 1 THEN 2 ELSE 3 END END REPEAT; END",
        "CREATE PROCEDURE p() BEGIN BEGIN END; BEGIN BEGIN END; END; END",
        "CREATE PROCEDURE p() BEGIN IF EXISTS (SELECT CASE WHEN 1 THEN 2 END) THEN SELECT 1; END IF; SET @a := CASE 1 WHEN 1 THEN 2 END; END",
    ] {
        one(Mysql, text);
    }
    // A transaction is no block, and a name is no program.
    splits(
        Mysql,
        "BEGIN; SELECT 1; COMMIT;",
        &["BEGIN", "SELECT 1", "COMMIT"],
    );
    splits(
        Mysql,
        "XA BEGIN 'x'; XA END 'x';",
        &["XA BEGIN 'x'", "XA END 'x'"],
    );
    splits(
        Mysql,
        "CREATE TABLE a (end int, begin int, `case` int); SELECT end FROM a;",
        &[
            "CREATE TABLE a (end int, begin int, `case` int)",
            "SELECT end FROM a",
        ],
    );
    splits(
        Mysql,
        "ALTER TABLE a ADD event int; DROP TRIGGER t; CREATE INDEX function ON a (b); SELECT 1",
        &[
            "ALTER TABLE a ADD event int",
            "DROP TRIGGER t",
            "CREATE INDEX function ON a (b)",
            "SELECT 1",
        ],
    );
    splits(
        Mysql,
        "ALTER PROCEDURE p COMMENT 'x'; SELECT 1",
        &["ALTER PROCEDURE p COMMENT 'x'", "SELECT 1"],
    );
}

#[test]
fn case_10_comments_and_hints_of_mysql() {
    splits(
        Mysql,
        "SELECT 5--3; SELECT 1--\n2; SELECT 3 --\n+ 4",
        &["SELECT 5--3", "SELECT 1--\n2", "SELECT 3 --\n+ 4"],
    );
    splits(
        Mysql,
        "# it's; here\nSELECT 1; # and; here\n-- it's; too\n/* it's; */ SELECT 2; --",
        &["SELECT 1", "SELECT 2"],
    );
    splits(
        Mysql,
        "/*!80013 SET a = 1 */; SELECT /*+ MAX_EXECUTION_TIME(1) */ 2; /*!80000 */;",
        &[
            "/*!80013 SET a = 1 */",
            "SELECT /*+ MAX_EXECUTION_TIME(1) */ 2",
        ],
    );
    // mysql splits there, a server does not take it.
    refused(
        Mysql,
        "SELECT 1;\n/*!80013 SET a = 1; */;",
        2,
        "the mysql client ends the statement inside",
    );
    for odd in [
        "/*!99999 it's */",
        "/*!50000 a -- b */",
        "/*!50000 a # b */",
        "/*!50000 a /* b */ 'c */",
        "SELECT /*+ a\n ; */ 1",
        "--\u{1}\n",
    ] {
        refused(Mysql, &format!("SELECT 1;\n{odd};\n"), 2, "");
    }
    for (delimiter, line) in [
        ("abcdefghijklmnop", 1),
        ("\\", 1),
        ("'", 1),
        ("é", 1),
        ("--", 1),
        ("$$\nSELECT 1$$ DELIMITER ;", 2),
    ] {
        refused(Mysql, &format!("DELIMITER {delimiter}\n"), line, "");
    }
    splits(
        Mysql,
        "DELIMITER \"$$\"\nSELECT 1 $$\n/* a */ DELIMITER ;\nSELECT 2;",
        &["SELECT 1", "SELECT 2"],
    );
    splits(
        Mysql,
        "CREATE TABLE a (x int) /*!50100 COMMENT '*/ ; ' /* a comment; */ */; SELECT 1",
        &[
            "CREATE TABLE a (x int) /*!50100 COMMENT '*/ ; ' /* a comment; */ */",
            "SELECT 1",
        ],
    );
    // MySQL does not nest.
    splits(Mysql, "/* a /* b */ SELECT 1;", &["SELECT 1"]);
    refused(
        Mysql,
        "SELECT 1;\n\n/* never\nends",
        3,
        "this comment does not end",
    );
    refused(
        Mysql,
        "SELECT 1;\n/*! never\nends",
        2,
        "this comment does not end",
    );
    splits(Mysql, "-- only\n# comments\n/* here */", &[]);
}

#[test]
fn case_11_quotes_and_escapes_of_mysql() {
    for text in [
        r"SELECT '\'', ';'",
        r#"SELECT "\\", ';'"#,
        "SELECT 'it''s; ', \"a\"\"b;\"",
        "SELECT `a``;b` FROM `c;d`",
        "SELECT _utf8mb4'a;b', N'c;', x'3b', b'1'",
        "SELECT '🦀;', `é;`, 'a\\\u{e9};'",
        "SELECT 'two\nlines;'",
        "SELECT 'a' ';' 'b'",
    ] {
        one(Mysql, text);
    }
    splits(
        Mysql,
        "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES'; SELECT '\\'; SELECT ';\\';",
        &[
            "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES'",
            "SELECT '\\'",
            "SELECT ';\\'",
        ],
    );
    splits(
        Mysql,
        "SET @@sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES'); SELECT \"a\\\"; SELECT '\\';'; SET sql_mode = ''; SELECT \"\\\";\"",
        &[
            "SET @@sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES')",
            "SELECT \"a\\\"",
            "SELECT '\\';'",
            "SET sql_mode = ''",
            "SELECT \"\\\";\"",
        ],
    );
    refused(
        Mysql,
        "SELECT 1;\nSELECT 'never\nends",
        2,
        "this string does not end",
    );
    refused(Mysql, "SELECT `never", 1, "this identifier does not end");
    // A no-break space is no blank to a server.
    splits(Mysql, "SELECT 1 AS a\u{a0}b;", &["SELECT 1 AS a\u{a0}b"]);
}

#[test]
fn case_12_ends_and_client_commands_of_mysql() {
    splits(Mysql, "SELECT 1;\nSELECT 2", &["SELECT 1", "SELECT 2"]);
    splits(Mysql, ";;\n ; SELECT 1;;", &["SELECT 1"]);
    refused(
        Mysql,
        "SELECT 1;\nSELECT 2\\G\nSELECT 3;",
        2,
        "end the statement with ;",
    );
    refused(
        Mysql,
        "SELECT 1;\nsource other.sql\nSELECT 3;",
        2,
        "put the file's SQL here",
    );
    refused(Mysql, "\\. other.sql\n", 1, "put the file's SQL here");
    refused(Mysql, "-- first\nUSE other;\n", 2, "other_database.table");
    refused(Mysql, "use other", 1, "other_database.table");
    refused(Mysql, "system rm it's\n", 1, "command of the client");
    one(Mysql, "UPDATE a SET source = 1, use_it = 2");
    one(Mysql, "SELECT * FROM a USE INDEX (b)");
}

#[test]
fn case_14_dollar_quotes() {
    for text in [
        "CREATE FUNCTION f() RETURNS int AS $$ BEGIN; SELECT ';'; END; $$ LANGUAGE plpgsql",
        "DO $a$ BEGIN EXECUTE $b$ SELECT 1; $b$; RAISE NOTICE '$$;'; END $a$",
        "SELECT $1, $2",
        "SELECT a$b$c FROM d$e$f",
        "SELECT $é$ ; $é$",
        "SELECT $$it's; \" -- /* $$",
        "SELECT 1 + $$;$$::int",
        "CREATE FUNCTION f() RETURNS text AS $_$ SELECT $1; $_$ LANGUAGE sql",
    ] {
        one(Postgres, text);
    }
    refused(
        Postgres,
        "SELECT 1;\nDO $x$ begin\nend $y$;",
        2,
        "this dollar-quoted string does not end",
    );
    // To MySQL a dollar is part of a name.
    splits(Mysql, "SELECT $$; SELECT 1", &["SELECT $$", "SELECT 1"]);
}

#[test]
fn case_15_comments_of_postgres() {
    splits(
        Postgres,
        "/* a /* b; */ ; */ SELECT 1; -- it's; the end",
        &["SELECT 1"],
    );
    splits(Postgres, "SELECT 1 --", &["SELECT 1"]);
    splits(
        Postgres,
        "SELECT 5--3;\n+ 1; SELECT 2",
        &["SELECT 5--3;\n+ 1", "SELECT 2"],
    );
    splits(Postgres, "SELECT 1; -- sgmp's\n\n-- end", &["SELECT 1"]);
    refused(
        Postgres,
        "SELECT 1;\n/* a /* b */\n",
        2,
        "this comment does not end",
    );
}

#[test]
fn case_16_strings_of_postgres() {
    for text in [
        r"SELECT E'\'', ';'",
        r"SELECT e'\\', ';'",
        r"SELECT U&'\0061;' UESCAPE '!'",
        "SELECT B'1', X'3B'",
        r"SELECT '\', ';'",
        "SELECT 'a'\n';b'",
        "SELECT E'a'\n'\\';b'",
        "SELECT E'a' -- it's\n '\\';b'",
        "SELECT \"we\"\"ird;\"",
        "SELECT U&\"d;\\0061t\"",
        "SELECT 'it''s;'",
        r"SELECT name'a\' , ';'",
    ] {
        one(Postgres, text);
    }
    splits(
        Postgres,
        "SET standard_conforming_strings = off; SELECT '\\';'; SET standard_conforming_strings TO on; SELECT '\\'; SELECT 1",
        &[
            "SET standard_conforming_strings = off",
            "SELECT '\\';'",
            "SET standard_conforming_strings TO on",
            "SELECT '\\'",
            "SELECT 1",
        ],
    );
    refused(
        Postgres,
        "SELECT 1;\nSELECT 'x",
        2,
        "this string does not end",
    );
    refused(
        Postgres,
        "SELECT 1;\nSELECT \"x",
        2,
        "this identifier does not end",
    );
}

#[test]
fn case_17_semicolons_inside_statements_of_postgres() {
    for text in [
        "CREATE FUNCTION f(a int) RETURNS int BEGIN ATOMIC SELECT CASE WHEN a > 1 THEN 1 ELSE 2 END; SELECT 2; END",
        "CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC INSERT INTO a VALUES (1); DELETE FROM b; END",
        "CREATE RULE r AS ON INSERT TO a DO INSTEAD (INSERT INTO b VALUES (1); DELETE FROM c)",
        "CREATE SCHEMA s CREATE TABLE t (id int) CREATE VIEW v AS SELECT id FROM s.t",
        "SELECT a #>> '{b}', a ->> 'c', a @- b, a <-> c, a::int[], b[1:2], c := 1",
        "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION f()",
        "SELECT '-- no comment;', \"/* nor here; */\"",
    ] {
        one(Postgres, text);
    }
    splits(
        Postgres,
        "BEGIN; SELECT 1; END;",
        &["BEGIN", "SELECT 1", "END"],
    );
    splits(
        Postgres,
        "ALTER FUNCTION f() OWNER TO x; SELECT 1",
        &["ALTER FUNCTION f() OWNER TO x", "SELECT 1"],
    );
}

#[test]
fn case_18_what_only_psql_knows() {
    refused(
        Postgres,
        "SELECT 1;\nCOPY t (a) FROM stdin;\n1\tit's\n\\.\n",
        2,
        "INSERT … VALUES",
    );
    refused(
        Postgres,
        "COPY t FROM STDIN WITH (FORMAT csv);",
        1,
        "INSERT … VALUES",
    );
    for command in [
        "\\restrict abc",
        "\\connect db",
        "\\i file.sql",
        "\\echo it's",
        "\\set x 1",
        "\\d",
    ] {
        refused(
            Postgres,
            &format!("SELECT 1;\n\n{command}\n"),
            3,
            "command of the client",
        );
    }
    refused(Postgres, "SELECT :name;", 1, "variable of psql");
    refused(
        Postgres,
        "SELECT 1;\nSELECT :'name', 2;",
        2,
        "variable of psql",
    );
    one(Postgres, "COPY t TO '/tmp/x'");
}

#[test]
fn a_nul_byte_is_refused_wherever_it_is() {
    for dialect in DIALECTS {
        for text in [
            "SELECT 1;\n\0",
            "SELECT 1;\nSELECT '\0';",
            "SELECT 1;\n-- \0\n",
            "SELECT 1;\n/* \0 */",
            "SELECT 1;\nSELECT\0 1;",
        ] {
            refused(dialect, text, 2, "NUL byte");
        }
    }
}

#[test]
fn a_carriage_return_ends_a_comment_of_postgres_and_none_of_mysql() {
    let text = "-- drop the old one:\rDROP TABLE a;\nCREATE TABLE b (id int);\n";
    splits(Postgres, text, &["DROP TABLE a", "CREATE TABLE b (id int)"]);
    splits(Mysql, text, &["CREATE TABLE b (id int)"]);
    splits(
        Postgres,
        "SELECT 1 -- a\r; SELECT 2; SELECT E'a' -- b\r'c\\';d';",
        &["SELECT 1", "SELECT 2", "SELECT E'a' -- b\r'c\\';d'"],
    );
    splits(
        Postgres,
        "SELECT 1 -- a\u{b}; b\u{c}; c\u{85}; d\u{2028}; e\n",
        &["SELECT 1"],
    );
}

#[test]
fn settings_of_a_session_decide_where_strings_end() {
    for off in ["= off", "TO 'f'", "= 0", "TO no", "= false"] {
        let text = format!("SET SESSION standard_conforming_strings {off};SELECT 'a\\';b';");
        assert_eq!(split(Postgres, &text).unwrap().len(), 2, "{text}");
    }
    for unclear in [
        "RESET standard_conforming_strings",
        "SET standard_conforming_strings TO DEFAULT",
        "SELECT set_config('standard_conforming_strings', 'off', false)",
    ] {
        refused(
            Postgres,
            &format!("SELECT 1;\n{unclear};"),
            2,
            "strings end",
        );
    }
    for (set, escapes) in [
        ("SET GLOBAL sql_mode = 'NO_BACKSLASH_ESCAPES'", true),
        (
            "SET @o = @@sql_mode, sql_mode = 'NO_BACKSLASH_ESCAPES'",
            false,
        ),
        (
            "/*!40101 SET @@session.sql_mode := 'NO_BACKSLASH_ESCAPES' */",
            false,
        ),
        (
            "SET sql_mode = 'ANSI_QUOTES', time_zone = 'NO_BACKSLASH_ESCAPES'",
            true,
        ),
    ] {
        let text = format!("{set};SELECT 'a\\';b';");
        assert_eq!(split(Mysql, &text).is_ok(), escapes, "{text}");
    }
}
