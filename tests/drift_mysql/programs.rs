//! Every attribute of views, triggers, routines and events, with its states.

use crate::change::Attribute;

const VIEWED: &str = "CREATE TABLE {t}_a (a int, b varchar(20)); CREATE TABLE {t}_b (a int, b varchar(20)); \
     CREATE VIEW {t} AS SELECT a FROM {t}_a";
const VIEW: &str = "CREATE OR REPLACE {v}";

const fn view(
    what: &'static str,
    turn: &'static str,
    states: &'static [&'static str],
    expect: &'static [&'static str],
) -> Attribute {
    Attribute {
        kind: "view",
        what,
        setup: VIEWED,
        turn,
        states,
        expect,
    }
}

pub const VIEWS: &[Attribute] = &[
    view(
        "itself",
        "",
        &["CREATE VIEW {t} AS SELECT a FROM {t}_a", "~DROP VIEW {t}"],
        &["view {t}"],
    ),
    view(
        "name",
        "",
        &["RENAME TABLE {t}_v TO {t}", "RENAME TABLE {t} TO {t}_v"],
        &["-view {t}", "+view {t}_v"],
    ),
    view(
        "text",
        VIEW,
        &[
            "VIEW {t} AS SELECT a FROM {t}_a WHERE a > 1",
            "VIEW {t} AS SELECT a FROM {t}_a WHERE b <> '{t}_a.b'",
            "VIEW {t} AS SELECT a FROM {t}_a WHERE b <> 'it''s \\\\ 😀'",
            "VIEW {t} AS SELECT DISTINCT a FROM {t}_a ORDER BY a LIMIT 3",
            "VIEW {t} AS SELECT a FROM {t}_a UNION SELECT a + 1 FROM {t}_a",
            "VIEW {t} AS WITH w AS (SELECT a FROM {t}_a) SELECT a FROM w",
            "VIEW {t} AS SELECT x.a FROM {t}_a x JOIN {t}_a AS y USING (a)",
        ],
        &["view {t} text"],
    ),
    view(
        "columns",
        VIEW,
        &[
            "VIEW {t} AS SELECT a FROM {t}_a",
            "VIEW {t} AS SELECT a, b FROM {t}_a",
            "VIEW {t} AS SELECT a AS `x, y` FROM {t}_a",
            "VIEW {t} (p, q) AS SELECT count(*), max(b) FROM {t}_a",
        ],
        &["view {t} columns", "view {t} text"],
    ),
    view(
        "what it reads",
        VIEW,
        &[
            "VIEW {t} AS SELECT 1 AS a FROM {t}_a",
            "VIEW {t} AS SELECT 1 AS a FROM {t}_b",
        ],
        &["view {t} depends_on", "view {t} text"],
    ),
    view(
        "algorithm",
        VIEW,
        &[
            "~VIEW {t} AS SELECT a FROM {t}_a",
            "ALGORITHM = MERGE VIEW {t} AS SELECT a FROM {t}_a",
            "ALGORITHM = TEMPTABLE VIEW {t} AS SELECT a FROM {t}_a",
        ],
        &["view {t} algorithm"],
    ),
    view(
        "security",
        VIEW,
        &[
            "~VIEW {t} AS SELECT a FROM {t}_a",
            "SQL SECURITY INVOKER VIEW {t} AS SELECT a FROM {t}_a",
        ],
        &["view {t} security"],
    ),
    view(
        "check option",
        VIEW,
        &[
            "~VIEW {t} AS SELECT a FROM {t}_a",
            "VIEW {t} AS SELECT a FROM {t}_a WITH LOCAL CHECK OPTION",
            "VIEW {t} AS SELECT a FROM {t}_a WITH CASCADED CHECK OPTION",
        ],
        &["view {t} check_option"],
    ),
    view(
        "definer",
        VIEW,
        &[
            "VIEW {t} AS SELECT a FROM {t}_a",
            "DEFINER = nobody@localhost VIEW {t} AS SELECT a FROM {t}_a",
        ],
        &["view {t} definers"],
    ),
    Attribute {
        kind: "view",
        what: "a chain of views, each reading the one before",
        setup: "CREATE TABLE {t}_t (a int)",
        turn: "",
        states: &[
            "CREATE VIEW {t}_z AS SELECT a FROM {t}_t; CREATE VIEW {t}_m AS SELECT a FROM {t}_z; \
             CREATE VIEW {t}_a AS SELECT a FROM {t}_m",
            "~DROP VIEW {t}_z, {t}_m, {t}_a",
        ],
        expect: &["view {t}_z", "view {t}_m", "view {t}_a"],
    },
];

const TRIGGERED: &str = "CREATE TABLE {t} (a int, b int); \
     CREATE TRIGGER r{t} BEFORE INSERT ON {t} FOR EACH ROW SET NEW.a = 1";

const fn trigger(
    what: &'static str,
    turn: &'static str,
    states: &'static [&'static str],
    expect: &'static [&'static str],
) -> Attribute {
    Attribute {
        kind: "trigger",
        what,
        setup: TRIGGERED,
        turn,
        states,
        expect,
    }
}

const TRIGGER: &str = "DROP TRIGGER r{t}; CREATE {v}";

pub const TRIGGERS: &[Attribute] = &[
    trigger(
        "itself",
        "",
        &[
            "CREATE TRIGGER r{t} BEFORE INSERT ON {t} FOR EACH ROW SET NEW.a = 1",
            "~DROP TRIGGER r{t}",
        ],
        &["trigger {t}.r{t}"],
    ),
    trigger(
        "name",
        "",
        &[
            "DROP TRIGGER s{t}; CREATE TRIGGER r{t} BEFORE INSERT ON {t} FOR EACH ROW SET NEW.a = 1",
            "DROP TRIGGER r{t}; CREATE TRIGGER s{t} BEFORE INSERT ON {t} FOR EACH ROW SET NEW.a = 1",
        ],
        &["-trigger {t}.r{t}", "+trigger {t}.s{t}"],
    ),
    trigger(
        "timing",
        TRIGGER,
        &[
            "TRIGGER r{t} BEFORE INSERT ON {t} FOR EACH ROW SET @a = 1",
            "TRIGGER r{t} AFTER INSERT ON {t} FOR EACH ROW SET @a = 1",
        ],
        &["trigger {t}.r{t} timing"],
    ),
    trigger(
        "event",
        TRIGGER,
        &[
            "TRIGGER r{t} BEFORE INSERT ON {t} FOR EACH ROW SET @a = 1",
            "TRIGGER r{t} BEFORE UPDATE ON {t} FOR EACH ROW SET @a = 1",
            "TRIGGER r{t} BEFORE DELETE ON {t} FOR EACH ROW SET @a = 1",
        ],
        &["trigger {t}.r{t} event"],
    ),
    trigger(
        "body",
        TRIGGER,
        &[
            "TRIGGER r{t} BEFORE INSERT ON {t} FOR EACH ROW SET NEW.a = 1",
            "TRIGGER r{t} BEFORE INSERT ON {t} FOR EACH ROW SET NEW.a = 2",
            "TRIGGER r{t} BEFORE INSERT ON {t} FOR EACH ROW SET @b = 'it''s \\\\ \\n'",
            "TRIGGER r{t} BEFORE INSERT ON {t} FOR EACH ROW BEGIN SET NEW.a = 2; SET @b = 'it''s ?😀'; END",
            "TRIGGER r{t} BEFORE INSERT ON {t} FOR EACH ROW BEGIN IF NEW.a > 1 THEN SET NEW.b = 2; END IF; END",
        ],
        &["trigger {t}.r{t} body"],
    ),
    trigger(
        "definer",
        TRIGGER,
        &[
            "TRIGGER r{t} BEFORE INSERT ON {t} FOR EACH ROW SET @a = 1",
            "DEFINER = nobody@localhost TRIGGER r{t} BEFORE INSERT ON {t} FOR EACH ROW SET @a = 1",
        ],
        &["trigger {t}.r{t} definers"],
    ),
    trigger(
        "a mode that changes what the body means",
        "DROP TRIGGER r{t}; SET SESSION sql_mode = {v}; \
         CREATE TRIGGER r{t} BEFORE INSERT ON {t} FOR EACH ROW SET NEW.a = \"b\" || 1; \
         SET SESSION sql_mode = DEFAULT",
        &["~''", "'PIPES_AS_CONCAT'"],
        &["trigger {t}.r{t} sql_mode"],
    ),
    trigger(
        "order",
        "DROP TRIGGER IF EXISTS s{t}; CREATE TRIGGER s{t} BEFORE INSERT ON {t} FOR EACH ROW {v} r{t} SET NEW.b = 1",
        &["FOLLOWS", "PRECEDES"],
        &["table {t} trigger_order.before_insert"],
    ),
    trigger(
        "itself, before another",
        "",
        &[
            "DROP TRIGGER IF EXISTS s{t}; CREATE TRIGGER s{t} BEFORE INSERT ON {t} FOR EACH ROW PRECEDES r{t} SET NEW.b = 1",
            "~DROP TRIGGER s{t}",
        ],
        &["trigger {t}.s{t}"],
    ),
];

const ROUTINES_SETUP: &str = "CREATE PROCEDURE p{t}() SELECT 1; \
     CREATE FUNCTION f{t}() RETURNS int DETERMINISTIC RETURN 1";
const PROCEDURE: &str = "DROP PROCEDURE p{t}; CREATE {v}";
const FUNCTION: &str = "DROP FUNCTION f{t}; CREATE {v}";

const fn routine(
    kind: &'static str,
    what: &'static str,
    turn: &'static str,
    states: &'static [&'static str],
    expect: &'static [&'static str],
) -> Attribute {
    Attribute {
        kind,
        what,
        setup: ROUTINES_SETUP,
        turn,
        states,
        expect,
    }
}

pub const ROUTINES: &[Attribute] = &[
    routine(
        "procedure",
        "itself",
        "",
        &["CREATE PROCEDURE p{t}() SELECT 1", "~DROP PROCEDURE p{t}"],
        &["procedure p{t}"],
    ),
    routine(
        "procedure",
        "name",
        "",
        &[
            "DROP PROCEDURE q{t}; CREATE PROCEDURE p{t}() SELECT 1",
            "DROP PROCEDURE p{t}; CREATE PROCEDURE q{t}() SELECT 1",
        ],
        &["-procedure p{t}", "+procedure q{t}"],
    ),
    routine(
        "procedure",
        "parameters",
        PROCEDURE,
        &[
            "PROCEDURE p{t}(a int) SELECT 1",
            "PROCEDURE p{t}(OUT a int) SELECT 1",
            "PROCEDURE p{t}(INOUT a int unsigned, b decimal(5,2)) SELECT 1",
            "PROCEDURE p{t}(`a b` varchar(20) CHARACTER SET latin1) SELECT 1",
            "PROCEDURE p{t}(`a b` varchar(20)) SELECT 1",
            "PROCEDURE p{t}(`a b` enum('x','y')) SELECT 1",
        ],
        &["procedure p{t} parameters"],
    ),
    routine(
        "procedure",
        "body",
        PROCEDURE,
        &[
            "PROCEDURE p{t}() SELECT 1",
            "PROCEDURE p{t}() SELECT '?😀'",
            "PROCEDURE p{t}() SELECT 'a' || 'b'",
            // Which information_schema prints like the one before.
            "PROCEDURE p{t}() SELECT 'a'' || ''b'",
            "PROCEDURE p{t}() SELECT \"a\"\" || \"\"b\"",
            "PROCEDURE p{t}() BEGIN DECLARE x int DEFAULT 1; WHILE x < 3 DO SET x = x + 1; END WHILE; END",
        ],
        &["procedure p{t} body"],
    ),
    routine(
        "procedure",
        "security",
        "ALTER PROCEDURE p{t} SQL SECURITY {v}",
        &["~DEFINER", "INVOKER"],
        &["procedure p{t} security"],
    ),
    routine(
        "procedure",
        "data access",
        "ALTER PROCEDURE p{t} {v}",
        &[
            "CONTAINS SQL",
            "READS SQL DATA",
            "MODIFIES SQL DATA",
            "NO SQL",
        ],
        &["procedure p{t} data_access"],
    ),
    routine(
        "procedure",
        "comment",
        "ALTER PROCEDURE p{t} COMMENT {v}",
        &["'a'", "'it''s'"],
        &["procedure p{t} comments"],
    ),
    routine(
        "procedure",
        "definer",
        PROCEDURE,
        &[
            "PROCEDURE p{t}() SELECT 1",
            "DEFINER = nobody@localhost PROCEDURE p{t}() SELECT 1",
        ],
        &["procedure p{t} definers"],
    ),
    routine(
        "function",
        "itself",
        "",
        &[
            "CREATE FUNCTION f{t}(a int) RETURNS int DETERMINISTIC RETURN a + 1",
            "~DROP FUNCTION f{t}",
        ],
        &["function f{t}"],
    ),
    routine(
        "function",
        "parameters",
        FUNCTION,
        &[
            "FUNCTION f{t}(a int) RETURNS int DETERMINISTIC RETURN 1",
            "FUNCTION f{t}(b int) RETURNS int DETERMINISTIC RETURN 1",
        ],
        &["function f{t} parameters"],
    ),
    routine(
        "function",
        "what it returns",
        FUNCTION,
        &[
            "FUNCTION f{t}() RETURNS int DETERMINISTIC RETURN 1",
            "FUNCTION f{t}() RETURNS varchar(9) DETERMINISTIC RETURN 1",
            "FUNCTION f{t}() RETURNS varchar(9) CHARACTER SET latin1 DETERMINISTIC RETURN 1",
        ],
        &["function f{t} returns"],
    ),
    routine(
        "function",
        "deterministic",
        FUNCTION,
        &[
            "FUNCTION f{t}() RETURNS int NO SQL RETURN 1",
            "FUNCTION f{t}() RETURNS int NO SQL DETERMINISTIC RETURN 1",
        ],
        &["function f{t} deterministic"],
    ),
    routine(
        "function",
        "body",
        FUNCTION,
        &[
            "FUNCTION f{t}() RETURNS int DETERMINISTIC RETURN 1",
            "FUNCTION f{t}() RETURNS int DETERMINISTIC RETURN 2",
            "FUNCTION f{t}() RETURNS int DETERMINISTIC RETURN LENGTH('it''s \\\\ \\n')",
        ],
        &["function f{t} body"],
    ),
];

const fn event(
    what: &'static str,
    turn: &'static str,
    states: &'static [&'static str],
    expect: &'static [&'static str],
) -> Attribute {
    Attribute {
        kind: "event",
        what,
        setup: "CREATE EVENT {t} ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1",
        turn,
        states,
        expect,
    }
}

pub const EVENTS: &[Attribute] = &[
    event(
        "itself",
        "",
        &[
            "CREATE EVENT {t} ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1",
            "~DROP EVENT {t}",
        ],
        &["event {t}"],
    ),
    event(
        "name",
        "",
        &[
            "ALTER EVENT {t}_e RENAME TO {t}",
            "ALTER EVENT {t} RENAME TO {t}_e",
        ],
        &["-event {t}", "+event {t}_e"],
    ),
    event(
        "schedule",
        "ALTER EVENT {t} ON SCHEDULE EVERY {v}",
        &["1 DAY", "2 DAY", "1 HOUR", "'1:30' HOUR_MINUTE"],
        &["event {t} schedule"],
    ),
    event(
        "preserve",
        "ALTER EVENT {t} ON COMPLETION {v} PRESERVE",
        &["~NOT", ""],
        &["event {t} preserve"],
    ),
    event(
        "disabled",
        "ALTER EVENT {t} {v}",
        &["~ENABLE", "DISABLE"],
        &["event {t} disabled"],
    ),
    event(
        "body",
        "ALTER EVENT {t} DO {v}",
        &[
            "SELECT 1",
            "SELECT 2",
            "BEGIN SELECT 'it''s ?😀'; SELECT 3; END",
        ],
        &["event {t} body"],
    ),
    event(
        "comment",
        "ALTER EVENT {t} COMMENT {v}",
        &["'a'", "'it''s'"],
        &["event {t} comments"],
    ),
    event(
        "definer",
        "ALTER DEFINER = {v} EVENT {t} COMMENT ''",
        &["root@'%'", "nobody@localhost"],
        &["event {t} definers"],
    ),
];
