//! A function that runs as its owner and looks names up as its caller says.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "security-definer",
    subject: Subject::Design,
    dialect: Some(Dialect::Postgres),
    severity: Severity::Warning,
    reason: "The caller's search_path decides which table or function a name in it means, so that anybody who may call it may run \
             anything as its owner.",
    safer: "CREATE FUNCTION f() … SECURITY DEFINER SET search_path = pg_catalog, pg_temp",
    bad: "CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER AS $$ SELECT 1 $$;",
    good: "CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$ SELECT 1 $$;",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let read = at.read;
    let unsafe_one = read.is_program()
        && read.has(&["security", "definer"])
        && !read.has(&["set", "search_path"]);
    unsafe_one.then(|| "its caller decides what the names in it mean".to_owned())
}
