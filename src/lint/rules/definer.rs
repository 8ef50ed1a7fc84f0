//! A definer that exists on one server only.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "definer",
    subject: Subject::Elsewhere,
    dialect: Some(Dialect::Mysql),
    severity: Severity::Warning,
    reason: "Where that account is missing the object is created and fails at its first use (error 1449); to name another account \
             than one's own takes a privilege that RDS does not give.",
    safer: "leave DEFINER out, or DEFINER = CURRENT_USER",
    bad: "CREATE DEFINER = 'admin'@'10.0.0.7' VIEW named AS SELECT id FROM house;",
    good: "CREATE DEFINER = CURRENT_USER VIEW named AS SELECT id FROM house;",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let read = at.read;
    let at_word = read
        .tokens
        .iter()
        .take(8)
        .position(|token| token.is("definer"))?;
    let is_sign = |token: &&Token<'_>| !token.is_symbol("=");
    let named = read.tokens[at_word + 1..].iter().find(is_sign)?;
    let is_ours = named.is("current_user") || at.known.roles.contains(&role_name(named));
    (read.is_ddl() && !is_ours).then(|| format!("{} must exist on every server", role_name(named)))
}
