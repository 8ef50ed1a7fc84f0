//! A DNS server that answers as Consul's does, or as one that is in trouble.

use hickory_resolver::proto::{
    op::{Message, Query, ResponseCode},
    rr::{
        Name, RData, Record, RecordType,
        rdata::{A, SRV},
    },
};
use std::{
    net::Ipv4Addr,
    str::FromStr,
    sync::{Arc, Mutex},
};
use tokio::{net::UdpSocket, task::JoinHandle};

/// What it answers to every question.
#[derive(Debug, Clone)]
pub enum Says {
    /// The service is at this address, and at this port of it.
    Service(Ipv4Addr, u16),
    /// A code without records.
    Code(ResponseCode),
    /// The address of another name than the one that was asked for.
    OtherName,
    Nothing,
}

/// Ends with the test.
pub struct Dns {
    pub port: u16,
    says: Arc<Mutex<Vec<(String, Says)>>>,
    task: JoinHandle<()>,
}

impl Drop for Dns {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Dns {
    /// On a port of its own on loopback: what it says about which name; every name that it is not told of does
    /// not exist.
    pub async fn new(says: &[(&str, Says)]) -> Dns {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a port");
        let port = socket.local_addr().expect("an address").port();
        let says: Vec<(String, Says)> = says
            .iter()
            .map(|(name, says)| ((*name).to_owned(), says.clone()))
            .collect();
        let says = Arc::new(Mutex::new(says));
        let task = tokio::spawn(serve(socket, says.clone()));
        Dns { port, says, task }
    }

    /// For `--consul`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// From now on it says something else about the name.
    pub fn now(&self, name: &str, says: Says) {
        let mut all = self.says.lock().expect("no panic");
        all.retain(|(known, _)| known != name);
        all.push((name.to_owned(), says));
    }
}

async fn serve(socket: UdpSocket, says: Arc<Mutex<Vec<(String, Says)>>>) {
    let mut packet = [0; 1500];
    loop {
        let (length, from) = socket.recv_from(&mut packet).await.expect("a question");
        let question = Message::from_vec(&packet[..length]).expect("a question");
        let query = question.queries[0].clone();
        let name = query.name().to_string();
        let name = name.trim_end_matches('.').to_lowercase();
        let says = says
            .lock()
            .expect("no panic")
            .iter()
            .find(|(known, _)| *known == name)
            .map_or(Says::Code(ResponseCode::NXDomain), |(_, says)| says.clone());
        if let Some(answer) = answer(&question, query, &says) {
            let answer = answer.to_vec().expect("an answer");
            socket
                .send_to(&answer, from)
                .await
                .expect("the answer is sent");
        }
    }
}

fn answer(question: &Message, query: Query, says: &Says) -> Option<Message> {
    let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
    let record = |name: &Name, data| Record::from_rdata(name.clone(), 0, data);
    match (says, query.query_type()) {
        (Says::Nothing, _) => return None,
        (Says::Code(code), _) => answer.metadata.response_code = *code,
        (Says::Service(address, _), RecordType::A) => {
            answer.add_answer(record(query.name(), RData::A(A(*address))));
        }
        (Says::Service(address, port), RecordType::SRV) => {
            let node = Name::from_str("node-1.node.dc1.consul.").expect("a name");
            let service = SRV::new(1, 1, *port, node.clone());
            answer.add_answer(record(query.name(), RData::SRV(service)));
            answer.add_additional(record(&node, RData::A(A(*address))));
        }
        (Says::OtherName, RecordType::A) => {
            let other = Name::from_str("other.service.consul.").expect("a name");
            answer.add_answer(record(&other, RData::A(A(Ipv4Addr::LOCALHOST))));
        }
        // The name is there and has no record of this type.
        _ => {}
    }
    answer.add_query(query);
    Some(answer)
}
