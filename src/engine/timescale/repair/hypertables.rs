//! What makes a table a hypertable, and its dimensions the expected ones?

use super::{
    Work,
    steps::{qualified, typed},
    whole::Maker,
};
use crate::{
    engine::timescale::{
        catalog::hypertables::{Columnstore, Dimension, HYPERTABLE, Hypertable},
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
    alter,
    loss: None,
    movable: false,
};

fn alter(difference: &ObjectDifference, _: &Work<'_>) -> Option<Vec<Step>> {
    let key = &difference.key;
    let expected = typed::<Hypertable>(difference.expected.as_ref())?;
    let asked = |start: &str| {
        let mut paths = difference.paths.iter();
        paths.any(|one| one.path.starts_with(start))
    };
    let table = session::text(&qualified(&key.name));
    let counts = expected.dimensions.iter().filter_map(|(name, dimension)| {
        let sql = format!(
            "SELECT set_number_partitions({table}, {}, {})",
            dimension.partitions?,
            session::text(name)
        );
        asked("dimensions").then_some(sql)
    });
    let now = expected
        .integer_now
        .as_ref()
        .filter(|_| asked("integer_now"))
        .map(|function| integer_now(key, function));
    let interval = chunk_interval(&expected).filter(|_| asked("chunk_interval"));
    let interval = interval.map(|to| format!("SELECT set_chunk_time_interval({table}, {to})"));
    let steps = counts.chain(now).chain(interval);
    let steps = steps.map(|sql| Step::alter(key, sql));
    let columnstore = expected.columnstore.filter(|_| asked("columnstore"));
    let columnstore = columnstore.map(|to| {
        let note = "where chunks are in the columnstore the server may refuse this: then take them out of it first, with decompress_chunk";
        Step::alter(key, columnstore_set(key, &to)).noting(note)
    });
    Some(steps.chain(columnstore).collect())
}

/// As an argument of the extension's functions.
fn chunk_interval(hypertable: &Hypertable) -> Option<String> {
    let interval = hypertable.chunk_interval.as_ref()?;
    let of_numbers = NUMBERS.contains(&hypertable.time_type.as_str());
    Some(match of_numbers {
        true => interval.clone(),
        false => format!("INTERVAL {}", session::text(interval)),
    })
}

/// Settings that are not stated are set to nothing, which is the server's own choice.
fn columnstore_set(key: &Key, columnstore: &Columnstore) -> String {
    let table = qualified(&key.name);
    if !columnstore.enabled {
        return format!("ALTER TABLE {table} SET (timescaledb.compress = false)");
    }
    let text = |text: &Option<String>| session::text(text.as_deref().unwrap_or_default());
    format!(
        "ALTER TABLE {table} SET (timescaledb.compress = true, timescaledb.compress_segmentby = {}, timescaledb.compress_orderby = {})",
        text(&columnstore.segment_by),
        text(&columnstore.order_by)
    )
}

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
    let interval = match (chunk_interval(hypertable), of_numbers) {
        (Some(interval), _) => format!(", chunk_time_interval => {interval}"),
        (None, true) => format!(", chunk_time_interval => {INTEGER_INTERVAL}"),
        (None, false) => String::new(),
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
    let columnstore = hypertable.columnstore.as_ref().filter(|one| one.enabled);
    statements.extend(columnstore.map(|one| columnstore_set(key, one)));
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
