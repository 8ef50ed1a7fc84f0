//! A MySQL proxy that answers the login with a connection number of its own and gives each command of a
//! client to the next of its sessions on the server, as one that multiplexes does at its worst. The
//! sessions live on when the client has gone, so that they can be looked at.
//!
//! It logs in by sending the client's answer to each session, so the login must have no password.
//! Source: MySQL Source Code Documentation, "Protocol::HandshakeV10", "Command Phase".

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// How many sessions each client's commands go to.
const SESSIONS: usize = 3;

/// The number that every client is told.
const INVENTED: u32 = 4_000_000_001;

const COM_QUIT: u8 = 1;

/// A running proxy.
pub struct Multiplexer {
    pub port: u16,
    sessions: Arc<Mutex<Vec<Session>>>,
}

/// A session on the server.
struct Session {
    id: u32,
    stream: TcpStream,
}

impl Multiplexer {
    /// In front of a server's port on this machine.
    pub fn start(server: u16) -> Multiplexer {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let sessions = Arc::new(Mutex::new(Vec::new()));
        let kept = sessions.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let (client, kept) = (client.expect("a client"), kept.clone());
                // An error is the end of the client like its regular end.
                thread::spawn(move || serve(client, server, &kept).unwrap_or_default());
            }
        });
        Multiplexer { port, sessions }
    }

    /// The server's numbers of the sessions that clients had.
    pub fn sessions(&self) -> Vec<u32> {
        let sessions = self.sessions.lock().expect("the sessions");
        sessions.iter().map(|session| session.id).collect()
    }
}

fn serve(mut client: TcpStream, server: u16, kept: &Mutex<Vec<Session>>) -> io::Result<()> {
    let mut sessions = Vec::new();
    let mut greeting = Vec::new();
    for _ in 0..SESSIONS {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, server))?;
        stream.set_nodelay(true)?;
        greeting = read_packet(&mut stream)?;
        let at = number_at(&greeting);
        let id = u32::from_le_bytes(greeting[at..at + 4].try_into().expect("four bytes"));
        sessions.push(Session { id, stream });
    }
    let at = number_at(&greeting);
    greeting[at..at + 4].copy_from_slice(&INVENTED.to_le_bytes());
    client.write_all(&greeting)?;
    let answer = read_packet(&mut client)?;
    let mut told = Vec::new();
    for session in &mut sessions {
        session.stream.write_all(&answer)?;
        told = read_packet(&mut session.stream)?;
    }
    client.write_all(&told)?;
    let served = commands(&mut client, &mut sessions);
    kept.lock().expect("the sessions").extend(sessions);
    served
}

/// Each command to the next session; its answer back until the client speaks again.
fn commands(client: &mut TcpStream, sessions: &mut [Session]) -> io::Result<()> {
    let mut turn = 0;
    loop {
        let command = read_packet(client)?;
        if command.get(4) == Some(&COM_QUIT) {
            return Ok(());
        }
        let session = &mut sessions[turn % SESSIONS];
        turn += 1;
        session.stream.write_all(&command)?;
        answer(&mut session.stream, client)?;
    }
}

fn answer(session: &mut TcpStream, client: &mut TcpStream) -> io::Result<()> {
    let mut buffer = [0; 1 << 16];
    session.set_nonblocking(true)?;
    client.set_nonblocking(true)?;
    let ended = loop {
        match session.read(&mut buffer) {
            Ok(0) => break Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(length) => {
                client.set_nonblocking(false)?;
                client.write_all(&buffer[..length])?;
                client.set_nonblocking(true)?;
                continue;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => break Err(error),
        }
        match client.peek(&mut buffer[..1]) {
            Ok(0) => break Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) => break Ok(()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                thread::sleep(std::time::Duration::from_millis(1));
            }
            Err(error) => break Err(error),
        }
    };
    session.set_nonblocking(false)?;
    client.set_nonblocking(false)?;
    ended
}

/// A packet with its head.
fn read_packet(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut packet = vec![0; 4];
    stream.read_exact(&mut packet)?;
    let length = u32::from_le_bytes([packet[0], packet[1], packet[2], 0]) as usize;
    packet.resize(4 + length, 0);
    stream.read_exact(&mut packet[4..])?;
    Ok(packet)
}

/// Where the connection's number is in a greeting: behind the head, the protocol's version and the
/// server's, which ends in a zero.
fn number_at(greeting: &[u8]) -> usize {
    let end = greeting[5..].iter().position(|byte| *byte == 0);
    5 + end.expect("the end of the version") + 1
}
