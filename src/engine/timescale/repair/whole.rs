//! What repairs one object, by its kind? Each kind says how one is created, dropped and altered; all else
//! is the same for every kind.

use super::{
    Work, collations, dependencies, hypertables, indexes, keep, publications, retyped, routines,
    sequences, statistics,
    steps::{NOT_EXPECTED, qualified, typed},
    tables, triggers, types, views,
};
use crate::{
    engine::timescale::{
        catalog::{
            extensions::{EXTENSION, Extension},
            name,
            routines::{FUNCTION, PROCEDURE},
            schemas::SCHEMA,
        },
        session,
    },
    schema::{Change, Key, Object, ObjectDifference, plan::Step},
};

/// How objects of a kind are repaired.
pub struct Maker {
    /// As in the keys.
    pub names: &'static [&'static str],
    /// The statements that create it, with what else they create; none where none can.
    pub create: fn(&Object, &Work<'_>) -> Vec<Step>,
    /// The statements that drop it, with what goes with it; none where it stays or goes with another.
    pub drop: fn(&Object, &Work<'_>) -> Vec<Step>,
    /// The statements that alter it in place; none where it must be dropped and created.
    pub alter: fn(&ObjectDifference, &Work<'_>) -> Option<Vec<Step>>,
    /// What is lost where it is dropped and created again.
    pub loss: Option<&'static str>,
    /// May it be dropped and created again because it stands in the way of something else?
    pub movable: bool,
}

const MAKERS: [&Maker; 22] = [
    &SCHEMAS,
    &EXTENSIONS,
    &collations::MAKER,
    &types::ENUMS,
    &types::DOMAINS,
    &types::OTHERS,
    &sequences::MAKER,
    &tables::MAKER,
    &tables::FOREIGN,
    &hypertables::MAKER,
    &indexes::INDEXES,
    &indexes::CONSTRAINTS,
    &views::VIEWS,
    &views::MATERIALIZED_VIEWS,
    &views::AGGREGATES,
    &routines::ROUTINES,
    &routines::AGGREGATES,
    &triggers::TRIGGERS,
    &triggers::RULES,
    &triggers::POLICIES,
    &statistics::MAKER,
    &publications::MAKER,
];

/// What makes objects of that kind; none for a kind that is only compared.
pub fn maker(kind: &str) -> Option<&'static Maker> {
    let mut all = MAKERS.into_iter().chain([&triggers::EVENT_TRIGGERS]);
    all.find(|maker| maker.names.contains(&kind))
}

/// The statements for one difference.
pub fn repair(difference: &ObjectDifference, work: &Work<'_>) -> Vec<Step> {
    let Some(maker) = maker(&difference.key.kind) else {
        return Vec::new();
    };
    match (&difference.expected, &difference.actual) {
        (Some(expected), None) => create(maker, expected, work),
        (None, Some(actual)) => {
            let steps = (maker.drop)(actual, work);
            let reason = match maker.loss {
                Some(_) => format!("{NOT_EXPECTED}; what it holds is lost"),
                None => NOT_EXPECTED.to_owned(),
            };
            steps
                .into_iter()
                .map(|step| step.losing(reason.clone()))
                .collect()
        }
        (Some(expected), Some(actual)) => match (maker.alter)(difference, work) {
            Some(steps) => steps
                .into_iter()
                .map(|step| hinted(step, expected, work))
                .collect(),
            None => replace(maker, (expected, actual), work),
        },
        (None, None) => Vec::new(),
    }
}

/// Drops an object that is there and creates it as expected, with what it has beside its definition.
pub fn replace(
    maker: &Maker,
    (expected, actual): (&Object, &Object),
    work: &Work<'_>,
) -> Vec<Step> {
    let mut steps = (maker.drop)(actual, work);
    if steps.is_empty() {
        return create(maker, expected, work);
    }
    steps.extend(create(maker, expected, work));
    if let Some(loss) = maker.loss {
        steps = steps.into_iter().map(|step| step.losing(loss)).collect();
    }
    steps.extend(keep::restored(actual, work));
    steps
}

fn create(maker: &Maker, expected: &Object, work: &Work<'_>) -> Vec<Step> {
    let steps = (maker.create)(expected, work);
    steps
        .into_iter()
        .map(|step| hinted(step, expected, work))
        .collect()
}

/// With what the object seems to name, where nothing is recorded.
fn hinted(step: Step, object: &Object, work: &Work<'_>) -> Step {
    let is_routine = [FUNCTION, PROCEDURE].contains(&object.key.kind.as_str());
    if !is_routine && (work.is_recorded || !object.depends_on.is_empty()) {
        return step;
    }
    let named = dependencies::named_in(object, work.expected);
    named.iter().fold(step, |step, key| step.hinting(key))
}

/// What stands in the way of a step: dropped before it and created after it, where that is possible.
pub fn around(key: &Key, because: &Step, work: &Work<'_>) -> Vec<Step> {
    if let Some(steps) = tables::default_around(key, work)
        .or_else(|| types::check_around(key, work))
        .or_else(|| publications::around(key, work))
    {
        return steps;
    }
    let (Some(maker), Some(actual)) = (maker(&key.kind), work.actual.objects.get(key)) else {
        return Vec::new();
    };
    if !maker.movable && !retyped::is_unused(key, work)
        || indexes::is_rebuilt_by_server(key, because, work)
    {
        return Vec::new();
    }
    let note = format!(
        "in the way of what is done to {}: dropped and created again",
        because.key()
    );
    let steps = match work.expected.objects.get(key) {
        Some(expected) => replace(maker, (expected, actual), work),
        None => {
            let steps = (maker.drop)(actual, work).into_iter();
            steps.map(|step| step.losing(NOT_EXPECTED)).collect()
        }
    };
    steps
        .into_iter()
        .map(|step| step.noting(note.clone()))
        .collect()
}

const SCHEMAS: Maker = Maker {
    names: &[SCHEMA],
    create: |object, _| {
        vec![Step::create(
            &object.key,
            format!("CREATE SCHEMA {}", own(&object.key)),
        )]
    },
    drop: |object, _| {
        vec![Step::drop(
            &object.key,
            format!("DROP SCHEMA {}", own(&object.key)),
        )]
    },
    alter: |_, _| Some(Vec::new()),
    loss: None,
    movable: false,
};

/// One that is not expected stays: other objects, and other people, may need it.
const EXTENSIONS: Maker = Maker {
    names: &[EXTENSION],
    create: |object, _| {
        let Some(extension) = typed::<Extension>(Some(object)) else {
            return Vec::new();
        };
        let schema = session::identifier(&extension.schema);
        let sql = format!("CREATE EXTENSION {} SCHEMA {schema}", own(&object.key));
        vec![Step::create(&object.key, sql)]
    },
    drop: |_, _| Vec::new(),
    alter: |difference, _| {
        let extension = typed::<Extension>(difference.expected.as_ref())?;
        let schema = session::identifier(&extension.schema);
        let sql = format!(
            "ALTER EXTENSION {} SET SCHEMA {schema}",
            own(&difference.key)
        );
        Some(vec![Step::alter(&difference.key, sql)])
    },
    loss: None,
    movable: false,
};

fn own(key: &Key) -> String {
    session::identifier(&name::parts(&key.name).concat())
}

/// `DROP WORD name` of an object.
pub fn drop_named(word: &str, key: &Key) -> Step {
    Step::drop(key, format!("DROP {word} {}", qualified(&key.name)))
}

/// Was that difference found only at these paths, or below them?
pub fn only_at(difference: &ObjectDifference, starts: &[&str]) -> bool {
    difference.change() == Change::Changed
        && difference.paths.iter().all(|one| {
            let below = |start: &&str| {
                one.path
                    .strip_prefix(*start)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            starts.iter().any(below)
        })
}
