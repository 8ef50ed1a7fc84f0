//! OPTIMIZE TABLE and ENGINE=InnoDB write the table anew.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "table-rebuild",
    subject: Subject::Locks,
    dialect: Some(Dialect::Mysql),
    severity: Severity::Warning,
    reason: "The table is written anew: its size again on disk, and replicas stand still as long as it took. Another engine also lets \
             nobody write.",
    safer: "leave it out; where space must come back, at a quiet time, outside of migrations",
    bad: "OPTIMIZE TABLE house;",
    good: "ANALYZE TABLE house;",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let optimizes = at.read.begins(&["optimize"]);
    let first = at.read.rest().first();
    let anew =
        first.is_some_and(|word| word.is_any(&["engine", "force", "row_format", "key_block_size"]));
    let altered = at.read.what == What::AlterTable && anew && at.used_table().is_some();
    (optimizes || altered).then(|| "the table is written anew".to_owned())
}
