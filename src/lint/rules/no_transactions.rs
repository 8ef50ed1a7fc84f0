//! An engine without transactions.

use super::{super::known::WITHOUT_TRANSACTIONS, prelude::*};

pub const RULE: Rule = Rule {
    name: "engine-without-transactions",
    subject: Subject::Design,
    dialect: Some(Dialect::Mysql),
    severity: Severity::Warning,
    reason: "MyISAM and its like lose rows in a crash, know no foreign keys and no rollback, lock the whole table for each write, and \
             spoil the snapshots of RDS. After an interruption sgmp-db cannot tell which of their rows are there (exit 7).",
    safer: "ENGINE=InnoDB",
    bad: "CREATE TABLE house (id INT PRIMARY KEY) ENGINE=MyISAM;",
    good: "CREATE TABLE house (id INT PRIMARY KEY) ENGINE=InnoDB;",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let made = matches!(at.read.what, What::CreateTable | What::AlterTable) && !at.is_temporary();
    let engine = at.read.value_of(&["engine"]).filter(|_| made)?;
    WITHOUT_TRANSACTIONS.contains(&engine.as_str()).then(|| {
        format!(
            "{} loses rows in a crash: {engine} has no transactions",
            at.table()
        )
    })
}
