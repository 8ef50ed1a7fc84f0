//! Which migrations are meant is one choice for every command, said in every output; and what a remedy
//! tells people to type works on those files and that database, whatever they are called.

mod support;

use serde_json::Value;
use std::{fs, path::Path};
use support::{
    Kind, MysqlDatabase, Sgmp, TimescaleDatabase,
    shell::{printed, words},
};
use tempfile::TempDir;

/// Writes `DIR/TARGET/V1__own.sql`, which makes the table `own`.
fn write(directory: &Path, target: &str) {
    let folder = directory.join(target);
    fs::create_dir_all(&folder).unwrap();
    fs::write(
        folder.join("V1__own.sql"),
        "CREATE TABLE own (id int PRIMARY KEY);\n",
    )
    .unwrap();
}

/// A directory with the built-in files in `migrations/`.
fn copy_of_the_built_in() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for target in ["mysql", "timescale"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("migrations")
            .join(target);
        let to = directory.path().join("migrations").join(target);
        fs::create_dir_all(&to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
    directory
}

async fn tables(mysql: &MysqlDatabase, timescale: &TimescaleDatabase) -> [Vec<String>; 2] {
    let ours = "'own', 'user', 'house', 'house_data'";
    let on_mysql = format!(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = '{}' AND table_name IN ({ours}) ORDER BY 1",
        mysql.name
    );
    let on_timescale = format!(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname IN ({ours}) ORDER BY 1"
    );
    [
        mysql.rows(&on_mysql).await,
        timescale.rows(&on_timescale).await,
    ]
}

/// The remedies of a document's findings.
fn remedies(document: &Value) -> Vec<String> {
    let findings = document["findings"].as_array().unwrap();
    findings
        .iter()
        .filter_map(|one| one["remedy"].as_str())
        .map(str::to_owned)
        .collect()
}

/// `status --migrations other --only timescale` on a new database of another project said
/// `sgmp-db upgrade`, which would have applied SGMP's own files to it.
#[tokio::test]
async fn the_remedy_of_another_project_upgrades_that_project_whatever_it_is_called() {
    let names = [
        "other",
        "it's; $HOME `id` \"q\", y",
        "a: (b)",
        "zwei\nZeilen \u{1b}[31m",
        "-x",
    ];
    for name in names {
        let (mysql, timescale) = (
            MysqlDatabase::new().await,
            TimescaleDatabase::new(Kind::Apache17).await,
        );
        let place = tempfile::tempdir().unwrap();
        for target in ["mysql", "timescale"] {
            write(&place.path().join(name), target);
        }
        let config = place.path().join("con fig.yaml");
        fs::write(&config, format!("mysql_database: {}\n", mysql.name)).unwrap();
        let sgmp = Sgmp::on(&mysql, &timescale)
            .without("MYSQL_DATABASE")
            .without("TSDB_DATABASE")
            .standing_in(place.path());
        let migrations = format!("--migrations={name}");
        for (index, target) in ["mysql", "timescale"].into_iter().enumerate() {
            let reach = match target {
                "mysql" => ["--config", "con fig.yaml"],
                _ => ["--timescale-database", &timescale.name],
            };
            let call = [&["status", &migrations, "--only", target][..], &reach].concat();
            let (run, document) = sgmp.json(&call).await;
            run.expect(3);
            let remedy = remedies(&document).remove(0);
            let [command] = printed(&remedy).try_into().unwrap();
            assert_eq!(command, remedy, "it is a command and nothing else");
            sgmp.type_in(&command).await.expect(0);
            let there = tables(&mysql, &timescale).await;
            assert_eq!(there[index], ["own"], "{command}");
            let other = usize::from(index == 0);
            assert_eq!(there[other].len(), index, "{command}: {there:?}");
        }
    }
}

#[tokio::test]
async fn every_command_says_which_migrations_it_used() {
    let (mysql, timescale) = (
        MysqlDatabase::new().await,
        TimescaleDatabase::new(Kind::Apache17).await,
    );
    let place = tempfile::tempdir().unwrap();
    let sgmp = Sgmp::on(&mysql, &timescale).standing_in(place.path());
    let built_in = format!(
        "files: built-in migrations of {}\n",
        env!("CARGO_PKG_VERSION")
    );
    let calls = [
        "check",
        "status",
        "upgrade --dry-run",
        "diff",
        "diff --sql",
        "history",
        "policies --dry-run",
    ];
    for call in calls {
        let call: Vec<&str> = call.split(' ').collect();
        let run = sgmp.run(&call).await;
        assert_eq!(run.all().matches(&built_in).count(), 1, "{call:?}: {run:?}");
    }
    let same = copy_of_the_built_in();
    let sgmp = sgmp.standing_in(same.path());
    for call in ["check", "status", "upgrade --dry-run"] {
        let call: Vec<&str> = call.split(' ').collect();
        sgmp.run(&call).await.says(", the same as migrations/\n");
    }
    let (_, document) = sgmp.json(&["check"]).await;
    assert_eq!(document["migrations"]["same_as"], "migrations");
    // What has nothing to do with migrations says nothing of them, and prints nothing else.
    let (_, document) = sgmp.json(&["man"]).await;
    assert!(document["migrations"].is_null());
    assert!(
        !sgmp
            .run(&["completions", "bash"])
            .await
            .all()
            .contains("files: ")
    );
}

/// A folder that differs in one file, in any way: who writes to a database must say which is meant.
#[tokio::test]
async fn where_the_folder_differs_a_command_that_records_asks_and_others_take_the_folder() {
    let (mysql, timescale) = (
        MysqlDatabase::new().await,
        TimescaleDatabase::new(Kind::Apache17).await,
    );
    let place = copy_of_the_built_in();
    let folder = place.path().join("migrations/timescale");
    fs::write(
        folder.join("V2__own.sql"),
        "CREATE TABLE own (id int PRIMARY KEY);\n",
    )
    .unwrap();
    let sgmp = Sgmp::on(&mysql, &timescale).standing_in(place.path());
    sgmp.run(&["check", "--fix"])
        .await
        .expect(0)
        .says("files: migrations/\n");
    for call in [
        "upgrade --allow-drift",
        "upgrade --dry-run",
        "adopt",
        "policies",
        "policies run-retention",
        "resolve 1 --only timescale --applied --reason it's_so",
    ] {
        let call: Vec<&str> = call.split(' ').collect();
        let (run, document) = sgmp.json(&call).await;
        run.expect(2);
        let error = &document["error"];
        let message = error["message"].as_str().unwrap();
        assert!(
            message.contains("migrations/ is here") && message.contains("timescale/"),
            "{message}"
        );
        let commands = printed(error["remedy"].as_str().unwrap());
        let expected = ["migrations", "built-in"].map(|which| {
            let mut words = vec!["sgmp-db".to_owned()];
            words.extend(call.iter().map(|word| (*word).to_owned()));
            words.extend(["--json", "--migrations", which].map(str::to_owned));
            words
        });
        let typed: Vec<Vec<String>> = commands.iter().map(|command| words(command)).collect();
        assert_eq!(typed, expected, "{call:?}");
    }
    // The other database's files are the same, so that there is nothing to ask.
    sgmp.run(&["upgrade", "--only", "mysql"]).await.expect(0);
    // Who only looks takes the folder and says so.
    for call in ["check", "status", "diff", "history"] {
        let (_, document) = sgmp.json(&[call]).await;
        assert_eq!(document["migrations"]["directory"], "migrations", "{call}");
    }
    let (_, document) = sgmp.json(&["status"]).await;
    assert_eq!(document["targets"]["timescale"]["latest"], 2);
    // Both commands work as printed.
    let (_, document) = sgmp.json(&["upgrade"]).await;
    let [folder, built_in] = printed(document["error"]["remedy"].as_str().unwrap())
        .try_into()
        .unwrap();
    sgmp.type_in(&built_in).await.expect(0);
    assert_eq!(
        timescale.rows("SELECT to_regclass('own') IS NULL").await,
        ["t"]
    );
    sgmp.type_in(&folder).await.expect(0);
    assert_eq!(
        timescale.rows("SELECT to_regclass('own') IS NULL").await,
        ["f"]
    );
    // Said once, for all: in the file, or in the environment.
    fs::write(
        place.path().join("sgmp-db.yaml"),
        "migrations: migrations\n",
    )
    .unwrap();
    sgmp.run(&["upgrade"])
        .await
        .expect(0)
        .says("files: migrations/\n");
    fs::remove_file(place.path().join("sgmp-db.yaml")).unwrap();
    let sgmp = sgmp.with("SGMP_DB_MIGRATIONS", "built-in");
    for call in ["status", "check", "diff", "history"] {
        let (_, document) = sgmp.json(&[call]).await;
        assert_eq!(document["migrations"]["source"], "built-in", "{call}");
    }
    sgmp.run(&["new", "a", "--only", "mysql"])
        .await
        .expect(2)
        .says("cannot be changed");
}

/// A directory with one of the two folders is a project of one database, for every command.
#[tokio::test]
async fn a_directory_without_one_of_the_folders_leaves_that_database_out_and_says_so_once() {
    for (target, other) in [("mysql", "timescale"), ("timescale", "mysql")] {
        for empty in [false, true] {
            let mysql = MysqlDatabase::absent().await;
            let timescale = TimescaleDatabase::absent(Kind::Apache17).await;
            let place = tempfile::tempdir().unwrap();
            write(&place.path().join("dir"), target);
            if empty {
                fs::create_dir(place.path().join("dir").join(other)).unwrap();
            }
            let sgmp = Sgmp::on(&mysql, &timescale).standing_in(place.path());
            let left_out =
                format!("dir has no migrations of {other}, so that database is left out");
            for (call, code) in [
                ("status", 3),
                ("upgrade --dry-run --create-database", 0),
                ("upgrade --create-database", 0),
                ("status", 0),
                ("upgrade --to 1", 0),
                ("diff", 0),
                ("history", 0),
            ] {
                let call: Vec<&str> = call.split(' ').collect();
                let run = sgmp
                    .run(&[&call, &["--migrations", "dir"][..]].concat())
                    .await;
                run.expect(code);
                assert_eq!(run.all().matches(&left_out).count(), 1, "{call:?}: {run:?}");
                let (_, document) = sgmp.json(&["status", "--migrations", "dir"]).await;
                let names: Vec<&String> = document["targets"].as_object().unwrap().keys().collect();
                assert_eq!(names, [target]);
            }
            if !empty {
                let (run, document) = sgmp
                    .json(&["status", "--migrations", "dir", "--only", other])
                    .await;
                run.expect(2);
                let message = document["error"]["message"].as_str().unwrap();
                assert_eq!(
                    message,
                    format!("there are no migrations of {other} in dir")
                );
                // Its first file can be made.
                let new = ["new", "first", "--migrations", "dir", "--only", other];
                sgmp.run(&new).await.expect(0).says("V1__first.sql");
            }
        }
    }
}
