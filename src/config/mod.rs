//! What did they mean? Flags, environment and files become typed settings, once.

mod bastion;
mod consul;
mod database_url;
mod environment;
mod file;
mod known;
mod resolve;
mod secrets;
mod settings;
mod tls;
mod values;

pub use bastion::Bastion;
pub use environment::Environment;
pub use known::{KNOWN, Known};
pub use resolve::Flags;
pub use settings::{
    AppRole, BUILT_IN, Consul, DEFAULT_DATABASE, Endpoint, MigrationsFrom, NameServer, Settings,
    Tls, TlsMode,
};
