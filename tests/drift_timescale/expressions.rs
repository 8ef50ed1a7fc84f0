//! Expressions that PostgreSQL prints in another way once it has read its own print, in every kind
//! of object that holds one.

use super::dice::Dice;

/// What is judged: types for which the server compares in its own way, and those for which it does not.
const COLUMNS: &str = "i integer, b bigint, n numeric(12,4), f double precision, s varchar(10), \
     s2 varchar, c char(3), x text, d date, ts timestamp, e \"Feeling\", p positive, v short, \
     ia integer[], sa varchar[], xa text[], ba bigint[], j jsonb, t boolean, r int4range";

/// Conditions that every kind takes: no subquery, nothing that is not immutable.
pub const CONDITIONS: &[&str] = &[
    "s IN ('a', 'b''c', '(x AND y)')",
    "s NOT IN ('a', 'b')",
    "v IN ('a', 'b')",
    "c IN ('a', 'b')",
    "x IN ('a', 'ARRAY[1]::text[]')",
    "e IN ('sad', 'it''s')",
    "i IN (1, 2, -3)",
    "b IN (1, 2)",
    "n IN (1, 2.5)",
    "p IN (1, 2)",
    "d IN ('2024-01-01', '2024-02-02')",
    "(i, s) IN ((1, 'a'), (2, 'b'), (3, 'c'))",
    "(i, b) = (1, 2)",
    "(i, b) <> (1, 2)",
    "i IN (b, p, 3, 4)",
    "s IN ('a', x, s2)",
    "i BETWEEN 1 AND 24",
    "i NOT BETWEEN 1 AND 24",
    "i BETWEEN SYMMETRIC 24 AND 1",
    "s = ANY (ARRAY['a', 'b']::varchar[])",
    "s <> ALL (ARRAY[s2, 'q'])",
    "s LIKE ANY (ARRAY['a%', 'b%']::varchar[])",
    "s ~ ANY (ARRAY[s2, x])",
    "xa <@ (ARRAY['a', NULL]::varchar[])::text[]",
    "sa && ARRAY['a', 'b']::varchar(5)[]",
    "ba <@ (ARRAY[i, 2]::integer[])::bigint[]",
    "ba = (ARRAY[ARRAY[1, 2], ARRAY[3, 4]]::integer[])::bigint[]",
    "ia[1] IN (1, 2)",
    "(ARRAY['a', 'b']::varchar[])[1] = s",
    "lower(s) IN ('a', 'b')",
    "CASE WHEN i BETWEEN 1 AND 2 AND b = 3 THEN s IN ('a', 'b') ELSE t END",
    "CASE i WHEN 1 THEN 'a' ELSE s END IN ('a', 'b')",
    "coalesce(s, 'a') IN ('a', 'b')",
    "(s COLLATE \"C\") BETWEEN 'a' AND 'b'",
    "j->>'k' IN ('a', 'b')",
    "r && '[1,5)'::int4range",
    "date_part('year', ts) BETWEEN 2000 AND 2100",
    "s IS DISTINCT FROM 'a'",
    "t",
    "NOT t",
    "t IS NOT TRUE",
    "x <> ''",
];

/// What a sequence of `CONDITIONS` says, joined and nested as the dice fall.
pub fn condition(dice: &mut Dice, depth: usize) -> String {
    match dice.roll(if depth == 0 { 1 } else { 5 }) {
        0 => dice.one(CONDITIONS).to_owned(),
        1 => format!("NOT ({})", condition(dice, depth - 1)),
        roll => {
            let word = if roll % 2 == 0 { "AND" } else { "OR" };
            let operands: Vec<String> = (0..2 + dice.roll(2))
                .map(|_| match dice.chance(50) {
                    true => format!("({})", condition(dice, depth - 1)),
                    false => dice.one(CONDITIONS).to_owned(),
                })
                .collect();
            operands.join(&format!(" {word} "))
        }
    }
}

/// Types that the table needs, beside those of every random schema.
pub const TYPES: &str = "CREATE DOMAIN short AS varchar(20);\n";

/// A table with an expression of every kind, and the views, rules and policies on it.
pub fn table(dice: &mut Dice, schema: &str, number: usize) -> String {
    let table = format!("{schema}.\"judged {number}\"");
    let mut sql = String::new();
    let mut next = |depth: usize| condition(dice, depth);
    let domain = format!("{schema}.\"judge {number}\"");
    sql.push_str(&format!(
        "CREATE DOMAIN {domain} AS varchar(9) CHECK (VALUE IN ('a', 'b') AND length(VALUE) BETWEEN 1 AND 5 AND VALUE <> 'c');\n\
         CREATE TABLE {table} (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, {COLUMNS}, \
         g boolean GENERATED ALWAYS AS ({}) STORED, m {domain}, \
         y boolean DEFAULT ('a'::varchar IN ('a', 'b') AND 1 BETWEEN 0 AND 2 AND true), \
         z text[] DEFAULT (ARRAY['a', 'b']::varchar[])::text[]);\n",
        next(2)
    ));
    for place in 0..2 {
        sql.push_str(&format!(
            "ALTER TABLE {table} ADD CONSTRAINT \"ck {number} {place}\" CHECK ({});\n",
            next(3)
        ));
    }
    sql.push_str(&format!(
        "CREATE INDEX \"part {number}\" ON {table} (id) WHERE {};\n\
         CREATE INDEX \"expr {number}\" ON {table} (({}), lower(s));\n\
         ALTER TABLE {table} ADD CONSTRAINT \"ex {number}\" EXCLUDE USING gist (r WITH &&) WHERE ({});\n",
        next(2),
        next(2),
        next(2),
    ));
    sql.push_str(&format!(
        "CREATE VIEW {schema}.\"v {number}\" AS SELECT id, s, {} AS q FROM {table} a WHERE {} GROUP BY 1, 2, 3 HAVING bool_or({});\n",
        next(2),
        next(3),
        next(2),
    ));
    sql.push_str(&format!(
        "CREATE MATERIALIZED VIEW {schema}.\"m {number}\" AS WITH w AS (SELECT * FROM {table} WHERE {}) \
         SELECT a.id, sum(a.i) OVER (ORDER BY a.id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS q, \
         count(*) FILTER (WHERE {}) OVER () AS k FROM w a LEFT JOIN {table} o ON a.id = o.id AND (a.i = o.i AND a.b = o.b) WITH NO DATA;\n",
        next(3),
        unambiguous(&next(2)),
    ));
    sql.push_str(&format!(
        "CREATE POLICY \"p {number}\" ON {table} USING ({}) WITH CHECK ({});\n\
         CREATE RULE \"r {number}\" AS ON DELETE TO {table} WHERE {} DO INSTEAD SELECT id FROM {table} WHERE {};\n\
         CREATE TRIGGER \"t {number}\" BEFORE INSERT ON {table} FOR EACH ROW WHEN ({}) EXECUTE FUNCTION suppress_redundant_updates_trigger();\n",
        next(2),
        next(2),
        of_row("OLD", &next(2)),
        next(2),
        of_row("NEW", &next(2)),
    ));
    sql.push_str(&format!(
        "CREATE FUNCTION {schema}.\"f {number}\"(a boolean DEFAULT ('a'::varchar IN ('a', 'b') AND (1 BETWEEN 0 AND 2 AND true))) RETURNS boolean LANGUAGE sql AS 'SELECT a';\n"
    ));
    sql
}

/// Names of columns that stand alone, after the name of a row.
fn of_row(row: &str, condition: &str) -> String {
    let columns: Vec<&str> = COLUMNS
        .split(", ")
        .filter_map(|column| column.trim().split(' ').next())
        .collect();
    let mut out = String::new();
    let mut word = String::new();
    let mut in_string = false;
    for character in condition.chars().chain([' ']) {
        if !in_string && (character.is_ascii_alphanumeric() || character == '_') {
            word.push(character);
            continue;
        }
        if columns.contains(&word.as_str()) {
            out.push_str(&format!("{row}."));
        }
        out.push_str(&word);
        word.clear();
        if character == '\'' || character == '"' {
            in_string = !in_string;
        }
        out.push(character);
    }
    out.trim_end().to_owned()
}

fn unambiguous(condition: &str) -> String {
    of_row("a", condition)
}
