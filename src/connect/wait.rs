//! One attempt within its timeout, or many while a server is starting.

use super::{ConnectOptions, failure};
use crate::{config::Endpoint, outcome::Failure};
use anyhow::Result;
use std::time::{Duration, Instant};

/// Tries once, or with `--wait` again and again while the reason may pass.
pub async fn patiently<T, F>(
    endpoint: &Endpoint,
    options: &ConnectOptions,
    attempt: impl Fn() -> F,
) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let deadline = options.wait.map(|wait| Instant::now() + wait);
    let mut pause = Duration::from_millis(200);
    let mut told = String::new();
    loop {
        let error = match once(endpoint, options, &attempt).await {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        match left {
            Some(left) if !left.is_zero() && failure::is_passing(&error) => {
                let why = Failure::from_error(&error).message;
                if why != told
                    && let Some(on_wait) = &options.on_wait
                {
                    on_wait(&why);
                }
                told = why;
                tokio::time::sleep(pause.min(left)).await;
                pause = (pause * 2).min(Duration::from_secs(3));
            }
            _ => return Err(error),
        }
    }
}

async fn once<T, F>(
    endpoint: &Endpoint,
    options: &ConnectOptions,
    attempt: impl Fn() -> F,
) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    options.route.prepare(options.timeout).await?;
    match within(endpoint, options.timeout, attempt()).await {
        Ok(value) => Ok(value),
        Err(error) => Err(options.route.explain(endpoint, error).await),
    }
}

async fn within<T>(
    endpoint: &Endpoint,
    timeout: Duration,
    attempt: impl Future<Output = Result<T>>,
) -> Result<T> {
    match tokio::time::timeout(timeout, attempt).await {
        Ok(ended) => ended,
        Err(_) => {
            let why = format!(
                "no answer within {} s (--connect-timeout)",
                timeout.as_secs_f32()
            );
            Err(failure::unreachable(endpoint, &why))
        }
    }
}
