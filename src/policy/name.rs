//! The name of a table with its schema, as `policies.yaml` writes it and as the catalog has it.

use std::fmt;

/// A table with its schema, both as the catalog has them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TableName {
    pub schema: String,
    pub name: String,
}

impl TableName {
    /// `name` of schema public, or `schema.name`; a part with a dot in it stands in double quotes.
    pub fn parse(text: &str) -> TableName {
        let mut parts = vec![String::new()];
        let mut quoted = false;
        for c in text.chars() {
            match c {
                '"' => quoted = !quoted,
                '.' if !quoted && parts.len() == 1 => parts.push(String::new()),
                _ => parts.last_mut().into_iter().for_each(|part| part.push(c)),
            }
        }
        let name = parts.pop().unwrap_or_default();
        let schema = parts.pop().unwrap_or_else(|| "public".to_owned());
        TableName { schema, name }
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.schema != "public" {
            write!(f, "{}.", self.schema)?;
        }
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_case_and_quoted_dots() {
        let parts = |text| {
            let name = TableName::parse(text);
            (name.schema, name.name)
        };
        let pair = |schema: &str, name: &str| (schema.to_owned(), name.to_owned());
        assert_eq!(parts("House"), pair("public", "House"));
        assert_eq!(parts("Other.t"), pair("Other", "t"));
        assert_eq!(parts("\"a.b\".t"), pair("a.b", "t"));
    }
}
