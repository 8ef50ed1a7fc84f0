//! What makes functions, procedures and aggregates the expected ones?

use super::{
    Work,
    steps::{definition, qualified, typed},
    whole::Maker,
};
use crate::{
    engine::timescale::{
        catalog::{
            aggregates::AGGREGATE,
            name,
            routines::{FUNCTION, PROCEDURE, Routine},
        },
        session,
    },
    schema::{Key, Object, ObjectDifference, plan::Step},
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

/// A body is replaced in place; other arguments or another result need a drop.
pub const ROUTINES: Maker = Maker {
    names: &[FUNCTION, PROCEDURE],
    create: |object, _| {
        let routine = typed::<Routine>(Some(object));
        let sql = routine.map(|routine| statement(&object.key, object, &routine));
        sql.map(|sql| Step::create(&object.key, sql))
            .into_iter()
            .collect()
    },
    drop: |object, _| {
        let key = &object.key;
        vec![Step::drop(
            key,
            format!("DROP {} {}", word(key), signature(&key.name)),
        )]
    },
    alter,
    loss: None,
    movable: true,
};

/// Aggregates hold nothing.
pub const AGGREGATES: Maker = Maker {
    names: &[AGGREGATE],
    create: create_aggregate,
    drop: |object, _| {
        let (own, arguments) = parts(&object.key);
        let sql = format!("DROP AGGREGATE {}{arguments}", qualified(own));
        vec![Step::drop(&object.key, sql)]
    },
    alter: |_, _| None,
    loss: None,
    movable: true,
};

fn alter(difference: &ObjectDifference, _: &Work<'_>) -> Option<Vec<Step>> {
    let anew = difference
        .paths
        .iter()
        .any(|path| ["arguments", "returns", "window"].contains(&path.path.as_str()));
    if anew {
        return None;
    }
    let object = difference.expected.as_ref()?;
    let routine = typed::<Routine>(Some(object))?;
    let key = &difference.key;
    Some(vec![Step::alter(key, statement(key, object, &routine))])
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

fn statement(key: &Key, object: &Object, routine: &Routine) -> String {
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

/// Its name, and its arguments in their brackets.
fn parts(key: &Key) -> (&str, &str) {
    let (own, arguments) = name::split_arguments(&key.name);
    let arguments = match arguments {
        None | Some("()") => "(*)",
        Some(other) => other,
    };
    (own, arguments)
}

fn create_aggregate(object: &Object, _: &Work<'_>) -> Vec<Step> {
    let Some(values) = typed::<Map<String, Value>>(Some(object)) else {
        return Vec::new();
    };
    let values: Vec<String> = values
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
    let (own, arguments) = parts(&object.key);
    let sql = format!(
        "CREATE AGGREGATE {}{arguments} ({})",
        qualified(own),
        values.join(", ")
    );
    vec![Step::create(&object.key, sql)]
}
