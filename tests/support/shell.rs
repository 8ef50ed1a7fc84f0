//! Printed commands as a shell reads them: what a person copies out of a message.

use std::process::Command;

/// Every command of ours in a text, with its quotes: from `sgmp-db` to a semicolon, a bracket, a line's
/// end, or a comma or colon with a blank after it, outside quotes.
pub fn printed(text: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("sgmp-db ") {
        let command = one(&rest[at..]);
        let verb = command.split(' ').nth(1).unwrap_or_default();
        let own_word = !rest[..at].ends_with(|c: char| c.is_alphanumeric() || "-./".contains(c));
        let is_verb = sgmp_db::outcome::VERBS.contains(&verb);
        rest = &rest[at + command.len().max(8)..];
        if own_word && is_verb {
            commands.push(command);
        }
    }
    commands
}

fn one(text: &str) -> String {
    let (mut command, mut open) = (String::new(), None);
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let blank_next = characters.peek().is_none_or(|next| next.is_whitespace());
        match open {
            // `$'…'` has escapes, `'…'` has none.
            Some("$'") if c == '\\' => {
                command.push(c);
                command.extend(characters.next());
                continue;
            }
            Some(_) if c == '\'' => open = None,
            Some(_) => {}
            None => match c {
                '\\' => {
                    command.push(c);
                    command.extend(characters.next());
                    continue;
                }
                '\'' if command.ends_with('$') => open = Some("$'"),
                '\'' => open = Some("'"),
                ';' | ')' | '\n' | '`' | '>' | '|' => break,
                ',' | ':' if blank_next => break,
                _ => {}
            },
        }
        command.push(c);
    }
    command.trim_end().to_owned()
}

/// The words that bash makes of a command.
pub fn words(command: &str) -> Vec<String> {
    let script = format!("set -- {command}\nfor word; do printf '%s\\0' \"$word\"; done");
    let output = Command::new("bash")
        .args(["-c", &script])
        .output()
        .expect("bash runs");
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{command}: {output:?}"
    );
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.split_terminator('\0').map(str::to_owned).collect()
}
