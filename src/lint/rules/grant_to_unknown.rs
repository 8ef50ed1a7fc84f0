//! A grant to somebody whom these files do not make.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "grant-to-unknown",
    subject: Subject::Elsewhere,
    dialect: None,
    severity: Severity::Warning,
    reason: "Where that name is missing (a new installation, CI, a colleague's machine) the migration fails, and with it the whole upgrade. \
             The application's own login is granted by sgmp-db itself, behind the migrations.",
    safer: "grants where accounts are made: terraform, ansible; or CREATE ROLE reader in the same files and GRANT … TO reader",
    bad: "GRANT SELECT ON house TO dashboard_prod;",
    good: "CREATE ROLE reader;\nGRANT SELECT ON house TO reader;",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let read = at.read;
    let owner =
        contains(read.rest(), &["owner", "to"]) && matches!(read.statement.facts.verb, Verb::Alter);
    let before: &[&str] = match read.statement.facts.verb {
        Verb::Grant => &["to"],
        Verb::Revoke => &["from"],
        Verb::Alter if owner => &["owner", "to"],
        _ => return None,
    };
    let last = (0..read.tokens.len()).rfind(|at| sequence(&read.tokens[*at..], before))?;
    let mut to = read
        .tokens
        .get(last + before.len()..)?
        .iter()
        .filter(|token| !token.is("group"));
    let everywhere = ["public", "current_user", "current_role", "session_user"];
    let named = to.next().filter(|token| !token.is_any(&everywhere))?;
    let name = role_name(named);
    (!at.known.roles.contains(&name)).then(|| format!("{name} must exist on every server"))
}
