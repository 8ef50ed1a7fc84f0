//! Where does a word or a parenthesis of a printed definition end? Quotes are minded.

/// What is left of a definition.
#[derive(Debug, Clone, Copy)]
pub struct Cursor<'a>(pub &'a str);

impl<'a> Cursor<'a> {
    /// Takes that text, and the space after it, if it comes next.
    pub fn take(&mut self, text: &str) -> bool {
        match self.0.strip_prefix(text) {
            Some(rest)
                if text.ends_with('(')
                    || rest.is_empty()
                    || rest.starts_with([' ', '(', ',', ')']) =>
            {
                self.0 = rest.trim_start();
                true
            }
            _ => false,
        }
    }

    /// One word, which ends at a space or a parenthesis outside quotes.
    pub fn word(&mut self) -> &'a str {
        let end = self.end(|character, depth| depth == 0 && matches!(character, ' ' | '(' | ','));
        let (word, rest) = self.0.split_at(end);
        self.0 = rest.trim_start();
        word
    }

    /// What stands in the parentheses that come next, without them.
    pub fn parenthesis(&mut self) -> Option<&'a str> {
        let inner = Cursor(self.0.strip_prefix('(')?);
        let end = inner.end(|character, depth| depth == 0 && character == ')');
        let (within, rest) = inner.0.split_at(end);
        self.0 = rest.strip_prefix(')')?.trim_start();
        Some(within)
    }

    /// A list in parentheses, cut at its own commas.
    pub fn list(&mut self) -> Option<Vec<String>> {
        let mut rest = Cursor(self.parenthesis()?);
        let mut items = Vec::new();
        loop {
            let end = rest.end(|character, depth| depth == 0 && character == ',');
            let (item, after) = rest.0.split_at(end);
            items.push(item.trim().to_owned());
            match after.strip_prefix(',') {
                Some(after) => rest = Cursor(after),
                None => return Some(items),
            }
        }
    }

    /// Offset of the first character that `stop` wants, given the depth of parentheses at it.
    fn end(&self, stop: impl Fn(char, usize) -> bool) -> usize {
        let mut depth = 0;
        let mut quote = None;
        for (offset, character) in self.0.char_indices() {
            if let Some(open) = quote {
                // A doubled quote closes and opens again, which comes to the same.
                if character == open {
                    quote = None;
                }
                continue;
            }
            if stop(character, depth) {
                return offset;
            }
            match character {
                '\'' | '"' => quote = Some(character),
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        self.0.len()
    }
}

/// The name that an identifier stands for.
pub fn unquoted(identifier: &str) -> String {
    match identifier
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    {
        Some(inner) => inner.replace("\"\"", "\""),
        None => identifier.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_parentheses_hide_what_is_in_them() {
        let mut cursor = Cursor("(a, f(b, ')'), \"c,)\") INCLUDE (d)");
        assert_eq!(cursor.list().unwrap(), ["a", "f(b, ')')", "\"c,)\""]);
        assert!(!cursor.take("INC"));
        assert!(cursor.take("INCLUDE"));
        assert_eq!(cursor.list().unwrap(), ["d"]);
        assert_eq!(unquoted("\"a\"\"b\""), "a\"b");
    }
}
