//! Packets of MySQL's login, as far as they are looked at: the greeting and the frame around each.
//!
//! Source: MySQL Source Code Documentation, "MySQL Packets", "Protocol::HandshakeV10", "ERR_Packet".

use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

const CLIENT_SSL: u32 = 0x0800;
const PROTOCOL_VERSION: u8 = 10;
const ERROR: u8 = 0xff;

/// A packet with its sequence number.
#[derive(Debug, Clone)]
pub struct Packet {
    pub sequence: u8,
    pub body: Vec<u8>,
}

/// The server's first packet.
#[derive(Debug)]
pub struct Greeting {
    pub packet: Packet,
    pub offers_tls: bool,
}

/// Why there is no greeting.
#[derive(Debug)]
pub enum NoGreeting {
    /// The server's error number and words: too many connections, a host that may not, …
    Refused(u16, String),
    /// The connection ended first.
    Closed(io::Error),
    /// Something else than MySQL answered.
    Foreign,
}

impl Greeting {
    /// Reads it.
    ///
    /// # Errors
    /// The server is gone, refuses, or is no MySQL server.
    pub async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Greeting, NoGreeting> {
        let packet = Packet::read(stream).await.map_err(|error| {
            if error.kind() == io::ErrorKind::InvalidData {
                NoGreeting::Foreign
            } else {
                NoGreeting::Closed(error)
            }
        })?;
        match packet.body.first() {
            Some(&PROTOCOL_VERSION) => {
                let bits = capabilities(&packet.body).ok_or(NoGreeting::Foreign)?;
                Ok(Greeting {
                    offers_tls: bits & CLIENT_SSL != 0,
                    packet,
                })
            }
            Some(&ERROR) if packet.body.len() >= 3 => {
                let code = u16::from_le_bytes([packet.body[1], packet.body[2]]);
                let words = String::from_utf8_lossy(&packet.body[3..]).into_owned();
                Err(NoGreeting::Refused(code, words))
            }
            _ => Err(NoGreeting::Foreign),
        }
    }
}

/// The lower capability bits: behind version byte, version text and NUL, thread id (4), data (8), filler (1).
fn capabilities(body: &[u8]) -> Option<u32> {
    let end = 1 + body.get(1..)?.iter().position(|byte| *byte == 0)?;
    let at = end + 1 + 4 + 8 + 1;
    let low = body.get(at..at + 2)?;
    Some(u32::from(u16::from_le_bytes([low[0], low[1]])))
}

impl Packet {
    /// Reads one.
    ///
    /// # Errors
    /// The stream's, and `InvalidData` for something that is no packet of a login.
    pub async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Packet> {
        let mut head = [0_u8; 4];
        stream.read_exact(&mut head).await?;
        let length = u32::from_le_bytes([head[0], head[1], head[2], 0]) as usize;
        // Packets of the login are small (an empty one is an empty password); else it is another protocol.
        if length > 1 << 20 {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "not a packet of MySQL's",
            ));
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        Ok(Packet {
            sequence: head[3],
            body,
        })
    }

    /// Writes it with its sequence number moved by `shift`.
    ///
    /// # Errors
    /// The stream's.
    pub async fn write(&self, stream: &mut (impl AsyncWrite + Unpin), shift: i8) -> io::Result<()> {
        let length = u32::try_from(self.body.len())
            .unwrap_or(u32::MAX)
            .to_le_bytes();
        let sequence = self.sequence.wrapping_add_signed(shift);
        let mut packet = vec![length[0], length[1], length[2], sequence];
        packet.extend_from_slice(&self.body);
        stream.write_all(&packet).await?;
        stream.flush().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(bytes: &[u8]) -> Result<Greeting, NoGreeting> {
        let mut stream = bytes;
        Greeting::read(&mut stream).await
    }

    fn framed(body: &[u8]) -> Vec<u8> {
        let mut packet = vec![body.len() as u8, 0, 0, 0];
        packet.extend_from_slice(body);
        packet
    }

    #[tokio::test]
    async fn the_greeting_tells_whether_there_is_tls() {
        for (bits, offers_tls) in [([0xff, 0xff], true), ([0xff, 0xf7], false)] {
            let mut body = b"\x0a9.7.0\0".to_vec();
            body.extend_from_slice(&[0; 13]);
            body.extend_from_slice(&bits);
            assert_eq!(read(&framed(&body)).await.unwrap().offers_tls, offers_tls);
        }
    }

    #[tokio::test]
    async fn what_is_no_greeting_is_told_apart() {
        let refused = read(&framed(b"\xff\x10\x04Too many connections")).await;
        assert!(
            matches!(&refused, Err(NoGreeting::Refused(1040, words)) if words.starts_with("Too")),
            "{refused:?}"
        );
        for foreign in [
            &b"SSH-2.0-OpenSSH_9\r\n"[..],
            &framed(b"\x0a9.7"),
            &framed(b""),
            b"HTTP/1.1",
        ] {
            let answer = read(foreign).await;
            assert!(matches!(answer, Err(NoGreeting::Foreign)), "{answer:?}");
        }
        assert!(matches!(read(b"").await, Err(NoGreeting::Closed(_))));
    }
}
