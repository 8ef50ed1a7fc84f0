//! What was typed, as what a remedy repeats of it.

use super::{Cli, Command};
use crate::outcome::Call;

/// Settings that are of one run: how long to wait for a server or a lock.
const OF_THE_RUN: [&str; 3] = ["wait", "lock-wait", "create-database"];

impl Cli {
    /// The call. No flag takes a password, so none is in it.
    pub fn call(&self) -> Call {
        let settings = self.flags();
        let config = settings.config.map(|file| file.display().to_string());
        let mut flags: Vec<(&'static str, Option<String>)> = Vec::new();
        flags.extend(config.map(|file| ("config", Some(file))));
        let lasting = settings.values.into_iter();
        flags.extend(
            lasting
                .filter(|(flag, _)| !OF_THE_RUN.contains(flag))
                .flat_map(|(flag, value)| typed(flag, &value)),
        );
        flags.extend(self.own());
        Call {
            verb: self.command.name().to_owned(),
            only: self.global.only,
            flags,
            typed: self.typed.clone(),
        }
    }

    /// Those of the verb's own flags that the same work needs again.
    fn own(&self) -> Vec<(&'static str, Option<String>)> {
        let switch = |flag, on: bool| on.then_some((flag, None));
        let classes = |classes: &[crate::schema::Class]| {
            let names: Vec<&str> = classes.iter().map(|class| class.name()).collect();
            (!names.is_empty()).then(|| ("include", Some(names.join(","))))
        };
        match &self.command {
            Command::Upgrade(upgrade) => [
                upgrade.to.clone().map(|to| ("to", Some(to))),
                switch("create-database", upgrade.create_database),
                switch("allow-drift", upgrade.allow_drift),
                switch("allow-data-loss", upgrade.allow_data_loss),
            ]
            .into_iter()
            .flatten()
            .collect(),
            Command::Downgrade(downgrade) => {
                switch("allow-edited-down", downgrade.allow_edited_down)
                    .into_iter()
                    .collect()
            }
            Command::Policies(policies) => switch("allow-data-loss", policies.allow_data_loss)
                .into_iter()
                .collect(),
            Command::Status(status) => classes(&status.include).into_iter().collect(),
            Command::Diff(diff) => classes(&diff.include).into_iter().collect(),
            Command::Sandbox(sandbox) if sandbox.name != "sandbox" => {
                vec![("name", Some(sandbox.name.clone()))]
            }
            _ => Vec::new(),
        }
    }
}

/// A setting as flags: a switch has no value, and of some there are several.
fn typed(flag: &'static str, value: &str) -> Vec<(&'static str, Option<String>)> {
    match flag {
        "accept-new-host-key" => vec![(flag, None)],
        "ssh-option" => value
            .lines()
            .map(|line| (flag, Some(line.to_owned())))
            .collect(),
        _ => vec![(flag, Some(value.to_owned()))],
    }
}

#[cfg(test)]
mod tests {
    use crate::{cli, outcome::VERBS};

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn the_verbs_of_remedies_are_those_of_the_command_line() {
        let command = cli::command();
        let mut verbs: Vec<&str> = command
            .get_subcommands()
            .map(clap::Command::get_name)
            .collect();
        let mut known = VERBS.to_vec();
        verbs.sort_unstable();
        known.sort_unstable();
        assert_eq!(known, verbs);
    }

    /// Every verb's call with every flag it has, and every verb as a remedy: the parser takes it.
    #[test]
    fn a_completed_command_is_one_that_the_parser_takes() {
        let flags = "--config c --migrations m --policies p --env e --secrets-file s --mysql-host h \
                     --mysql-port 1 --mysql-user u --mysql-database d --mysql-tls require --mysql-ca a \
                     --mysql-tls-name n --timescale-host h --timescale-port 1 --timescale-user u \
                     --timescale-database d --timescale-tls require --timescale-ca a \
                     --timescale-tls-name n --ca a --bastion b --identity i --accept-new-host-key \
                     --ssh-option A=1 --ssh-option B=2 --connect-timeout 1s";
        let calls = [
            "status --include owners,grants",
            "diff --include owners",
            "upgrade --to 3 --allow-drift --allow-data-loss --create-database --wait 1s --lock-wait 1s",
            "downgrade --to 3 --allow-drift --allow-edited-down --yes --lock-wait 1s",
            "policies --allow-data-loss",
            "policies run-retention",
            "sandbox --name x down",
            "history",
            "verify",
        ];
        let remedies = [
            "sgmp-db upgrade",
            "sgmp-db upgrade --only mysql --to 3",
            "sgmp-db downgrade --only mysql --to 3",
            "sgmp-db status",
            "sgmp-db diff",
            "sgmp-db policies",
            "sgmp-db policies --fix-aggregates",
            "sgmp-db policies run-retention",
            "sgmp-db resolve 3 --applied",
            "sgmp-db history",
            "sgmp-db new NAME",
            "sgmp-db check --fix",
            "sgmp-db adopt",
            "sgmp-db verify",
            "sgmp-db snapshot",
            "sgmp-db sandbox down",
        ];
        for verb in calls {
            for only in ["", " --only mysql", " --only timescale"] {
                let typed = words(&format!("sgmp-db {verb} {flags}{only}"));
                let call = cli::parse(&typed).unwrap().call();
                for remedy in remedies {
                    let completed = call.complete(remedy);
                    let again = cli::parse(&words(&completed));
                    assert!(again.is_ok(), "{typed:?}: {completed}");
                    let again = again.unwrap();
                    // It does not grow.
                    assert_eq!(call.complete(&completed), completed);
                    let offline = ["new", "check", "verify", "snapshot", "sandbox"];
                    let offline = offline.contains(&again.command.name());
                    assert_eq!(again.global.ca.is_none(), offline, "{completed}");
                }
            }
        }
    }
}
