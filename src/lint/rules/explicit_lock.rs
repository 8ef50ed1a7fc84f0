//! LOCK TABLE for the length of a file.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "explicit-lock",
    subject: Subject::Locks,
    dialect: Some(Dialect::Postgres),
    severity: Severity::Warning,
    reason: "The lock lasts until the file ends, whatever else the file does meanwhile. `upgrade` already keeps other runs of itself \
             away.",
    safer: "leave it out; where rows must not change meanwhile, SELECT … FOR UPDATE locks only those",
    bad: "LOCK TABLE house IN ACCESS EXCLUSIVE MODE;",
    good: "SELECT id FROM house WHERE id = 1 FOR UPDATE;",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let locks = at.read.begins(&["lock"]);
    locks.then(|| "the table stays locked until the file ends".to_owned())
}
