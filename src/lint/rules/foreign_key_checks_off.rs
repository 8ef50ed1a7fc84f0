//! foreign_key_checks=0 keeps rows that refer to nothing.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "foreign-key-checks-off",
    subject: Subject::Running,
    dialect: Some(Dialect::Mysql),
    severity: Severity::Warning,
    reason: "What is written meanwhile is never checked, not even when the checks are on again: rows that refer to nothing stay, and \
             a table that others refer to can be dropped.",
    safer: "order the statements so that what is referred to exists first, and is dropped last",
    bad: "SET foreign_key_checks = 0;",
    good: "SET foreign_key_checks = 1;",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let value = at
        .read
        .value_of(&["foreign_key_checks"])
        .filter(|_| at.read.begins(&["set"]))?;
    matches!(value.as_str(), "0" | "off" | "false")
        .then(|| "rows that refer to nothing are kept from here on".to_owned())
}
