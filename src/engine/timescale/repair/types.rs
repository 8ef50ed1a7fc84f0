//! What makes enums, domains, ranges and composite types the expected ones?

use super::{
    Work,
    columns::collation_name,
    retyped::{another, columns_of},
    steps::{check, of_table, own_name, printed, qualified, typed},
    whole::{Maker, drop_named},
};
use crate::{
    engine::timescale::{
        catalog::types::{
            COMPOSITE_TYPE, CompositeType, DOMAIN, Domain, ENUM, Enum, RANGE_TYPE, RangeType,
        },
        session,
    },
    schema::{Key, Object, ObjectDifference, plan::Step},
};

/// Values are added and renamed in place; one that goes, or another order, needs another type.
pub const ENUMS: Maker = Maker {
    names: &[ENUM],
    create: |object, _| created(object),
    drop: |object, _| vec![drop_named("TYPE", &object.key)],
    alter: |difference, work| alter_enum(difference).or_else(|| another(difference, work)),
    loss: None,
    movable: false,
};

pub const DOMAINS: Maker = Maker {
    names: &[DOMAIN],
    create: |object, _| created(object),
    drop: |object, _| {
        let checks = typed::<Domain>(Some(object))
            .map(|one| one.checks)
            .unwrap_or_default();
        let step = drop_named("DOMAIN", &object.key);
        let own = |name: &String| check(&object.key.name, name);
        vec![
            checks
                .keys()
                .fold(step, |step, name| step.dropping(&own(name))),
        ]
    },
    alter: |difference, work| alter_domain(difference, work).or_else(|| another(difference, work)),
    loss: None,
    movable: false,
};

pub const OTHERS: Maker = Maker {
    names: &[RANGE_TYPE, COMPOSITE_TYPE],
    create: |object, _| created(object),
    drop: |object, _| vec![drop_named("TYPE", &object.key)],
    alter: |difference, work| match difference.key.kind.as_str() {
        COMPOSITE_TYPE => alter_composite(difference, work),
        _ => another(difference, work),
    },
    loss: None,
    movable: false,
};

fn created(object: &Object) -> Vec<Step> {
    let key = &object.key;
    let Some(sql) = statement(object) else {
        return Vec::new();
    };
    let mut step = Step::create(key, sql);
    if key.kind == COMPOSITE_TYPE {
        step = step.creating(&own_name(&key.name));
    }
    let domain = typed::<Domain>(Some(object)).filter(|_| key.kind == DOMAIN);
    let checks = domain.map(|one| one.checks).unwrap_or_default();
    let step = checks
        .keys()
        .fold(step, |step, own| step.creating(&check(&key.name, own)));
    vec![step]
}

pub fn statement(object: &Object) -> Option<String> {
    let own = qualified(&object.key.name);
    let some = Some(object);
    Some(match object.key.kind.as_str() {
        ENUM => {
            let values: Vec<String> = typed::<Enum>(some)?
                .values
                .iter()
                .map(|value| session::text(value))
                .collect();
            format!("CREATE TYPE {own} AS ENUM ({})", values.join(", "))
        }
        DOMAIN => create_domain(&own, &typed::<Domain>(some)?),
        RANGE_TYPE => {
            let range = typed::<RangeType>(some)?;
            let mut parts = vec![format!("SUBTYPE = {}", range.subtype)];
            for (word, value) in [
                ("SUBTYPE_OPCLASS", &range.subtype_opclass),
                ("CANONICAL", &range.canonical),
                ("SUBTYPE_DIFF", &range.subtype_diff),
            ] {
                parts.extend(value.as_ref().map(|value| format!("{word} = {value}")));
            }
            format!("CREATE TYPE {own} AS RANGE ({})", parts.join(", "))
        }
        _ => {
            let composite = typed::<CompositeType>(some)?;
            let attributes: Vec<String> = composite
                .attribute_order
                .iter()
                .filter_map(|own| {
                    Some(format!(
                        "{} {}",
                        session::identifier(own),
                        composite.attributes.get(own)?
                    ))
                })
                .collect();
            format!("CREATE TYPE {own} AS ({})", attributes.join(", "))
        }
    })
}

fn create_domain(own: &str, domain: &Domain) -> String {
    let mut sql = format!("CREATE DOMAIN {own} AS {}", domain.type_name);
    if let Some(collation) = &domain.collation {
        sql.push_str(&format!(" COLLATE {}", collation_name(collation)));
    }
    if let Some(default) = &domain.default {
        sql.push_str(&format!(" DEFAULT {default}"));
    }
    if domain.not_null {
        sql.push_str(" NOT NULL");
    }
    for (name, check) in &domain.checks {
        sql.push_str(&format!(
            " CONSTRAINT {} {check}",
            session::identifier(name)
        ));
    }
    sql
}

fn alter_enum(difference: &ObjectDifference) -> Option<Vec<Step>> {
    let wanted = typed::<Enum>(difference.expected.as_ref())?.values;
    let found = typed::<Enum>(difference.actual.as_ref())?.values;
    let key = &difference.key;
    let own = qualified(&key.name);
    let kept = wanted.iter().filter(|value| found.contains(value));
    if kept.eq(found.iter()) {
        let new = wanted
            .iter()
            .enumerate()
            .filter(|(_, value)| !found.contains(value));
        let add = |(place, value): (usize, &String)| {
            let where_to = match place.checked_sub(1).and_then(|before| wanted.get(before)) {
                Some(before) => format!("AFTER {}", session::text(before)),
                None => format!(
                    "BEFORE {}",
                    session::text(found.first().map_or("", String::as_str))
                ),
            };
            let sql = format!(
                "ALTER TYPE {own} ADD VALUE {} {where_to}",
                session::text(value)
            );
            Step::alter(key, sql).committing().noting(
                "the value can be used only once it is committed, so the statements up to here are committed with it",
            )
        };
        return Some(new.map(add).collect());
    }
    let renamed = || {
        wanted
            .iter()
            .zip(&found)
            .filter(|(wanted, found)| wanted != found)
    };
    let swaps = renamed().any(|(new, old)| found.contains(new) || wanted.contains(old));
    if wanted.len() != found.len() || swaps {
        return None;
    }
    let rename = |(new, old): (&String, &String)| {
        let (new, old) = (session::text(new), session::text(old));
        Step::alter(key, format!("ALTER TYPE {own} RENAME VALUE {old} TO {new}"))
    };
    Some(renamed().map(rename).collect())
}

fn alter_domain(difference: &ObjectDifference, work: &Work<'_>) -> Option<Vec<Step>> {
    let wanted = typed::<Domain>(difference.expected.as_ref())?;
    let found = typed::<Domain>(difference.actual.as_ref())?;
    let key = &difference.key;
    let differing = |name: &&String| wanted.checks.get(*name) != found.checks.get(*name);
    let stricter =
        wanted.checks.keys().any(|name| differing(&name)) || wanted.not_null && !found.not_null;
    let contained = columns_of(&printed(&key.name), work)
        .iter()
        .any(|one| one.within);
    if wanted.type_name != found.type_name
        || wanted.collation != found.collation
        // The server checks no values inside of arrays, and refuses.
        || stricter && contained
    {
        return None;
    }
    let own = qualified(&key.name);
    let alter = |what: String| Step::alter(key, format!("ALTER DOMAIN {own} {what}"));
    let mut steps = Vec::new();
    if wanted.default != found.default {
        steps.push(alter(match &wanted.default {
            Some(default) => format!("SET DEFAULT {default}"),
            None => "DROP DEFAULT".to_owned(),
        }));
    }
    if wanted.not_null != found.not_null {
        let word = if wanted.not_null { "SET" } else { "DROP" };
        steps.push(alter(format!("{word} NOT NULL")));
    }
    for name in found.checks.keys().filter(differing) {
        steps.push(drop_check(key, name));
    }
    for (name, text) in wanted.checks.iter().filter(|(name, _)| differing(name)) {
        steps.push(add_check(key, name, text));
    }
    Some(steps)
}

fn drop_check(domain: &Key, name: &str) -> Step {
    let (own, constraint) = (qualified(&domain.name), session::identifier(name));
    Step::about(
        domain,
        format!("ALTER DOMAIN {own} DROP CONSTRAINT {constraint}"),
    )
    .dropping(&check(&domain.name, name))
}

fn add_check(domain: &Key, name: &str, text: &str) -> Step {
    let (own, constraint) = (qualified(&domain.name), session::identifier(name));
    Step::about(
        domain,
        format!("ALTER DOMAIN {own} ADD CONSTRAINT {constraint} {text}"),
    )
    .creating(&check(&domain.name, name))
}

/// A domain's check that calls what is created again.
pub fn check_around(key: &Key, work: &Work<'_>) -> Option<Vec<Step>> {
    if key.kind != check("", "").kind {
        return None;
    }
    let (domain, own) = of_table(&key.name)?;
    let domain = Key::new(DOMAIN, domain);
    let wanted = typed::<Domain>(work.expected.objects.get(&domain));
    let text = wanted.and_then(|one| one.checks.get(&own).cloned());
    let again = text.map(|text| add_check(&domain, &own, &text));
    let group = key.clone();
    let steps = [drop_check(&domain, &own)].into_iter().chain(again);
    Some(steps.map(|step| step.with(&group)).collect())
}

fn alter_composite(difference: &ObjectDifference, work: &Work<'_>) -> Option<Vec<Step>> {
    let wanted = typed::<CompositeType>(difference.expected.as_ref())?;
    let found = typed::<CompositeType>(difference.actual.as_ref())?;
    let key = &difference.key;
    let own = qualified(&key.name);
    let alter = |what: String| Step::about(key, format!("ALTER TYPE {own} {what}")).disturbing(key);
    let same_places = wanted.attribute_order.len() == found.attribute_order.len()
        && wanted
            .attribute_order
            .iter()
            .zip(&found.attribute_order)
            .all(|(new, old)| {
                wanted.attributes.get(new) == found.attributes.get(old)
                    && (new == old
                        || !found.attributes.contains_key(new)
                            && !wanted.attributes.contains_key(old))
            });
    if same_places {
        let pairs = wanted.attribute_order.iter().zip(&found.attribute_order);
        let renames = pairs.filter(|(new, old)| new != old).map(|(new, old)| {
            let (new, old) = (session::identifier(new), session::identifier(old));
            Step::alter(
                key,
                format!("ALTER TYPE {own} RENAME ATTRIBUTE {old} TO {new}"),
            )
        });
        return Some(renames.collect());
    }
    // The server changes no type that a column uses.
    let used = columns_of(&printed(&key.name), work);
    if let Some(one) = used.iter().find(|one| one.is_expected(work)) {
        let note = format!(
            "the column {}.{} is of this type, and the server changes no type that a column uses: give the column another type, then convert it back with what this prints: sgmp-db diff --sql",
            one.table, one.column
        );
        return Some(vec![Step::remark(key, note)]);
    }
    let mut order: Vec<&String> = found
        .attribute_order
        .iter()
        .filter(|one| wanted.attributes.contains_key(*one))
        .collect();
    order.extend(
        wanted
            .attribute_order
            .iter()
            .filter(|one| !found.attributes.contains_key(*one)),
    );
    if order.into_iter().ne(&wanted.attribute_order) {
        return None;
    }
    let mut steps = Vec::new();
    for name in &wanted.attribute_order {
        let (attribute, text) = (session::identifier(name), wanted.attributes.get(name)?);
        match found.attributes.get(name) {
            None => steps.push(alter(format!("ADD ATTRIBUTE {attribute} {text}"))),
            Some(other) if other != text => {
                steps.push(alter(format!("ALTER ATTRIBUTE {attribute} TYPE {text}")))
            }
            Some(_) => {}
        }
    }
    for name in found
        .attribute_order
        .iter()
        .filter(|one| !wanted.attributes.contains_key(*one))
    {
        let step = alter(format!("DROP ATTRIBUTE {}", session::identifier(name)));
        steps.push(step.losing("it is not expected; the values in it are lost"));
    }
    Some(steps)
}
