//! INT(11) means nothing.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "display-width",
    subject: Subject::Design,
    dialect: Some(Dialect::Mysql),
    severity: Severity::Warning,
    reason: "The number in brackets limits nothing, MySQL warns of it and no longer shows it, so the file says what the server does \
             not. FLOAT(7,4) and ZEROFILL go the same way.",
    safer: "INT without brackets; DECIMAL(7,4) where digits count",
    bad: "CREATE TABLE house (id INT(11) PRIMARY KEY);",
    good: "CREATE TABLE house (id INT PRIMARY KEY, is_new TINYINT(1));",
    find: Find::Clause(find),
};

fn find(clause: &Clause<'_>, _: &At<'_, '_>) -> Option<String> {
    let kind = clause.kind();
    let name = clause.name.as_deref().filter(|_| clause.defines_column())?;
    let numbers = [
        "tinyint",
        "smallint",
        "mediumint",
        "int",
        "integer",
        "bigint",
        "float",
        "double",
    ];
    let is_wide = numbers.contains(&clause.base().as_str())
        && kind.contains('(')
        && !kind.starts_with("tinyint(1)");
    let counts = matches!(clause.base().as_str(), "float" | "double") && !kind.contains(',');
    (is_wide && !counts).then(|| format!("the brackets of {name} {kind} limit nothing"))
}
