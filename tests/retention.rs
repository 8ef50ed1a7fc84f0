//! policies.yaml on servers that can have policies, and on those that cannot.

mod support;

use support::golden::golden;

use std::fs;
use support::{Kind, Sgmp, TimescaleDatabase};

const JOBS: &str = "SELECT hypertable_name, config->>'drop_after' FROM timescaledb_information.jobs WHERE proc_name = 'policy_retention' ORDER BY 1";

fn notes(document: &serde_json::Value) -> String {
    document["notes"].to_string()
}

#[tokio::test]
async fn upgrade_makes_the_policies_and_a_second_run_has_nothing_to_do() {
    let timescale = TimescaleDatabase::new(Kind::Community).await;
    let sgmp = Sgmp::default().timescale(&timescale);
    let (run, document) = sgmp.json(&["upgrade", "--only", "timescale"]).await;
    run.expect(0);
    assert!(
        notes(&document).contains("retention of house_data: 1 month"),
        "{document:#}"
    );
    assert_eq!(
        timescale.rows(JOBS).await,
        ["events|1 mon", "house_data|1 mon"]
    );
    let entries = timescale
        .rows("SELECT details FROM sgmp_db_ledger WHERE event = 'policy' ORDER BY 1")
        .await;
    assert_eq!(
        entries,
        [
            "retention of events: 1 month",
            "retention of house_data: 1 month"
        ]
    );
    let (run, document) = sgmp.json(&["upgrade", "--only", "timescale"]).await;
    run.expect(0);
    assert_eq!(
        document["notes"].as_array().unwrap().len(),
        0,
        "{document:#}"
    );
    sgmp.run(&["status", "--only", "timescale"]).await.expect(0);
}

#[tokio::test]
async fn a_missing_a_changed_and_an_unknown_policy_are_found_and_brought_in_line() {
    let timescale = TimescaleDatabase::new(Kind::Community).await;
    let sgmp = Sgmp::default().timescale(&timescale);
    sgmp.run(&["upgrade", "--only", "timescale"])
        .await
        .expect(0);
    let job = timescale.rows("SELECT job_id FROM timescaledb_information.jobs WHERE hypertable_name = 'events' AND proc_name = 'policy_retention'").await;
    timescale
        .execute("SELECT remove_retention_policy('house_data'); SELECT remove_retention_policy('events'); SELECT add_retention_policy('events', INTERVAL '30 days')")
        .await;
    let (run, document) = sgmp.json(&["status", "--only", "timescale"]).await;
    run.expect(4);
    let findings = document["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 2, "{document:#}");
    assert_eq!(
        (
            findings[0]["object"].as_str(),
            findings[0]["change"].as_str()
        ),
        (Some("events"), Some("changed"))
    );
    assert_eq!(
        (
            findings[1]["object"].as_str(),
            findings[1]["change"].as_str()
        ),
        (Some("house_data"), Some("missing"))
    );
    assert_eq!(
        (
            findings[0]["expected"].as_str(),
            findings[0]["actual"].as_str()
        ),
        (Some("1 month"), Some("30 days"))
    );
    let changed = timescale.rows("SELECT job_id FROM timescaledb_information.jobs WHERE hypertable_name = 'events' AND proc_name = 'policy_retention'").await;
    assert_ne!(job, changed);
    // 30 days and a month are the same length to PostgreSQL and not the same thing: no data is lost.
    sgmp.run(&["upgrade", "--only", "timescale"])
        .await
        .expect(0);
    assert_eq!(
        timescale.rows(JOBS).await,
        ["events|1 mon", "house_data|1 mon"]
    );
    let after = timescale.rows("SELECT job_id FROM timescaledb_information.jobs WHERE hypertable_name = 'events' AND proc_name = 'policy_retention'").await;
    assert_eq!(after, changed, "the job is altered, not made again");
    sgmp.run(&["status", "--only", "timescale"]).await.expect(0);
}

#[tokio::test]
async fn a_shorter_retention_waits_for_permission_and_the_migrations_do_not() {
    let timescale = TimescaleDatabase::new(Kind::Community).await;
    let sgmp = Sgmp::default().timescale(&timescale);
    sgmp.run(&["upgrade", "--only", "timescale"])
        .await
        .expect(0);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("policies.yaml");
    fs::write(&file, "hypertables:\n  house_data: { retention: { drop_after: 7 days } }\n  events: { retention: none }\n").unwrap();
    let files = directory.path().join("timescale");
    fs::create_dir(&files).unwrap();
    let first = include_str!("../migrations/timescale/V1__initial.sql");
    fs::write(files.join("V1__initial.sql"), first).unwrap();
    fs::write(files.join("V2__room.sql"), "CREATE TABLE room (id int);\n").unwrap();
    let shorter = sgmp
        .clone()
        .with("SGMP_DB_MIGRATIONS", directory.path().to_str().unwrap())
        .with("SGMP_DB_POLICIES", file.to_str().unwrap());
    let (run, document) = shorter.json(&["upgrade", "--only", "timescale"]).await;
    run.expect(4).says("sgmp-db upgrade --allow-data-loss");
    assert_eq!(document["targets"]["timescale"]["version"], 2);
    assert_eq!(document["findings"].as_array().unwrap().len(), 1);
    assert_eq!(timescale.rows("SELECT count(*) FROM room").await, ["0"]);
    assert_eq!(timescale.rows(JOBS).await, ["house_data|1 mon"]);
    shorter
        .run(&["upgrade", "--only", "timescale", "--allow-data-loss"])
        .await
        .expect(0);
    assert_eq!(timescale.rows(JOBS).await, ["house_data|7 days"]);
    shorter
        .run(&["status", "--only", "timescale"])
        .await
        .expect(0);
}

/// Rows of every tenth day, from today on backwards.
const OLD_EVENTS: &str = "INSERT INTO events SELECT now() - i * INTERVAL '10 days', 1, 'd', 't', '{}' FROM generate_series(0, 9) i";

#[tokio::test]
async fn without_the_community_licence_run_retention_drops_what_a_policy_would() {
    for kind in [Kind::Apache17, Kind::Apache18] {
        let timescale = TimescaleDatabase::new(kind).await;
        let sgmp = Sgmp::default().timescale(&timescale);
        let on = |command: &'static [&'static str]| [command, &["--only", "timescale"]].concat();
        let (run, document) = sgmp.json(&on(&["upgrade"])).await;
        run.expect(0);
        assert!(
            notes(&document).contains("sgmp-db policies run-retention"),
            "{document:#}"
        );
        assert_eq!(
            document["targets"]["timescale"]["server"]["licence"],
            "apache"
        );
        sgmp.run(&on(&["status"])).await.expect(0);
        timescale.execute(OLD_EVENTS).await;
        timescale
            .execute("INSERT INTO house_data SELECT now() - INTERVAL '3 years', 1, 'd', 'f', 1")
            .await;
        let (run, document) = sgmp.json(&on(&["status"])).await;
        run.expect(4);
        assert_eq!(document["findings"][0]["object"], "events");
        assert_eq!(
            document["findings"][0]["remedy"],
            "sgmp-db policies run-retention --only timescale"
        );
        let chunks = "SELECT c::text FROM show_chunks('events') c ORDER BY 1";
        let doomed = "SELECT c::text FROM show_chunks('events', older_than => INTERVAL '1 month') c ORDER BY 1";
        let (all, doomed) = (timescale.rows(chunks).await, timescale.rows(doomed).await);
        assert!(
            !doomed.is_empty() && doomed.len() < all.len(),
            "{doomed:?} of {all:?}"
        );
        let (run, document) = sgmp
            .json(&on(&["policies", "run-retention", "--dry-run"]))
            .await;
        run.expect(0);
        assert_eq!(dropped(&document["would_drop"], "events"), doomed);
        assert_eq!(timescale.rows(chunks).await, all, "a dry run drops nothing");
        let (run, document) = sgmp.json(&on(&["policies", "run-retention"])).await;
        run.expect(0);
        assert_eq!(dropped(&document["dropped"], "events"), doomed);
        assert_eq!(dropped(&document["dropped"], "house_data").len(), 1);
        let kept: Vec<String> = all
            .into_iter()
            .filter(|chunk| !doomed.contains(chunk))
            .collect();
        assert_eq!(timescale.rows(chunks).await, kept);
        let logged = timescale
            .rows(
                "SELECT details FROM sgmp_db_ledger WHERE details LIKE 'run-retention of events:%'",
            )
            .await;
        assert_eq!(logged.len(), 1);
        assert!(
            doomed.iter().all(|chunk| logged[0].contains(chunk)),
            "{logged:?}"
        );
        let (run, document) = sgmp.json(&on(&["policies", "run-retention"])).await;
        run.expect(0);
        assert_eq!(
            document["dropped"],
            serde_json::json!([]),
            "a second run drops nothing"
        );
        sgmp.run(&on(&["status"])).await.expect(0);
    }
}

/// The chunks of one table in a list of what was dropped, sorted.
fn dropped(list: &serde_json::Value, table: &str) -> Vec<String> {
    let tables = list.as_array().unwrap().iter();
    let mut chunks: Vec<String> = tables
        .filter(|one| one["table"] == table)
        .flat_map(|one| one["chunks"].as_array().unwrap())
        .map(|chunk| chunk["chunk"].as_str().unwrap().to_owned())
        .collect();
    chunks.sort();
    chunks
}

#[tokio::test]
async fn more_old_chunks_than_fit_one_transaction_go_in_several() {
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    let sgmp = Sgmp::default().timescale(&timescale);
    sgmp.run(&["upgrade", "--only", "timescale"])
        .await
        .expect(0);
    timescale
        .execute("INSERT INTO events SELECT now() - i * INTERVAL '7 days', 1, 'd', 't', '{}' FROM generate_series(0, 229) i")
        .await;
    let (run, document) = sgmp
        .json(&["policies", "run-retention", "--only", "timescale"])
        .await;
    run.expect(0);
    let gone = dropped(&document["dropped"], "events").len();
    assert!((220..230).contains(&gone), "{gone}");
    let entries =
        "SELECT count(*) FROM sgmp_db_ledger WHERE details LIKE 'run-retention of events:%'";
    assert_eq!(timescale.rows(entries).await, ["3"]);
}

#[tokio::test]
async fn where_jobs_drop_old_chunks_run_retention_leaves_it_to_them() {
    let timescale = TimescaleDatabase::new(Kind::Community).await;
    let sgmp = Sgmp::default().timescale(&timescale);
    sgmp.run(&["upgrade", "--only", "timescale"])
        .await
        .expect(0);
    timescale.execute(OLD_EVENTS).await;
    let chunks = "SELECT c::text FROM show_chunks('events') c ORDER BY 1";
    let before = timescale.rows(chunks).await;
    let run = sgmp.run(&["policies", "run-retention"]).await;
    run.expect(0).says("by itself");
    assert_eq!(timescale.rows(chunks).await, before);
}

#[tokio::test]
async fn a_wrong_policies_file_is_refused_before_a_server_is_asked() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("p.yaml");
    let sgmp = Sgmp::default()
        .with("TSDB_HOST", "nowhere.invalid")
        .with("SGMP_DB_POLICIES", file.to_str().unwrap());
    for (text, line, says) in [
        (
            "hypertables:\n  house_data:\n    retension: none\n",
            3,
            "perhaps retention",
        ),
        (
            "hypertables:\n  house_data: { retention: { drop_after: soon } }\n",
            2,
            "`soon` is not an interval",
        ),
        ("unmanaged: report\nunmanaged: fail\n", 2, "twice"),
    ] {
        fs::write(&file, text).unwrap();
        for command in ["upgrade", "status", "check", "policies"] {
            let run = sgmp.run(&[command, "--only", "timescale"]).await;
            run.expect(2).says(says).says(&format!("p.yaml:{line}:"));
        }
    }
    sgmp.run(&["upgrade", "--only", "timescale", "--env", "nowhere"])
        .await
        .expect(2);
}

/// The installs that schema.sql and somebody's hand left, one after the other.
#[tokio::test]
async fn what_was_changed_by_hand_is_reported_as_what_it_is_and_brought_in_line() {
    let timescale = TimescaleDatabase::new(Kind::Community).await;
    let _session = timescale.session().await;
    let sgmp = Sgmp::default().timescale(&timescale);
    sgmp.run(&["upgrade", "--only", "timescale"])
        .await
        .expect(0);
    let job = "(SELECT job_id FROM timescaledb_information.jobs WHERE hypertable_name = 'events' AND proc_name = 'policy_retention')";
    for (by_hand, change, says) in [
        ("SELECT remove_retention_policy('events')".to_owned(), "missing", "events has no retention policy; 1 month is expected"),
        (
            "SELECT remove_retention_policy('events'); SELECT add_retention_policy('events', INTERVAL '2 weeks')".to_owned(),
            "changed",
            "events keeps data for 14 days; 1 month is expected",
        ),
        (
            format!("SELECT alter_job({job}, config => '{{\"hypertable_id\": 2, \"drop_after\": \"30 days\"}}')"),
            "changed",
            "events keeps data for 30 days; 1 month is expected",
        ),
        (format!("SELECT alter_job({job}, scheduled => false)"), "changed", "the retention policy of events is paused"),
    ] {
        timescale.execute(&by_hand).await;
        let (run, document) = sgmp.json(&["status", "--only", "timescale"]).await;
        assert_eq!(run.code, Some(4), "{by_hand}: {document:#}");
        let finding = &document["findings"][0];
        assert_eq!(finding["change"], change, "{by_hand}");
        assert!(finding["message"].as_str().unwrap().starts_with(says), "{finding}");
        sgmp.run(&["upgrade", "--only", "timescale"]).await.expect(0);
        sgmp.run(&["status", "--only", "timescale"]).await.expect(0);
        assert_eq!(timescale.rows(JOBS).await, ["events|1 mon", "house_data|1 mon"]);
    }
}

#[tokio::test]
async fn the_documents_of_policies_keep_their_form() {
    let timescale = TimescaleDatabase::new(Kind::Community).await;
    let _session = timescale.session().await;
    let sgmp = Sgmp::default().timescale(&timescale);
    sgmp.run(&["upgrade", "--only", "timescale"])
        .await
        .expect(0);
    timescale
        .execute("SELECT remove_retention_policy('events')")
        .await;
    let (_, document) = sgmp.json(&["policies", "--dry-run"]).await;
    golden("policies/dry_run.json", &form(document));
    let apache = TimescaleDatabase::new(Kind::Apache17).await;
    let sgmp = Sgmp::default().timescale(&apache);
    sgmp.run(&["upgrade", "--only", "timescale"])
        .await
        .expect(0);
    apache
        .execute("INSERT INTO events SELECT timestamptz '2020-01-02 00:00:00+00' + i * INTERVAL '7 days', 1, 'd', 't', '{}' FROM generate_series(0, 1) i")
        .await;
    let (_, document) = sgmp.json(&["policies", "run-retention"]).await;
    golden("policies/run_retention.json", &form(document));
}

/// Without what differs from server to server and from run to run.
fn form(mut document: serde_json::Value) -> String {
    document["targets"] = serde_json::json!("as of every command");
    format!("{document:#}\n")
}
