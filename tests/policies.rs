//! Every key of policies.yaml on a server under the community licence: made, changed, removed, and
//! nothing to do afterwards.

mod policies {
    pub mod transitions;
}
mod support;

use policies::transitions::{Keeps, TRANSITIONS};
use serde_json::Value;
use std::{fs, path::PathBuf};
use support::{Kind, Run, Sgmp, TimescaleDatabase};
use tempfile::TempDir;

/// A database with the fixture's tables, and a policies.yaml of the test's own.
struct Install {
    timescale: TimescaleDatabase,
    sgmp: Sgmp,
    file: PathBuf,
    _directory: TempDir,
    /// Keeps the test server's database awake.
    _session: tokio_postgres::Client,
}

impl Install {
    async fn new() -> Install {
        let timescale = TimescaleDatabase::new(Kind::Community).await;
        let session = timescale.session().await;
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("policies.yaml");
        fs::write(&file, "").unwrap();
        let migrations = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/policies");
        let sgmp = Sgmp::default()
            .timescale(&timescale)
            .with("SGMP_DB_MIGRATIONS", migrations)
            .with("SGMP_DB_POLICIES", file.to_str().unwrap());
        let install = Install {
            timescale,
            sgmp,
            file,
            _directory: directory,
            _session: session,
        };
        install.run(&["upgrade"]).await.expect(0);
        install
    }

    fn states(&self, yaml: &str) {
        fs::write(&self.file, yaml).unwrap();
    }

    async fn run(&self, arguments: &[&str]) -> Run {
        let all = [arguments, &["--only", "timescale"]].concat();
        self.sgmp.run(&all).await
    }

    async fn json(&self, arguments: &[&str]) -> (Run, Value) {
        let all = [arguments, &["--only", "timescale"]].concat();
        self.sgmp.json(&all).await
    }

    /// What one table has, as lines.
    async fn lines(&self, table: &str) -> Vec<String> {
        let query = STATE.replace("TABLE", table);
        self.timescale.rows(&query).await
    }

    async fn jobs(&self, table: &str) -> Vec<String> {
        let query = format!(
            "SELECT job_id FROM timescaledb_information.jobs WHERE hypertable_name = '{table}' ORDER BY 1"
        );
        self.timescale.rows(&query).await
    }

    async fn job(&self, table: &str) -> String {
        self.jobs(table).await.remove(0)
    }
}

const STATE: &str = "
    SELECT 'chunk ' || COALESCE(time_interval::text, integer_interval::text)
      FROM timescaledb_information.dimensions WHERE hypertable_name = 'TABLE'
    UNION ALL SELECT replace(proc_name, 'policy_', '') || ' ' || (config - 'hypertable_id' - 'mat_hypertable_id')::text
      || CASE WHEN proc_name LIKE '%refresh%' THEN ' ' || schedule_interval ELSE '' END
      || CASE WHEN scheduled THEN '' ELSE ' paused' END
      FROM timescaledb_information.jobs WHERE hypertable_name = 'TABLE'
    UNION ALL SELECT 'store ' || COALESCE(s.segmentby, '') || '/' || COALESCE(s.orderby, '')
      FROM timescaledb_information.hypertable_columnstore_settings s
      WHERE s.hypertable = COALESCE((SELECT format('%I.%I', materialization_hypertable_schema, materialization_hypertable_name)
        FROM timescaledb_information.continuous_aggregates WHERE view_name = 'TABLE'), 'TABLE')::regclass
      AND (s.segmentby IS NOT NULL OR s.orderby IS NOT NULL)
    ORDER BY 1";

fn texts(list: &Value, key: &str) -> Vec<String> {
    let items = list.as_array().unwrap().iter();
    items
        .map(|item| item[key].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// What a dry run would do.
fn todo(document: &Value) -> Vec<String> {
    let notes = texts(&document["notes"], "message");
    notes
        .into_iter()
        .filter(|note| note.starts_with("would do: "))
        .collect()
}

#[tokio::test]
async fn every_transition_is_made_in_one_run_and_a_second_run_plans_nothing() {
    let install = Install::new().await;
    for (index, transition) in TRANSITIONS.iter().enumerate() {
        let name = format!("{index}: {}", transition.name);
        let before = install.jobs(transition.table).await;
        install.states(transition.yaml);
        let (run, document) = install.json(&["policies", "--allow-data-loss"]).await;
        assert_eq!(run.code, Some(0), "{name}: {document:#}");
        assert_eq!(
            install.lines(transition.table).await,
            transition.leaves,
            "{name}"
        );
        let after = install.jobs(transition.table).await;
        match transition.keeps {
            Keeps::Jobs => assert_eq!(after, before, "{name}: the jobs stay the same ones"),
            Keeps::Nothing => {}
        }
        let (run, document) = install.json(&["policies", "--dry-run"]).await;
        assert_eq!(run.code, Some(0), "{name}: {document:#}");
        assert!(todo(&document).is_empty(), "{name}: {document:#}");
        assert_eq!(document["findings"], serde_json::json!([]), "{name}");
    }
    println!("{} transitions", TRANSITIONS.len());
    assert!(TRANSITIONS.len() >= 40);
}

#[tokio::test]
async fn what_the_file_gets_wrong_about_this_server_is_refused_by_name_and_line() {
    let install = Install::new().await;
    let refresh = "refresh: [{ start_offset: 30 days, end_offset: 1 hour, every: 1 hour }]";
    for (yaml, line, says) in [
        (
            "hypertables:\n  house_dat: { retention: none }\n".to_owned(),
            2,
            "perhaps house_data is meant",
        ),
        (
            "hypertables:\n  nowhere: { retention: none }\n".to_owned(),
            2,
            "the hypertables here are counters, events",
        ),
        (
            "hypertables:\n  plain: { retention: none }\n".to_owned(),
            2,
            "plain is a plain table",
        ),
        (
            "hypertables:\n  shown: { retention: none }\n".to_owned(),
            2,
            "shown is a view",
        ),
        (
            "hypertables:\n  hourly: { retention: none }\n".to_owned(),
            2,
            "move it below continuous_aggregates",
        ),
        (
            "continuous_aggregates:\n  events: { refresh: none }\n".to_owned(),
            2,
            "move it below hypertables",
        ),
        (
            "hypertables:\n  counters:\n    retention: { drop_after: 1 day }\n".to_owned(),
            3,
            "write a number",
        ),
        (
            "hypertables:\n  events:\n    chunk_interval: 1000\n".to_owned(),
            3,
            "write an interval",
        ),
        (
            format!(
                "hypertables:\n  house_data:\n    retention: {{ drop_after: 1 month }}\ncontinuous_aggregates:\n  hourly: {{ {refresh} }}\n"
            ),
            3,
            "house_data cannot keep data for 1 month while hourly is refreshed from 30 days ago",
        ),
        (
            format!(
                "hypertables:\n  house_data:\n    compression: {{ after: 7 days }}\ncontinuous_aggregates:\n  hourly: {{ {refresh} }}\n"
            ),
            3,
            "house_data cannot compress data after 7 days while hourly is refreshed from 30 days ago",
        ),
    ] {
        // What is right beside what is wrong is not made either.
        let yaml = format!("{yaml}# {line}\n");
        install.states(&yaml);
        for command in [
            &["policies"][..],
            &["policies", "--dry-run"],
            &["upgrade"],
            &["status"],
        ] {
            let run = install.run(command).await;
            run.expect(2)
                .says(says)
                .says(&format!("policies.yaml:{line}:"));
        }
    }
    assert!(install.jobs("house_data").await.is_empty() && install.jobs("hourly").await.is_empty());
}

#[tokio::test]
async fn a_retention_that_shrinks_says_what_its_next_run_would_drop() {
    let install = Install::new().await;
    install.states("hypertables: { events: { retention: { drop_after: 1 year } } }");
    install.run(&["policies"]).await.expect(0);
    install.timescale.execute("INSERT INTO events SELECT now() - i * INTERVAL '10 days', 1 FROM generate_series(0, 9) i").await;
    install.states(
        "hypertables: { events: { chunk_interval: 1 day, retention: { drop_after: 1 month } } }",
    );
    let (run, document) = install.json(&["upgrade"]).await;
    run.expect(4);
    let doomed = install
        .timescale
        .rows("SELECT count(*), min(range_start), max(range_end) FROM timescaledb_information.chunks WHERE hypertable_name = 'events' AND range_end <= now() - INTERVAL '1 month'")
        .await;
    let parts: Vec<&str> = doomed[0].split('|').collect();
    let message = document["findings"][0]["message"].as_str().unwrap();
    assert!(
        message.contains(&format!("would drop {} chunks, ", parts[0])),
        "{message}"
    );
    assert!(
        message.contains(&format!("with data from {} to {}", parts[1], parts[2])),
        "{message}"
    );
    let bytes: i64 = message
        .split(" bytes")
        .next()
        .unwrap()
        .rsplit(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert!(bytes >= 8192, "{message}");
    let remedy = document["findings"][0]["remedy"].as_str().unwrap();
    assert!(
        remedy.contains("sgmp-db upgrade --allow-data-loss"),
        "{remedy}"
    );
    // The rest of the file is followed.
    assert_eq!(
        install.lines("events").await,
        ["chunk 1 day", "retention {\"drop_after\": \"1 year\"}"]
    );
    install
        .run(&["policies", "--allow-data-loss"])
        .await
        .expect(0);
    assert_eq!(
        install.lines("events").await[1],
        "retention {\"drop_after\": \"1 mon\"}"
    );
    // A first policy where there is old data shrinks too: from for ever.
    install
        .timescale
        .execute("SELECT remove_retention_policy('events')")
        .await;
    install
        .run(&["policies"])
        .await
        .expect(4)
        .says(" chunks, ")
        .says("--allow-data-loss");
}

#[tokio::test]
async fn at_a_terminal_a_typed_yes_is_consent_and_anything_else_is_not() {
    let install = Install::new().await;
    install.states("hypertables: { events: { retention: { drop_after: 1 year } } }");
    install.run(&["policies"]).await.expect(0);
    install.states("hypertables: { events: { retention: { drop_after: 1 month } } }");
    for (answer, code, leaves) in [("y", 4, "1 year"), ("yes", 0, "1 mon")] {
        // script(1) gives the command a terminal.
        let command = format!(
            "{} policies --only timescale",
            env!("CARGO_BIN_EXE_sgmp-db")
        );
        let script = format!("printf '{answer}\\n' | script -qefc '{command}' /dev/null");
        let output = tokio::process::Command::new("bash")
            .args(["-c", &script])
            .envs(&install.sgmp.environment)
            .output()
            .await
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains("Type yes"), "{text}");
        assert_eq!(output.status.code(), Some(code), "{text}");
        assert!(install.lines("events").await[1].contains(leaves));
    }
}

/// No worker runs on the test server, so that no job succeeds or fails by itself: the server's own
/// statistics of its jobs are written instead.
async fn ran(install: &Install, job: &str, success: bool, ago: &str) {
    let finished = if success {
        format!("now() - INTERVAL '{ago}'")
    } else {
        "'-infinity'".to_owned()
    };
    let failures = i32::from(!success) * 3;
    install
        .timescale
        .execute(&format!(
            "DELETE FROM _timescaledb_internal.bgw_job_stat WHERE job_id = {job}; \
             INSERT INTO _timescaledb_internal.bgw_job_stat VALUES ({job}, now() - INTERVAL '{ago}', now(), now(), {finished}, \
             {success}, 4, '1 second', '0', 1, {failures}, 0, {failures}, 0)"
        ))
        .await;
    if !success {
        install
            .timescale
            .execute(&format!(
                "INSERT INTO _timescaledb_internal.bgw_job_stat_history (job_id, pid, execution_start, execution_finish, succeeded, data) \
                 VALUES ({job}, 1, now() - INTERVAL '{ago}', now(), false, \
                 '{{\"job\": {{\"proc_name\": \"policy_retention\"}}, \"error_data\": {{\"message\": \"disk full\", \"sqlerrcode\": \"53100\"}}}}')"
            ))
            .await;
    }
}

#[tokio::test]
async fn paused_and_failing_policies_are_findings_and_a_paused_one_is_resumed() {
    let install = Install::new().await;
    install.states("hypertables: { events: { retention: { drop_after: 1 month } }, house_data: { retention: { drop_after: 1 month }, compression: { after: 7 days } } }");
    install.run(&["policies"]).await.expect(0);
    install.run(&["status"]).await.expect(0);
    let job = install.job("events").await;
    install
        .timescale
        .execute(&format!("SELECT alter_job({job}, scheduled => false)"))
        .await;
    let (run, document) = install.json(&["status"]).await;
    run.expect(4);
    let messages = texts(&document["findings"], "message");
    assert_eq!(
        messages,
        [format!(
            "the retention policy of events is paused; it should run (job {job})"
        )]
    );
    install.run(&["policies"]).await.expect(0);
    assert_eq!(install.job("events").await, job);
    install.run(&["status"]).await.expect(0);
    ran(&install, &job, false, "2 hours").await;
    let (run, document) = install.json(&["status"]).await;
    run.expect(4);
    let message = document["findings"][0]["message"].as_str().unwrap();
    let words = "the retention policy of events is failing since 20";
    assert!(
        message.starts_with(words) && message.contains("3 failed runs"),
        "{message}"
    );
    assert!(message.ends_with("its last error: disk full"), "{message}");
    ran(&install, &job, true, "1 minute").await;
    install.run(&["status"]).await.expect(0);
}

/// A job that waits for ever, or that nobody started when it should have run.
#[tokio::test]
async fn a_job_that_does_not_run_is_a_finding_with_the_statement_that_starts_it() {
    let install = Install::new().await;
    install.states("hypertables: { events: { retention: { drop_after: 1 month } }, house_data: { retention: { drop_after: 1 month }, compression: { after: 7 days } } }");
    install.run(&["policies"]).await.expect(0);
    install.run(&["status"]).await.expect(0);
    let job = install.job("events").await;
    for (next, words) in [
        ("'infinity'", "its next start is infinity"),
        ("now() - INTERVAL '10 days'", "it should have started at 20"),
    ] {
        install
            .timescale
            .execute(&format!(
                "SELECT alter_job({job}, next_start => ({next})::timestamptz)"
            ))
            .await;
        let (run, document) = install.json(&["status"]).await;
        run.expect(4);
        let messages = texts(&document["findings"], "message");
        let begin = format!("the retention policy of events does not run: {words}");
        assert_eq!(messages.len(), 1, "{document:#}");
        assert!(messages[0].starts_with(&begin), "{messages:?}");
        let remedy = texts(&document["findings"], "remedy").concat();
        let (_, statement) = remedy.split_once(": ").expect("a statement");
        install.timescale.execute(statement).await;
        install.run(&["status"]).await.expect(0);
    }
}

#[tokio::test]
async fn the_errors_of_a_job_that_the_login_may_not_see_are_unknown() {
    let install = Install::new().await;
    install.states("hypertables: { events: { retention: { drop_after: 1 month } } }");
    install.run(&["policies"]).await.expect(0);
    let job = install.job("events").await;
    ran(&install, &job, false, "2 hours").await;
    install
        .timescale
        .execute(
            "DELETE FROM _timescaledb_internal.bgw_job_stat_history; \
             CREATE ROLE reader LOGIN PASSWORD 'r'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader",
        )
        .await;
    let reader = install
        .sgmp
        .clone()
        .with("TSDB_USER", "reader")
        .with("TSDB_PASS", "r");
    let (run, document) = reader.json(&["status", "--only", "timescale"]).await;
    assert_eq!(run.code, Some(4), "{document:#}");
    let all = document["findings"].to_string();
    assert!(
        all.contains("failing and never succeeded") && all.contains("errors are unknown"),
        "{document:#}"
    );
}

#[tokio::test]
async fn old_chunks_that_the_job_should_have_dropped_are_a_finding() {
    let install = Install::new().await;
    install.states("hypertables: { events: { retention: { drop_after: 1 month } } }");
    install.run(&["policies"]).await.expect(0);
    install.timescale.execute("INSERT INTO events SELECT now() - i * INTERVAL '10 days', 1 FROM generate_series(0, 9) i").await;
    // The policy is new and has not run.
    install
        .run(&["status"])
        .await
        .expect(0)
        .says("its next run drops them");
    let job = install.job("events").await;
    install
        .timescale
        .execute("UPDATE sgmp_db_ledger SET started_at = started_at - INTERVAL '9 days'")
        .await;
    ran(&install, &job, true, "1 minute").await;
    let (run, document) = install.json(&["status"]).await;
    run.expect(4);
    let message = document["findings"][0]["message"].as_str().unwrap();
    assert!(
        message.contains("older than its retention of 1 month and still there"),
        "{message}"
    );
    let remedy = document["findings"][0]["remedy"].as_str().unwrap();
    install
        .timescale
        .execute(remedy.split("says: ").nth(1).unwrap())
        .await;
    install.run(&["status"]).await.expect(0);
}

#[tokio::test]
async fn a_columnstore_with_compressed_chunks_is_not_turned_off_before_they_left_it() {
    let install = Install::new().await;
    install.states(
        "hypertables: { events: { compression: { after: 7 days, segment_by: [house_id] } } }",
    );
    install.run(&["policies"]).await.expect(0);
    install.timescale.execute("INSERT INTO events SELECT now() - i * INTERVAL '10 days', 1 FROM generate_series(0, 9) i").await;
    install.timescale.execute("SELECT compress_chunk(c) FROM show_chunks('events', older_than => INTERVAL '1 month') c").await;
    install.states("hypertables: { events: { compression: none } }");
    let (run, document) = install.json(&["policies"]).await;
    run.expect(4);
    let finding = &document["findings"][0];
    assert!(
        finding["message"]
            .as_str()
            .unwrap()
            .contains("compressed chunks must be decompressed before"),
        "{finding}"
    );
    assert!(
        install.jobs("events").await.is_empty(),
        "its policy goes at once"
    );
    let remedy = finding["remedy"].as_str().unwrap();
    install
        .timescale
        .execute(remedy.split(": ").last().unwrap())
        .await;
    install.run(&["policies"]).await.expect(0);
    assert_eq!(install.lines("events").await, ["chunk 7 days"]);
}

#[tokio::test]
async fn built_in_jobs_and_those_of_the_backends_aggregates_are_never_touched() {
    let install = Install::new().await;
    install
        .timescale
        .execute(
            "CREATE MATERIALIZED VIEW house_7_abcdef WITH (timescaledb.continuous) AS \
             SELECT time_bucket('1 hour', timestamp) AS time, avg(value_decimal) AS average FROM house_data \
             WHERE house_id = 7 AND device_name = 'd' AND field = 'f' GROUP BY 1 WITH NO DATA",
        )
        .await;
    install
        .timescale
        .execute(
            "SELECT add_continuous_aggregate_policy('house_7_abcdef', NULL, INTERVAL '1 hour', INTERVAL '1 hour'); \
             SELECT add_retention_policy('house_7_abcdef', INTERVAL '2 years'); \
             SELECT add_continuous_aggregate_policy('hourly', NULL, INTERVAL '1 hour', INTERVAL '1 hour'); \
             SELECT add_job('own', INTERVAL '1 day')",
        )
        .await;
    let all =
        "SELECT job_id, proc_name, config, scheduled FROM timescaledb_information.jobs ORDER BY 1";
    let before = install.timescale.rows(all).await;
    let unmanaged = "the refresh policy of hourly is not in policies.yaml";
    for (word, code) in [("report", 0), ("fail", 4), ("remove", 0)] {
        install.states(&format!("unmanaged: {word}"));
        let (run, document) = install.json(&["policies", "--allow-data-loss"]).await;
        assert_eq!(run.code, Some(code), "{document:#}");
        let told = document.to_string();
        assert!(
            !told.contains("house_7_abcdef") && !told.contains("job_stat"),
            "{told}"
        );
        assert_eq!(told.contains(unmanaged), word != "remove", "{told}");
        let after = install.timescale.rows(all).await;
        if word == "remove" {
            let kept: Vec<String> = before
                .iter()
                .filter(|job| after.contains(job))
                .cloned()
                .collect();
            assert_eq!((after.clone(), before.len() - 1), (kept, after.len()));
            assert!(
                after
                    .iter()
                    .any(|job| job.contains("job_stat_history_retention"))
            );
        } else {
            assert_eq!(after, before, "{word}");
        }
    }
    install.states("continuous_aggregates: { house_7_abcdef: { refresh: none } }");
    install
        .run(&["policies"])
        .await
        .expect(2)
        .says("made by the backend");
}

/// A dropped chunk invalidates its part of an aggregate. A bounded window that ends before
/// never comes back there; an unbounded one does, which is told.
#[tokio::test]
async fn what_was_materialised_outlives_its_rows_where_no_refresh_comes_back_to_them() {
    let yaml = "hypertables: { house_data: { retention: { drop_after: 1 month } } }\n\
        continuous_aggregates: { hourly: { refresh: [{ start_offset: START, end_offset: 1 hour, every: 1 hour }] } }\n";
    for (start, left) in [("20 days", "9"), ("none", "3")] {
        let install = Install::new().await;
        install.states(&yaml.replace("START", start));
        install.timescale.execute("INSERT INTO house_data SELECT now() - i * INTERVAL '10 days', 1, 'd', 'f', i FROM generate_series(1, 9) i").await;
        install
            .timescale
            .execute("CALL refresh_continuous_aggregate('hourly', NULL, now() - INTERVAL '1 hour')")
            .await;
        let run = install.run(&["policies", "--allow-data-loss"]).await;
        let told = run.expect(0).all().contains("refreshed from the beginning");
        assert_eq!(told, start == "none", "{run:?}");
        let jobs = "SELECT job_id FROM timescaledb_information.jobs WHERE hypertable_name IN ('house_data', 'hourly') ORDER BY proc_name DESC";
        for job in install.timescale.rows(jobs).await {
            install
                .timescale
                .execute(&format!("CALL run_job({job})"))
                .await;
        }
        assert_eq!(
            install.timescale.rows("SELECT count(*) FROM hourly").await,
            [left],
            "{start}"
        );
    }
}

#[tokio::test]
async fn policies_wait_for_the_migrations() {
    let install = Install::new().await;
    install
        .timescale
        .execute("DELETE FROM refinery_schema_history WHERE version = 2")
        .await;
    install.states("hypertables: { events: { retention: { drop_after: 1 month } } }");
    let run = install.run(&["policies"]).await;
    assert_ne!(run.code, Some(0));
    run.says("migrations are pending").says("sgmp-db upgrade");
    assert!(install.jobs("events").await.is_empty());
    install
        .sgmp
        .run(&["policies", "--only", "mysql"])
        .await
        .expect(2);
}
