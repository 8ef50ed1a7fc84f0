//! Which characters may not reach a reader as they are, and how are they shown instead?
//!
//! What a server or a file calls something is input from whoever could name it. An escape character
//! colours, clears or retitles a terminal, a line break forges a line, a bidirectional override makes
//! a text read as what it is not. Each is shown as the escape that JSON or Rust would write.
//!
//! Sources: ECMA-48 (control functions C0 and C1); Unicode Standard Annex 9 (bidirectional controls)
//! and Technical Report 36, 2.10 (characters that show nothing).

use std::{borrow::Cow, fmt::Write};

/// What build servers read as a command wherever it is on a line: GitHub Actions' and Azure
/// Pipelines' (`##[`, `##vso[`), and TeamCity's.
const COMMANDS: [&str; 3] = ["##[", "##vso[", "##teamcity["];

/// Would a reader not see this character, or see something else because of it? Line breaks are too.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// A text for one line: no line break stays one.
pub fn line(text: &str) -> Cow<'_, str> {
    shown(text, is_hidden)
}

/// A text of several lines: line feeds and tabs stay.
pub fn lines(text: &str) -> Cow<'_, str> {
    shown(text, |c| c != '\n' && c != '\t' && is_hidden(c))
}

/// A JSON text with the same meaning and without a hidden character, where strings have none but
/// those that JSON need not escape.
pub fn json(text: &str) -> Cow<'_, str> {
    let hides = |c: char| c != '\n' && is_hidden(c);
    if !text.contains(hides) && !has_command(text) {
        return Cow::Borrowed(text);
    }
    let mut written = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match hides(c) {
            true => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| {
                // Writing to a String cannot fail.
                write!(written, "\\u{unit:04x}").unwrap_or_default();
            }),
            false => written.push(c),
        }
    }
    Cow::Owned(without_commands(written, "\\u0023"))
}

fn shown(text: &str, hides: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&hides) && !has_command(text) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match hides(c) {
            true => shown.push_str(&escape(c)),
            false => shown.push(c),
        }
    }
    Cow::Owned(without_commands(shown, "\\u{23}"))
}

fn has_command(text: &str) -> bool {
    COMMANDS.iter().any(|command| text.contains(command))
}

/// The first sign of each command as `sign`.
fn without_commands(mut text: String, sign: &str) -> String {
    for command in COMMANDS {
        if text.contains(command) {
            text = text.replace(command, &format!("{sign}{}", &command[1..]));
        }
    }
    text
}

fn escape(c: char) -> String {
    match c {
        '\n' | '\r' | '\t' => c.escape_default().to_string(),
        _ => c.escape_unicode().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hidden_stays_and_everything_else_does() {
        assert_eq!(line("a\n\u{1b}[2J\r\tb"), r"a\n\u{1b}[2J\r\tb");
        assert_eq!(lines("a\n\tb\rc"), "a\n\tb\\rc");
        for c in [
            '\u{0}',
            '\u{7f}',
            '\u{85}',
            '\u{9b}',
            '\u{200b}',
            '\u{2028}',
            '\u{202e}',
            '\u{2066}',
            '\u{feff}',
            '\u{e0041}',
        ] {
            assert!(is_hidden(c), "{c:?}");
            let text = c.to_string();
            assert!(line(&text).is_ascii() && lines(&text).is_ascii(), "{c:?}");
        }
        let plain = "Größe 表 🦀 é\u{301} a\\n ' \" ` $ % ::";
        assert!(matches!(line(plain), Cow::Borrowed(_)));
        assert!(matches!(json(plain), Cow::Borrowed(_)));
    }

    #[test]
    fn json_means_the_same_and_shows_what_it_holds() {
        let hostile: String = (0..=0x10_ffff)
            .step_by(7)
            .filter_map(char::from_u32)
            .collect();
        let value = serde_json::json!({"a\u{202e}": [hostile, "##[add-mask]x", "\u{e0041}\\##[a"]});
        let plain = serde_json::to_string_pretty(&value).unwrap();
        let written = json(&plain);
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&written).unwrap(),
            value
        );
        assert!(!written.contains(|c| c != '\n' && is_hidden(c)) && !written.contains("##["));
    }

    #[test]
    fn no_build_server_reads_a_command() {
        assert_eq!(line("x ##[add-mask]y"), r"x \u{23}#[add-mask]y");
        assert_eq!(
            lines("##vso[a]\n##teamcity[b"),
            "\\u{23}#vso[a]\n\\u{23}#teamcity[b"
        );
        assert_eq!(line("## a heading"), "## a heading");
    }
}
