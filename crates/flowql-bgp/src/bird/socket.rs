//! BIRD's control socket: a line goes in, lines come out.

use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::time::timeout;

use crate::announcer::AnnounceError;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest answer, in bytes: some tens of thousands of routes with their attributes.
const LONGEST: u64 = 64 << 20;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The code of its last line: `8` and `9` begin refusals.
    pub(crate) code: u16,
    /// Its lines without their codes.
    pub(crate) lines: Vec<String>,
}

/// Asks one command. Each has a connection of its own, so that a BIRD that was restarted is met as well.
pub(crate) async fn ask(path: &Path, command: &str) -> Result<Answer, AnnounceError> {
    timeout(PATIENCE, exchange(path, command)).await.map_err(|_| AnnounceError::Timeout("BIRD"))?
}

/// Asks one command that must not be refused.
pub(crate) async fn must(path: &Path, command: &str) -> Result<Answer, AnnounceError> {
    let answer = ask(path, command).await?;
    if answer.code >= 8000 {
        return Err(AnnounceError::Bird { command: command.to_owned(), answer: answer.lines.join("; ") });
    }
    Ok(answer)
}

async fn exchange(path: &Path, command: &str) -> Result<Answer, AnnounceError> {
    let mut stream = UnixStream::connect(path).await.map_err(AnnounceError::io("connect to", path))?;
    stream.write_all(format!("{command}\n").as_bytes()).await.map_err(AnnounceError::io("write to", path))?;
    let mut reader = BufReader::new(stream.take(LONGEST));
    // The greeting comes first.
    read(&mut reader, path).await?;
    read(&mut reader, path).await
}

/// Reads lines up to the last of an answer: four digits and a blank.
async fn read<R: tokio::io::AsyncBufRead + Unpin>(
    reader: &mut R,
    path: &Path,
) -> Result<Answer, AnnounceError> {
    let mut lines = Vec::new();
    let mut line = String::new();
    loop {
        line.clear();
        let bytes = reader.read_line(&mut line).await.map_err(AnnounceError::io("read from", path))?;
        if bytes == 0 {
            let error = std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
            return Err(AnnounceError::io("read from", path)(error));
        }
        let text = line.trim_end_matches('\n');
        let code = text.get(..4).and_then(|digits| digits.parse::<u16>().ok());
        match (code, text.get(4..5), text.get(5..)) {
            (Some(code), Some(" "), Some(rest)) => {
                if !rest.is_empty() {
                    lines.push(rest.to_owned());
                }
                return Ok(Answer { code, lines });
            }
            (Some(_), Some("-"), Some(rest)) => lines.push(rest.to_owned()),
            // A further line of the same code begins with a blank.
            _ => lines.push(text.strip_prefix(' ').unwrap_or(text).to_owned()),
        }
    }
}
