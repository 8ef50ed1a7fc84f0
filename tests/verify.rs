//! `verify` and `snapshot` on servers that they start and remove themselves.

mod support;

use serde_json::Value;
use std::{fs, path::Path, process::Command};
use support::{Sgmp, golden};

/// With the images that these tests use.
fn sgmp() -> Sgmp {
    let images = ["SGMP_DB_MYSQL_IMAGE", "SGMP_DB_TIMESCALE_IMAGE"];
    images
        .iter()
        .fold(Sgmp::default(), |sgmp, name| match std::env::var(name) {
            Ok(image) => sgmp.with(name, image),
            Err(_) => sgmp,
        })
}

/// Without what differs from server to server and from run to run.
fn stable(mut document: Value) -> String {
    for report in document["targets"]
        .as_object_mut()
        .expect("targets")
        .values_mut()
    {
        report["server"] = Value::from("…");
        for applied in report["applied"].as_array_mut().expect("applied") {
            applied["applied_on"] = Value::from("…");
            applied["duration_ms"] = Value::from("…");
        }
    }
    for ran in document["ran"].as_array_mut().expect("ran") {
        ran["duration_ms"] = Value::from("…");
    }
    // The policies have goldens of their own.
    let notes = document["notes"].as_array_mut().expect("notes");
    notes.retain(|note| note["kind"] != "policy");
    format!("{document:#}\n")
}

/// A project of its own, made of the committed migrations.
fn project() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for target in ["mysql", "timescale"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("migrations")
            .join(target);
        let to = directory.path().join("migrations").join(target);
        fs::create_dir_all(&to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }
    directory
}

/// How many servers that process left behind.
fn left_by(process: u32) -> usize {
    let label = format!("label=org.sgmp-db.throwaway={process}");
    let output = Command::new("docker")
        .args(["ps", "--all", "--quiet", "--filter", &label])
        .output()
        .expect("docker");
    String::from_utf8_lossy(&output.stdout).lines().count()
}

#[tokio::test]
async fn the_committed_migrations_keep_what_they_promise() {
    let (run, document) = sgmp().json(&["verify"]).await;
    run.expect(0);
    let text = document["text"].as_str().unwrap();
    for words in [
        "mysql: 9 migrations applied from nothing",
        "mysql: the schema is what is committed, at every version",
        "mysql: a second run does nothing",
        "mysql: 9 steps back, there and back again",
        "timescale: the schema is what is committed, at every version",
        "timescale: 1 step back, there and back again",
    ] {
        assert!(text.contains(words), "{text}");
    }
    golden::golden("verify.json", &stable(document));
}

#[tokio::test]
async fn a_way_back_that_does_not_lead_back_is_found() {
    let project = project();
    let file = project
        .path()
        .join("migrations/mysql/V8__identifier_view.down.sql");
    fs::write(file, "ALTER TABLE identifier_view RENAME TO kept;\n").unwrap();
    let sgmp = sgmp().standing_in(project.path());
    sgmp.run(&["check", "--fix", "--only", "mysql"])
        .await
        .expect(0);
    let run = sgmp.run(&["verify", "--only", "mysql"]).await;
    run.expect(4)
        .says("the way back of V8 does not lead back: table kept is not expected");
}

#[tokio::test]
async fn a_snapshot_is_written_for_a_new_file_and_checked_against_the_migrations() {
    let project = project();
    let sgmp = sgmp().standing_in(project.path());
    let folder = project.path().join("migrations/mysql");
    let only = ["--only", "mysql"];
    let call = |words: &[&'static str]| [words, only.as_slice()].concat();
    let (run, document) = sgmp.json(&call(&["snapshot", "--check"])).await;
    run.expect(0);
    golden::golden("snapshot-check.json", &stable(document));
    fs::write(
        folder.join("V10__room.sql"),
        "CREATE TABLE room (room_id INT PRIMARY KEY);\n",
    )
    .unwrap();
    let migrations = ["--migrations", "migrations"];
    let checked = [call(&["check", "--fix"]).as_slice(), migrations.as_slice()].concat();
    sgmp.run(&checked)
        .await
        .expect(0)
        .says("schema.snapshot is of V9 and the files go to V10");
    sgmp.run(&call(&["snapshot", "--check"]))
        .await
        .expect(8)
        .says("write it: sgmp-db snapshot");
    let before = fs::read_to_string(folder.join("schema.steps")).unwrap();
    let child = sgmp.spawn(&call(&["snapshot"]));
    let process = child.id().expect("it runs");
    support::binary::finish(child)
        .await
        .expect(0)
        .says("wrote migrations/mysql/schema.snapshot");
    assert_eq!(left_by(process), 0, "no server is left behind");
    let after = fs::read_to_string(folder.join("schema.steps")).unwrap();
    assert!(
        after.starts_with(&before),
        "the steps of applied files do not change"
    );
    assert!(after.contains("+ table room\n"), "{after}");
    let snapshot = folder.join("schema.snapshot");
    let text = fs::read_to_string(&snapshot).unwrap();
    assert!(text.contains("version: 10\n") && text.contains("table room\n"));
    fs::write(&snapshot, text.replace("type: int\n", "type: bigint\n")).unwrap();
    let run = sgmp.run(&checked).await;
    run.expect(2)
        .says("schema.snapshot:6: the fingerprint is not that of the objects");
}
