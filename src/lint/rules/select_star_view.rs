//! A view of all columns.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "select-star-view",
    subject: Subject::Design,
    dialect: None,
    severity: Severity::Warning,
    reason: "The star is written out when the view is made: columns that come later are not in it, and one that goes breaks it.",
    safer: "CREATE VIEW v AS SELECT a, b FROM t",
    bad: "CREATE VIEW named AS SELECT * FROM house;",
    good: "CREATE VIEW named AS SELECT id, name FROM house;",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let is_view = at
        .read
        .statement
        .facts
        .objects
        .first()
        .is_some_and(|one| one.kind == "view");
    let star = at
        .read
        .tokens
        .windows(2)
        .any(|two| two[0].is_any(&["select", "distinct"]) && two[1].is_symbol("*"));
    let makes = is_view && matches!(at.read.statement.facts.verb, Verb::Create | Verb::Alter);
    (makes && star).then(|| "the view has the columns that are there today".to_owned())
}
