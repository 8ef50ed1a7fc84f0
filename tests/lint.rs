//! The rules of `check`, through the command: over files that nobody wrote for them, with what files allow.

mod support;

use serde_json::Value;
use std::{collections::BTreeMap, fs, path::Path};
use support::{Run, Sgmp, golden::golden};
use tempfile::TempDir;

fn project(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for target in ["mysql", "timescale"] {
        fs::create_dir(directory.path().join(target)).unwrap();
    }
    for (name, text) in files {
        fs::write(directory.path().join(name), text).unwrap();
    }
    directory
}

async fn check(directory: &Path) -> (Run, Value) {
    let sgmp = Sgmp::default().standing_in(directory);
    sgmp.json(&["check", "--migrations", "."]).await
}

/// File, line and rule of each note that is a rule's, in order.
fn warned(document: &Value) -> Vec<String> {
    let notes = document["notes"].as_array().unwrap();
    let warned = notes.iter().filter_map(|note| {
        let message = note["message"].as_str().unwrap();
        let (place, rest) = message.trim_start_matches("./").split_once(": ")?;
        let (_, rule) = rest.split("): ").next()?.rsplit_once('(')?;
        place.contains(':').then(|| format!("{place} {rule}"))
    });
    warned.collect()
}

#[tokio::test]
async fn sgmps_own_migrations_pass_with_the_warnings_that_are_written_down() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let (run, document) = check(&own).await;
    run.expect(0);
    let expected = [
        "mysql/V3__house.sql:10 foreign-key-copies",
        "mysql/V4__device_house_index.down.sql:5 foreign-key-copies",
        "mysql/V5__device_house_required.sql:3 nullability-rebuild",
        "mysql/V6__house_cert_arn.sql:3 required-column",
        "mysql/V7__analytics_per_house.sql:13 update-all",
        "mysql/V7__analytics_per_house.sql:13 data-between-ddl",
        "mysql/V7__analytics_per_house.sql:14 nullability-rebuild",
        "mysql/V7__analytics_per_house.sql:17 foreign-key-copies",
        "mysql/V9__analytics_continuous_aggregation.sql:3 required-column",
    ];
    assert_eq!(warned(&document), expected);
}

#[tokio::test]
async fn schemas_of_other_people_break_the_rules_that_are_written_down_and_no_other() {
    let mut counts: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for name in ["nautobot", "oscar", "wagtail"] {
        for target in ["mysql", "timescale"] {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/foreign");
            let text = fs::read_to_string(root.join(target).join(format!("{name}.sql"))).unwrap();
            let directory = project(&[(&format!("{target}/V1__a.sql"), &text)]);
            let (_, document) = check(directory.path()).await;
            for one in warned(&document) {
                let rule = one.rsplit(' ').next().unwrap().to_owned();
                *counts.entry((target, rule)).or_default() += 1;
            }
            // What is refused there, is refused by rules that are older: the session's variables of mysqldump.
            for error in document["errors"].as_array().into_iter().flatten() {
                let message = error["message"].as_str().unwrap();
                assert!(message.ends_with("(session-dependent)"), "{message}");
            }
        }
    }
    let counts: Vec<_> = counts
        .iter()
        .map(|((target, rule), count)| (*target, rule.as_str(), *count))
        .collect();
    let expected = [
        ("mysql", "drop-table", 414),
        ("mysql", "reserved-word", 17),
        ("timescale", "reserved-word", 3),
        ("timescale", "unbounded-lock-wait", 3),
    ];
    assert_eq!(counts, expected);
}

#[tokio::test]
async fn an_error_is_exit_2_with_its_place_and_the_safer_way() {
    let directory = project(&[
        (
            "timescale/V1__a.sql",
            "SELECT 1;\nSELECT add_retention_policy('a', interval '1 day');\n",
        ),
        ("mysql/V1__a.sql", "SELECT 1;\n"),
    ]);
    let (run, document) = check(directory.path()).await;
    run.expect(2);
    let error = &document["error"];
    assert_eq!(
        (error["file"].as_str(), error["line"].as_u64()),
        (Some("./timescale/V1__a.sql"), Some(2))
    );
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("(policy-in-migration)"),
        "{error}"
    );
    assert!(
        error["remedy"]
            .as_str()
            .unwrap()
            .starts_with("policies.yaml: "),
        "{error}"
    );
}

#[tokio::test]
async fn an_allow_needs_a_reason_a_rule_and_an_effect() {
    let drop = "ALTER TABLE house DROP COLUMN a;\n";
    let text = |line: &str| format!("-- sgmp-db: {line}\n{drop}");
    let told = async |text: &str| {
        let directory = project(&[("mysql/V1__a.sql", text)]);
        check(directory.path()).await
    };
    let (run, document) = told(&text("allow=drop-column because \"unused since May\"")).await;
    run.expect(0);
    assert!(warned(&document).is_empty(), "{document}");

    let (run, _) = told(&text("allow=drop-column")).await;
    run.expect(2).says("a reason is missing");
    let (run, _) = told(&text("allow=drop-colum because \"x\"")).await;
    run.expect(2)
        .says("there is no rule `drop-colum`")
        .says("allow=drop-column");

    let (run, document) = told(&text("allow=truncate because \"x\"")).await;
    run.expect(0);
    let expected = [
        "mysql/V1__a.sql:2 drop-column",
        "mysql/V1__a.sql:1 unused-allow",
    ];
    let mut warned = warned(&document);
    warned.sort();
    assert_eq!(warned, [expected[1], expected[0]]);
}

#[tokio::test]
async fn a_way_back_may_lose_but_is_told_of_locks_and_shares_what_its_way_there_allows() {
    let up = "ALTER TABLE house ADD COLUMN a INT NULL;\n";
    let down =
        "ALTER TABLE house DROP COLUMN a;\nALTER TABLE house CONVERT TO CHARACTER SET utf8mb4;\n";
    let told = async |up: &str| {
        let directory = project(&[("mysql/V1__a.sql", up), ("mysql/V1__a.down.sql", down)]);
        let (run, document) = check(directory.path()).await;
        run.expect(0);
        warned(&document)
    };
    assert_eq!(
        told(up).await,
        ["mysql/V1__a.down.sql:2 charset-conversion"]
    );
    let allowing =
        format!("-- sgmp-db: allow=charset-conversion because \"the table is small\"\n{up}");
    assert!(told(&allowing).await.is_empty());
}

#[tokio::test]
async fn rules_remember_what_earlier_files_made() {
    let directory = project(&[
        (
            "timescale/V1__a.sql",
            "CREATE TABLE a (t timestamptz NOT NULL, v int);\nSELECT create_hypertable('a', 't');\n",
        ),
        ("timescale/V2__b.sql", "CREATE INDEX i ON a (v);\n"),
        (
            "timescale/V3__c.sql",
            "CREATE UNIQUE INDEX u ON a (v) WITH (timescaledb.transaction_per_chunk);\n",
        ),
    ]);
    let (run, document) = check(directory.path()).await;
    run.expect(2).says("lacks t (hypertable-key-without-time)");
    assert_eq!(
        warned(&document),
        ["timescale/V2__b.sql:1 hypertable-index-locks"]
    );
}

/// A project in which names and a table are what a terminal, a log of GitHub's or a viewer of SARIF could obey.
fn hostile() -> TempDir {
    let table = "`a\u{1b}[2J\u{202e}::error::x ##[add-mask]y %0A [z](http://example.invalid)`";
    project(&[
        (
            "mysql/V1__a.sql",
            &format!("SELECT 1;\nALTER TABLE {table} DROP COLUMN b;\n"),
        ),
        ("mysql/V1__a.down.sql", "SELECT 1;\n"),
        (
            "timescale/V1__a.sql",
            "SELECT add_retention_policy('a', interval '1 day');\nCOMMIT;\n",
        ),
        ("timescale/V1__a.down.sql", "SELECT 1;\n"),
    ])
}

async fn formatted(directory: &TempDir, format: &str) -> Run {
    let sgmp = Sgmp::default().standing_in(directory.path());
    let run = sgmp
        .run(&["check", "--migrations", ".", "--format", format])
        .await;
    run.expect(2);
    run
}

#[tokio::test]
async fn each_format_tells_all_of_it_and_nothing_in_it_is_obeyed() {
    let directory = hostile();
    for (format, name) in [
        ("text", "check-lint.txt"),
        ("json", "check-lint.json"),
        ("github", "check-lint.github.txt"),
        ("sarif", "check-lint.sarif"),
    ] {
        let run = formatted(&directory, format).await;
        let told = match format {
            "text" => run.all(),
            _ => run.stdout.clone(),
        };
        for rule in ["drop-column", "policy-in-migration", "transaction-control"] {
            assert!(told.contains(rule), "{format}: {told}");
        }
        assert!(
            !told.contains(['\u{1b}', '\u{202e}']) && !told.contains("##["),
            "{format}: {told}"
        );
        golden(name, &told.replace(env!("CARGO_PKG_VERSION"), "<version>"));
    }
    let run = formatted(&directory, "github").await;
    let is_ours = |line: &str| {
        line.starts_with("::error file=")
            || line.starts_with("::warning file=")
            || line.starts_with("::notice")
    };
    assert!(
        run.stdout
            .lines()
            .all(|line| !line.starts_with("::") || is_ours(line))
    );
}

#[tokio::test]
async fn sarif_is_one_document_with_places_and_rules() {
    let directory = hostile();
    let run = formatted(&directory, "sarif").await;
    let log: Value = serde_json::from_str(&run.stdout).expect("one document");
    let results = log["runs"][0]["results"].as_array().unwrap();
    let rules = log["runs"][0]["tool"]["driver"]["rules"]
        .as_array()
        .unwrap();
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
    }
    let found = results
        .iter()
        .find(|one| one["ruleId"] == "drop-column")
        .unwrap();
    let place = &found["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "mysql/V1__a.sql");
    assert_eq!(place["region"]["startLine"], 2);
    let both = Sgmp::default().standing_in(directory.path());
    both.run(&["check", "--json", "--format", "sarif"])
        .await
        .expect(2)
        .says("cannot be used with");
}
