//! The throw-away servers of `verify` and `snapshot`, and how to run migrations on them.

use super::{
    sandbox::password,
    targets::{LOCK_TIMEOUT, Targets},
};
use crate::{
    config::{DEFAULT_DATABASE, Endpoint, Environment, Settings, Tls, TlsMode},
    drift::Committed,
    engine::{Direction, Identity},
    interrupt::{Busy, Signals},
    migrate::{DataLoss, Observer, Options, Side},
    outcome::Exit,
    sandbox::{Access, Throwaway, images},
    target::Target,
};
use anyhow::Result;
use std::{future::Future, time::Duration};

/// How long new servers may take to answer.
const START: Duration = Duration::from_secs(180);

/// Starts a server for each database of the run; returns the same settings pointed at them.
pub async fn start(
    settings: &Settings,
    environment: &Environment,
) -> Result<(Settings, Throwaway)> {
    let named = [
        environment.get(images::MYSQL.variable),
        environment.get(images::TIMESCALE.variable),
    ];
    let throwaway = Throwaway::start(&settings.targets, named, &password()?).await?;
    let mut settings = settings.clone();
    settings.wait = Some(START);
    settings.app_role = None;
    settings.bastion = None;
    for (target, access) in &throwaway.access {
        let endpoint = endpoint(*target, access);
        match target {
            Target::Mysql => settings.mysql = endpoint,
            Target::Timescale => settings.timescale = endpoint,
        }
    }
    Ok((settings, throwaway))
}

/// Works on the servers and removes them, whatever becomes of the work.
pub async fn work(
    throwaway: Throwaway,
    work: impl Future<Output = Result<()>>,
) -> Result<Option<Exit>> {
    let mut signals = Signals::listen();
    // Whatever becomes of it, the servers must go.
    let _busy = Busy::begin();
    let ended = tokio::select! {
        ended = work => ended.map(|()| None),
        exit = signals.next() => Ok(Some(exit)),
    };
    throwaway.remove().await?;
    ended
}

/// The sides of a run on new servers, which goes by nothing but what it records itself: a wrong file
/// beside the migrations must not stop it half-way.
pub fn sides<'a>(targets: &'a mut Targets, nothing: &'a [Committed]) -> Vec<Side<'a>> {
    targets
        .sides
        .iter_mut()
        .zip(nothing)
        .map(|(side, committed)| Side {
            engine: side.engine.as_mut(),
            set: &side.set,
            committed,
            policies: side.policies.as_ref(),
            direction: Direction::Apply,
            agreed_at: None,
            goal: None,
            may_create: true,
        })
        .collect()
}

/// How to go about it.
pub fn options<'a>(identity: &'a Identity, observer: Observer<'a>) -> Options<'a> {
    Options {
        dry_run: false,
        lock_wait: Duration::from_secs(60),
        lock_timeout: LOCK_TIMEOUT,
        allow_drift: false,
        allow_edited_down: false,
        data_loss: DataLoss::Refused,
        identity,
        observer,
    }
}

fn endpoint(target: Target, access: &Access) -> Endpoint {
    Endpoint {
        target,
        host: "127.0.0.1".to_owned(),
        port: access.port,
        user: access.user.to_owned(),
        password: Some(access.password.clone().into()),
        database: DEFAULT_DATABASE.to_owned(),
        tls: Tls {
            mode: TlsMode::Prefer,
            ca: None,
            name: None,
        },
        consul: None,
    }
}
