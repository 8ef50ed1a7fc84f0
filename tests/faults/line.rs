//! What the breaker does to a line, seen from both of its ends.

use crate::{
    breaker::{Breaker, Strike},
    spot::{Moment, Point, Spot},
    wire::{Protocol, Way},
};
use std::{net::Ipv4Addr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf},
    time::timeout,
};

const QUIET: Duration = Duration::from_millis(100);

/// A packet of MySQL's with one letter.
fn packet(letter: u8) -> [u8; 6] {
    [2, 0, 0, 0, 3, letter]
}

async fn letter(from: &mut OwnedReadHalf) -> Option<u8> {
    let mut bytes = [0; 6];
    let read = timeout(QUIET, from.read_exact(&mut bytes)).await.ok()?;
    read.ok().map(|_| bytes[5])
}

/// A client and a server that are connected through a breaker, which is to stop there.
async fn pair(way: Way, moment: Moment) -> (Breaker, Strike, TcpStream, TcpStream) {
    let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = server.local_addr().unwrap().port();
    let breaker = Breaker::start(Protocol::Mysql, port).await;
    let point = Point {
        connection: 0,
        way,
        packet: 1,
        moment,
    };
    let strike = breaker.strike_at(Spot::At(point));
    let client = TcpStream::connect((Ipv4Addr::LOCALHOST, breaker.port)).await;
    let server = server.accept().await.unwrap().0;
    (breaker, strike, client.unwrap(), server)
}

#[tokio::test]
async fn what_is_delayed_arrives_late_once_and_in_order() {
    for way in [Way::ToServer, Way::ToClient] {
        for moment in [Moment::Before, Moment::After] {
            let (breaker, mut strike, client, server) = pair(way, moment).await;
            let (sender, receiver) = match way {
                Way::ToServer => (client, server),
                Way::ToClient => (server, client),
            };
            let (mut back, mut out) = sender.into_split();
            let (mut into, mut answer) = receiver.into_split();
            for sent in *b"abc" {
                out.write_all(&packet(sent)).await.unwrap();
            }
            answer.write_all(&packet(b'x')).await.unwrap();
            assert_eq!(letter(&mut into).await, Some(b'a'));
            strike.reached().await;
            strike.release().await;
            let first = (moment == Moment::After).then_some(b'b');
            assert_eq!(letter(&mut into).await, first);
            assert_eq!(letter(&mut into).await, None, "held");
            breaker.flow();
            if moment == Moment::Before {
                assert_eq!(letter(&mut into).await, Some(b'b'));
            }
            assert_eq!(letter(&mut into).await, Some(b'c'));
            assert_eq!(letter(&mut into).await, None, "nothing twice");
            assert_eq!(letter(&mut back).await, Some(b'x'));
        }
    }
}

#[tokio::test]
async fn what_is_dropped_never_arrives_while_both_connections_stay_open() {
    for moment in [Moment::Before, Moment::After] {
        let (breaker, mut strike, client, server) = pair(Way::ToServer, moment).await;
        let (mut client_in, mut client_out) = client.into_split();
        let (mut server_in, mut server_out) = server.into_split();
        for sent in *b"abc" {
            client_out.write_all(&packet(sent)).await.unwrap();
        }
        assert_eq!(letter(&mut server_in).await, Some(b'a'));
        strike.reached().await;
        strike.release().await;
        breaker.lose();
        let last = (moment == Moment::After).then_some(b'b');
        assert_eq!(letter(&mut server_in).await, last);
        server_out.write_all(&packet(b'x')).await.unwrap();
        client_out.write_all(&packet(b'd')).await.unwrap();
        assert_eq!(letter(&mut server_in).await, None);
        assert_eq!(letter(&mut client_in).await, None);
        // The client's end does not reach the server either, until the line is cut.
        drop((client_in, client_out));
        let end = async |from: &mut OwnedReadHalf| {
            timeout(QUIET, from.read(&mut [0; 1])).await.map(Result::ok)
        };
        assert!(end(&mut server_in).await.is_err(), "still open");
        breaker.cut();
        assert_ne!(end(&mut server_in).await, Ok(Some(1)));
        assert!(end(&mut server_in).await.is_ok(), "closed");
    }
}
