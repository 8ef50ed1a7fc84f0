//! Which columns must move so that all stand in the expected order? As few as can be.

use std::collections::BTreeSet;

/// Members of `expected` that must move, given the order they have; both lists hold the same names.
pub fn moved<'a>(expected: &'a [String], actual: &[String]) -> BTreeSet<&'a str> {
    let places: Vec<usize> = expected
        .iter()
        .filter_map(|name| actual.iter().position(|other| other == name))
        .collect();
    let staying = longest_rising(&places);
    expected
        .iter()
        .enumerate()
        .filter(|(index, _)| !staying.contains(index))
        .map(|(_, name)| name.as_str())
        .collect()
}

/// Indexes of a longest rising subsequence. Quadratic: a table has at most 4096 columns.
fn longest_rising(places: &[usize]) -> BTreeSet<usize> {
    let mut best: Vec<(usize, Option<usize>)> = Vec::with_capacity(places.len());
    for (index, place) in places.iter().enumerate() {
        let before = (0..index)
            .filter(|other| places[*other] < *place)
            .max_by_key(|other| best[*other].0);
        best.push((before.map_or(1, |other| best[other].0 + 1), before));
    }
    let mut at = (0..best.len()).max_by_key(|index| best[*index].0);
    let mut rising = BTreeSet::new();
    while let Some(index) = at {
        rising.insert(index);
        at = best[index].1;
    }
    rising
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_column_that_was_moved_moves_back() {
        let list = |text: &str| text.chars().map(String::from).collect::<Vec<_>>();
        let expected = list("abcd");
        assert_eq!(moved(&expected, &list("bcda")), ["a"].into());
        assert_eq!(moved(&expected, &list("dabc")), ["d"].into());
        assert!(moved(&expected, &list("abcd")).is_empty());
    }
}
