//! What makes indexes and constraints the expected ones? Both are created again where they differ: they
//! hold nothing that the table does not.

use super::{
    Work,
    steps::{index_name, of_table, qualified, schema_and_name, typed},
    tables,
    whole::Maker,
};
use crate::{
    engine::timescale::{
        catalog::{
            constraints::{CONSTRAINT, Constraint},
            continuous_aggregates::CONTINUOUS_AGGREGATE,
            dependencies::COLUMN,
            indexes::{INDEX, Index},
            tables::{FOREIGN_TABLE, TABLE, Table},
            views::{MATERIALIZED_VIEW, VIEW},
        },
        session,
    },
    schema::{Change, Key, Object, ObjectDifference, plan::Step},
};

/// Begins the name of an index that TimescaleDB makes with an aggregate, without its number.
const STORAGE: &str = "_materialized_hypertable_";

pub const INDEXES: Maker = Maker {
    names: &[INDEX],
    create,
    drop,
    alter: |_, _| None,
    loss: None,
    movable: true,
};

/// The foreign keys that rest on one are in its way.
pub const CONSTRAINTS: Maker = Maker {
    names: &[CONSTRAINT],
    create: create_constraint,
    drop: drop_constraint,
    alter: alter_constraint,
    loss: None,
    movable: true,
};

/// Does TimescaleDB name that index itself?
pub fn is_of_storage(key: &Key) -> bool {
    of_table(&key.name).is_some_and(|(_, own)| own.starts_with(STORAGE))
}

/// Does it go with its table or view, which is not expected? Not what reaches out to another relation: two
/// tables may do so in a circle.
pub fn goes_with_its_table(work: &Work<'_>, key: &Key) -> bool {
    let Some((table, _)) = of_table(&key.name) else {
        return false;
    };
    let relations = [
        TABLE,
        FOREIGN_TABLE,
        VIEW,
        MATERIALIZED_VIEW,
        CONTINUOUS_AGGREGATE,
    ];
    let mut kinds = relations.iter();
    let is_gone = kinds.any(|kind| {
        let difference = work.of(&Key::new(*kind, table.clone()));
        difference.is_some_and(|one| one.change() == Change::Unexpected)
    });
    let mut below = work.graph.actual.get(key).into_iter().flatten();
    is_gone && !below.any(|on| relations.contains(&on.kind.as_str()) && on.name != table)
}

/// Is there a step of its own that drops it?
pub fn drops_itself(key: &Key, work: &Work<'_>) -> bool {
    let differs = work.of(key).is_some_and(|one| one.actual.is_some());
    let of_server =
        is_of_storage(key) && of_table(&key.name).is_some_and(|(of, _)| work.is_aggregate(&of));
    differs && !of_server && !goes_with_its_table(work, key)
}

/// A column that gets another type takes its indexes and constraints along; one that goes, too. Those that
/// call an operator of a type that is made again do not follow.
pub fn is_rebuilt_by_server(key: &Key, because: &Step, work: &Work<'_>) -> bool {
    let is_of_type = |one: &&Key| one.kind != COLUMN && one.kind != "default" && one.kind != "name";
    let own = of_table(&key.name).map(|(table, _)| Key::new(TABLE, table));
    let below = work.graph.actual.get(key);
    let reaches = |one: &&Key| below.is_some_and(|below| below.contains(*one));
    let direct = because
        .moved()
        .filter(is_of_type)
        .filter(|one| Some(*one) != own.as_ref());
    [INDEX, CONSTRAINT].contains(&key.kind.as_str()) && !direct.clone().any(|one| reaches(&one))
}

fn drop(object: &Object, work: &Work<'_>) -> Vec<Step> {
    let key = &object.key;
    let (table, own) = of_table(&key.name).unwrap_or_default();
    let of_aggregate = work.is_aggregate(&table);
    // The number in the name of such an index is not known here.
    if goes_with_its_table(work, key) || of_aggregate && own.starts_with(STORAGE) {
        return Vec::new();
    }
    let schema = match of_aggregate {
        true => "_timescaledb_internal".to_owned(),
        false => schema_and_name(&table).0,
    };
    let sql = format!(
        "DROP INDEX {}.{}",
        session::identifier(&schema),
        session::identifier(&own)
    );
    let step = Step::drop(key, sql);
    vec![match index_name(&key.name) {
        Some(name) => step.dropping(&name),
        None => step,
    }]
}

fn create(object: &Object, work: &Work<'_>) -> Vec<Step> {
    let key = &object.key;
    let (Some((table, own)), Some(index)) = (of_table(&key.name), typed::<Index>(Some(object)))
    else {
        return Vec::new();
    };
    let comes_with_it = is_of_storage(key)
        && work.wanted(CONTINUOUS_AGGREGATE, &table).is_some()
        && work.found(CONTINUOUS_AGGREGATE, &table).is_none();
    if comes_with_it {
        return Vec::new();
    }
    let mut step = Step::create(key, statement(&own, &table, &index));
    if let Some(name) = index_name(&key.name).filter(|_| !is_of_storage(key)) {
        step = step.creating(&name);
    }
    let mut steps = vec![step];
    steps.extend(replica_identity(key, work));
    steps
}

/// A table that is known by an index forgets it with the index.
fn replica_identity(key: &Key, work: &Work<'_>) -> Option<Step> {
    let (table, own) = of_table(&key.name)?;
    let wanted = typed::<Table>(work.wanted(TABLE, &table))?.replica_identity?;
    (wanted.strip_prefix("index ")? == own).then_some(())?;
    work.found(TABLE, &table)?;
    let own = session::identifier(&own);
    let sql = format!(
        "ALTER TABLE {} REPLICA IDENTITY USING INDEX {own}",
        qualified(&table)
    );
    Some(Step::alter(key, sql).with(key))
}

fn statement(own: &str, table: &str, index: &Index) -> String {
    let unique = if index.unique { "UNIQUE " } else { "" };
    // The server prints ONLY for every index of a partitioned table; one that is valid has its partitions.
    let only = if index.only && index.invalid {
        "ONLY "
    } else {
        ""
    };
    // An aggregate's own index is named by the server, with the number of its table.
    let name = if own.starts_with(STORAGE) {
        String::new()
    } else {
        format!("{} ", session::identifier(own))
    };
    let mut sql = format!(
        "CREATE {unique}INDEX {name}ON {only}{} USING {} ({})",
        qualified(table),
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
    sql
}

/// The parts of a list, whose own commas stand in brackets.
pub fn split_commas(list: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0_usize, 0, Vec::new());
    for (at, character) in list.char_indices() {
        match character {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(list[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(list[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

/// Does a constraint of that type have an index of its name behind it?
fn has_index(constraint: &Constraint) -> bool {
    ["primary_key", "unique", "exclude"].contains(&constraint.type_name.as_str())
}

fn drop_constraint(object: &Object, work: &Work<'_>) -> Vec<Step> {
    let key = &object.key;
    let (table, own) = of_table(&key.name).unwrap_or_default();
    let constraint = typed::<Constraint>(Some(object)).unwrap_or_default();
    if goes_with_its_table(work, key) {
        return Vec::new();
    }
    let own = session::identifier(&own);
    let step = Step::drop(
        key,
        format!("ALTER TABLE {} DROP CONSTRAINT {own}", qualified(&table)),
    );
    let name = index_name(&key.name).filter(|_| has_index(&constraint));
    vec![match name {
        Some(name) => step.dropping(&name),
        None => step,
    }]
}

fn alter_constraint(difference: &ObjectDifference, _: &Work<'_>) -> Option<Vec<Step>> {
    let wanted = typed::<Constraint>(difference.expected.as_ref())?;
    let found = typed::<Constraint>(difference.actual.as_ref())?;
    let (table, own) = of_table(&difference.key.name)?;
    let validated = Constraint {
        not_valid: false,
        ..found.clone()
    };
    let sql = format!(
        "ALTER TABLE {} VALIDATE CONSTRAINT {}",
        qualified(&table),
        session::identifier(&own)
    );
    (found.not_valid && validated == wanted).then(|| vec![Step::alter(&difference.key, sql)])
}

fn create_constraint(object: &Object, work: &Work<'_>) -> Vec<Step> {
    let key = &object.key;
    let (Some((table, own)), Some(constraint)) =
        (of_table(&key.name), typed::<Constraint>(Some(object)))
    else {
        return Vec::new();
    };
    let sql = format!(
        "ALTER TABLE {} ADD CONSTRAINT {} {}",
        qualified(&table),
        session::identifier(&own),
        definition(&constraint)
    );
    let mut step = Step::create(key, sql);
    if let Some(name) = index_name(&key.name).filter(|_| has_index(&constraint)) {
        step = step.creating(&name);
    }
    let mut steps = vec![step];
    steps.extend(replica_identity(key, work));
    steps
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
