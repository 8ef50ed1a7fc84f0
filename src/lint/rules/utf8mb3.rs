//! MySQL's `utf8` holds three bytes a character.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "utf8mb3",
    subject: Subject::Design,
    dialect: Some(Dialect::Mysql),
    severity: Severity::Warning,
    reason: "utf8 is utf8mb3 here: it refuses emoji and many names of East Asia (error 1366), and MySQL is about to remove it.",
    safer: "CHARACTER SET utf8mb4",
    bad: "CREATE TABLE house (id INT PRIMARY KEY, name VARCHAR(40)) DEFAULT CHARSET=utf8;",
    good: "CREATE TABLE house (id INT PRIMARY KEY, name VARCHAR(40)) DEFAULT CHARSET=utf8mb4;",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let read = at.read;
    if !read.is_ddl() || read.is_program() {
        return None;
    }
    let old =
        |value: Option<String>| value.is_some_and(|value| value == "utf8" || value == "utf8mb3");
    let set = old(read.value_of(&["charset"])) || old(read.value_of(&["character", "set"]));
    let collates = read
        .value_of(&["collate"])
        .is_some_and(|value| value.starts_with("utf8_") || value.starts_with("utf8mb3_"));
    (set || collates).then(|| "utf8 holds no character of four bytes".to_owned())
}
