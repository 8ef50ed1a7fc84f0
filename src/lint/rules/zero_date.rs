//! '0000-00-00' is no date.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "zero-date",
    subject: Subject::Design,
    dialect: Some(Dialect::Mysql),
    severity: Severity::Warning,
    reason: "A server in strict mode refuses it (error 1067), most drivers cannot read it, and it is neither NULL nor a day.",
    safer: "DATETIME NULL DEFAULT NULL",
    bad: "CREATE TABLE house (id INT PRIMARY KEY, built DATE NOT NULL DEFAULT '0000-00-00');",
    good: "CREATE TABLE house (id INT PRIMARY KEY, built DATE NULL DEFAULT NULL);",
    find: Find::Clause(find),
};

fn find(clause: &Clause<'_>, _: &At<'_, '_>) -> Option<String> {
    let is_zero = |token: &Token<'_>| {
        token
            .text
            .trim_matches(['\'', '"'])
            .starts_with("0000-00-00")
    };
    let zero = clause.default()?.first().is_some_and(is_zero);
    let name = clause.name.as_deref().filter(|_| zero)?;
    Some(format!("the default of {name} is no date"))
}
