//! What makes functions, procedures and aggregates the expected ones?

use super::{
    Work, keep,
    steps::{NOT_EXPECTED, Phase, Steps, definition, printed, qualified, typed},
    triggers,
};
use crate::{
    engine::timescale::{
        catalog::{
            name,
            routines::{PROCEDURE, Routine},
            triggers::{TRIGGER, Trigger},
        },
        session,
    },
    schema::{Key, Object, ObjectDifference},
};
use serde_json::{Map, Value};

/// Settings whose value is a list of names: quoted as a whole it would be one name.
const LISTS: [&str; 7] = [
    "search_path",
    "temp_tablespaces",
    "session_preload_libraries",
    "local_preload_libraries",
    "shared_preload_libraries",
    "unix_socket_directories",
    "debug_io_direct",
];

/// Adds the statements. A body is replaced in place; other arguments or another result need a drop.
pub fn repair(difference: &ObjectDifference, work: &Work<'_>, steps: &mut Steps) {
    let key = &difference.key;
    let word = word(key);
    let anew = difference
        .paths
        .iter()
        .any(|path| ["arguments", "returns", "window"].contains(&path.path.as_str()));
    let sql = format!("DROP {word} {}", signature(&key.name));
    match (&difference.expected, &difference.actual) {
        (None, _) => return steps.lose(Phase::DropRoutine, key, sql, NOT_EXPECTED),
        (Some(_), Some(_)) if anew => {
            detour_triggers(key, work, steps);
            steps.add(Phase::Routine, key, sql);
            keep::restore(key, work, steps);
        }
        _ => {}
    }
    let (Some(object), Some(routine)) = (
        &difference.expected,
        typed::<Routine>(difference.expected.as_ref()),
    ) else {
        return;
    };
    // A body in plpgsql is not looked into before it runs; one in SQL needs its tables.
    let early = difference.actual.is_none() && routine.language == "plpgsql";
    let phase = if early {
        Phase::EarlyRoutine
    } else {
        Phase::Routine
    };
    steps.add(phase, key, create(key, object, &routine));
}

fn word(key: &Key) -> &'static str {
    if key.kind == PROCEDURE {
        "PROCEDURE"
    } else {
        "FUNCTION"
    }
}

/// `name(types)` of a key as SQL.
pub fn signature(key_name: &str) -> String {
    let (own, arguments) = name::split_arguments(key_name);
    format!("{}{}", qualified(own), arguments.unwrap_or_default())
}

fn create(key: &Key, object: &Object, routine: &Routine) -> String {
    if let Some(text) = definition(Some(object)) {
        return text.trim_end().to_owned();
    }
    let (own, _) = name::split_arguments(&key.name);
    let mut sql = format!(
        "CREATE OR REPLACE {} {}({})",
        word(key),
        qualified(own),
        routine.arguments
    );
    if let Some(returns) = &routine.returns {
        sql.push_str(&format!(" RETURNS {returns}"));
    }
    sql.push_str(&format!(
        " LANGUAGE {}",
        session::identifier(&routine.language)
    ));
    let flags = [
        (routine.window, " WINDOW"),
        (routine.strict, " STRICT"),
        (routine.security_definer, " SECURITY DEFINER"),
        (routine.leakproof, " LEAKPROOF"),
    ];
    for (flag, words) in flags {
        sql.push_str(if flag { words } else { "" });
    }
    let parallel = routine
        .parallel
        .as_ref()
        .map(|how| format!("parallel {how}"));
    for word in [&routine.volatility, &parallel].into_iter().flatten() {
        sql.push_str(&format!(" {}", word.to_ascii_uppercase()));
    }
    for (word, number) in [("COST", routine.cost), ("ROWS", routine.rows)] {
        if let Some(number) = number {
            sql.push_str(&format!(" {word} {number}"));
        }
    }
    for (name, value) in &routine.config {
        let value = if LISTS.contains(&name.as_str()) && !value.is_empty() {
            value.clone()
        } else {
            session::text(value)
        };
        sql.push_str(&format!(" SET {} TO {value}", session::identifier(name)));
    }
    let body = routine.body.as_deref().unwrap_or_default();
    match &routine.library {
        Some(library) => sql.push_str(&format!(
            " AS {}, {}",
            session::text(library),
            session::text(body)
        )),
        None => sql.push_str(&format!(" AS {}", dollar_quoted(body))),
    }
    sql
}

/// In dollar quotes whose tag the body does not have.
fn dollar_quoted(body: &str) -> String {
    let mut tag = "$sgmp$".to_owned();
    let mut number = 1;
    // A body that ends with the beginning of the tag would end too early.
    while format!("{body}{tag}").find(&tag) != Some(body.len()) {
        number += 1;
        tag = format!("$sgmp{number}$");
    }
    format!("{tag}{body}{tag}")
}

/// Triggers that call a function go before it does, and come again after.
fn detour_triggers(key: &Key, work: &Work<'_>, steps: &mut Steps) {
    let (own, _) = name::split_arguments(&key.name);
    let call = format!("EXECUTE FUNCTION {}(", printed(own));
    for (other, object) in &work.actual.objects {
        let calls = other.kind == TRIGGER
            && typed::<Trigger>(Some(object)).is_some_and(|one| one.definition.contains(&call));
        if calls {
            triggers::drop(other, steps);
            if let Some(wanted) = work.expected.objects.get(other) {
                triggers::make(other, wanted, steps);
            }
        }
    }
}

/// Aggregates are dropped and made: they hold nothing.
pub fn repair_aggregate(difference: &ObjectDifference, steps: &mut Steps) {
    let key = &difference.key;
    let (own, arguments) = name::split_arguments(&key.name);
    let arguments = match arguments {
        None | Some("()") => "(*)",
        Some(other) => other,
    };
    let sql = format!("DROP AGGREGATE {}{arguments}", qualified(own));
    match (&difference.expected, &difference.actual) {
        (None, _) => steps.lose(Phase::DropRoutine, key, sql, NOT_EXPECTED),
        (Some(_), Some(_)) => steps.add(Phase::Routine, key, sql),
        (Some(_), None) => {}
    }
    let Some(parts) = typed::<Map<String, Value>>(difference.expected.as_ref()) else {
        return;
    };
    let parts: Vec<String> = parts
        .iter()
        .filter_map(|(name, value)| {
            let value = value.as_str()?;
            let value = match name.as_str() {
                "initcond" | "minitcond" => session::text(value),
                "sortop" => format!("OPERATOR({})", value.split('(').next()?),
                _ => value.to_owned(),
            };
            Some(format!("{name} = {value}"))
        })
        .collect();
    let sql = format!(
        "CREATE AGGREGATE {}{arguments} ({})",
        qualified(own),
        parts.join(", ")
    );
    steps.add(Phase::Routine, key, sql);
}
