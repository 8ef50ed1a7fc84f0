//! LOCK=SHARED and LOCK=EXCLUSIVE keep others out where MySQL need not.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "shared-lock",
    subject: Subject::Locks,
    dialect: Some(Dialect::Mysql),
    severity: Severity::Warning,
    reason: "SHARED lets nobody write and EXCLUSIVE nobody read until the statement ends, also where MySQL could do without.",
    safer: "ALTER TABLE t …, LOCK=NONE: MySQL then refuses what needs more",
    bad: "ALTER TABLE house ADD INDEX house_by_name (name), LOCK=SHARED;",
    good: "ALTER TABLE house ADD INDEX house_by_name (name), LOCK=NONE;",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let table = at
        .used_table()
        .filter(|_| matches!(at.read.what, What::AlterTable | What::CreateIndex))?;
    match at.read.value_of(&["lock"])?.as_str() {
        "shared" => Some(format!(
            "nobody can write to {table} until the statement ends"
        )),
        "exclusive" => Some(format!("nobody can read {table} until the statement ends")),
        _ => None,
    }
}
