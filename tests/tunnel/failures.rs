//! What can be wrong with a bastion, each with its message.

use super::{
    pair,
    support::{Bastion, Sgmp, bastion::key, golden::golden, story::settled},
};
use std::{fs, os::unix::fs::PermissionsExt};
use tokio::net::TcpListener;

/// Types a status and compares all that it says with `tests/golden/messages/tunnel/NAME.txt`.
async fn tells(name: &str, sgmp: &Sgmp, code: i32, masks: &[(&str, &str)]) {
    tells_of(name, sgmp, (&["status"], code), masks).await;
}

async fn tells_of(name: &str, sgmp: &Sgmp, (typed, code): (&[&str], i32), masks: &[(&str, &str)]) {
    let run = sgmp.run(typed).await;
    run.expect(code);
    let mut text = format!("$ sgmp-db {}\n> exit {code}\n", typed.join(" "));
    for (mark, said) in [('|', &run.stdout), ('!', &run.stderr)] {
        for line in said.lines().filter(|line| !line.is_empty()) {
            let mut line = line.to_owned();
            for (from, to) in masks {
                line = line.replace(from, to);
            }
            text.push_str(&format!("{mark} {}\n", settled(&line)));
        }
    }
    golden(&format!("messages/tunnel/{name}.txt"), &text);
}

/// What differs from run to run.
struct Masks(Vec<(String, &'static str)>);

impl Masks {
    fn of(bastion: &Bastion, sgmp: &Sgmp) -> Masks {
        let fingerprint = std::process::Command::new("ssh-keygen")
            .args(["-l", "-f", &bastion.file("host.pub")])
            .output()
            .unwrap();
        let fingerprint = String::from_utf8(fingerprint.stdout).unwrap();
        let fingerprint = fingerprint.split(' ').nth(1).unwrap().to_owned();
        let mut masks = vec![
            (bastion.name(), "BASTION"),
            (fingerprint, "SHA256:<fingerprint>"),
            (bastion.directory.path().display().to_string(), "DIR"),
            (format!("[127.0.0.1]:{}", bastion.port), "[127.0.0.1]:PORT"),
            (format!("port {}", bastion.port), "port PORT"),
            (format!("{}@127.0.0.1", Bastion::user()), "USER@127.0.0.1"),
        ];
        for name in ["MYSQL_PORT", "TSDB_PORT"] {
            if let Some(port) = sgmp.environment.get(name) {
                masks.push((format!("127.0.0.1:{port}"), "127.0.0.1:PORT"));
            }
        }
        Masks(masks)
    }

    fn all(&self) -> Vec<(&str, &str)> {
        self.0
            .iter()
            .map(|(from, to)| (from.as_str(), *to))
            .collect()
    }
}

#[tokio::test]
async fn a_host_key_that_was_never_seen_and_one_that_has_changed() {
    let bastion = Bastion::new("").await;
    let (_mysql, _timescale, sgmp) = pair().await;
    let sgmp = bastion.through(sgmp);
    let masks = Masks::of(&bastion, &sgmp);
    let known = fs::read_to_string(bastion.file("known_hosts")).unwrap();
    fs::write(bastion.file("known_hosts"), "").unwrap();
    tells("unknown-key", &sgmp, 1, &masks.all()).await;

    key(bastion.file("other").as_ref(), "");
    let other = fs::read_to_string(bastion.file("other.pub")).unwrap();
    let changed = format!("[127.0.0.1]:{} {other}", bastion.port);
    fs::write(bastion.file("known_hosts"), &changed).unwrap();
    tells("changed-key", &sgmp, 1, &masks.all()).await;
    // Nobody accepts that by a flag.
    let flag = ["status", "--accept-new-host-key"];
    tells_of("changed-key-accepted", &sgmp, (&flag, 1), &masks.all()).await;
    assert_eq!(
        fs::read_to_string(bastion.file("known_hosts")).unwrap(),
        changed
    );

    fs::write(bastion.file("known_hosts"), format!("@revoked {known}")).unwrap();
    tells("revoked-key", &sgmp, 1, &masks.all()).await;

    fs::write(bastion.file("known_hosts"), "").unwrap();
    tells_of("accepted-key", &sgmp, (&flag, 3), &masks.all()).await;
    let accepted = fs::read_to_string(bastion.file("known_hosts")).unwrap();
    assert!(accepted.contains("ssh-ed25519"), "{accepted}");
    sgmp.run(&["status"]).await.expect(3);
}

#[tokio::test]
async fn a_key_that_is_none_or_is_refused() {
    let bastion = Bastion::new("").await;
    let (_mysql, _timescale, sgmp) = pair().await;
    let sgmp = bastion.through(sgmp);
    let masks = Masks::of(&bastion, &sgmp);
    let private = |path: &str| {
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    };
    fs::write(bastion.file("junk"), "not a key\n").unwrap();
    private(&bastion.file("junk"));
    key(bastion.file("other").as_ref(), "");
    fs::copy(bastion.file("id"), bastion.file("open")).unwrap();
    fs::set_permissions(bastion.file("open"), fs::Permissions::from_mode(0o644)).unwrap();
    for (name, file, code) in [
        ("identity-absent", "absent", 2),
        ("identity-folder", "", 2),
        ("identity-public", "id.pub", 2),
        ("identity-no-key", "junk", 2),
        ("identity-open", "open", 2),
        ("identity-refused", "other", 1),
    ] {
        let sgmp = sgmp.clone().with("SGMP_DB_IDENTITY", bastion.file(file));
        tells(name, &sgmp, code, &masks.all()).await;
    }
    let options = format!(
        "{}\nIdentityFile=none\nIdentityAgent=none",
        bastion.options()
    );
    let without = sgmp
        .clone()
        .without("SGMP_DB_IDENTITY")
        .with("SGMP_DB_SSH_OPTION", options);
    tells("identity-none", &without, 1, &masks.all()).await;
}

/// Off a terminal nobody can be asked.
#[tokio::test]
async fn a_key_with_a_passphrase_and_no_terminal() {
    let bastion = Bastion::new("").await;
    let (_mysql, _timescale, sgmp) = pair().await;
    let sgmp = bastion.through(sgmp);
    let masks = Masks::of(&bastion, &sgmp);
    key(bastion.file("locked").as_ref(), "a passphrase");
    fs::copy(bastion.file("locked.pub"), bastion.file("id.pub")).unwrap();
    let sgmp = sgmp
        .clone()
        .with("SGMP_DB_IDENTITY", bastion.file("locked"));
    tells("identity-locked", &sgmp, 2, &masks.all()).await;
}

#[tokio::test]
async fn a_bastion_that_forwards_nothing_or_one_of_both() {
    for (name, lines) in [
        ("forwarding-off", "AllowTcpForwarding no"),
        ("forwarding-elsewhere", "PermitOpen 127.0.0.1:9"),
        ("forwarding-restricted", "DisableForwarding yes"),
    ] {
        let bastion = Bastion::new(lines).await;
        let (_mysql, _timescale, sgmp) = pair().await;
        let sgmp = bastion.through(sgmp);
        tells(name, &sgmp, 1, &Masks::of(&bastion, &sgmp).all()).await;
    }
    let (_mysql, timescale, sgmp) = pair().await;
    let bastion = Bastion::new(&format!("PermitOpen 127.0.0.1:{}", timescale.server.port)).await;
    let sgmp = bastion.through(sgmp);
    tells(
        "forwarding-one",
        &sgmp,
        1,
        &Masks::of(&bastion, &sgmp).all(),
    )
    .await;
}

/// Each is told of its own database, though both are asked at once.
#[tokio::test]
async fn servers_that_the_bastion_does_not_reach() {
    let bastion = Bastion::new("").await;
    let (_mysql, _timescale, sgmp) = pair().await;
    let sgmp = bastion.through(sgmp);
    let closed = {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        listener.local_addr().unwrap().port().to_string()
    };
    let sgmp = sgmp
        .with("MYSQL_HOST", "db.nowhere.invalid")
        .with("MYSQL_PORT", "3306")
        .with("TSDB_PORT", closed);
    tells("far-side", &sgmp, 1, &Masks::of(&bastion, &sgmp).all()).await;
}

#[tokio::test]
async fn a_bastion_that_is_not_there() {
    let bastion = Bastion::new("").await;
    let (_mysql, _timescale, sgmp) = pair().await;
    let sgmp = bastion.through(sgmp);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let masks = Masks::of(&bastion, &sgmp);
    let mut all = masks.all();
    all.push((&port, "PORT"));
    let at = |name: &str| sgmp.clone().with("SGMP_DB_BASTION", name);
    tells(
        "bastion-unknown",
        &at("ubuntu@bastion.nowhere.invalid"),
        1,
        &all,
    )
    .await;
    // It takes the connection, and says nothing.
    let silent = at(&format!("ubuntu@127.0.0.1:{port}")).with("SGMP_DB_CONNECT_TIMEOUT", "1s");
    tells("bastion-mute", &silent, 1, &all).await;
    drop(listener);
    tells(
        "bastion-refuses",
        &at(&format!("ubuntu@127.0.0.1:{port}")),
        1,
        &all,
    )
    .await;
    for (name, typed) in [
        ("bastion-flag", "-oProxyCommand=x"),
        ("bastion-port", "ubuntu@bastion:ssh"),
    ] {
        tells(name, &at(typed), 2, &all).await;
    }
}

#[tokio::test]
async fn a_machine_without_ssh_and_an_ssh_that_does_not_take_an_option() {
    let bastion = Bastion::new("").await;
    let (_mysql, _timescale, sgmp) = pair().await;
    let sgmp = bastion.through(sgmp);
    let masks = Masks::of(&bastion, &sgmp);
    let empty = tempfile::tempdir().unwrap();
    let path = empty.path().display().to_string();
    tells(
        "no-ssh",
        &Sgmp {
            path: Some(path),
            ..sgmp.clone()
        },
        2,
        &masks.all(),
    )
    .await;
    let options = format!("{}\nColour=yes", bastion.options());
    let wrong = sgmp.clone().with("SGMP_DB_SSH_OPTION", options);
    tells("ssh-option", &wrong, 2, &masks.all()).await;
    let wrong = sgmp.with("SGMP_DB_SSH_OPTION", "-v");
    tells("ssh-option-form", &wrong, 2, &masks.all()).await;
    let flag = Sgmp::default();
    tells_of(
        "no-bastion",
        &flag,
        (&["status", "--identity", "key.pem"], 2),
        &[],
    )
    .await;
}
