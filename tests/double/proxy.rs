//! A proxy as companies have them: plain requests are handed on, tunnels are refused. It stands before the doubles under any name.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

/// A running proxy.
#[derive(Debug)]
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Starts one that leads to `target`, whatever host is asked for; it runs as long as the runtime.
    pub async fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let kept = lines.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                // Who breaks off has what it wanted.
                tokio::spawn(serve(connection, target, kept.clone()));
            }
        });
        Self { address, lines }
    }

    /// The first line of each request so far.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }
}

/// Serves one request; the client takes a new connection for each.
async fn serve(connection: TcpStream, target: SocketAddr, lines: Arc<Mutex<Vec<String>>>) -> std::io::Result<()> {
    let mut connection = BufReader::new(connection);
    let mut line = String::new();
    connection.read_line(&mut line).await?;
    lines.lock().unwrap().push(line.trim_end().to_owned());
    if line.starts_with("CONNECT ") {
        while connection.read_line(&mut line).await? > 2 {}
        return connection.write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n").await;
    }
    // `GET http://host/path HTTP/1.1` goes on as `GET /path HTTP/1.1` (RFC 9112, 3.2).
    let (method, rest) = line.split_once(" http://").unwrap();
    let path = rest.find('/').map_or("/", |at| &rest[at..]);
    let mut onward = TcpStream::connect(target).await?;
    onward.write_all(format!("{method} {path}").as_bytes()).await?;
    let begun = connection.buffer().to_vec();
    onward.write_all(&begun).await?;
    let mut connection = connection.into_inner();
    copy_bidirectional(&mut connection, &mut onward).await.map(drop)
}
