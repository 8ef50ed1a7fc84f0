//! A new name, while the application uses the old one.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "rename-in-use",
    subject: Subject::Running,
    dialect: None,
    severity: Severity::Warning,
    reason: "The application that still runs uses the old name, and fails from this statement to its own restart.",
    safer: "a view of the old name: ALTER TABLE t RENAME TO u and CREATE VIEW t AS SELECT … FROM u in one file; for a column: a new one that a trigger keeps equal",
    bad: "ALTER TABLE house RENAME COLUMN number TO house_number;",
    good: "CREATE VIEW building AS SELECT id FROM house;",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let read = at.read;
    let index_or_key = |one: &Clause<'_>| {
        one.tokens
            .get(1)
            .is_some_and(|word| word.is_any(&["constraint", "index", "key"]))
    };
    let changes_name = |one: &Clause<'_>| {
        let changed = one.tokens.first().is_some_and(|first| first.is("change"));
        let new = one.tokens.get(one.body.saturating_sub(1));
        changed && new.is_some_and(|new| Some(folded(at.file.dialect, new)) != one.name)
    };
    let altered = at.used_table().is_some()
        && read
            .clauses
            .iter()
            .any(|one| one.act == Act::Rename && !index_or_key(one) || changes_name(one));
    let renamed = read.begins(&["rename", "table"]);
    (altered || renamed).then(|| "the application that still runs uses the old name".to_owned())
}
