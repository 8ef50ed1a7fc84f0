//! The commands that a text tells people to type.

use sgmp_db::cli;

/// Words behind `sgmp-db` in a sentence about the program, not in a command.
const PROSE: [&str; 22] = [
    "about", "into", "that", "is", "has", "at", "does", "and", "or", "on", "in", "to", "can",
    "cannot", "knows", "made", "itself", "ledger", "binary", "writes", "reads", "ran",
];

/// The commands in a text: from `sgmp-db <word>` to what ends a command in a sentence or in a shell.
pub fn commands(text: &str) -> Vec<String> {
    const NAME: &str = "sgmp-db ";
    let mut commands = Vec::new();
    for (at, _) in text.match_indices(NAME) {
        let own_word = text[..at]
            .chars()
            .next_back()
            .is_none_or(|c| !c.is_alphanumeric() && c != '-' && c != '.');
        let tail = &text[at..];
        let command = tail
            .split(['\n', '`', ';', ')', '"', '…', '>', '|', '#', '&', '→'])
            .next()
            .unwrap_or_default();
        let command = command
            .split(", ")
            .next()
            .unwrap_or_default()
            .split(": ")
            .next()
            .unwrap_or_default();
        let command = command.trim_end_matches(['.', ',', ':', ' ', '\'', '*']);
        let word: String = tail[NAME.len()..]
            .chars()
            .take_while(|c| c.is_ascii_lowercase())
            .collect();
        if own_word
            && !word.is_empty()
            && !PROSE.contains(&word.as_str())
            && command.len() > NAME.len()
        {
            commands.push(command.to_owned());
        }
    }
    commands
}

/// Does the command line take it? Words of a sentence that goes on behind it are cut off, flags never.
pub fn accepted(command: &str) -> bool {
    let filled = filled(command);
    let mut words: Vec<String> = filled.split_whitespace().map(placeholder).collect();
    while words.len() > 1 {
        match cli::parse(&words) {
            Ok(_) => return true,
            Err(usage) if usage.is_help => return true,
            Err(_) => {}
        }
        match words.pop() {
            Some(word) if !word.starts_with("--") => {}
            _ => return false,
        }
    }
    false
}

/// A source's text with values where it has places for them.
pub fn filled(text: &str) -> String {
    text.replace("{flag}{reason}", "--applied")
        .replace("{flag}", "--applied")
        .replace("--only {}", "--only mysql")
        .replace(['[', ']', '*'], "")
        .replace("{target}", "mysql")
        .replace("DATABASE", "mysql")
        .replace("{verb}", "")
        .replace("{version}", "1")
        .replace("{current}", "1")
        .replace("{first}", "1")
        .replace("{to}", "1")
        .replace("{name}", "name")
        .replace("new {}", "new name")
}

/// A value where the text has a name for one.
fn placeholder(word: &str) -> String {
    if word.starts_with('{') || ["V", "N", "VERSION"].contains(&word) {
        return "1".to_owned();
    }
    if word == "SHELL" {
        "bash".to_owned()
    } else {
        word.to_owned()
    }
}
