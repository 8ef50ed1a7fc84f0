//! How many turns does a command take through the bastion on a link of 70 ms? Counted on the one connection that ssh
//! makes, so they are ssh's own and those of both databases at once.

use super::{
    pair,
    support::{Bastion, Link, Proxy},
};
use std::time::{Duration, Instant};

const ROUND_TRIP: Duration = Duration::from_millis(70);

/// ssh's: TCP's handshake, the versions, the key exchange in two, the service, the methods, the key and its proof …
const LOGIN: usize = 9;

/// … then a channel for each database, both asked at once, and what a database far away takes without TLS but for its
/// TCP handshake: `round_trips.rs` has it. Answers of the one may come between a question and an answer of the other.
const STATUS: usize = 1 + 9 + 5;

#[tokio::test]
async fn a_status_takes_sshs_login_and_what_it_takes_anyway() {
    let bastion = Bastion::new("").await;
    let (_mysql, _timescale, sgmp) = pair().await;
    sgmp.run(&["upgrade"]).await.expect(0);
    let link = Proxy::start(bastion.port, Link::round_trip(ROUND_TRIP));
    bastion.is_known_at(link.port);
    let sgmp = bastion
        .through(sgmp)
        .with(
            "SGMP_DB_BASTION",
            format!("{}@127.0.0.1:{}", Bastion::user(), link.port),
        )
        .with("SGMP_DB_MYSQL_TLS", "disable")
        .with("SGMP_DB_TIMESCALE_TLS", "disable");
    let (mut least, mut quickest) = (usize::MAX, Duration::MAX);
    // On a busy machine an answer may come in two parts with a question between them.
    for _ in 0..4 {
        link.forget();
        let begun = Instant::now();
        sgmp.run(&["status"]).await.expect(0);
        quickest = quickest.min(begun.elapsed());
        let connections = link.connections();
        assert_eq!(connections.len(), 1, "one ssh for both");
        least = least.min(connections[0].turns());
    }
    println!("status: {least} turns, {} ms", quickest.as_millis());
    assert!(
        least <= LOGIN + STATUS,
        "{least} turns of {}",
        LOGIN + STATUS
    );
}
