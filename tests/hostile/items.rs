//! Objects of every kind with hostile names and values, for either server.

use crate::nasty::{Dice, name, text};

/// A statement that makes something, the one that takes it away, and what it stands on.
#[derive(Debug, Clone)]
pub struct Item {
    pub make: String,
    pub remove: String,
    /// Index of the table, in the list.
    pub on: Option<usize>,
}

/// Draws names and literals.
pub struct Draw<'a> {
    pub dice: &'a mut Dice,
    pub file: &'a str,
    pub number: usize,
    pub quote: char,
}

impl Draw<'_> {
    fn name(&mut self) -> String {
        let name = name(self.dice, self.file, &mut self.number);
        let quote = self.quote.to_string();
        format!("{quote}{}{quote}", name.replace(&quote, &quote.repeat(2)))
    }

    fn raw(&mut self) -> String {
        text(self.dice, self.file)
    }

    fn literal(&mut self) -> String {
        let text = self.raw().replace('\'', "''");
        match self.quote {
            '`' => format!("'{}'", text.replace('\\', "\\\\")),
            _ => format!("'{text}'"),
        }
    }
}

fn item(on: Option<usize>, make: String, remove: String) -> Item {
    Item { make, remove, on }
}

/// Tables, each with what belongs to it.
pub fn postgres(draw: &mut Draw<'_>, tables: usize) -> Vec<Item> {
    let mut items = Vec::new();
    for _ in 0..tables {
        let (table, a, b) = (draw.name(), draw.name(), draw.name());
        let (check, default, other) = (draw.name(), draw.literal(), draw.literal());
        let at = items.len();
        items.push(item(
            None,
            format!("CREATE TABLE {table} ({a} int DEFAULT 1, {b} text DEFAULT {default}, CONSTRAINT {check} CHECK ({b} <> {other}))"),
            format!("DROP TABLE {table} CASCADE"),
        ));
        for _ in 0..3 {
            of_postgres_table(draw, (&table, &a, &b), at, &mut items);
        }
        alone_postgres(draw, &mut items);
    }
    items
}

fn of_postgres_table(
    draw: &mut Draw<'_>,
    (table, a, b): (&str, &str, &str),
    at: usize,
    items: &mut Vec<Item>,
) {
    let (own, value, more) = (draw.name(), draw.literal(), draw.name());
    let mut add = |make: String, remove: String| items.push(item(Some(at), make, remove));
    match draw.dice.roll(9) {
        0 => add(
            format!("ALTER TABLE {table} ADD COLUMN {own} text DEFAULT {value}"),
            format!("ALTER TABLE {table} DROP COLUMN {own}"),
        ),
        1 => add(
            format!("CREATE INDEX {own} ON {table} ({a}) WHERE {b} <> {value}"),
            format!("DROP INDEX {own}"),
        ),
        2 => add(
            format!("CREATE VIEW {own} AS SELECT {a} AS {more}, {value}::text AS v FROM {table}"),
            format!("DROP VIEW {own}"),
        ),
        3 => add(
            format!("ALTER TABLE {table} ADD CONSTRAINT {own} UNIQUE ({a})"),
            format!("ALTER TABLE {table} DROP CONSTRAINT {own}"),
        ),
        4 => add(
            format!("CREATE POLICY {own} ON {table} USING ({b} <> {value})"),
            format!("DROP POLICY {own} ON {table}"),
        ),
        5 => add(
            format!("CREATE RULE {own} AS ON DELETE TO {table} DO INSTEAD NOTHING"),
            format!("DROP RULE {own} ON {table}"),
        ),
        6 => add(
            format!("COMMENT ON TABLE {table} IS {value}"),
            format!("COMMENT ON TABLE {table} IS NULL"),
        ),
        7 => add(
            format!("COMMENT ON COLUMN {table}.{a} IS {value}"),
            format!("COMMENT ON COLUMN {table}.{a} IS NULL"),
        ),
        _ => {
            let body = draw
                .raw()
                .replace("*/", "")
                .replace("/*", "")
                .replace("$q$", "");
            // Together: neither can be without the other.
            add(
                format!(
                    "CREATE FUNCTION {more}() RETURNS trigger LANGUAGE plpgsql AS $q$BEGIN /* {body} */ RETURN NEW; END$q$; CREATE TRIGGER {own} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {more}({value})"
                ),
                format!("DROP FUNCTION {more}() CASCADE"),
            );
        }
    }
}

fn alone_postgres(draw: &mut Draw<'_>, items: &mut Vec<Item>) {
    let (own, value, more) = (draw.name(), draw.literal(), draw.name());
    let (make, remove) = match draw.dice.roll(6) {
        0 => (
            format!("CREATE TYPE {own} AS ENUM ({value}, 'plain')"),
            format!("DROP TYPE {own}"),
        ),
        1 => (
            format!(
                "CREATE DOMAIN {own} AS text DEFAULT {value} CONSTRAINT {more} CHECK (VALUE <> {value})"
            ),
            format!("DROP DOMAIN {own}"),
        ),
        2 => (
            format!("CREATE SEQUENCE {own}"),
            format!("DROP SEQUENCE {own}"),
        ),
        3 => (
            format!(
                "CREATE FUNCTION {own}({more} int) RETURNS text LANGUAGE sql AS $q${} SELECT {value}::text$q$",
                comment(draw)
            ),
            format!("DROP FUNCTION {own}(int)"),
        ),
        4 => (
            format!("CREATE TYPE {own} AS ({more} text)"),
            format!("DROP TYPE {own}"),
        ),
        _ => (format!("CREATE SCHEMA {own}"), format!("DROP SCHEMA {own}")),
    };
    items.push(item(None, make, remove));
}

fn comment(draw: &mut Draw<'_>) -> String {
    format!(
        "-- {}\n",
        draw.raw().replace(['\n', '\r'], "").replace("$q$", "")
    )
}

/// The same for MySQL; what a foreign key refers to is the table `parent`.
pub fn mysql(draw: &mut Draw<'_>, tables: usize) -> Vec<Item> {
    let mut items = Vec::new();
    for _ in 0..tables {
        let (table, a, b) = (draw.name(), draw.name(), draw.name());
        let (check, default, other, said) =
            (draw.name(), draw.literal(), draw.literal(), draw.literal());
        let at = items.len();
        items.push(item(
            None,
            format!("CREATE TABLE {table} ({a} int DEFAULT 1, {b} varchar(200) DEFAULT {default} COMMENT {said}, CONSTRAINT {check} CHECK ({b} <> {other})) COMMENT {said}"),
            format!("DROP TABLE {table}"),
        ));
        for _ in 0..3 {
            of_mysql_table(draw, (&table, &a, &b), at, &mut items);
        }
        alone_mysql(draw, &mut items);
    }
    items
}

fn of_mysql_table(
    draw: &mut Draw<'_>,
    (table, a, b): (&str, &str, &str),
    at: usize,
    items: &mut Vec<Item>,
) {
    let (own, value, more) = (draw.name(), draw.literal(), draw.name());
    let (make, remove) = match draw.dice.roll(6) {
        0 => (
            format!(
                "ALTER TABLE {table} ADD COLUMN {own} varchar(99) DEFAULT {value} COMMENT {value}"
            ),
            format!("ALTER TABLE {table} DROP COLUMN {own}"),
        ),
        1 => (
            format!("CREATE INDEX {own} ON {table} ({a}) COMMENT {value}"),
            format!("DROP INDEX {own} ON {table}"),
        ),
        2 => (
            format!("CREATE VIEW {own} AS SELECT {a} AS {more}, {value} AS v FROM {table}"),
            format!("DROP VIEW {own}"),
        ),
        3 => (
            format!(
                "ALTER TABLE {table} ADD CONSTRAINT {own} FOREIGN KEY ({a}) REFERENCES parent (id)"
            ),
            format!("ALTER TABLE {table} DROP FOREIGN KEY {own}"),
        ),
        4 => (
            format!(
                "CREATE TRIGGER {own} BEFORE INSERT ON {table} FOR EACH ROW SET NEW.{b} = {value}"
            ),
            format!("DROP TRIGGER {own}"),
        ),
        _ => (
            format!(
                "CREATE TRIGGER {own} AFTER INSERT ON {table} FOR EACH ROW BEGIN SET @a = {value}; SET @b = 1; END"
            ),
            format!("DROP TRIGGER {own}"),
        ),
    };
    items.push(item(Some(at), make, remove));
}

fn alone_mysql(draw: &mut Draw<'_>, items: &mut Vec<Item>) {
    let (own, value, more) = (draw.name(), draw.literal(), draw.name());
    let (make, remove) = match draw.dice.roll(4) {
        0 => (
            format!(
                "CREATE PROCEDURE {own}({more} int) COMMENT {value} BEGIN SELECT {value}; SELECT 2; END"
            ),
            format!("DROP PROCEDURE {own}"),
        ),
        1 => (
            format!("CREATE FUNCTION {own}() RETURNS text DETERMINISTIC RETURN {value}"),
            format!("DROP FUNCTION {own}"),
        ),
        2 => {
            let hint = draw.raw().replace("*/", "").replace("/*", "");
            (
                format!("CREATE PROCEDURE {own}() BEGIN SELECT /*+ {hint} */ 1; SELECT 2; END"),
                format!("DROP PROCEDURE {own}"),
            )
        }
        _ => (
            format!(
                "CREATE EVENT {own} ON SCHEDULE EVERY 1 DAY DISABLE COMMENT {value} DO SET @a = {value}"
            ),
            format!("DROP EVENT {own}"),
        ),
    };
    items.push(item(None, make, remove));
}
