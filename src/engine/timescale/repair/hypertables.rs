//! What makes a table a hypertable, and its dimensions the expected ones?

use super::{
    steps::{qualified, typed},
    whole::Maker,
};
use crate::{
    engine::timescale::{
        catalog::hypertables::{Dimension, HYPERTABLE, Hypertable},
        session,
    },
    schema::{Change, Key, ObjectDifference, plan::Step},
};

/// A time column of numbers needs an interval when its hypertable is made; which one is a policy's.
const INTEGER_INTERVAL: u64 = 1_000_000;

const NUMBERS: [&str; 3] = ["smallint", "integer", "bigint"];

/// Turning one back, or another time column, is `rebuild`'s.
pub const MAKER: Maker = Maker {
    names: &[HYPERTABLE],
    create: |object, _| {
        let hypertable = typed::<Hypertable>(Some(object)).unwrap_or_default();
        let key = &object.key;
        let statements = create(key, &hypertable).into_iter().enumerate();
        let step = |(place, sql)| match place {
            0 => Step::create(key, sql),
            _ => Step::alter(key, sql).with(key),
        };
        statements.map(step).collect()
    },
    drop: |_, _| Vec::new(),
    alter: |difference, _| {
        let key = &difference.key;
        let expected = typed::<Hypertable>(difference.expected.as_ref())?;
        let counts = expected.dimensions.iter().filter_map(|(name, dimension)| {
            let sql = format!(
                "SELECT set_number_partitions({}, {}, {})",
                session::text(&qualified(&key.name)),
                dimension.partitions?,
                session::text(name)
            );
            Some(sql)
        });
        let now = expected
            .integer_now
            .as_ref()
            .map(|function| integer_now(key, function));
        Some(counts.chain(now).map(|sql| Step::alter(key, sql)).collect())
    },
    loss: None,
    movable: false,
};

/// What to do first where chunks are compressed, and afterwards.
pub fn if_compressed(table: &str) -> String {
    let (name, text) = (qualified(table), session::text(&qualified(table)));
    format!(
        "where the hypertable is compressed the server may refuse this; then first: SELECT decompress_chunk(c, true) FROM show_chunks({text}) AS c; ALTER TABLE {name} SET (timescaledb.compress = false); and afterwards turn compression on again as it was"
    )
}

/// Must the table be made again, and why?
pub fn needs_rebuild(difference: &ObjectDifference) -> Option<&'static str> {
    let typed = |object| typed::<Hypertable>(object);
    match difference.change() {
        Change::Missing => None,
        Change::Unexpected => Some("it is a hypertable and not expected to be one"),
        Change::Changed => {
            let (expected, actual) = (
                typed(difference.expected.as_ref())?,
                typed(difference.actual.as_ref())?,
            );
            let columns = |one: &Hypertable| one.dimensions.keys().cloned().collect::<Vec<_>>();
            let same = expected.time_column == actual.time_column
                && columns(&expected) == columns(&actual);
            if !same {
                return Some("it is cut into chunks along other columns");
            }
            // No statement takes that function away again.
            (expected.integer_now.is_none() && actual.integer_now.is_some())
                .then_some("it has a function that says what now is")
        }
    }
}

/// From a plain table to the hypertable. Its indexes are objects of their own.
pub fn create(key: &Key, hypertable: &Hypertable) -> Vec<String> {
    let table = session::text(&qualified(&key.name));
    let of_numbers = NUMBERS.contains(&hypertable.time_type.as_str());
    let interval = if of_numbers {
        format!(", chunk_time_interval => {INTEGER_INTERVAL}")
    } else {
        String::new()
    };
    // Rows that are there move along the dimensions of this call; one added later must find none.
    let hashed = hypertable
        .dimensions
        .iter()
        .find_map(|(name, dimension)| Some((name, dimension.partitions?)));
    let hash = hashed.map_or_else(String::new, |(name, partitions)| {
        format!(
            ", partitioning_column => {}, number_partitions => {partitions}",
            session::text(name)
        )
    });
    let mut statements = vec![format!(
        "SELECT create_hypertable({table}, {}{hash}{interval}, create_default_indexes => false, migrate_data => true)",
        session::text(&hypertable.time_column),
    )];
    let first = hashed.map(|(name, _)| name);
    let others = hypertable.dimensions.iter();
    for (name, dimension) in others.filter(|(name, _)| Some(*name) != first) {
        let how = range_or_hash(dimension);
        statements.push(format!(
            "SELECT add_dimension({table}, {}, {how})",
            session::text(name)
        ));
    }
    if let Some(function) = &hypertable.integer_now {
        statements.push(integer_now(key, function));
    }
    statements
}

fn range_or_hash(dimension: &Dimension) -> String {
    match dimension.partitions {
        Some(partitions) => format!("number_partitions => {partitions}"),
        None if NUMBERS.contains(&dimension.type_name.as_str()) => {
            format!("chunk_time_interval => {INTEGER_INTERVAL}")
        }
        None => "chunk_time_interval => INTERVAL '7 days'".to_owned(),
    }
}

fn integer_now(key: &Key, function: &str) -> String {
    format!(
        "SELECT set_integer_now_func({}, {}, replace_if_exists => true)",
        session::text(&qualified(&key.name)),
        session::text(&qualified(function))
    )
}
