//! Which columns must be dropped and added again, because MODIFY cannot do it?

use super::{column, tables::column_of};
use crate::engine::mysql::{catalog::tables::Table, session::identifier};
use std::collections::BTreeSet;

/// Those that become virtual, or no longer are, and the generated ones that are computed of one.
pub fn columns(expected: &Table, actual: &Table) -> BTreeSet<String> {
    let of_both = |name: &String| Some((column_of(expected, name)?, column_of(actual, name)?));
    let names: Vec<&String> = expected.column_order.iter().collect();
    let mut anew: BTreeSet<String> = names
        .iter()
        .filter(|name| {
            of_both(name).is_some_and(|(to, from)| column::needs_making_anew(&to, &from))
        })
        .map(|name| (*name).clone())
        .collect();
    loop {
        let rests_on_one = |name: &&&String| {
            let generated = of_both(name).and_then(|(_, from)| from.generated);
            generated.is_some_and(|one| {
                anew.iter()
                    .any(|other| one.expression.contains(&identifier(other)))
            })
        };
        let found: Vec<String> = names
            .iter()
            .filter(|name| !anew.contains(**name))
            .filter(rests_on_one)
            .map(|name| (*name).clone())
            .collect();
        if found.is_empty() {
            return anew;
        }
        anew.extend(found);
    }
}
