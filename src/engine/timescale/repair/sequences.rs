//! What makes a sequence count as expected?

use super::{
    Work,
    steps::{Phase, Steps, qualified, typed},
    whole,
};
use crate::{
    engine::timescale::catalog::{
        sequences::Sequence,
        tables::{TABLE, Table},
    },
    schema::{Change, ObjectDifference},
};

/// Adds the statements. What was counted so far stays.
pub fn repair(difference: &ObjectDifference, work: &Work<'_>, steps: &mut Steps) {
    let key = &difference.key;
    let name = qualified(&key.name);
    let expected = typed::<Sequence>(difference.expected.as_ref());
    match (difference.change(), expected) {
        // A column is expected to own it, and will.
        (Change::Unexpected, _) if is_a_columns(work, &key.name) => {}
        (Change::Unexpected, _) => whole::drop(difference, Phase::DropSequence, "SEQUENCE", steps),
        (Change::Missing, Some(sequence)) => {
            let unlogged = if sequence.unlogged { "UNLOGGED " } else { "" };
            let sql = format!("CREATE {unlogged}SEQUENCE {name} {}", options(&sequence));
            steps.add(Phase::Sequence, key, sql);
        }
        (Change::Changed, Some(sequence)) => {
            let sql = format!("ALTER SEQUENCE {name} {}", options(&sequence));
            steps.add(Phase::Sequence, key, sql);
            if difference.paths.iter().any(|path| path.path == "unlogged") {
                let logged = if sequence.unlogged {
                    "UNLOGGED"
                } else {
                    "LOGGED"
                };
                steps.add(
                    Phase::Sequence,
                    key,
                    format!("ALTER SEQUENCE {name} SET {logged}"),
                );
            }
        }
        _ => {}
    }
}

fn is_a_columns(work: &Work<'_>, name: &str) -> bool {
    let tables = work
        .expected
        .objects
        .iter()
        .filter(|(key, _)| key.kind == TABLE);
    tables
        .filter_map(|(_, object)| typed::<Table>(Some(object)))
        .flat_map(|table| table.columns.into_values())
        .filter_map(|column| column.sequence)
        .any(|sequence| sequence.name == name)
}

/// Every option, so that one that is not stated goes back to its default.
pub fn options(sequence: &Sequence) -> String {
    let increment = sequence.increment.unwrap_or(1);
    let ascending = increment > 0;
    let lowest = match sequence.type_name.as_str() {
        "smallint" => i64::from(i16::MIN),
        "integer" => i64::from(i32::MIN),
        _ => i64::MIN,
    };
    let highest = match sequence.type_name.as_str() {
        "smallint" => i64::from(i16::MAX),
        "integer" => i64::from(i32::MAX),
        _ => i64::MAX,
    };
    let start = sequence.start.unwrap_or(if ascending {
        sequence.min.unwrap_or(1)
    } else {
        sequence.max.unwrap_or(-1)
    });
    // ALTER … AS keeps a bound that was the old type's own, so bounds are said as numbers there.
    let min = sequence.min.unwrap_or(if ascending { 1 } else { lowest });
    let max = sequence.max.unwrap_or(if ascending { highest } else { -1 });
    format!(
        "AS {} INCREMENT BY {increment} MINVALUE {min} MAXVALUE {max} START WITH {start} CACHE {} {}CYCLE",
        sequence.type_name,
        sequence.cache.unwrap_or(1),
        if sequence.cycle { "" } else { "NO " },
    )
}
