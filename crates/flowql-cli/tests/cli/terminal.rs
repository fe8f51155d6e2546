//! The prompt at a terminal, keys and all.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use rexpect::session::{PtySession, spawn_command};

use super::Place;
use super::engine::Engine;

/// How long an answer may take: a bound for what hangs, not a measure.
const PATIENCE: u64 = 30_000;

const TAB: &str = "\t";
const UP: &str = "\x1b[A";
const END_OF_INPUT: &str = "\x04";
const INTERRUPT: &str = "\x03";

fn prompt(place: &Place) -> PtySession {
    let mut command = place.command(&["repl"]);
    command.env("XDG_STATE_HOME", place.path("state")).env("TERM", "xterm-256color");
    let mut session = spawn_command(command, Some(PATIENCE)).unwrap();
    session.exp_string("Tab completes").unwrap();
    session.exp_string("flowql> ").unwrap();
    session
}

fn press(session: &mut PtySession, keys: &str) {
    session.send(keys).unwrap();
    session.flush().unwrap();
}

fn ends_well(mut session: PtySession) {
    press(&mut session, END_OF_INPUT);
    session.exp_eof().unwrap();
    // As `Exited(Pid(7), 0)`.
    let status = format!("{:?}", session.process().wait().unwrap());
    assert!(status.starts_with("Exited(") && status.ends_with(", 0)"), "{status}");
}

#[test]
fn tab_completes_and_the_sql_is_shown() {
    let place = Place::new();
    let mut session = prompt(&place);
    press(&mut session, &format!("InIfBou{TAB}"));
    session.exp_string("InIfBoundary").unwrap();
    press(&mut session, " = ext");
    press(&mut session, &format!("{TAB}\r"));
    session.exp_string("InIfBoundary = 'external'").unwrap();
    ends_well(session);
}

#[test]
fn filters_have_colours_and_are_kept() {
    let place = Place::new();
    let mut session = prompt(&place);
    press(&mut session, "SrcAS = 64500\r");
    session.exp_string("\x1b[34mSrcAS\x1b[0m").unwrap();
    session.exp_string("SrcAS = 64500").unwrap();
    session.exp_string("flowql> ").unwrap();
    ends_well(session);
    // The next prompt has the lines of the last one.
    let mut session = prompt(&place);
    press(&mut session, &format!("{UP}\r"));
    session.exp_string("SrcAS = 64500").unwrap();
    ends_well(session);
}

#[test]
fn unfinished_filters_go_on_and_an_interrupt_gives_a_fresh_line() {
    let place = Place::new();
    let mut session = prompt(&place);
    press(&mut session, "SrcAS IN (1,\r2)\r");
    session.exp_string("SrcAS IN (1, 2)").unwrap();
    session.exp_string("flowql> ").unwrap();
    press(&mut session, &format!("SrcAS = {INTERRUPT}"));
    session.exp_string("flowql> ").unwrap();
    press(&mut session, "DstAS = 7\r");
    session.exp_string("DstAS = 7").unwrap();
    ends_well(session);
}

/// A statement for the engine at this address, in plain HTTP.
fn run_at(url: &str, statement: &str) {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    let length = statement.len();
    write!(stream, "POST / HTTP/1.0\r\nContent-Length: {length}\r\n\r\n{statement}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.contains(" 200 "), "{answer}");
}

#[test]
fn a_long_query_says_how_far_it_is() {
    let engine = Engine(Place::new());
    let url = engine.0.run(&["engine", "start", "--folder", "data"]).has_status(0).stdout;
    run_at(url.trim(), "CREATE DATABASE slow ENGINE = Atomic");
    // Flows whose AS is slow to read.
    run_at(
        url.trim(),
        "CREATE VIEW slow.flows AS SELECT now() - toIntervalSecond(number % 600) AS TimeReceived, \
         toUInt64(100) AS Bytes, toUInt64(1) AS Packets, toUInt64(1000) AS SamplingRate, \
         toUInt32(64500 + sleepEachRow(0.001)) AS SrcAS FROM numbers(2500)",
    );
    let arguments = [
        "query",
        "--folder",
        "data",
        "--database",
        "slow",
        "--top",
        "SrcAS",
        "--from",
        "-2h",
        "SrcAS = 64500",
    ];
    let mut session = spawn_command(engine.0.command(&arguments), Some(PATIENCE)).unwrap();
    session.exp_regex("[0-9]+ of [0-9]+ rows, [0-9]+ MB, [0-9]+ s").unwrap();
    session.exp_string("64500").unwrap();
    session.exp_eof().unwrap();
    // Elsewhere nothing is said.
    assert_eq!(engine.0.run(&arguments).has_status(0).stderr, "");
}
