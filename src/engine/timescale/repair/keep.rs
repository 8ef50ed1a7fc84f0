//! What did an object have beside its definition? One that is dropped and created again gets its owner,
//! its grants and its comments back: they went with it, though nobody asked for that.

use super::{Work, routines, steps::qualified};
use crate::{
    engine::timescale::{
        catalog::{
            continuous_aggregates::CONTINUOUS_AGGREGATE,
            routines::{FUNCTION, PROCEDURE},
            tables::TABLE,
            views::{MATERIALIZED_VIEW, VIEW},
        },
        session,
    },
    schema::{Class, Key, Object, plan::Step},
};
use serde_json::{Map, Value};

/// The statements, once it is there again.
pub fn restored(object: &Object, work: &Work<'_>) -> Vec<Step> {
    let key = &object.key;
    let (Some((word, name)), true) = (named(key), work.expected.objects.contains_key(key)) else {
        return Vec::new();
    };
    let mut steps = Vec::new();
    let mut add = |sql: String| steps.push(Step::about(key, sql).needing(key).with(key));
    if let Some(owner) = object.optional.get(&Class::Owners).and_then(Value::as_str) {
        add(format!(
            "ALTER {word} {name} OWNER TO {}",
            session::identifier(owner)
        ));
    }
    let part = |class: Class, part: &str| object.optional.get(&class)?.get(part);
    let map = |class, name| part(class, name).and_then(Value::as_object);
    let target = match key.kind.as_str() {
        FUNCTION | PROCEDURE => format!("{word} {name}"),
        _ => format!("TABLE {name}"),
    };
    for sql in map(Class::Grants, "roles")
        .map(|roles| grants(roles, "", &target))
        .unwrap_or_default()
    {
        add(sql);
    }
    for (column, roles) in map(Class::Grants, "columns").into_iter().flatten() {
        let column = format!(" ({})", session::identifier(column));
        let roles = roles
            .as_object()
            .map(|roles| grants(roles, &column, &target));
        roles.unwrap_or_default().into_iter().for_each(&mut add);
    }
    if let Some(text) = part(Class::Comments, "text").and_then(Value::as_str) {
        add(format!(
            "COMMENT ON {word} {name} IS {}",
            session::text(text)
        ));
    }
    for (column, text) in map(Class::Comments, "columns").into_iter().flatten() {
        let text = session::text(text.as_str().unwrap_or_default());
        add(format!(
            "COMMENT ON COLUMN {name}.{} IS {text}",
            session::identifier(column)
        ));
    }
    steps
}

/// The kind's word in ALTER and COMMENT, and the name as SQL.
fn named(key: &Key) -> Option<(&'static str, String)> {
    Some(match key.kind.as_str() {
        TABLE => ("TABLE", qualified(&key.name)),
        VIEW => ("VIEW", qualified(&key.name)),
        MATERIALIZED_VIEW | CONTINUOUS_AGGREGATE => ("MATERIALIZED VIEW", qualified(&key.name)),
        FUNCTION => ("FUNCTION", routines::signature(&key.name)),
        PROCEDURE => ("PROCEDURE", routines::signature(&key.name)),
        _ => return None,
    })
}

fn grants(roles: &Map<String, Value>, columns: &str, target: &str) -> Vec<String> {
    let mut statements = Vec::new();
    for (role, privileges) in roles {
        let role = match role.as_str() {
            "PUBLIC" => role.clone(),
            other => session::identifier(other),
        };
        for privilege in privileges
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            let (privilege, option) = match privilege.strip_suffix('*') {
                Some(privilege) => (privilege, " WITH GRANT OPTION"),
                None => (privilege, ""),
            };
            statements.push(format!(
                "GRANT {privilege}{columns} ON {target} TO {role}{option}"
            ));
        }
    }
    statements
}
