//! Every command that a message, the README or a page of docs/ tells people to type is one that this binary has.

mod support;

use sgmp_db::{cli, outcome::Exit};
use std::{
    fs,
    path::{Path, PathBuf},
};
use support::{
    remedies::{accepted, commands, filled},
    shell::{printed, words},
};

/// Flags of other programs that our texts name.
const FOREIGN: [&str; 6] = [
    "--no-defaults",
    "--keep",
    "--list",
    "--path",
    "--locked",
    "--lib",
];

#[test]
fn every_command_in_messages_and_pages_is_accepted_by_the_command_line() {
    let mut seen = 0;
    for (place, text) in texts() {
        for command in commands(&text) {
            seen += 1;
            assert!(
                accepted(&command),
                "{place}: the binary does not take: {command}"
            );
        }
    }
    assert!(seen > 40, "the search found only {seen} commands");
}

#[test]
fn every_flag_in_a_message_is_one_of_ours() {
    let known = flags(&cli::command());
    let mut seen = 0;
    for (place, text) in texts()
        .into_iter()
        .filter(|(place, _)| place.starts_with("src/"))
    {
        for flag in text
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
            .filter(|word| word.starts_with("--"))
        {
            let name = flag.trim_start_matches('-');
            if name.len() < 2
                || !name.starts_with(|c: char| c.is_ascii_lowercase())
                || FOREIGN.contains(&flag)
            {
                continue;
            }
            seen += 1;
            assert!(
                known.iter().any(|one| one == flag),
                "{place}: there is no flag {flag} (in: {text})"
            );
        }
    }
    assert!(seen > 40, "the search found only {seen} flags");
}

/// Nothing is cut off a printed command: what a person copies is what the parser gets.
#[test]
fn every_remedy_of_every_golden_is_a_command_as_it_is_printed() {
    let mut seen = 0;
    for file in files(&root().join("tests/golden")) {
        let text = fs::read_to_string(&file).unwrap();
        let remedies = match file.extension().and_then(|end| end.to_str()) {
            Some("json") => remedies(&serde_json::from_str(&text).unwrap()),
            _ => text
                .lines()
                .filter_map(|line| {
                    let line = line.trim_start();
                    line.strip_prefix("hint: ").or(line.strip_prefix("-> "))
                })
                .map(str::to_owned)
                .collect(),
        };
        for command in remedies.iter().flat_map(|remedy| printed(remedy)) {
            seen += 1;
            let parsed = cli::parse(&words(&command));
            let accepted = parsed.as_ref().map_or_else(|usage| usage.is_help, |_| true);
            assert!(accepted, "{}: {command}: {parsed:?}", file.display());
        }
    }
    assert!(seen > 60, "the search found only {seen} commands");
}

/// Every remedy that the sources can give, as it is printed for a call with hostile flags: the words
/// that a shell makes of it are a command, and the flags are those of the call.
#[test]
fn every_remedy_of_the_sources_is_a_command_with_the_flags_of_the_call() {
    let hostile = "it's; $HOME `x` \"q\", y: (z)\n--only mysql \u{1b}[2J\u{202e}";
    let typed = [
        "sgmp-db",
        "status",
        "--migrations",
        hostile,
        "--timescale-user",
        hostile,
    ]
    .map(str::to_owned);
    let call = cli::parse(&typed).unwrap().call();
    let mut seen = 0;
    let literals = texts()
        .into_iter()
        .filter(|(place, _)| place.starts_with("src/"));
    for (place, literal) in literals {
        let completed = call.complete(&filled(&literal));
        for command in printed(&completed) {
            let words = words(&command);
            let parsed = cli::parse(&words);
            if matches!(&parsed, Err(usage) if usage.is_help) {
                continue;
            }
            seen += 1;
            let parsed = parsed.unwrap_or_else(|error| panic!("{place}: {command}: {error:?}"));
            let own = literal.contains("--migrations") || parsed.command.name() == "sandbox";
            let expected = (!own).then_some(hostile);
            let given = parsed.global.migrations.as_deref();
            assert!(own || given == expected, "{place}: {command}");
            assert!(!command.contains(char::is_control), "{place}: {command:?}");
            // Of the databases only what the command is about.
            let only = parsed.global.only.map(|only| only.name());
            let user = parsed.global.timescale_user.as_deref();
            assert!(
                user.is_none() || (user == Some(hostile) && only != Some("mysql")),
                "{command}"
            );
        }
    }
    assert!(seen > 60, "the search found only {seen} commands");
}

/// The `remedy` of everything in a document.
fn remedies(value: &serde_json::Value) -> Vec<String> {
    match value {
        serde_json::Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| match value {
                serde_json::Value::String(text) if name == "remedy" => vec![text.clone()],
                value => remedies(value),
            })
            .collect(),
        serde_json::Value::Array(values) => values.iter().flat_map(remedies).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn the_search_sees_a_command_that_does_not_exist() {
    let found = commands(
        "first: sgmp-db conjure --only mysql, or `sgmp-db upgrade --rabbit`; the sgmp-db that knows",
    );
    assert_eq!(
        found,
        ["sgmp-db conjure --only mysql", "sgmp-db upgrade --rabbit"]
    );
    assert!(found.iter().all(|command| !accepted(command)));
    assert!(accepted("sgmp-db upgrade --only mysql once more"));
    assert!(accepted("sgmp-db new NAME --only {target}"));
}

#[test]
fn help_readme_and_enum_have_the_same_exit_codes() {
    let help = cli::command().render_long_help().to_string();
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let rows: Vec<(String, String)> = readme
        .lines()
        .skip_while(|line| !line.starts_with("| code |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            (cells[0].to_owned(), cells[1].to_owned())
        })
        .collect();
    let expected: Vec<(String, String)> = Exit::ALL
        .iter()
        .map(|(exit, meaning)| (exit.code().to_string(), (*meaning).to_owned()))
        .collect();
    assert_eq!(rows, expected, "the README's table");
    let table: Vec<String> = help
        .split("Exit codes:")
        .nth(1)
        .expect("the table in --help")
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    let words: Vec<String> = expected
        .iter()
        .flat_map(|(code, meaning)| {
            format!("{code} {meaning}")
                .split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(table, words, "the table of --help");
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Every string literal of the sources, and every page, with its path.
fn texts() -> Vec<(String, String)> {
    let mut texts = Vec::new();
    for file in files(&root().join("src")) {
        let source = fs::read_to_string(&file).unwrap();
        let source = source
            .split("#[cfg(test)]\nmod tests")
            .next()
            .unwrap_or_default()
            .to_owned();
        let place = file.strip_prefix(root()).unwrap().display().to_string();
        texts.extend(
            literals(&source)
                .into_iter()
                .map(|literal| (place.clone(), literal)),
        );
    }
    let mut pages = files(&root().join("docs"));
    pages.extend(files(&root().join("scripts")));
    pages.push(root().join("README.md"));
    for page in pages {
        let place = page.strip_prefix(root()).unwrap().display().to_string();
        let text = fs::read_to_string(&page).unwrap();
        let text = if place.ends_with(".md") {
            code(&text)
        } else {
            text
        };
        texts.push((place, text));
    }
    texts
}

/// What a page shows as code: its prose may speak of sgmp-db without typing it.
fn code(page: &str) -> String {
    let mut code = String::new();
    for (index, block) in page.split("```").enumerate() {
        let spans = block
            .split('`')
            .enumerate()
            .filter(|(span, _)| span % 2 == 1)
            .map(|(_, span)| span);
        match index % 2 {
            1 => code.push_str(block),
            _ => code.push_str(&spans.collect::<Vec<_>>().join("\n")),
        }
        code.push('\n');
    }
    code
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

/// The string literals of a Rust source, with their escapes undone as far as it matters here.
fn literals(source: &str) -> Vec<String> {
    let mut literals = Vec::new();
    let mut rest = source;
    while let Some(at) = rest.find(['"', '/', '\'']) {
        let tail = &rest[at..];
        if tail.starts_with("//") {
            rest = tail.find('\n').map_or("", |end| &tail[end..]);
        } else if let Some(quoted) = tail.strip_prefix('"') {
            let end = end_of_literal(quoted);
            let text = quoted[..end].replace("\\n", "\n").replace("\\\"", "\"");
            // A line that ends in a backslash goes on at the next one's first word.
            let parts: Vec<&str> = text.split("\\\n").collect();
            literals.push(
                parts
                    .iter()
                    .enumerate()
                    .map(|(index, part)| if index == 0 { part } else { part.trim_start() })
                    .collect(),
            );
            rest = quoted.get(end + 1..).unwrap_or_default();
        } else if tail.starts_with("'\"'") || tail.starts_with("'\\") {
            rest = tail[2..].find('\'').map_or("", |end| &tail[2 + end + 1..]);
        } else {
            rest = &tail[1..];
        }
    }
    literals
}

fn end_of_literal(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at.min(text.len())
}

fn flags(command: &clap::Command) -> Vec<String> {
    let mut command = command.clone();
    command.build();
    let own = command
        .get_arguments()
        .filter_map(|argument| argument.get_long())
        .map(|long| format!("--{long}"));
    let mut all: Vec<String> = own.collect();
    for verb in command.get_subcommands() {
        all.extend(flags(verb));
    }
    all
}
