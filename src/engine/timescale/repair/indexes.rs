//! What makes indexes and constraints the expected ones? Both are made anew where they differ: they
//! hold nothing that the table does not.

use super::{
    Work,
    steps::{Phase, Steps, of_table, qualified, schema_and_name, typed},
    tables,
};
use crate::{
    engine::timescale::{
        catalog::{
            constraints::{CONSTRAINT, Constraint},
            continuous_aggregates::CONTINUOUS_AGGREGATE,
            indexes::Index,
            tables::{FOREIGN_TABLE, TABLE},
            views::{MATERIALIZED_VIEW, VIEW},
        },
        session,
    },
    schema::{Key, Object, ObjectDifference},
};

/// Begins the name of an index that TimescaleDB makes with an aggregate, without its number.
const STORAGE: &str = "_materialized_hypertable_";

/// Adds what drops and makes an index.
pub fn repair(difference: &ObjectDifference, work: &Work<'_>, steps: &mut Steps) {
    let key = &difference.key;
    let Some((table, own)) = of_table(&key.name) else {
        return;
    };
    let of_aggregate = [
        work.wanted(CONTINUOUS_AGGREGATE, &table),
        work.found(CONTINUOUS_AGGREGATE, &table),
    ]
    .iter()
    .any(Option::is_some);
    if difference.actual.is_some() && !goes_with_its_table(work, &table) {
        let schema = if of_aggregate {
            "_timescaledb_internal".to_owned()
        } else {
            schema_and_name(&table).0
        };
        // The number in the name of such an index is not known here.
        if !(of_aggregate && own.starts_with(STORAGE)) {
            let name = format!(
                "{}.{}",
                session::identifier(&schema),
                session::identifier(&own)
            );
            drop(
                difference,
                Phase::DropIndex,
                format!("DROP INDEX {name}"),
                steps,
            );
        }
    }
    let comes_with_it = of_aggregate
        && own.starts_with(STORAGE)
        && work.found(CONTINUOUS_AGGREGATE, &table).is_none();
    if let Some(object) = &difference.expected
        && !comes_with_it
    {
        let phase = if is_view(work, &table) {
            Phase::Trigger
        } else {
            Phase::Index
        };
        make(key, object, phase, steps);
    }
}

/// A drop before a make loses nothing; a drop of what is not expected may.
fn drop(difference: &ObjectDifference, phase: Phase, sql: String, steps: &mut Steps) {
    match difference.expected {
        Some(_) => steps.add(phase, &difference.key, sql),
        None => steps.lose(phase, &difference.key, sql, super::steps::NOT_EXPECTED),
    }
}

/// Is the table itself dropped, and everything that belongs to it with it?
pub fn goes_with_its_table(work: &Work<'_>, table: &str) -> bool {
    [
        TABLE,
        FOREIGN_TABLE,
        VIEW,
        MATERIALIZED_VIEW,
        CONTINUOUS_AGGREGATE,
    ]
    .iter()
    .any(|kind| work.is_unexpected(kind, table))
}

fn is_view(work: &Work<'_>, table: &str) -> bool {
    [CONTINUOUS_AGGREGATE, MATERIALIZED_VIEW, VIEW]
        .iter()
        .any(|kind| work.wanted(kind, table).is_some())
}

/// Adds the CREATE INDEX.
pub fn make(key: &Key, object: &Object, phase: Phase, steps: &mut Steps) {
    let (Some((table, own)), Some(index)) = (of_table(&key.name), typed::<Index>(Some(object)))
    else {
        return;
    };
    let unique = if index.unique { "UNIQUE " } else { "" };
    let only = if index.only { "ONLY " } else { "" };
    // An aggregate's own index is named by the server, with the number of its table.
    let name = if own.starts_with(STORAGE) {
        String::new()
    } else {
        format!("{} ", session::identifier(&own))
    };
    let mut sql = format!(
        "CREATE {unique}INDEX {name}ON {only}{} USING {} ({})",
        qualified(&table),
        index.method,
        index.keys.join(", ")
    );
    if !index.include.is_empty() {
        sql.push_str(&format!(" INCLUDE ({})", index.include.join(", ")));
    }
    if index.nulls_not_distinct {
        sql.push_str(" NULLS NOT DISTINCT");
    }
    if !index.options.is_empty() {
        sql.push_str(&format!(" WITH ({})", tables::options(&index.options)));
    }
    if let Some(predicate) = &index.predicate {
        sql.push_str(&format!(" WHERE {predicate}"));
    }
    steps.add(phase, key, sql);
}

/// Adds what drops and makes a constraint, with the foreign keys that rest on it.
pub fn repair_constraint(difference: &ObjectDifference, work: &Work<'_>, steps: &mut Steps) {
    let key = &difference.key;
    let Some((table, own)) = of_table(&key.name) else {
        return;
    };
    let actual = typed::<Constraint>(difference.actual.as_ref());
    let expected = typed::<Constraint>(difference.expected.as_ref());
    if let (Some(wanted), Some(found)) = (&expected, &actual)
        && only_unvalidated(wanted, found)
    {
        let sql = format!(
            "ALTER TABLE {} VALIDATE CONSTRAINT {}",
            qualified(&table),
            session::identifier(&own)
        );
        return steps.add(Phase::ForeignKey, key, sql);
    }
    if let Some(found) = &actual {
        let foreign = found.type_name == "foreign_key";
        if foreign || !goes_with_its_table(work, &table) {
            let phase = if foreign {
                Phase::DropForeignKey
            } else {
                Phase::DropConstraint
            };
            drop(difference, phase, drop_statement(&table, &own), steps);
        }
        if ["primary_key", "unique"].contains(&found.type_name.as_str()) {
            detour_references(work, &table, steps);
        }
    }
    if let Some(object) = &difference.expected {
        make_constraint(key, object, steps);
    }
}

fn only_unvalidated(expected: &Constraint, actual: &Constraint) -> bool {
    let validated = Constraint {
        not_valid: false,
        ..actual.clone()
    };
    actual.not_valid && validated == *expected
}

fn drop_statement(table: &str, own: &str) -> String {
    format!(
        "ALTER TABLE {} DROP CONSTRAINT {}",
        qualified(table),
        session::identifier(own)
    )
}

/// Foreign keys of others to that table go before, and come again after.
pub fn detour_references(work: &Work<'_>, table: &str, steps: &mut Steps) {
    for (key, object) in &work.actual.objects {
        let is_reference = key.kind == CONSTRAINT
            && typed::<Constraint>(Some(object))
                .is_some_and(|one| tables::is_reference_to(one.references.as_deref(), table));
        let Some((other, own)) = of_table(&key.name).filter(|_| is_reference) else {
            continue;
        };
        steps.add(Phase::DropForeignKey, key, drop_statement(&other, &own));
        if let Some(wanted) = work.expected.objects.get(key) {
            make_constraint(key, wanted, steps);
        }
    }
}

/// Adds the ADD CONSTRAINT.
pub fn make_constraint(key: &Key, object: &Object, steps: &mut Steps) {
    let (Some((table, own)), Some(constraint)) =
        (of_table(&key.name), typed::<Constraint>(Some(object)))
    else {
        return;
    };
    let phase = if constraint.type_name == "foreign_key" {
        Phase::ForeignKey
    } else {
        Phase::Constraint
    };
    let sql = format!(
        "ALTER TABLE {} ADD CONSTRAINT {} {}",
        qualified(&table),
        session::identifier(&own),
        definition(&constraint)
    );
    steps.add(phase, key, sql);
}

fn definition(constraint: &Constraint) -> String {
    let columns = list(&constraint.columns);
    let expression = constraint.expression.as_deref().unwrap_or_default();
    let distinct = if constraint.nulls_not_distinct {
        "NULLS NOT DISTINCT "
    } else {
        ""
    };
    let mut sql = match constraint.type_name.as_str() {
        "primary_key" => format!("PRIMARY KEY ({columns})"),
        "unique" => format!("UNIQUE {distinct}({columns})"),
        "check" => format!("CHECK ({expression})"),
        "exclude" => format!("EXCLUDE {expression}"),
        _ => format!(
            "FOREIGN KEY ({columns}) REFERENCES {}({})",
            constraint.references.as_deref().unwrap_or_default(),
            list(&constraint.referenced_columns)
        ),
    };
    if !constraint.include.is_empty() {
        sql.push_str(&format!(" INCLUDE ({})", list(&constraint.include)));
    }
    if let Some(options) = &constraint.options {
        sql.push_str(&format!(" WITH ({options})"));
    }
    let mut word = |words: &str, value: Option<&String>| {
        if let Some(value) = value {
            sql.push_str(&format!(" {words} {}", value.to_ascii_uppercase()));
        }
    };
    word("MATCH", constraint.match_type.as_ref());
    word("ON UPDATE", constraint.on_update.as_ref());
    let (action, columns) = constraint.on_delete.as_deref().map_or(("", ""), |text| {
        text.split_at(text.find('(').unwrap_or(text.len()))
    });
    word(
        "ON DELETE",
        Some(&action.to_owned()).filter(|text| !text.is_empty()),
    );
    sql.push_str(columns);
    for (flag, words) in [
        (constraint.no_inherit, " NO INHERIT"),
        (constraint.deferrable, " DEFERRABLE"),
        (constraint.initially_deferred, " INITIALLY DEFERRED"),
        (constraint.not_valid, " NOT VALID"),
        (constraint.not_enforced, " NOT ENFORCED"),
    ] {
        sql.push_str(if flag { words } else { "" });
    }
    sql
}

/// Columns as SQL; `PERIOD` and `WITHOUT OVERLAPS` (18) are words around a name.
fn list(columns: &[String]) -> String {
    let quoted = columns.iter().map(|column| {
        if let Some(own) = column.strip_suffix(" WITHOUT OVERLAPS") {
            format!("{} WITHOUT OVERLAPS", session::identifier(own))
        } else if let Some(own) = column.strip_prefix("PERIOD ") {
            format!("PERIOD {}", session::identifier(own))
        } else {
            session::identifier(column)
        }
    });
    quoted.collect::<Vec<_>>().join(", ")
}
