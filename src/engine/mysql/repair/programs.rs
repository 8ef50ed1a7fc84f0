//! What triggers, routines and events have in common: a body, and the modes under which it was
//! written.

use super::both::Both;
use crate::{
    engine::mysql::{catalog::columns::quoted, session::identifier},
    schema::{Class, Key, Object, Repair, plan::Step},
};
use serde_json::Value;

/// Drops what is there; at a cost where nothing comes instead.
pub fn remove(key: &Key, name: &str, comes_again: bool) -> Step {
    let kind = key.kind.to_ascii_uppercase();
    let step = Step::drop(key, format!("DROP {kind} {}", identifier(name)));
    match comes_again {
        true => step,
        false => step.losing(format!("drops {} {name}", key.kind)),
    }
}

/// A statement that makes a program, under the modes that its body needs; any other as it is.
pub fn under_its_modes(repair: Repair, both: &Both<'_>) -> Vec<Repair> {
    let modes = both
        .wanted(&repair.key)
        .and_then(|object| object.value.get("sql_mode"));
    let modes: Vec<&str> = modes
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if modes.is_empty() || repair.sql.starts_with("DROP") {
        return vec![repair];
    }
    let set = |value: String| Repair {
        sql: format!("SET SESSION sql_mode = {value}"),
        note: None,
        ..repair.clone()
    };
    vec![
        set(quoted(&modes.join(","))),
        repair.clone(),
        set("DEFAULT".to_owned()),
    ]
}

/// `COMMENT '…'`, where it has one.
pub fn comment(object: &Object) -> String {
    object
        .optional
        .get(&Class::Comments)
        .and_then(Value::as_str)
        .map(|text| format!(" COMMENT {}", quoted(text)))
        .unwrap_or_default()
}
