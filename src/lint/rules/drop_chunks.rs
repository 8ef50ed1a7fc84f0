//! drop_chunks() in a migration.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "drop-chunks",
    subject: Subject::Loss,
    dialect: Some(Dialect::Postgres),
    severity: Severity::Warning,
    reason: "How much is lost depends on the day on which the file runs. What is too old is retention's business, which policies.yaml \
             states and `sgmp-db policies` asks about before it drops.",
    safer: "policies.yaml: retention: { drop_after: 1 month }",
    bad: "SELECT drop_chunks('house_data', older_than => now() - interval '1 month');",
    good: "DELETE FROM house_data WHERE timestamp < '2020-01-01';",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let drops = !at.read.is_ddl() && at.read.call("drop_chunks").is_some();
    drops.then(|| "what drop_chunks() takes depends on the day".to_owned())
}
