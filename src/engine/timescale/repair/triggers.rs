//! What makes triggers, rules, row-level policies and event triggers the expected ones? They hold
//! nothing, so they are dropped and made.

use super::{
    Work, indexes,
    steps::{NOT_EXPECTED, Phase, Steps, definition, of_table, qualified, typed},
};
use crate::{
    engine::timescale::{
        catalog::{
            event_triggers::EventTrigger, name, row_policies::RowPolicy, rules::Rule,
            triggers::Trigger,
        },
        session,
    },
    schema::{Key, Object, ObjectDifference},
};

/// Adds the statements for a trigger.
pub fn repair(difference: &ObjectDifference, work: &Work<'_>, steps: &mut Steps) {
    let key = &difference.key;
    let Some((table, _)) = of_table(&key.name) else {
        return;
    };
    let only_firing = difference.actual.is_some()
        && difference.paths.iter().all(|path| path.path == "enabled")
        && difference.expected.is_some();
    if difference.actual.is_some() && !only_firing && !indexes::goes_with_its_table(work, &table) {
        match difference.expected {
            Some(_) => drop(key, steps),
            None => steps.lose(
                Phase::DropTrigger,
                key,
                drop_statement(key, "TRIGGER"),
                NOT_EXPECTED,
            ),
        }
    }
    let Some(object) = &difference.expected else {
        return;
    };
    if only_firing {
        let trigger = typed::<Trigger>(Some(object));
        fire(
            key,
            "TRIGGER",
            trigger.and_then(|one| one.enabled).as_deref(),
            steps,
        );
    } else {
        make(key, object, steps);
    }
}

/// Adds the DROP TRIGGER of one that comes again.
pub fn drop(key: &Key, steps: &mut Steps) {
    steps.add(Phase::DropTrigger, key, drop_statement(key, "TRIGGER"));
}

fn drop_statement(key: &Key, word: &str) -> String {
    let (table, own) = of_table(&key.name).unwrap_or_default();
    format!(
        "DROP {word} {} ON {}",
        session::identifier(&own),
        qualified(&table)
    )
}

/// Adds the CREATE TRIGGER.
pub fn make(key: &Key, object: &Object, steps: &mut Steps) {
    if let Some(trigger) = typed::<Trigger>(Some(object)) {
        steps.add(Phase::Trigger, key, trigger.definition);
        if trigger.enabled.is_some() {
            fire(key, "TRIGGER", trigger.enabled.as_deref(), steps);
        }
    }
}

fn fire(key: &Key, word: &str, enabled: Option<&str>, steps: &mut Steps) {
    let (table, own) = of_table(&key.name).unwrap_or_default();
    let how = match enabled {
        Some("disabled") => "DISABLE",
        Some("replica") => "ENABLE REPLICA",
        Some("always") => "ENABLE ALWAYS",
        _ => "ENABLE",
    };
    let sql = format!(
        "ALTER TABLE {} {how} {word} {}",
        qualified(&table),
        session::identifier(&own)
    );
    steps.add(Phase::Trigger, key, sql);
}

/// Adds the statements for a rule.
pub fn repair_rule(difference: &ObjectDifference, steps: &mut Steps) {
    let key = &difference.key;
    if difference.actual.is_some() {
        let sql = drop_statement(key, "RULE");
        match difference.expected {
            Some(_) => steps.add(Phase::DropTrigger, key, sql),
            None => steps.lose(Phase::DropTrigger, key, sql, NOT_EXPECTED),
        }
    }
    if let Some(object) = &difference.expected {
        make_rule(key, object, steps);
    }
}

/// Adds the CREATE RULE.
pub fn make_rule(key: &Key, object: &Object, steps: &mut Steps) {
    if let (Some(text), Some(rule)) = (definition(Some(object)), typed::<Rule>(Some(object))) {
        steps.add(Phase::Trigger, key, text);
        if rule.enabled.is_some() {
            fire(key, "RULE", rule.enabled.as_deref(), steps);
        }
    }
}

/// Adds the statements for a row-level policy.
pub fn repair_policy(difference: &ObjectDifference, steps: &mut Steps) {
    let key = &difference.key;
    if difference.actual.is_some() {
        let sql = drop_statement(key, "POLICY");
        match difference.expected {
            Some(_) => steps.add(Phase::DropTrigger, key, sql),
            None => steps.lose(Phase::DropTrigger, key, sql, NOT_EXPECTED),
        }
    }
    if let Some(object) = &difference.expected {
        make_policy(key, object, steps);
    }
}

/// Adds the CREATE POLICY.
pub fn make_policy(key: &Key, object: &Object, steps: &mut Steps) {
    let (Some((table, own)), Some(policy)) =
        (of_table(&key.name), typed::<RowPolicy>(Some(object)))
    else {
        return;
    };
    let roles: Vec<String> = policy
        .roles
        .iter()
        .map(|role| match role.as_str() {
            "public" => "PUBLIC".to_owned(),
            other => session::identifier(other),
        })
        .collect();
    let mut sql = format!(
        "CREATE POLICY {} ON {} AS {} FOR {} TO {}",
        session::identifier(&own),
        qualified(&table),
        if policy.restrictive {
            "RESTRICTIVE"
        } else {
            "PERMISSIVE"
        },
        policy.command.to_ascii_uppercase(),
        roles.join(", ")
    );
    if let Some(using) = &policy.using {
        sql.push_str(&format!(" USING ({using})"));
    }
    if let Some(check) = &policy.check {
        sql.push_str(&format!(" WITH CHECK ({check})"));
    }
    steps.add(Phase::Trigger, key, sql);
}

/// Adds the statements for an event trigger.
pub fn repair_event(difference: &ObjectDifference, steps: &mut Steps) {
    let key = &difference.key;
    let own = session::identifier(&name::parts(&key.name).concat());
    if difference.actual.is_some() {
        let sql = format!("DROP EVENT TRIGGER {own}");
        match difference.expected {
            Some(_) => steps.add(Phase::DropTrigger, key, sql),
            None => steps.lose(Phase::DropTrigger, key, sql, NOT_EXPECTED),
        }
    }
    let Some(trigger) = typed::<EventTrigger>(difference.expected.as_ref()) else {
        return;
    };
    let tags: Vec<String> = trigger.tags.iter().map(|tag| session::text(tag)).collect();
    let when = if tags.is_empty() {
        String::new()
    } else {
        format!(" WHEN TAG IN ({})", tags.join(", "))
    };
    let sql = format!(
        "CREATE EVENT TRIGGER {own} ON {}{when} EXECUTE FUNCTION {}()",
        trigger.event,
        qualified(&trigger.function)
    );
    steps.add(Phase::Trigger, key, sql);
    let how = match trigger.enabled.as_deref() {
        Some("disabled") => "DISABLE",
        Some("replica") => "ENABLE REPLICA",
        Some("always") => "ENABLE ALWAYS",
        _ => return,
    };
    steps.add(
        Phase::Trigger,
        key,
        format!("ALTER EVENT TRIGGER {own} {how}"),
    );
}
