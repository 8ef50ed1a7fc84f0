//! Disposable servers in Docker: a pair to work with. Installs nothing and pulls nothing.

pub mod images;
mod pair;
mod throwaway;

pub use pair::{Access, Wanted, down, up};
pub use throwaway::Throwaway;
