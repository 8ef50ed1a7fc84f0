//! What makes a sequence count as expected?

use super::{
    Work,
    steps::{own_name, qualified, typed},
    tables,
    whole::{Maker, drop_named},
};
use crate::{
    engine::timescale::catalog::{
        sequences::{SEQUENCE, Sequence},
        tables::TABLE,
    },
    schema::{Key, ObjectDifference, plan::Step},
};

/// What was counted so far stays.
pub const MAKER: Maker = Maker {
    names: &[SEQUENCE],
    create: |object, work| {
        let key = &object.key;
        let Some(sequence) = typed::<Sequence>(Some(object)) else {
            return Vec::new();
        };
        let name = qualified(&key.name);
        if tables::owner_of_sequence(work.actual, &key.name).is_some() {
            // A column owns it, and is not expected to.
            let freed = format!("ALTER SEQUENCE {name} OWNED BY NONE");
            let options = format!("ALTER SEQUENCE {name} {}", options(&sequence));
            let mut step = Step::create(key, freed);
            if let Some((table, _)) = tables::owner_of_sequence(work.actual, &key.name) {
                step = step.freeing(&Key::new(TABLE, table));
            }
            return vec![step, Step::alter(key, options)];
        }
        let unlogged = if sequence.unlogged { "UNLOGGED " } else { "" };
        let sql = format!("CREATE {unlogged}SEQUENCE {name} {}", options(&sequence));
        vec![Step::create(key, sql).creating(&own_name(&key.name))]
    },
    drop: |object, work| {
        // A column is expected to own it, and will.
        let owned = tables::owner_of_sequence(work.expected, &object.key.name).is_some();
        let step = drop_named("SEQUENCE", &object.key).dropping(&own_name(&object.key.name));
        (!owned).then_some(step).into_iter().collect()
    },
    alter,
    loss: None,
    movable: false,
};

fn alter(difference: &ObjectDifference, _: &Work<'_>) -> Option<Vec<Step>> {
    let key = &difference.key;
    let name = qualified(&key.name);
    let sequence = typed::<Sequence>(difference.expected.as_ref())?;
    let mut steps = vec![Step::alter(
        key,
        format!("ALTER SEQUENCE {name} {}", options(&sequence)),
    )];
    if difference.paths.iter().any(|path| path.path == "unlogged") {
        let logged = if sequence.unlogged {
            "UNLOGGED"
        } else {
            "LOGGED"
        };
        steps.push(Step::alter(
            key,
            format!("ALTER SEQUENCE {name} SET {logged}"),
        ));
    }
    Some(steps)
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
