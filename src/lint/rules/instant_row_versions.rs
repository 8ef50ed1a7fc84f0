//! MySQL adds and drops columns in an instant 64 times.

use super::{super::known::versions_behind, prelude::*};

/// How often a table's rows may change their form. Source: MySQL 8.4 Reference Manual, 17.12.1 (Online DDL Operations).
const MOST: u32 = 64;

macro_rules! four {
    ($text:expr) => {
        concat!($text, $text, $text, $text)
    };
}

pub const RULE: Rule = Rule {
    name: "instant-row-versions",
    subject: Subject::Locks,
    dialect: Some(Dialect::Mysql),
    severity: Severity::Warning,
    reason: "Each ALTER TABLE that adds or drops columns in an instant makes a row version, and a table has 64. Then \
             ALGORITHM=INSTANT is refused (error 4092), and without it the whole table is written anew, without a word.",
    safer: "put the columns of one release into one ALTER TABLE; write the table anew at a quiet time: ALTER TABLE t FORCE, ALGORITHM=INPLACE",
    bad: concat!(
        four!(four!(four!(
            "ALTER TABLE house ADD COLUMN a INT NULL, DROP COLUMN b;\n"
        ))),
        "ALTER TABLE house ADD COLUMN a INT NULL, DROP COLUMN b;"
    ),
    good: "ALTER TABLE house ADD COLUMN a INT NULL, ADD COLUMN b INT NULL, ADD COLUMN c INT NULL;",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let table = at
        .read
        .table
        .as_ref()
        .filter(|_| at.read.what == What::AlterTable)?;
    let before = at
        .known
        .row_versions
        .get(table)
        .copied()
        .unwrap_or_default();
    let behind = versions_behind(before, at.read);
    (before == MOST && behind > MOST).then(|| format!("{table} has used up its {MOST} instant changes, so this one writes it anew or is refused"))
}
