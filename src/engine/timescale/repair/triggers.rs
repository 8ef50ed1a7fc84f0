//! What makes triggers, rules, row-level policies and event triggers the expected ones? They hold
//! nothing, so they are dropped and created.

use super::{
    Work, indexes,
    steps::{definition, of_table, qualified, typed},
    whole::{Maker, only_at},
};
use crate::{
    engine::timescale::{
        catalog::{
            event_triggers::{EVENT_TRIGGER, EventTrigger},
            name,
            row_policies::{ROW_POLICY, RowPolicy},
            rules::{RULE, Rule},
            triggers::{TRIGGER, Trigger},
        },
        session,
    },
    schema::{Key, Object, ObjectDifference, plan::Step},
};
use std::collections::BTreeSet;

pub const TRIGGERS: Maker = Maker {
    names: &[TRIGGER],
    create: |object, _| {
        let Some(trigger) = typed::<Trigger>(Some(object)) else {
            return Vec::new();
        };
        let step = Step::create(&object.key, trigger.definition.clone());
        let mut steps = created(step, &object.key, "TRIGGER", trigger.enabled.as_deref());
        steps.extend(on_partitions(&object.key, &trigger, &Trigger::default()));
        steps
    },
    drop: |object, work| drop_from_table(&object.key, "TRIGGER", work),
    alter: |difference, _| {
        let wanted = typed::<Trigger>(difference.expected.as_ref())?;
        let found = typed::<Trigger>(difference.actual.as_ref())?;
        if !only_at(difference, &["enabled", "partitions"]) {
            return None;
        }
        // The statement on the parent reaches every partition.
        let whole = (wanted.enabled != found.enabled)
            .then(|| fire(&difference.key, "TRIGGER", wanted.enabled.as_deref()));
        let before = match whole.is_some() {
            true => Trigger::default(),
            false => found,
        };
        let parts = on_partitions(&difference.key, &wanted, &before);
        Some(whole.flatten().into_iter().chain(parts).collect())
    },
    loss: None,
    movable: true,
};

pub const RULES: Maker = Maker {
    names: &[RULE],
    create: |object, _| {
        let (Some(text), Some(rule)) = (definition(Some(object)), typed::<Rule>(Some(object)))
        else {
            return Vec::new();
        };
        let step = Step::create(&object.key, text);
        created(step, &object.key, "RULE", rule.enabled.as_deref())
    },
    drop: |object, work| drop_from_table(&object.key, "RULE", work),
    alter: |difference, _| {
        let enabled = typed::<Rule>(difference.expected.as_ref())?.enabled;
        alter_firing(difference, "RULE", enabled.as_deref())
    },
    loss: None,
    movable: true,
};

pub const POLICIES: Maker = Maker {
    names: &[ROW_POLICY],
    create: create_policy,
    drop: |object, work| drop_from_table(&object.key, "POLICY", work),
    alter: |_, _| None,
    loss: None,
    movable: true,
};

pub const EVENT_TRIGGERS: Maker = Maker {
    names: &[EVENT_TRIGGER],
    create: create_event,
    drop: |object, _| {
        let own = session::identifier(&name::parts(&object.key.name).concat());
        vec![Step::drop(&object.key, format!("DROP EVENT TRIGGER {own}"))]
    },
    alter: |_, _| None,
    loss: None,
    movable: true,
};

/// None where it goes with its table.
fn drop_from_table(key: &Key, word: &str, work: &Work<'_>) -> Vec<Step> {
    let (table, own) = of_table(&key.name).unwrap_or_default();
    if indexes::goes_with_its_table(work, key) {
        return Vec::new();
    }
    let sql = format!(
        "DROP {word} {} ON {}",
        session::identifier(&own),
        qualified(&table)
    );
    vec![Step::drop(key, sql)]
}

fn created(step: Step, key: &Key, word: &str, enabled: Option<&str>) -> Vec<Step> {
    let mut steps = vec![step];
    if enabled.is_some() {
        steps.extend(fire(key, word, enabled));
    }
    steps
}

fn alter_firing(
    difference: &ObjectDifference,
    word: &str,
    enabled: Option<&str>,
) -> Option<Vec<Step>> {
    let fire = || fire(&difference.key, word, enabled).into_iter().collect();
    only_at(difference, &["enabled"]).then(fire)
}

/// Where it fires otherwise on a partition, or does and should not.
fn on_partitions(key: &Key, wanted: &Trigger, found: &Trigger) -> Vec<Step> {
    let Some((_, own)) = of_table(&key.name) else {
        return Vec::new();
    };
    let tables = wanted.partitions.keys().chain(found.partitions.keys());
    let tables: BTreeSet<&String> = tables
        .filter(|table| wanted.partitions.get(*table) != found.partitions.get(*table))
        .collect();
    let step = |table: &String| {
        let how = wanted.partitions.get(table).or(wanted.enabled.as_ref());
        let (how, table) = (firing(how.map(String::as_str)), qualified(table));
        let sql = format!(
            "ALTER TABLE {table} {how} TRIGGER {}",
            session::identifier(&own)
        );
        Step::alter(key, sql).with(key)
    };
    tables.into_iter().map(step).collect()
}

fn firing(enabled: Option<&str>) -> &'static str {
    match enabled {
        Some("disabled") => "DISABLE",
        Some("replica") => "ENABLE REPLICA",
        Some("always") => "ENABLE ALWAYS",
        _ => "ENABLE",
    }
}

fn fire(key: &Key, word: &str, enabled: Option<&str>) -> Option<Step> {
    let (table, own) = of_table(&key.name)?;
    let how = firing(enabled);
    let own = session::identifier(&own);
    let sql = format!("ALTER TABLE {} {how} {word} {own}", qualified(&table));
    Some(Step::alter(key, sql).with(key))
}

fn create_policy(object: &Object, _: &Work<'_>) -> Vec<Step> {
    let key = &object.key;
    let (Some((table, own)), Some(policy)) =
        (of_table(&key.name), typed::<RowPolicy>(Some(object)))
    else {
        return Vec::new();
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
    vec![Step::create(key, sql)]
}

fn create_event(object: &Object, _: &Work<'_>) -> Vec<Step> {
    let key = &object.key;
    let own = session::identifier(&name::parts(&key.name).concat());
    let Some(trigger) = typed::<EventTrigger>(Some(object)) else {
        return Vec::new();
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
    let how = match trigger.enabled.as_deref() {
        Some("disabled") => Some("DISABLE"),
        Some("replica") => Some("ENABLE REPLICA"),
        Some("always") => Some("ENABLE ALWAYS"),
        _ => None,
    };
    let alter = |how| Step::alter(key, format!("ALTER EVENT TRIGGER {own} {how}")).with(key);
    [Step::create(key, sql)]
        .into_iter()
        .chain(how.map(alter))
        .collect()
}
