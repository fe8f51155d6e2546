//! `flowql routes`, with a real collector and simulated routers.

use std::io::Read as _;
use std::net::TcpStream;
use std::process::{Child, Stdio};

use serde_json::Value;

use super::collector::Collector;
use super::{Place, run};

/// A program that is ended with its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn routes_of_simulated_routers_are_shown() {
    let collector = Collector::start(&["collect"], "");
    let place = collector.place();
    let routes = |arguments: &[&str]| place.run(&[&["routes"], arguments].concat());
    let none = routes(&[]).has_status(0);
    assert!(none.stdout.is_empty() && none.stderr.contains("no router sent its routes yet"), "{none}");
    assert!(routes(&["203.0.113.9"]).has_status(1).stderr.contains("no route is known"));

    // The sessions last as long as the simulation.
    let arguments = ["simulate", "--target", "127.0.0.1:9", "--rate", "10", "--exporters", "2", "--bmp"];
    let mut command = place.command(&[&arguments[..], &[&collector.bmp]].concat());
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut simulation = Running(child);
    let status = collector.wait("tables of both routers", || {
        let status = routes(&["--json"]).has_status(0).json();
        let list = |key: &str| status[key].as_array().cloned().unwrap_or_default();
        let is_whole = |router: &Value| {
            let vrfs = router["vrfs"].as_array().map_or(0, Vec::len);
            vrfs == 2 && router["peers"].as_array().unwrap().iter().any(|peer| peer["vrf"] != Value::Null)
        };
        let routers = list("routers");
        (routers.len() == 2 && list("sessions").len() == 2 && routers.iter().all(is_whole)).then_some(status)
    });
    let names: Vec<&str> =
        status["routers"].as_array().unwrap().iter().map(|router| router["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["par1-edge1+lyo1-edge1+fra1-edge1", "par2-edge1+mrs1-edge1"]);
    let text = routes(&[]).has_status(0);
    for expected in
        ["ROUTER", "par2-edge1+mrs1-edge1", "adj-rib-in-post", "own table", "AS1299", "Session of 127.0.0.2:"]
    {
        assert!(text.stdout.contains(expected), "{expected}: {text}");
    }

    // A server of the network itself is at home; the customers' VRF has it, too.
    let home = collector.wait("route", || {
        let ran = routes(&["198.51.100.7"]);
        (ran.stdout.matches("198.51.100.0/24 of router").count() == 2).then_some(ran)
    });
    assert!(home.stdout.contains("AS path none"), "{home}");
    assert!(home.stdout.contains("chosen because"), "{home}");
    for vrf in ["customers", "64501:2"] {
        let found =
            routes(&["198.51.100.7", "--router", "127.0.0.1", "--vrf", vrf, "--json"]).has_status(0).json();
        assert_eq!(found["routers"][0]["prefix"], "198.51.100.0/24", "{vrf}: {found}");
        assert_eq!(found["routers"].as_array().unwrap().len(), 1);
    }
    // An exporter without routes gets no other router's.
    let own = ["198.51.100.7", "--exporter", "127.0.0.2", "--json"];
    assert_eq!(routes(&own).has_status(0).json()["routers"][0]["router"], "127.0.0.2");
    routes(&["198.51.100.7", "--exporter", "192.0.2.77"]).has_status(1);
    assert!(routes(&["--vrf", "customers"]).has_status(2).stderr.contains("<ADDRESS>"));

    // A session that was lost is said, and its routes are kept for a while.
    simulation.0.kill().unwrap();
    let mut said = String::new();
    simulation.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.contains("2 sessions of BMP"), "{said}");
    let lost = collector.wait("lost sessions", || {
        let ran = routes(&[]).has_status(0);
        ran.stdout.contains("Sessions ended: 2").then_some(ran)
    });
    assert!(lost.stdout.contains("session lost"), "{lost}");
    routes(&["198.51.100.7"]).has_status(0);
}

#[test]
fn where_nothing_listens_is_said() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let place = Place::new().with("flowql.toml", format!("[collect]\nhttp = \"{free}\"\n"));
    let ran = place.run(&["routes", "192.0.2.1"]).has_status(2);
    assert!(ran.stderr.contains("`flowql collect` is not running"), "{ran}");
    assert!(TcpStream::connect(&free).is_err());
    assert!(run(&["routes", "edge"]).has_status(2).stderr.contains("invalid value 'edge'"));
    assert!(
        run(&["simulate", "--bmp", "127.0.0.1:1", "--flows", "1"])
            .has_status(2)
            .stderr
            .contains("cannot send routes")
    );
}
