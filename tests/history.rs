//! What the record says of files that changed after they were applied, and of files that did not.

mod support;

use std::fs;
use support::{Kind, MysqlDatabase, Sgmp, TimescaleDatabase};

#[tokio::test]
async fn another_checkouts_line_ends_are_no_edit_and_are_sent_as_they_are() {
    let (mysql, timescale) = (
        MysqlDatabase::new().await,
        TimescaleDatabase::new(Kind::Apache17).await,
    );
    let directory = tempfile::tempdir().unwrap();
    let text = "CREATE TABLE a (id int PRIMARY KEY, note varchar(20));\nINSERT INTO a VALUES (1, 'x\ny');\n";
    let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    let file = |target: &str| directory.path().join(target).join("V1__a.sql");
    for target in ["mysql", "timescale"] {
        fs::create_dir(directory.path().join(target)).unwrap();
        fs::write(file(target), &windows).unwrap();
    }
    let sgmp =
        Sgmp::on(&mysql, &timescale).with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap());
    sgmp.run(&["upgrade"]).await.expect(0);
    let sent = "SELECT count(*) FROM a WHERE note = concat('x', chr(13), chr(10), 'y')";
    assert_eq!(timescale.rows(sent).await, ["1"]);
    let sent = "SELECT count(*) FROM a WHERE note = concat('x', char(13), char(10), 'y')";
    assert_eq!(mysql.rows(sent).await, ["1"]);
    for same in [
        text.to_owned(),
        text.trim_start_matches('\u{feff}').to_owned(),
        windows.clone(),
    ] {
        for target in ["mysql", "timescale"] {
            fs::write(file(target), &same).unwrap();
        }
        let (run, document) = sgmp.json(&["status"]).await;
        run.expect(0);
        let about_files = document["notes"]
            .as_array()
            .unwrap()
            .iter()
            .any(|note| note["kind"] == "checksum");
        assert!(!about_files, "{document:#}");
        sgmp.run(&["upgrade"]).await.expect(0);
    }
}

#[tokio::test]
async fn every_disagreement_is_told_at_once_on_both_databases() {
    let (mysql, timescale) = (
        MysqlDatabase::new().await,
        TimescaleDatabase::new(Kind::Apache18).await,
    );
    let directory = tempfile::tempdir().unwrap();
    for target in ["mysql", "timescale"] {
        fs::create_dir(directory.path().join(target)).unwrap();
        for version in 1..=3 {
            let path = directory
                .path()
                .join(target)
                .join(format!("V{version}__t{version}.sql"));
            fs::write(
                path,
                format!("CREATE TABLE t{version} (id int PRIMARY KEY);\n"),
            )
            .unwrap();
        }
    }
    let sgmp =
        Sgmp::on(&mysql, &timescale).with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap());
    sgmp.run(&["upgrade"]).await.expect(0);
    for target in ["mysql", "timescale"] {
        let folder = directory.path().join(target);
        fs::write(
            folder.join("V1__t1.sql"),
            "CREATE TABLE t1 (id bigint PRIMARY KEY);\n",
        )
        .unwrap();
        fs::rename(folder.join("V2__t2.sql"), folder.join("V2__other.sql")).unwrap();
        fs::remove_file(folder.join("V3__t3.sql")).unwrap();
    }
    for command in ["status", "upgrade"] {
        let (run, document) = sgmp.json(&[command]).await;
        run.expect(5);
        for target in ["mysql", "timescale"] {
            let findings: Vec<&str> = document["findings"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|finding| finding["target"] == target)
                .map(|finding| finding["message"].as_str().unwrap())
                .collect();
            for words in [
                "+CREATE TABLE t1 (id bigint PRIMARY KEY);",
                "V2 was applied as t2 and is now called other",
                "V3__t3 is applied and newer",
            ] {
                assert!(
                    findings.iter().any(|message| message.contains(words)),
                    "{command}: no {words:?} in {findings:#?}"
                );
            }
        }
    }
}
