//! ClickHouse in this process: its configuration, its command line, and whether it answers.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use super::Folder;

/// How long one question may take while the engine starts.
const PATIENCE: Duration = Duration::from_secs(2);

/// Makes what ClickHouse needs in the folder, and gives the arguments of its command line.
pub(crate) fn prepare(folder: &Folder, port: u16) -> io::Result<Vec<String>> {
    fs::create_dir_all(folder.data())?;
    fs::create_dir_all(folder.user_files())?;
    let _ = fs::remove_file(folder.pipe());
    make_pipe(folder)?;
    fs::write(folder.configuration(), configuration(folder, port))?;
    let pipe = folder.pipe().display().to_string().replace('\\', "\\\\").replace('\'', "\\'");
    Ok(vec![
        "clickhouse".into(),
        "--path".into(),
        folder.data().display().to_string(),
        format!("--config-file={}", folder.configuration().display()),
        "--query".into(),
        // The last statement ends when the pipe is closed, and so does the process.
        format!("SYSTEM START LISTEN HTTP; SELECT * FROM file('{pipe}', 'LineAsString') FORMAT Null"),
    ])
}

fn configuration(folder: &Folder, port: u16) -> String {
    let user_files = escape(&folder.user_files().display().to_string());
    let users = folder.users();
    let users = match users.is_file() {
        true => format!("  <users_config>{}</users_config>\n", escape(&users.display().to_string())),
        false => String::new(),
    };
    format!(
        "<clickhouse>\n  <!-- Written by FlowQL at each start. -->\n  <listen_host>127.0.0.1</listen_host>\n  \
         <http_port>{port}</http_port>\n  <user_files_path>{user_files}/</user_files_path>\n{users}</clickhouse>\n"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(unix)]
fn make_pipe(folder: &Folder) -> io::Result<()> {
    use nix::sys::stat::Mode;
    Ok(nix::unistd::mkfifo(&folder.pipe(), Mode::S_IRUSR | Mode::S_IWUSR)?)
}

#[cfg(not(unix))]
fn make_pipe(_: &Folder) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "the embedded engine needs Linux or macOS"))
}

/// Ends the last statement, which waits at the pipe. Blocks until ClickHouse has opened it.
pub(crate) fn close(folder: &Folder) -> io::Result<()> {
    fs::OpenOptions::new().write(true).open(folder.pipe())?.write_all(b"end\n")
}

/// A port that is free: the one of the last time if it still is, so that addresses last.
pub(crate) fn free_port(last: Option<u16>) -> io::Result<u16> {
    let bind = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let listener = last.map(bind).and_then(Result::ok).map_or_else(|| bind(0), Ok)?;
    Ok(listener.local_addr()?.port())
}

/// The version of the engine at the port, if it answers and serves this folder.
pub(crate) fn answers(folder: &Folder, port: u16) -> Option<String> {
    let query =
        "SELECT%20version(),%20path%20FROM%20system.disks%20WHERE%20name%20=%20'default'%20FORMAT%20TSVRaw";
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    write!(stream, "GET /?query={query} HTTP/1.0\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.take(65_536).read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let (version, path) = body.trim_end().split_once('\t')?;
    let serves = head.contains(" 200 ") && path.trim_end_matches('/') == folder.data().display().to_string();
    serves.then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_kept_while_it_is_free() {
        let port = free_port(None).unwrap();
        assert_eq!(free_port(Some(port)).unwrap(), port);
        let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        assert_ne!(free_port(Some(port)).unwrap(), port);
    }

    #[test]
    fn paths_are_escaped_in_the_configuration() {
        let text = configuration(&Folder::new("/a<b>&c"), 7);
        assert!(text.contains("<user_files_path>/a&lt;b&gt;&amp;c/user_files/</user_files_path>"), "{text}");
        assert!(!text.contains("users_config"), "there is no such file: {text}");
    }
}
