//! `sandbox`: a pair to work with, made once, reached by what it prints, and gone when it is told to go.

mod support;

use std::collections::BTreeMap;
use support::{Sgmp, golden::is_contract, unique};

/// The images that the tests' own servers have, if somebody named them.
fn sgmp() -> Sgmp {
    let named = ["SGMP_DB_MYSQL_IMAGE", "SGMP_DB_TIMESCALE_IMAGE"];
    named
        .into_iter()
        .fold(Sgmp::default(), |sgmp, name| match std::env::var(name) {
            Ok(image) => sgmp.with(name, image),
            Err(_) => sgmp,
        })
}

/// What `eval` makes of the printed lines.
fn environment(printed: &str) -> BTreeMap<String, String> {
    let export = |line: &str| {
        let (name, value) = line.strip_prefix("export ")?.split_once('=')?;
        Some((name.to_owned(), value.trim_matches('\'').to_owned()))
    };
    printed
        .lines()
        .map(|line| export(line).unwrap_or_else(|| panic!("not for eval: {line}")))
        .collect()
}

#[tokio::test]
async fn up_upgrade_status_down() {
    let name = unique("t").replace('_', "-");
    let sandbox = |verb: &'static str| {
        ["sandbox", verb, "--name"]
            .into_iter()
            .map(str::to_owned)
            .chain([name.clone()])
            .collect::<Vec<_>>()
    };
    let (up, down) = (sandbox("up"), sandbox("down"));
    let up: Vec<&str> = up.iter().map(String::as_str).collect();
    let down: Vec<&str> = down.iter().map(String::as_str).collect();
    let first = sgmp().run(&up).await;
    first.expect(0);
    let reach = environment(&first.stdout);
    let mut pair = Sgmp::default();
    for (name, value) in &reach {
        pair = pair.with(name, value);
    }
    // From here on to the end, so that a failing step leaves no servers behind.
    let upgraded = pair.run(&["upgrade"]).await;
    let status = pair.run(&["status"]).await;
    let (second, document) = sgmp().json(&up).await;
    let removed = sgmp().run(&down).await;
    upgraded.expect(0);
    assert!(
        !upgraded.all().contains("_trial"),
        "its user may make trials: {}",
        upgraded.all()
    );
    status.expect(0).says("in sync");
    second.expect(0);
    is_contract(&document, &["environment"]);
    assert_eq!(
        document["environment"]["MYSQL_PASS"], reach["MYSQL_PASS"],
        "the same pair, not another"
    );
    removed.expect(0).says("2 containers removed");
    sgmp()
        .run(&down)
        .await
        .expect(0)
        .says("0 containers removed");
    assert_eq!(
        pair.with("SGMP_DB_CONNECT_TIMEOUT", "2s")
            .run(&["status"])
            .await
            .code,
        Some(1),
        "nobody answers any more"
    );
}

#[tokio::test]
async fn a_missing_image_is_named_with_the_way_to_get_it() {
    let run = Sgmp::default()
        .with("SGMP_DB_MYSQL_IMAGE", "nowhere.invalid/mysql:1")
        .run(&["sandbox", "up", "--name", "never"])
        .await;
    run.expect(1)
        .says("no image nowhere.invalid/mysql:1 is on this machine")
        .says("docker pull nowhere.invalid/mysql:1")
        .says("scripts/images");
    Sgmp::default()
        .run(&["sandbox", "up", "--name", "A b"])
        .await
        .expect(2)
        .says("lower-case letters");
    Sgmp::default()
        .with("DOCKER_HOST", "unix:///nonexistent.sock")
        .run(&["sandbox", "down", "--name", "never"])
        .await
        .expect(1)
        .says("no Docker engine answers");
}
