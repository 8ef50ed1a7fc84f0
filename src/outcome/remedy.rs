//! What to type next, completed with what the call at hand was told: a remedy that lost
//! `--migrations` or `--only` would work on other files or another database.
//!
//! Messages write a command with its own arguments only (`sgmp-db upgrade --only mysql`). When the
//! document is made, [`Call::complete`] adds what decides which files, which database and which
//! configuration, quoted for a shell.

use crate::target::Target;

/// What follows `sgmp-db` in a command; a test compares with the command line.
pub const VERBS: [&str; 15] = [
    "upgrade",
    "downgrade",
    "status",
    "diff",
    "policies",
    "resolve",
    "history",
    "new",
    "check",
    "adopt",
    "verify",
    "snapshot",
    "sandbox",
    "completions",
    "man",
];

/// Verbs that reach no database: where one is does not matter to them.
const OFFLINE: [&str; 4] = ["new", "check", "verify", "snapshot"];

/// Verbs that use neither files nor databases.
const NEITHER: [&str; 3] = ["sandbox", "completions", "man"];

/// Flags that say which files and which configuration; what is in no list here says how to reach a
/// database.
const FILES: [&str; 4] = ["config", "migrations", "policies", "env"];

/// Flags that one verb has, with those for whose remedies they count. The others of a verb are not
/// repeated: `--dry-run` is not what a remedy is for.
const OF_VERBS: [(&str, &[&str]); 7] = [
    ("to", &["upgrade"]),
    ("create-database", &["upgrade"]),
    ("allow-drift", &["upgrade"]),
    ("allow-edited-down", &["downgrade"]),
    ("allow-data-loss", &["upgrade", "policies"]),
    ("include", &["status", "diff"]),
    ("name", &["sandbox"]),
];

/// How sgmp-db was called.
#[derive(Debug, Clone, Default)]
pub struct Call {
    pub verb: String,
    pub only: Option<Target>,
    /// Flags with what was typed for them (nothing for a switch), in the order to be shown.
    pub flags: Vec<(&'static str, Option<String>)>,
    /// Everything that was typed after the program's name.
    pub typed: Vec<String>,
}

impl Call {
    /// The same call once more, with a flag that it did not have.
    pub fn again_with<'v>(&self, flag: &str, value: impl Into<Option<&'v str>>) -> String {
        let end = self.typed.iter().position(|word| word == "--");
        let (before, after) = self.typed.split_at(end.unwrap_or(self.typed.len()));
        let words = before.iter().map(|word| quoted(word));
        let words = words.chain([flag_typed(flag, value.into())]);
        let words = words.chain(after.iter().map(|word| quoted(word)));
        let words: Vec<String> = words.collect();
        format!("sgmp-db {}", words.join(" "))
    }

    /// The text with every command in it completed.
    pub fn complete(&self, text: &str) -> String {
        let mut completed = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(NAME) {
            let whole_word = rest[..at]
                .chars()
                .next_back()
                .is_none_or(|c| !c.is_alphanumeric() && !"-./".contains(c));
            let after = at + NAME.len();
            let end = after + end_of_command(&rest[after..]);
            let words = split(&rest[after..end]);
            completed.push_str(&rest[..end]);
            if whole_word && words.first().is_some_and(|word| is_verb(word)) {
                for flag in self.missing(&words) {
                    completed.push(' ');
                    completed.push_str(&flag);
                }
            }
            rest = &rest[end..];
        }
        completed.push_str(rest);
        completed
    }

    /// The flags that a command of these words lacks.
    fn missing(&self, words: &[&str]) -> Vec<String> {
        let verb = words[0];
        if NEITHER.contains(&verb) && self.verb != verb {
            return Vec::new();
        }
        let own = |flag: &str| {
            let long = format!("--{flag}");
            words
                .iter()
                .any(|word| **word == long || word.starts_with(&format!("{long}=")))
        };
        let only = self.only_of(words);
        let mut missing = Vec::new();
        if let Some(only) = only
            && !own("only")
            && self.may_narrow(words)
        {
            missing.push(flag_typed("only", Some(only.name())));
        }
        for (flag, value) in &self.flags {
            // To drop old chunks by hand is the consent itself.
            let consents = *flag == "allow-data-loss" && words.contains(&"run-retention");
            if own(flag) || consents || !self.fits(flag, verb, only) {
                continue;
            }
            match (*flag, value) {
                ("to", Some(to)) => {
                    missing.extend(narrowed(to, only).map(|to| flag_typed(flag, Some(&to))));
                }
                (_, value) => missing.push(flag_typed(flag, value.as_deref())),
            }
        }
        missing
    }

    /// The one database that the command is about, by its own words or the call's.
    fn only_of(&self, words: &[&str]) -> Option<Target> {
        let own = words.iter().position(|word| *word == "--only");
        match own.and_then(|at| words.get(at + 1)) {
            Some(name) => Target::from_name(name),
            None if !self.may_narrow(words) => None,
            None if words[0] == "policies" => {
                Some(Target::Timescale).filter(|_| self.only.is_some())
            }
            None => self.only,
        }
    }

    /// Not what compares both databases, and not `--to mysql=7,timescale=1`.
    fn may_narrow(&self, words: &[&str]) -> bool {
        let names_both = |word: &&str| word.contains("mysql=") && word.contains("timescale=");
        !words.contains(&"--fix-aggregates") && !words.iter().any(names_both)
    }

    /// Does the flag make sense for a command of that verb, about that database?
    fn fits(&self, flag: &str, verb: &str, only: Option<Target>) -> bool {
        if let Some((_, verbs)) = OF_VERBS.iter().find(|(of, _)| *of == flag) {
            return verbs.contains(&verb) && verbs.contains(&self.verb.as_str());
        }
        if NEITHER.contains(&verb) {
            return false;
        }
        if FILES.contains(&flag) {
            return verb != "new" || flag == "config" || flag == "migrations";
        }
        let other = |target: Target| {
            only.is_some_and(|only| only != target) && flag.starts_with(&format!("{target}-"))
        };
        !OFFLINE.contains(&verb) && !Target::ALL.into_iter().any(other)
    }
}

const NAME: &str = "sgmp-db ";

fn is_verb(word: &str) -> bool {
    VERBS.contains(&word)
}

/// `--to mysql=4,timescale=1` for the one database that is left.
fn narrowed(to: &str, only: Option<Target>) -> Option<String> {
    let Some(only) = only.filter(|_| to.contains('=')) else {
        return Some(to.to_owned());
    };
    to.split(',').find_map(|part| {
        let (name, version) = part.split_once('=')?;
        (name.trim() == only.name()).then(|| version.trim().to_owned())
    })
}

/// Where a command in a sentence ends: at a semicolon, a bracket, a line's end, what leads its output
/// elsewhere, or a comma or colon with a blank after it, outside quotes.
fn end_of_command(text: &str) -> usize {
    text[..next_end(text)].trim_end().len()
}

fn next_end(text: &str) -> usize {
    let mut quote = None;
    let mut characters = text.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\\') => {
                characters.next();
            }
            (None, '\'' | '"') => quote = Some(c),
            (None, ';' | ')' | '\n' | '`' | '>' | '|') => return at,
            (None, ',' | ':') if next.is_none_or(char::is_whitespace) => return at,
            (None, _) => {}
        }
    }
    text.len()
}

/// The words of a command, quotes included.
fn split(command: &str) -> Vec<&str> {
    let (mut words, mut quote, mut from) = (Vec::new(), None, None);
    for (at, c) in command.char_indices() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            _ => {}
        }
        if c == ' ' && quote.is_none() {
            words.extend(from.take().map(|from: usize| &command[from..at]));
        } else {
            from.get_or_insert(at);
        }
    }
    words.extend(from.map(|from| &command[from..]));
    words
}

/// A flag as it is typed.
pub fn flag_typed(flag: &str, value: Option<&str>) -> String {
    match value {
        None => format!("--{flag}"),
        // Else it would be read as a flag.
        Some(value) if value.len() > 1 && value.starts_with('-') => {
            format!("--{flag}={}", quoted(value))
        }
        Some(value) => format!("--{flag} {}", quoted(value)),
    }
}

/// A word that any shell reads as that text, in one line of visible characters: `$'…'` (POSIX 2024,
/// 2.2.4) where it has others.
pub fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:=@%+,-".contains(c);
    if !text.is_empty() && text.chars().all(plain) && !text.ends_with([':', ',']) {
        return text.to_owned();
    }
    if !text.chars().any(is_invisible) {
        return format!("'{}'", text.replace('\'', "'\\''"));
    }
    let mut word = String::from("$'");
    for c in text.chars() {
        match c {
            '\'' | '\\' => word.extend(['\\', c]),
            '\n' => word.push_str("\\n"),
            '\t' => word.push_str("\\t"),
            c if is_invisible(c) => {
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    // Three octal digits: `\x` would take a digit that follows.
                    word.push_str(&format!("\\{byte:03o}"));
                }
            }
            c => word.push(c),
        }
    }
    word.push('\'');
    word
}

/// Control characters, other line ends, and what turns the direction of writing or has no width.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(verb: &str, only: Option<Target>, flags: &[(&'static str, &str)]) -> Call {
        Call {
            verb: verb.to_owned(),
            only,
            flags: flags
                .iter()
                .map(|(flag, value)| {
                    (
                        *flag,
                        Some((*value).to_owned()).filter(|one| !one.is_empty()),
                    )
                })
                .collect(),
            typed: Vec::new(),
        }
    }

    #[test]
    fn a_command_gets_what_decides_files_database_and_configuration() {
        let call = call(
            "status",
            Some(Target::Timescale),
            &[
                ("config", "c d.yaml"),
                ("migrations", "it's"),
                ("policies", "p.yaml"),
                ("mysql-host", "m"),
                ("timescale-host", "t"),
            ],
        );
        let files = "--config 'c d.yaml' --migrations 'it'\\''s'";
        assert_eq!(
            call.complete("sgmp-db upgrade"),
            format!(
                "sgmp-db upgrade --only timescale {files} --policies p.yaml --timescale-host t"
            )
        );
        // Both commands of a sentence, each with what its verb has a use for.
        assert_eq!(
            call.complete("write it: sgmp-db snapshot; or by hand, then: sgmp-db new NAME --only mysql, and so on"),
            format!(
                "write it: sgmp-db snapshot --only timescale {files} --policies p.yaml; \
                 or by hand, then: sgmp-db new NAME --only mysql {files}, and so on"
            )
        );
        for untouched in [
            "the sgmp-db that knows it",
            "x-sgmp-db upgrade",
            "sgmp-db man",
            "nothing",
        ] {
            assert_eq!(call.complete(untouched), untouched);
        }
        let once = call.complete("sgmp-db upgrade --migrations DIR");
        assert_eq!(call.complete(&once), once);
    }

    #[test]
    fn what_a_call_allowed_counts_for_the_same_work_only() {
        let flags = [
            ("to", "mysql=4,timescale=1"),
            ("allow-drift", ""),
            ("include", "owners"),
        ];
        let upgrade = call("upgrade", None, &flags);
        let to = |text: &str| upgrade.complete(text);
        assert_eq!(
            to("sgmp-db upgrade --only mysql"),
            "sgmp-db upgrade --only mysql --to 4 --allow-drift"
        );
        assert_eq!(
            to("sgmp-db upgrade"),
            "sgmp-db upgrade --to mysql=4,timescale=1 --allow-drift"
        );
        assert_eq!(to("sgmp-db status"), "sgmp-db status");
        let status = call("status", Some(Target::Mysql), &flags);
        assert_eq!(
            status.complete(
                "sgmp-db diff; sgmp-db upgrade; sgmp-db policies; sgmp-db policies --fix-aggregates"
            ),
            "sgmp-db diff --only mysql --include owners; sgmp-db upgrade --only mysql; \
             sgmp-db policies --only timescale; sgmp-db policies --fix-aggregates"
        );
    }

    #[test]
    fn the_same_call_again_is_quoted_as_a_whole() {
        let mut call = call("new", None, &[]);
        call.typed = ["new", "--", "a b"].map(str::to_owned).to_vec();
        assert_eq!(
            call.again_with("migrations", "-x"),
            "sgmp-db new --migrations=-x -- 'a b'"
        );
    }

    #[test]
    fn odd_characters_stay_in_one_visible_line() {
        assert_eq!(quoted("a/b.c"), "a/b.c");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("$HOME `x` \"y\""), "'$HOME `x` \"y\"'");
        assert_eq!(
            quoted("a\n'b\u{1b}1\u{202e}"),
            "$'a\\n\\'b\\0331\\342\\200\\256'"
        );
    }
}
