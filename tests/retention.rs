//! policies.yaml on servers that can have policies, and on those that cannot.

mod support;

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
    let shorter = sgmp
        .clone()
        .with("SGMP_DB_POLICIES", file.to_str().unwrap());
    let run = shorter.run(&["upgrade", "--only", "timescale"]).await;
    run.expect(4).says("sgmp-db upgrade --allow-data-loss");
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

#[tokio::test]
async fn without_the_community_licence_the_data_is_judged() {
    for kind in [Kind::Apache17, Kind::Apache18] {
        let timescale = TimescaleDatabase::new(kind).await;
        let sgmp = Sgmp::default().timescale(&timescale);
        let (run, document) = sgmp.json(&["upgrade", "--only", "timescale"]).await;
        run.expect(0);
        assert!(notes(&document).contains("cron"), "{document:#}");
        assert_eq!(
            document["targets"]["timescale"]["server"]["licence"],
            "apache"
        );
        sgmp.run(&["status", "--only", "timescale"]).await.expect(0);
        timescale
            .execute("INSERT INTO events SELECT now() - i * INTERVAL '10 days', 1, 'd', 't', '{}' FROM generate_series(0, 9) i")
            .await;
        let (run, document) = sgmp.json(&["status", "--only", "timescale"]).await;
        run.expect(4);
        let finding = &document["findings"][0];
        assert_eq!(finding["object"], "events");
        let remedy = finding["remedy"].as_str().unwrap();
        timescale.execute(remedy).await;
        sgmp.run(&["status", "--only", "timescale"]).await.expect(0);
    }
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
        for command in ["upgrade", "status", "check"] {
            let run = sgmp.run(&[command, "--only", "timescale"]).await;
            run.expect(2).says(says).says(&format!("p.yaml:{line}:"));
        }
    }
    sgmp.run(&["upgrade", "--only", "timescale", "--env", "nowhere"])
        .await
        .expect(2);
}
