//! What makes a collation the expected one? None can be altered, and none that is used can be dropped.

use super::{
    Work,
    steps::{qualified, typed},
    whole::{Maker, drop_named},
};
use crate::{
    engine::timescale::{
        catalog::collations::{COLLATION, Collation},
        session,
    },
    schema::{Object, plan::Step},
};

pub const MAKER: Maker = Maker {
    names: &[COLLATION],
    create,
    drop: |object, _| vec![drop_named("COLLATION", &object.key)],
    alter: |difference, work| {
        let key = &difference.key;
        let used = work.graph.actual.iter().find(|(_, on)| on.contains(key));
        let (user, _) = used?;
        let note = format!(
            "no statement changes a collation that is used, by {user} for one: create it under another name, alter what uses it, drop this one and rename the other"
        );
        Some(vec![Step::remark(key, note)])
    },
    loss: None,
    movable: false,
};

fn create(object: &Object, _: &Work<'_>) -> Vec<Step> {
    let key = &object.key;
    let Some(collation) = typed::<Collation>(Some(object)) else {
        return Vec::new();
    };
    let mut parts = vec![format!("PROVIDER = {}", collation.provider)];
    let texts = [
        ("LOCALE", &collation.locale),
        ("LC_COLLATE", &collation.lc_collate),
        ("LC_CTYPE", &collation.lc_ctype),
        ("RULES", &collation.rules),
    ];
    let stated = texts
        .iter()
        .filter_map(|(word, text)| Some((word, text.as_ref()?)));
    parts.extend(stated.map(|(word, text)| format!("{word} = {}", session::text(text))));
    if collation.nondeterministic {
        parts.push("DETERMINISTIC = false".to_owned());
    }
    let name = qualified(&key.name);
    let sql = format!("CREATE COLLATION {name} ({})", parts.join(", "));
    vec![Step::create(key, sql)]
}
