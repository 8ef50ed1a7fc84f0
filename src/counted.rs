//! How many, in words: `1 statement`, `2 statements`.

/// The number with its noun, which takes an `s` for more than one.
pub fn counted(number: impl TryInto<u64>, noun: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    format!("{number} {}", plural(number, noun))
}

/// `0 of 1 statement`, `1 of 2 statements`.
pub fn part_of(done: usize, total: impl TryInto<u64>, noun: &str) -> String {
    format!("{done} of {}", counted(total, noun))
}

/// The same as the subject of a sentence: `0 of 1 statement is`, `1 of 2 statements are`.
pub fn part_is(done: usize, total: impl TryInto<u64>, noun: &str) -> String {
    let total = total.try_into().unwrap_or(u64::MAX);
    let verb = if total == 1 { "is" } else { "are" };
    format!("{} {verb}", part_of(done, total, noun))
}

fn plural(number: u64, noun: &str) -> String {
    match number {
        1 => noun.to_owned(),
        _ => format!("{noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular_and_every_other_number_is_not() {
        assert_eq!(counted(1_usize, "chunk"), "1 chunk");
        assert_eq!(counted(0_i64, "chunk"), "0 chunks");
        assert_eq!(part_of(0, 1, "statement"), "0 of 1 statement");
        assert_eq!(part_of(1, 2, "statement"), "1 of 2 statements");
        assert_eq!(part_is(0, 1, "statement"), "0 of 1 statement is");
        assert_eq!(part_is(1, 2, "statement"), "1 of 2 statements are");
    }
}
