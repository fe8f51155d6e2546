//! A real collector, as the tests of the commands that ask it have it.

use std::fs::{File, read_to_string};
use std::net::{TcpListener, UdpSocket};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::Place;
use super::engine::Engine;

/// Longer than anything takes that a test waits for.
pub(super) const LONG: Duration = Duration::from_secs(300);

/// An address that nobody listens at.
pub(super) fn free() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// A collector that is ended with its test.
pub(super) struct Collector {
    pub(super) child: Child,
    engine: Engine,
    pub(super) listen: String,
    pub(super) http: String,
    pub(super) bmp: String,
}

impl Drop for Collector {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Collector {
    /// Starts one at ports that are free, with its tables in an engine of its own, and waits until it writes.
    pub(super) fn start(command: &[&str], configuration: &str) -> Self {
        let listen = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let (http, bmp) = (free(), free());
        let text = format!(
            "[collect]\nhttp = \"{http}\"\ndata = \"journal\"\n[server]\nlisten = \"{http}\"\ndata = \"journal\"\n\
             [embedded]\nfolder = \"data\"\n[[collect.listen]]\naddress = \"{listen}\"\n\
             [bmp]\nlisten = \"{bmp}\"\n{configuration}"
        );
        let place = Place::new().with("flowql.toml", text);
        let (log, said) =
            (File::create(place.path("log")).unwrap(), File::create(place.path("said")).unwrap());
        let mut command = place.command(command);
        let child = command.stdin(Stdio::null()).stdout(said).stderr(log).spawn().unwrap();
        let collector = Self { child, engine: Engine(place), listen, http, bmp };
        collector.wait("writing", || collector.log().contains("writing").then_some(()));
        collector
    }

    /// Where it runs.
    pub(super) fn place(&self) -> &Place {
        &self.engine.0
    }

    pub(super) fn log(&self) -> String {
        read_to_string(self.place().path("log")).unwrap()
    }

    pub(super) fn wait<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let until = Instant::now() + LONG;
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(Instant::now() < until, "no {what} within {LONG:?}: {}", self.log());
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// The body of what is answered to a question by HTTP.
pub(super) fn get(address: &str, path: &str) -> String {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text.split_once("\r\n\r\n").map_or("", |(_, body)| body).to_owned()
}
