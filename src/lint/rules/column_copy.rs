//! A column's new type copies the table.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "column-copy",
    subject: Subject::Locks,
    dialect: Some(Dialect::Mysql),
    severity: Severity::Warning,
    reason: "MySQL copies the table while nobody can write to it. Only a VARCHAR that grows on one side of 255 bytes (63 characters of \
             utf8mb4) and a longer ENUM cost nothing.",
    safer: "add a column of the new type, fill it in batches, and rename in the end; or gh-ost, pt-online-schema-change",
    bad: "ALTER TABLE house MODIFY COLUMN number BIGINT NULL;",
    good: "CREATE TABLE street (id INT PRIMARY KEY, name VARCHAR(100));\nALTER TABLE street MODIFY COLUMN name VARCHAR(200);",
    find: Find::Clause(find),
};

fn find(clause: &Clause<'_>, at: &At<'_, '_>) -> Option<String> {
    let table = at.used_table().filter(|_| clause.act == Act::Redefine)?;
    let (name, new) = (clause.name.clone()?, clause.kind());
    let old = at.known.column(table, &name);
    let is_free = old.is_some_and(|old| costs_nothing(&old.kind, &new));
    (!is_free).then(|| {
        format!(
            "{table}.{name} becomes {new}, so the table may be copied while nobody can write to it"
        )
    })
}

fn costs_nothing(old: &str, new: &str) -> bool {
    const LONGEST_OF_ONE_BYTE: u32 = 63;
    let length = |kind: &str| {
        let inner = kind.strip_prefix("varchar(")?.strip_suffix(')')?;
        inner.trim().parse::<u32>().ok()
    };
    let same = |kind: &str| match kind {
        "integer" => "int".to_owned(),
        "boolean" | "bool" => "tinyint(1)".to_owned(),
        other => other.to_owned(),
    };
    let longer_list = |kind: &str| {
        kind.strip_suffix(')')
            .filter(|kind| kind.starts_with("enum("))
            .map(str::to_owned)
    };
    match (length(old), length(new)) {
        (Some(old), Some(new)) => {
            new >= old && (old > LONGEST_OF_ONE_BYTE) == (new > LONGEST_OF_ONE_BYTE)
        }
        _ => same(old) == same(new) || longer_list(old).is_some_and(|old| new.starts_with(&old)),
    }
}
