//! Where does a packet of MySQL's or PostgreSQL's protocol end, and which SQL does it carry?
//!
//! Sources: MySQL Source Code Documentation, "MySQL Packets" and "COM_QUERY"; PostgreSQL
//! documentation, 53.2 Message Flow and 53.7 Message Formats. Only connections without TLS.

use std::io;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Whose protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Mysql,
    Postgres,
}

/// Which way a packet goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    ToServer,
    ToClient,
}

/// Cuts one direction of a connection into packets.
#[derive(Debug)]
pub struct Framing {
    protocol: Protocol,
    way: Way,
    /// PostgreSQL: the client's first message has no type byte.
    untyped: bool,
}

const COM_QUERY: u8 = 0x03;
const COM_QUIT: u8 = 0x01;

impl Framing {
    /// At the beginning of a connection.
    pub fn new(protocol: Protocol, way: Way) -> Framing {
        Framing {
            protocol,
            way,
            untyped: protocol == Protocol::Postgres && way == Way::ToServer,
        }
    }

    /// The next packet with its header; none at the end of the connection.
    ///
    /// # Errors
    /// The connection broke, or ended inside a packet.
    pub async fn read(
        &mut self,
        from: &mut (impl AsyncRead + Unpin),
    ) -> io::Result<Option<Vec<u8>>> {
        let header = match self.protocol {
            Protocol::Postgres if !self.untyped => 5,
            _ => 4,
        };
        let mut packet = vec![0; header];
        if from.read(&mut packet[..1]).await? == 0 {
            return Ok(None);
        }
        from.read_exact(&mut packet[1..]).await?;
        let body = match self.protocol {
            Protocol::Mysql => u32::from_le_bytes([packet[0], packet[1], packet[2], 0]) as usize,
            // The length counts itself.
            Protocol::Postgres => {
                let length = packet[header - 4..].try_into().expect("four bytes");
                (u32::from_be_bytes(length) as usize).saturating_sub(4)
            }
        };
        packet.resize(header + body, 0);
        from.read_exact(&mut packet[header..]).await?;
        self.untyped = false;
        Ok(Some(packet))
    }

    /// What a client's packet asks, in words; empty for what a server says.
    pub fn text(&self, packet: &[u8]) -> String {
        let body = match (self.way, self.protocol) {
            (Way::ToClient, _) => return String::new(),
            (_, Protocol::Mysql) => match packet.get(4) {
                Some(&COM_QUERY) => &packet[5..],
                Some(&COM_QUIT) if packet.len() == 5 => return "quit".to_owned(),
                _ => return "login".to_owned(),
            },
            (_, Protocol::Postgres) => match packet[0] {
                b'Q' | b'P' => packet[5..].strip_suffix(&[0]).unwrap_or(&packet[5..]),
                b'X' => return "quit".to_owned(),
                b'B' | b'D' | b'E' | b'S' | b'C' | b'H' => return String::new(),
                _ => return "login".to_owned(),
            },
        };
        String::from_utf8_lossy(body).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn packets_of_both_protocols_are_told_apart_by_their_lengths() {
        let mut framing = Framing::new(Protocol::Mysql, Way::ToServer);
        let mut bytes: &[u8] = b"\x09\x00\x00\x00\x03SELECT 1\x01\x00\x00\x00\x01";
        let first = framing.read(&mut bytes).await.unwrap().unwrap();
        assert_eq!(framing.text(&first), "SELECT 1");
        let second = framing.read(&mut bytes).await.unwrap().unwrap();
        assert_eq!(framing.text(&second), "quit");
        assert!(framing.read(&mut bytes).await.unwrap().is_none());

        let mut framing = Framing::new(Protocol::Postgres, Way::ToServer);
        let mut bytes: &[u8] = b"\x00\x00\x00\x08\x00\x03\x00\x00Q\x00\x00\x00\x0dSELECT 1\x00";
        let first = framing.read(&mut bytes).await.unwrap().unwrap();
        assert_eq!(first.len(), 8);
        let second = framing.read(&mut bytes).await.unwrap().unwrap();
        assert_eq!(framing.text(&second), "SELECT 1");
    }

    #[tokio::test]
    async fn a_connection_that_ends_inside_a_packet_is_an_error() {
        let mut framing = Framing::new(Protocol::Mysql, Way::ToServer);
        let mut bytes: &[u8] = b"\x09\x00\x00\x00\x03SEL";
        assert!(framing.read(&mut bytes).await.is_err());
    }
}
