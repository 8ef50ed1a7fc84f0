//! To partition a table copies it.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "partition-rebuild",
    subject: Subject::Locks,
    dialect: Some(Dialect::Mysql),
    severity: Severity::Warning,
    reason: "MySQL copies every row into its new place while nobody can write to the table.",
    safer: "give the partitions with the table's CREATE TABLE; ADD PARTITION behind the last one costs nothing",
    bad: "ALTER TABLE reading PARTITION BY HASH (house_id) PARTITIONS 8;",
    good: "ALTER TABLE reading ADD PARTITION (PARTITION p2027 VALUES LESS THAN (2027));",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let table = at
        .used_table()
        .filter(|_| at.read.what == What::AlterTable)?;
    let forms = [
        &["partition", "by"][..],
        &["remove", "partitioning"],
        &["reorganize", "partition"],
        &["coalesce", "partition"],
        &["rebuild", "partition"],
    ];
    let copies = forms.iter().any(|words| at.read.has(words));
    copies.then(|| {
        format!("rows of {table} are copied into other partitions while nobody can write to them")
    })
}
