//! Where is a service now? Asked of Consul's DNS servers, one after the other, anew for every connection: after a
//! failover the same name has another address.
//!
//! What is asked is what Consul answers (Consul documentation, "DNS usage overview"): A and AAAA records of
//! `master.tsdb.service.consul`, and where no port is set by hand the SRV records, which carry one.

use crate::config::{Consul, Endpoint, NameServer};
use futures_util::future::join;
use hickory_resolver::{
    TokioResolver,
    config::{
        ConnectionConfig, NameServerConfig, ProtocolConfig, ResolveHosts, ResolverConfig,
        ResolverOpts,
    },
    net::{DnsError, NetError, NoRecords, runtime::TokioRuntimeProvider},
    proto::{
        op::ResponseCode,
        rr::{Name, RData, Record, RecordType},
    },
};
use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
    time::Duration,
};
use tokio::net::lookup_host;

/// How long one server may take for one question before the next server is asked. Consul answers from memory.
const PATIENCE: Duration = Duration::from_secs(2);

/// The addresses behind the endpoint's name: from the first server that knows any.
///
/// # Errors
/// None of the servers knows one: what each said. It may pass while there is no primary.
pub async fn resolve(endpoint: &Endpoint, consul: &Consul) -> Result<Vec<SocketAddr>, String> {
    let Ok(name) = Name::from_str(&endpoint.host).map(fully_qualified) else {
        return Err(format!("`{}` is no name that DNS has", endpoint.host));
    };
    let mut said = Vec::new();
    for server in &consul.servers {
        match ask(server, &name, (endpoint.port, consul.any_port)).await {
            Ok(addresses) => return Ok(addresses),
            Err(why) => said.push(format!("{server}: {why}")),
        }
    }
    Err(format!("Consul gives no address ({})", said.join("; ")))
}

/// Else the search domains of this machine would be tried behind it.
fn fully_qualified(mut name: Name) -> Name {
    name.set_fqdn(true);
    name
}

async fn ask(
    server: &NameServer,
    name: &Name,
    (port, any_port): (u16, bool),
) -> Result<Vec<SocketAddr>, String> {
    let at = lookup_host((server.host.as_str(), server.port))
        .await
        .ok()
        .and_then(|mut addresses| addresses.next())
        .ok_or("the server's own name does not resolve")?;
    let resolver = resolver(at).map_err(|error| error.to_string())?;
    if any_port {
        let services = services(&resolver, name).await?;
        if !services.is_empty() {
            return Ok(services);
        }
    }
    let addresses = addresses(&resolver, name).await?;
    match addresses.is_empty() {
        true => Err(
            "no such service, or none of it is healthy (for a primary: there is none now)"
                .to_owned(),
        ),
        false => Ok(addresses
            .into_iter()
            .map(|address| SocketAddr::new(address, port))
            .collect()),
    }
}

/// One server, without a cache, without this machine's hosts file: what Consul knows now.
fn resolver(at: SocketAddr) -> Result<TokioResolver, NetError> {
    let connection = |protocol| {
        let mut connection = ConnectionConfig::new(protocol);
        connection.port = at.port();
        connection
    };
    // A long answer comes truncated and is asked for again over TCP.
    let connections = vec![
        connection(ProtocolConfig::Udp),
        connection(ProtocolConfig::Tcp),
    ];
    let server = NameServerConfig::new(at.ip(), true, connections);
    let mut options = ResolverOpts::default();
    options.timeout = PATIENCE;
    options.attempts = 1;
    options.cache_size = 0;
    options.use_hosts_file = ResolveHosts::Never;
    TokioResolver::builder_with_config(
        ResolverConfig::from_name_servers(vec![server]),
        TokioRuntimeProvider::default(),
    )
    .with_options(options)
    .build()
}

/// The records of one type; none is no error.
async fn records(
    resolver: &TokioResolver,
    name: &Name,
    wanted: RecordType,
) -> Result<Vec<Record>, String> {
    match resolver.lookup(name.clone(), wanted).await {
        Ok(lookup) => Ok([lookup.answers(), lookup.additionals()].concat()),
        Err(NetError::Dns(DnsError::NoRecordsFound(NoRecords { response_code, .. })))
            if [ResponseCode::NoError, ResponseCode::NXDomain].contains(&response_code) =>
        {
            Ok(Vec::new())
        }
        Err(NetError::Dns(DnsError::NoRecordsFound(NoRecords { response_code, .. })))
        | Err(NetError::Dns(DnsError::ResponseCode(response_code))) => {
            Err(format!("it answers {response_code}"))
        }
        Err(NetError::Timeout) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
        Err(error) => Err(error.to_string()),
    }
}

/// Both kinds of address.
async fn addresses(resolver: &TokioResolver, name: &Name) -> Result<Vec<IpAddr>, String> {
    let (four, six) = join(
        records(resolver, name, RecordType::A),
        records(resolver, name, RecordType::AAAA),
    )
    .await;
    let found: Vec<Record> = match (four, six) {
        (Err(why), Err(_)) => return Err(why),
        (four, six) => [four.unwrap_or_default(), six.unwrap_or_default()].concat(),
    };
    let mut addresses: Vec<IpAddr> = found.iter().filter_map(address).collect();
    addresses.dedup();
    Ok(addresses)
}

/// The SRV records' targets, lowest priority first (RFC 2782), with their ports.
async fn services(resolver: &TokioResolver, name: &Name) -> Result<Vec<SocketAddr>, String> {
    let found = records(resolver, name, RecordType::SRV).await?;
    let mut targets: Vec<_> = found
        .iter()
        .filter_map(|record| match &record.data {
            RData::SRV(service) => Some(service),
            _ => None,
        })
        .collect();
    targets.sort_by_key(|service| (service.priority, u16::MAX - service.weight));
    let mut all = Vec::new();
    for target in targets {
        let told: Vec<IpAddr> = found
            .iter()
            .filter(|record| record.name == target.target)
            .filter_map(address)
            .collect();
        let known = match told.is_empty() {
            true => addresses(resolver, &fully_qualified(target.target.clone())).await?,
            false => told,
        };
        all.extend(
            known
                .into_iter()
                .map(|address| SocketAddr::new(address, target.port)),
        );
    }
    Ok(all)
}

fn address(record: &Record) -> Option<IpAddr> {
    match &record.data {
        RData::A(address) => Some(IpAddr::V4(address.0)),
        RData::AAAA(address) => Some(IpAddr::V6(address.0)),
        _ => None,
    }
}
