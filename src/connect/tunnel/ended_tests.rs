//! ssh's words, as several releases have them, and what is made of each.

use super::*;

fn bastion(identity: bool) -> Bastion {
    Bastion {
        typed: "u@b".to_owned(),
        user: Some("u".to_owned()),
        host: "b".to_owned(),
        port: None,
        identity: identity.then(|| "k".into()),
        accept_new_host_key: false,
        options: Vec::new(),
        unnamed: Vec::new(),
    }
}

fn told(bastion: &Bastion, said: &str, status: i32, was_there: bool) -> Reason {
    let mut lines = Lines::default();
    said.lines().for_each(|line| lines.push(line));
    explain(&End {
        bastion,
        accepting: "sgmp-db status --accept-new-host-key",
        lines: &lines,
        status: ExitStatus::from_raw(status << 8),
        was_there,
    })
}

/// What ssh says, a part of what we say, a part of the remedy, exit code, and whether it may pass.
type Case = (&'static str, &'static str, &'static str, u8, bool);

const CASES: [Case; 17] = [
    (
        "command-line: line 0: Bad configuration option: foo",
        "does not take a --ssh-option",
        "KEY=VALUE",
        2,
        false,
    ),
    (
        "command-line line 0: Bad port 'x'.",
        "does not take a --ssh-option",
        "KEY=VALUE",
        2,
        false,
    ),
    (
        "/h/.ssh/config: line 3: Bad configuration option: usekeychain\n/h/.ssh/config: terminating, 1 bad configuration options",
        "its configuration (ssh: /h/.ssh/config: line 3",
        "put the file right",
        2,
        false,
    ),
    (
        "Bad owner or permissions on /h/.ssh/config",
        "its configuration",
        "put the file right",
        2,
        false,
    ),
    (
        "ssh: Could not resolve hostname b: nodename nor servname provided, or not known",
        "cannot resolve",
        "--bastion",
        1,
        true,
    ),
    (
        "ssh: connect to host b port 22: Connection timed out",
        "cannot be reached (ssh: connect to host",
        "port 22",
        1,
        true,
    ),
    (
        "Connection timed out during banner exchange\nConnection to 1.2.3.4 port 22 timed out",
        "cannot be reached",
        "--wait 10m",
        1,
        true,
    ),
    (
        "kex_exchange_identification: Connection closed by remote host\nConnection closed by 1.2.3.4 port 22",
        "closed the connection before the login",
        "--wait 10m",
        1,
        true,
    ),
    (
        "ssh: connect to host jump port 22: Connection refused\nkex_exchange_identification: Connection closed by remote host",
        "connect to host jump",
        "--bastion",
        1,
        true,
    ),
    (
        "Unable to negotiate with 1.2.3.4 port 22: no matching host key type found. Their offer: ssh-rsa",
        "no algorithm in common",
        "HostKeyAlgorithms=+NAME",
        1,
        false,
    ),
    (
        "No ED25519 host key is known for b and you have requested strict checking.\nHost key verification failed.",
        "never seen",
        "--accept-new-host-key",
        1,
        false,
    ),
    (
        "@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\nOffending RSA key in /h/known hosts:7\nHost key for b has changed and you have requested strict checking.\nHost key verification failed.",
        "which /h/known hosts:7 has",
        "ssh-keygen -f '/h/known hosts' -R b",
        1,
        false,
    ),
    (
        "The ED25519 host key for b is marked as revoked.\nHost key verification failed.",
        "has revoked",
        "ask whoever",
        1,
        false,
    ),
    (
        "Load key \"k\": invalid format\nu@b: Permission denied (publickey).",
        "key k cannot be read",
        "--identity FILE",
        2,
        false,
    ),
    (
        "Load key \"k\": bad permissions\nu@b: Permission denied (publickey).",
        "read by others",
        "chmod 600 k",
        2,
        false,
    ),
    (
        "debug1: Server accepts key: k ED25519 SHA256:x explicit\nu@b: Permission denied (publickey).",
        "needs its passphrase",
        "ssh-add k",
        2,
        false,
    ),
    (
        "bind [127.0.0.1]:5432: Address already in use\nCould not request local forwarding.",
        "(ssh: bind [127.0.0.1]:5432",
        "ExitOnForwardFailure=no",
        1,
        false,
    ),
];

#[test]
fn every_end_has_its_fact_its_remedy_and_its_code() {
    for (said, fact, remedy, code, passing) in CASES {
        let reason = told(&bastion(true), said, 255, false);
        let failure = &reason.failure;
        assert!(failure.message.contains(fact), "{said}: {failure:?}");
        let told = failure.remedy.clone().unwrap_or_default();
        assert!(told.contains(remedy), "{said}: {failure:?}");
        assert_eq!(
            (failure.exit.code(), reason.passing),
            (code, passing),
            "{said}"
        );
    }
}

#[test]
fn a_refused_login_depends_on_who_chose_the_key() {
    let denied = "u@b: Permission denied (publickey,password).";
    let remedy = |identity| {
        let reason = told(&bastion(identity), denied, 255, false);
        reason.failure.remedy.unwrap_or_default()
    };
    assert!(remedy(true).contains("authorized_keys"));
    assert!(remedy(false).contains("ssh-add FILE"));
    // A key that ssh found by itself, named by its lines for debugging.
    let locked = format!("debug1: Server accepts key: /h/.ssh/id ED25519 SHA256:x\n{denied}");
    let reason = told(&bastion(false), &locked, 255, false);
    assert!(reason.failure.message.contains("key /h/.ssh/id needs"));
}

#[test]
fn a_tunnel_that_was_there_ends_with_the_last_words() {
    let said = "Authenticated to b.\nTimeout, server b not responding.\nTransferred: sent 1\nBytes per second: 1";
    let reason = told(&bastion(true), said, 255, true);
    let expected =
        "the tunnel through the bastion u@b has ended (ssh: Timeout, server b not responding.)";
    assert_eq!(reason.failure.message, expected);
    assert!(reason.passing);
    let killed = told(&bastion(true), "Killed", 137, true);
    assert!(
        killed
            .failure
            .message
            .ends_with("(ssh: killed by signal 9)")
    );
}

#[test]
fn only_a_keyword_of_ours_makes_a_client_an_old_one() {
    let of = |line: &str| {
        let mut lines = Lines::default();
        lines.push(line);
        is_old_client(&lines)
    };
    assert!(of(
        "command-line: line 0: Bad configuration option: forkafterauthentication"
    ));
    assert!(!of(
        "/h/.ssh/config: line 0: Bad configuration option: forkafterauthentication"
    ));
    assert!(!of("command-line: line 0: Bad configuration option: foo"));
}
