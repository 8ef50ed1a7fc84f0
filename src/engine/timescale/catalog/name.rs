//! How is an object named in a key? `table`, `schema.table`, `table.index`: public goes without saying.

/// A name with its schema, unless that is public.
pub fn qualified(schema: &str, name: &str) -> String {
    if schema == "public" {
        part(name)
    } else {
        format!("{}.{}", part(schema), part(name))
    }
}

/// The name of what belongs to a table: an index, a constraint, a trigger.
pub fn of_table(schema: &str, table: &str, name: &str) -> String {
    format!("{}.{}", qualified(schema, table), part(name))
}

/// A name without its schema, quoted where it would otherwise be read as two.
pub fn part(name: &str) -> String {
    if name.is_empty() || name.contains(['.', '"', '(', ')', ',']) {
        format!("\"{}\"", name.replace('"', "\"\""))
    } else {
        name.to_owned()
    }
}

/// The name of a routine in a key without its arguments, and those with the bracket before them: a quoted
/// name may hold a bracket itself.
pub fn split_arguments(name: &str) -> (&str, Option<&str>) {
    let mut quoted = false;
    let bracket = name.char_indices().find(|(_, character)| {
        quoted ^= *character == '"';
        *character == '(' && !quoted
    });
    match bracket {
        Some((at, _)) => (&name[..at], Some(&name[at..])),
        None => (name, None),
    }
}

/// The parts of a name again: what `part` quoted is one of them.
pub fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut characters = name.chars().peekable();
    let mut quoted = false;
    while let Some(character) = characters.next() {
        let last = parts.len() - 1;
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                parts[last].push('"');
            }
            '"' => quoted = !quoted,
            '.' if !quoted => parts.push(String::new()),
            _ => parts[last].push(character),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_dot_or_a_quote_is_one_part() {
        assert_eq!(qualified("public", "house_data"), "house_data");
        assert_eq!(of_table("app", "a.b", "c\"d"), "app.\"a.b\".\"c\"\"d\"");
        assert_eq!(parts("app.\"a.b\".\"c\"\"d\""), ["app", "a.b", "c\"d"]);
    }
}
