//! From what the transition before left to what this one's file states.

/// What happens to the table's jobs.
pub enum Keeps {
    /// The same jobs, altered or untouched.
    Jobs,
    Nothing,
}

/// One change of policies.yaml.
pub struct Transition {
    pub name: &'static str,
    pub table: &'static str,
    pub yaml: &'static str,
    /// What the table has afterwards.
    pub leaves: &'static [&'static str],
    pub keeps: Keeps,
}

macro_rules! transitions {
    ($($name:literal on $table:literal keeps $keeps:ident: $yaml:literal => [$($line:literal),*];)*) => {
        &[$(Transition {
            name: $name,
            table: $table,
            yaml: concat!($yaml, "\n"),
            leaves: &[$($line),*],
            keeps: Keeps::$keeps,
        }),*]
    };
}

pub const TRANSITIONS: &[Transition] = transitions! {
    "nothing is stated" on "house_data" keeps Jobs: "{}" => ["chunk 7 days"];
    "a chunk interval is changed" on "house_data" keeps Jobs:
        "hypertables: { house_data: { chunk_interval: 1 day } }" => ["chunk 1 day"];
    "the same one in hours" on "house_data" keeps Jobs:
        "hypertables: { house_data: { chunk_interval: 24 hours } }" => ["chunk 1 day"];
    "a chunk interval in hours that is days" on "house_data" keeps Jobs:
        "hypertables: { house_data: { chunk_interval: 168 hours } }" => ["chunk 7 days"];
    "a chunk interval of a month is 30 days" on "house_data" keeps Jobs:
        "hypertables: { house_data: { chunk_interval: 1 month } }" => ["chunk 30 days"];
    "a chunk interval below a day" on "house_data" keeps Jobs:
        "hypertables: { house_data: { chunk_interval: 90 minutes } }" => ["chunk 01:30:00"];
    "a chunk interval that is no longer stated stays" on "house_data" keeps Jobs: "{}" => ["chunk 01:30:00"];
    "a chunk interval comes back" on "house_data" keeps Jobs:
        "hypertables: { house_data: { chunk_interval: 7 days } }" => ["chunk 7 days"];
    "a retention is made" on "house_data" keeps Nothing:
        "hypertables: { house_data: { retention: { drop_after: 1 month } } }"
        => ["chunk 7 days", "retention {\"drop_after\": \"1 mon\"}"];
    "thirty days are not a month" on "house_data" keeps Jobs:
        "hypertables: { house_data: { retention: { drop_after: 30 days } } }"
        => ["chunk 7 days", "retention {\"drop_after\": \"30 days\"}"];
    "a retention grows" on "house_data" keeps Jobs:
        "hypertables: { house_data: { retention: { drop_after: 1 year } } }"
        => ["chunk 7 days", "retention {\"drop_after\": \"1 year\"}"];
    "the same one in months" on "house_data" keeps Jobs:
        "hypertables: { house_data: { retention: { drop_after: 12 months } } }"
        => ["chunk 7 days", "retention {\"drop_after\": \"1 year\"}"];
    "a retention shrinks" on "house_data" keeps Jobs:
        "hypertables: { house_data: { retention: { drop_after: 2 weeks } } }"
        => ["chunk 7 days", "retention {\"drop_after\": \"14 days\"}"];
    "a retention that is no longer stated stays" on "house_data" keeps Jobs: "{}"
        => ["chunk 7 days", "retention {\"drop_after\": \"14 days\"}"];
    "a retention by creation time instead" on "house_data" keeps Nothing:
        "hypertables: { house_data: { retention: { drop_created_before: 3 months } } }"
        => ["chunk 7 days", "retention {\"drop_created_before\": \"3 mons\"}"];
    "a retention by creation time shrinks" on "house_data" keeps Nothing:
        "hypertables: { house_data: { retention: { drop_created_before: 1 month } } }"
        => ["chunk 7 days", "retention {\"drop_created_before\": \"1 mon\"}"];
    "no retention" on "house_data" keeps Nothing:
        "hypertables: { house_data: { retention: none } }" => ["chunk 7 days"];
    "no retention is no change" on "house_data" keeps Jobs:
        "hypertables: { house_data: { retention: none } }" => ["chunk 7 days"];
    "two keys at once" on "events" keeps Nothing:
        "hypertables: { events: { chunk_interval: 1 day, retention: { drop_after: 6 months } } }"
        => ["chunk 1 day", "retention {\"drop_after\": \"6 mons\"}"];
    "what is not mentioned may go" on "events" keeps Nothing: "unmanaged: remove" => ["chunk 1 day"];
    "compression is turned on" on "house_data" keeps Nothing:
        "hypertables: { house_data: { compression: { after: 7 days, segment_by: [house_id], order_by: [timestamp desc] } } }"
        => ["chunk 7 days", "compression {\"compress_after\": \"7 days\"}", "store house_id/\"timestamp\" DESC"];
    "chunks are compressed later" on "house_data" keeps Jobs:
        "hypertables: { house_data: { compression: { after: 8 days, segment_by: [house_id], order_by: [timestamp desc] } } }"
        => ["chunk 7 days", "compression {\"compress_after\": \"8 days\"}", "store house_id/\"timestamp\" DESC"];
    "another column segments too" on "house_data" keeps Jobs:
        "hypertables: { house_data: { compression: { after: 8 days, segment_by: [house_id, device_name] } } }"
        => ["chunk 7 days", "compression {\"compress_after\": \"8 days\"}", "store house_id,device_name/\"timestamp\" DESC"];
    "segments in another order" on "house_data" keeps Jobs:
        "hypertables: { house_data: { compression: { after: 8 days, segment_by: [device_name, house_id] } } }"
        => ["chunk 7 days", "compression {\"compress_after\": \"8 days\"}", "store device_name,house_id/\"timestamp\" DESC"];
    "no segments" on "house_data" keeps Jobs:
        "hypertables: { house_data: { compression: { after: 8 days, segment_by: [] } } }"
        => ["chunk 7 days", "compression {\"compress_after\": \"8 days\"}", "store /\"timestamp\" DESC"];
    "another order" on "house_data" keeps Jobs:
        "hypertables: { house_data: { compression: { after: 8 days, order_by: [field, timestamp desc nulls last] } } }"
        => ["chunk 7 days", "compression {\"compress_after\": \"8 days\"}", "store /field,\"timestamp\" DESC NULLS LAST"];
    "only the time is stated" on "house_data" keeps Jobs:
        "hypertables: { house_data: { compression: { after: 192 hours } } }"
        => ["chunk 7 days", "compression {\"compress_after\": \"192:00:00\"}", "store /field,\"timestamp\" DESC NULLS LAST"];
    "no compression" on "house_data" keeps Nothing:
        "hypertables: { house_data: { compression: none } }" => ["chunk 7 days"];
    "compression again, and retention beside it" on "house_data" keeps Nothing:
        "hypertables: { house_data: { retention: { drop_after: 1 month }, compression: { after: 7 days, order_by: [timestamp desc] } } }"
        => ["chunk 7 days", "compression {\"compress_after\": \"7 days\"}", "retention {\"drop_after\": \"1 mon\"}", "store /\"timestamp\" DESC"];
    "neither" on "house_data" keeps Nothing:
        "hypertables: { house_data: { retention: none, compression: none } }" => ["chunk 7 days"];
    "a chunk interval of numbers" on "counters" keeps Jobs:
        "hypertables: { counters: { chunk_interval: 500 } }" => ["chunk 500"];
    "a retention of numbers" on "counters" keeps Nothing:
        "hypertables: { counters: { retention: { drop_after: 5000 } } }"
        => ["chunk 500", "retention {\"drop_after\": 5000}"];
    "a retention of numbers shrinks" on "counters" keeps Jobs:
        "hypertables: { counters: { retention: { drop_after: 4000 } } }"
        => ["chunk 500", "retention {\"drop_after\": 4000}"];
    "compression by numbers" on "counters" keeps Nothing:
        "hypertables: { counters: { compression: { after: 1000, order_by: [tick] } } }"
        => ["chunk 500", "compression {\"compress_after\": 1000}", "retention {\"drop_after\": 4000}", "store /tick"];
    "compression by other numbers" on "counters" keeps Jobs:
        "hypertables: { counters: { compression: { after: 2000 } } }"
        => ["chunk 500", "compression {\"compress_after\": 2000}", "retention {\"drop_after\": 4000}", "store /tick"];
    "a refresh policy is made" on "hourly" keeps Nothing:
        "continuous_aggregates: { hourly: { refresh: [{ start_offset: 3 days, end_offset: 1 hour, every: 1 hour }] } }"
        => ["refresh_continuous_aggregate {\"end_offset\": \"01:00:00\", \"start_offset\": \"3 days\"} 01:00:00"];
    "it runs less often" on "hourly" keeps Jobs:
        "continuous_aggregates: { hourly: { refresh: [{ start_offset: 3 days, end_offset: 1 hour, every: 2 hours }] } }"
        => ["refresh_continuous_aggregate {\"end_offset\": \"01:00:00\", \"start_offset\": \"3 days\"} 02:00:00"];
    "its window is open at the start" on "hourly" keeps Jobs:
        "continuous_aggregates: { hourly: { refresh: [{ start_offset: none, end_offset: 2 hours, every: 2 hours }] } }"
        => ["refresh_continuous_aggregate {\"end_offset\": \"02:00:00\", \"start_offset\": null} 02:00:00"];
    "its window is open at the end" on "hourly" keeps Jobs:
        "continuous_aggregates: { hourly: { refresh: [{ start_offset: 1 month, end_offset: none, every: 1 day }] } }"
        => ["refresh_continuous_aggregate {\"end_offset\": null, \"start_offset\": \"1 mon\"} 1 day"];
    "two policies, the first of which was there" on "hourly" keeps Nothing:
        "continuous_aggregates: { hourly: { refresh: [{ start_offset: 3 days, end_offset: 1 hour, every: 1 hour }, { start_offset: 30 days, end_offset: 3 days, every: 1 day }] } }"
        => ["refresh_continuous_aggregate {\"end_offset\": \"01:00:00\", \"start_offset\": \"3 days\"} 01:00:00",
            "refresh_continuous_aggregate {\"end_offset\": \"3 days\", \"start_offset\": \"30 days\"} 1 day"];
    "the same two in another order" on "hourly" keeps Jobs:
        "continuous_aggregates: { hourly: { refresh: [{ start_offset: 30 days, end_offset: 3 days, every: 1 day }, { start_offset: 3 days, end_offset: 1 hour, every: 1 hour }] } }"
        => ["refresh_continuous_aggregate {\"end_offset\": \"01:00:00\", \"start_offset\": \"3 days\"} 01:00:00",
            "refresh_continuous_aggregate {\"end_offset\": \"3 days\", \"start_offset\": \"30 days\"} 1 day"];
    "one of two changes" on "hourly" keeps Jobs:
        "continuous_aggregates: { hourly: { refresh: [{ start_offset: 60 days, end_offset: 3 days, every: 1 day }, { start_offset: 3 days, end_offset: 1 hour, every: 1 hour }] } }"
        => ["refresh_continuous_aggregate {\"end_offset\": \"01:00:00\", \"start_offset\": \"3 days\"} 01:00:00",
            "refresh_continuous_aggregate {\"end_offset\": \"3 days\", \"start_offset\": \"60 days\"} 1 day"];
    "one of two goes" on "hourly" keeps Nothing:
        "continuous_aggregates: { hourly: { refresh: [{ start_offset: 3 days, end_offset: 1 hour, every: 1 hour }] } }"
        => ["refresh_continuous_aggregate {\"end_offset\": \"01:00:00\", \"start_offset\": \"3 days\"} 01:00:00"];
    "an aggregate's own retention and compression" on "hourly" keeps Nothing:
        "continuous_aggregates: { hourly: { retention: { drop_after: 1 year }, compression: { after: 1 month, order_by: [time] } } }"
        => ["compression {\"compress_after\": \"1 mon\"}",
            "refresh_continuous_aggregate {\"end_offset\": \"01:00:00\", \"start_offset\": \"3 days\"} 01:00:00",
            "retention {\"drop_after\": \"1 year\"}", "store /\"time\""];
    "an aggregate's own retention and compression go" on "hourly" keeps Nothing:
        "continuous_aggregates: { hourly: { retention: none, compression: none } }"
        => ["refresh_continuous_aggregate {\"end_offset\": \"01:00:00\", \"start_offset\": \"3 days\"} 01:00:00"];
    "no refresh policy" on "hourly" keeps Nothing:
        "continuous_aggregates: { hourly: { refresh: none } }" => [];
    "an environment that nobody asked for" on "counters" keeps Jobs:
        "environments: { staging: { hypertables: { counters: { chunk_interval: 7 } } } }"
        => ["chunk 500", "compression {\"compress_after\": 2000}", "retention {\"drop_after\": 4000}", "store /tick"];
};
