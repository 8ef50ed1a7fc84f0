//! Is a word anywhere in a text? Read piece by piece, for a file may have hundreds of megabytes and a copy of it in
//! lower case as many.

/// Bytes of a piece.
const PIECE: usize = 64 << 10;

/// Is the word in the text, in whichever case, comments and strings included?
pub fn mentions(text: &str, word: &str) -> bool {
    let word = word.to_lowercase();
    // What begins at a piece's end is in the next one as well. Lower case may be longer or shorter than upper case.
    let overlap = 4 * word.len();
    let mut from = 0;
    loop {
        let to = boundary(text, from + PIECE + overlap);
        if text[from..to].to_lowercase().contains(&word) {
            return true;
        }
        if to == text.len() {
            return false;
        }
        from = boundary(text, from + PIECE);
    }
}

/// The first boundary of characters from there on.
fn boundary(text: &str, at: usize) -> usize {
    (at..text.len())
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_wherever_it_stands() {
        for before in [
            0,
            1,
            PIECE - 12,
            PIECE - 3,
            PIECE,
            PIECE + 40,
            3 * PIECE - 5,
        ] {
            for letter in ["x", "ä", "\u{1f600}"] {
                let text = letter.repeat(before.div_ceil(letter.len()));
                let text = format!("{text}CREATE_HyperTable{letter}");
                assert!(mentions(&text, "create_hypertable"), "{before} {letter}");
                assert!(!mentions(&text, "create_hypertables"), "{before} {letter}");
            }
        }
        assert!(!mentions("", "a") && mentions("A", "a"));
    }
}
