//! Fetching the library of the embedded engine, once.
//!
//! It comes out of the npm package of chDB: through `npm pack`, which honours the user's configuration of npm, or out
//! of a file. Either way it is verified before it takes its place.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use flate2::read::GzDecoder;
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use super::library::{self, FILE, VERSION};

/// The library for one kind of machine.
struct Release {
    /// The operating system and the processor, as Rust names them.
    machine: (&'static str, &'static str),
    /// The npm package.
    package: &'static str,
    /// The size of the package, about.
    packed: u64,
    /// The size of the library.
    unpacked: u64,
    /// Its SHA-256.
    sha256: &'static str,
}

/// The libraries whose checksums are known.
static RELEASES: &[Release] = &[Release {
    machine: ("linux", "x86_64"),
    package: "@chdb/lib-linux-x64-gnu",
    packed: 177_817_999,
    unpacked: 566_330_096,
    sha256: "36ad4e999882821ef13cf2d0f52c93f48e6ee1b4498b35a201c23ce4b8d15bf5",
}];

/// What an installation is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// npm fetches the package.
    Fetch,
    /// The library is taken out of it, and verified.
    Unpack,
}

/// How far an installation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What it is at.
    pub step: Step,
    /// The bytes that are done.
    pub done: u64,
    /// The bytes that there are, about.
    pub total: u64,
}

/// Why the library is not installed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// There is none for this machine.
    #[error("no library is known for {0}")]
    Machine(String),
    /// The system has no folder for caches.
    #[error("there is no folder to install into: neither FLOWQL_CACHE nor XDG_CACHE_HOME nor HOME is set")]
    NoCache,
    /// A file cannot be read or written.
    #[error("cannot {what} `{}`: {source}", path.display())]
    File {
        /// `read` or `write`.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: io::Error,
    },
    /// npm is not there.
    #[error("npm is not found")]
    NoNpm,
    /// npm did not fetch the package.
    #[error("npm cannot fetch {package}: {message}")]
    Npm {
        /// The package, with its version.
        package: String,
        /// What npm says.
        message: String,
    },
    /// The archive does not hold the library.
    #[error("`{}` holds no {FILE}", .0.display())]
    NotInside(PathBuf),
    /// The library is another one.
    #[error("the checksum of the library is {found}, not {expected}")]
    Checksum {
        /// The SHA-256 of the file.
        found: String,
        /// That of the library that is known.
        expected: &'static str,
    },
}

impl InstallError {
    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        let release = release().ok();
        let package = release.map_or_else(String::new, |release| format!("{}@{VERSION}", release.package));
        Some(match self {
            Self::Machine(_) => format!(
                "name a `{FILE}` of chDB with the setting `embedded.library` or the variable {}",
                library::VARIABLE
            ),
            Self::NoCache => "set FLOWQL_CACHE to a folder".to_owned(),
            Self::NoNpm | Self::Npm { .. } => format!(
                "where npm works, run `npm pack {package}`; then `flowql engine install --from FILE` with the file that it writes"
            ),
            Self::NotInside(_) | Self::Checksum { .. } => {
                format!("the library of this version of FlowQL is that of {package}")
            }
            Self::File { .. } => return None,
        })
    }
}

/// Installs the library, unless it is there, and says where it is. Blocks for as long as it takes.
///
/// `from` is an archive of npm or the library itself; without it, npm fetches the package.
///
/// # Errors
///
/// That it cannot be fetched, written or verified.
pub fn install(from: Option<&Path>, progress: &mut dyn FnMut(Progress)) -> Result<PathBuf, InstallError> {
    let release = release()?;
    let target = library::installed().ok_or(InstallError::NoCache)?;
    let is_whole = fs::metadata(&target).is_ok_and(|metadata| metadata.len() == release.unpacked);
    if is_whole && from.is_none() {
        return Ok(target);
    }
    let folder = target.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|source| written(folder, source))?;
    match from {
        Some(file) => place(release, file, &target, progress)?,
        None => {
            let work = tempfile::tempdir_in(folder).map_err(|source| written(folder, source))?;
            let archive = fetch(release, work.path(), progress)?;
            place(release, &archive, &target, progress)?;
        }
    }
    Ok(target)
}

fn release() -> Result<&'static Release, InstallError> {
    let machine = (std::env::consts::OS, std::env::consts::ARCH);
    let found = RELEASES.iter().find(|release| release.machine == machine);
    found.ok_or_else(|| InstallError::Machine(format!("{} on {}", machine.0, machine.1)))
}

/// Lets npm fetch the package into the folder. Its own cache lies there too: its growth is the progress, and what is
/// needed once need not be kept twice.
fn fetch(
    release: &Release,
    work: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<PathBuf, InstallError> {
    let package = format!("{}@{VERSION}", release.package);
    let failed = |message: String| InstallError::Npm { package: package.clone(), message };
    let log = work.join("npm.log");
    let log_file = File::create(&log).map_err(|source| written(&log, source))?;
    let mut npm = Command::new("npm")
        .args(["pack", &package, "--loglevel=error", "--pack-destination"])
        .arg(work)
        .arg("--cache")
        .arg(work.join("cache"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log_file)
        .spawn()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => InstallError::NoNpm,
            _ => failed(error.to_string()),
        })?;
    let status = loop {
        match npm.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) => {}
            Err(error) => return Err(failed(error.to_string())),
        }
        let done = size_of(&work.join("cache")).min(release.packed);
        progress(Progress { step: Step::Fetch, done, total: release.packed });
        sleep(Duration::from_millis(100));
    };
    if !status.success() {
        let text = fs::read_to_string(&log).unwrap_or_default();
        let lines = text.lines().map(|line| line.trim_start_matches("npm error ").trim());
        let lines: Vec<_> = lines.filter(|line| !line.is_empty()).take(3).collect();
        return Err(failed(lines.join("; ")));
    }
    let files = fs::read_dir(work).map_err(|source| read(work, source))?;
    let mut paths = files.filter_map(|file| Some(file.ok()?.path()));
    let archive = paths.find(|path| path.extension() == Some(OsStr::new("tgz")));
    archive.ok_or_else(|| failed("it wrote no archive".to_owned()))
}

/// The bytes of the files below a folder.
fn size_of(folder: &Path) -> u64 {
    let mut waiting = vec![folder.to_path_buf()];
    let mut size = 0;
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => waiting.push(entry.path()),
                Ok(metadata) => size += metadata.len(),
                Err(_) => {}
            }
        }
    }
    size
}

/// Takes the library out of a file, verifies it, and puts it at its place, as a whole.
fn place(
    release: &Release,
    file: &Path,
    target: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), InstallError> {
    let folder = target.parent().unwrap_or(Path::new("."));
    let mut placed = NamedTempFile::new_in(folder).map_err(|source| written(folder, source))?;
    let input = File::open(file).map_err(|source| read(file, source))?;
    let found = if is_archive(file).map_err(|source| read(file, source))? {
        let mut archive = tar::Archive::new(GzDecoder::new(input));
        let entries = archive.entries().map_err(|source| read(file, source))?;
        let mut library = None;
        for entry in entries {
            let entry = entry.map_err(|source| read(file, source))?;
            if entry.path().is_ok_and(|path| path.file_name() == Some(OsStr::new(FILE))) {
                library = Some(entry);
                break;
            }
        }
        let mut library = library.ok_or_else(|| InstallError::NotInside(file.to_path_buf()))?;
        copy(&mut library, placed.as_file_mut(), release.unpacked, progress)
    } else {
        copy(&mut { input }, placed.as_file_mut(), release.unpacked, progress)
    }
    .map_err(|source| read(file, source))?;
    if found != release.sha256 {
        return Err(InstallError::Checksum { found, expected: release.sha256 });
    }
    readable(placed.as_file()).map_err(|source| written(target, source))?;
    placed.persist(target).map_err(|error| written(target, error.error))?;
    Ok(())
}

/// Whether a file is compressed by gzip.
fn is_archive(file: &Path) -> io::Result<bool> {
    let mut start = Vec::new();
    File::open(file)?.take(2).read_to_end(&mut start)?;
    Ok(start == [0x1F, 0x8B])
}

/// Copies, and gives the SHA-256 of what was copied.
fn copy(
    from: &mut dyn Read,
    to: &mut dyn Write,
    total: u64,
    progress: &mut dyn FnMut(Progress),
) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut done = 0;
    loop {
        let length = from.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..length).filter(|bytes| !bytes.is_empty()) else { break };
        hash.update(bytes);
        to.write_all(bytes)?;
        done += length as u64;
        progress(Progress { step: Step::Unpack, done: done.min(total), total });
    }
    to.flush()?;
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Temporary files are for their owner alone; other users may have the same cache.
fn readable(file: &File) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        file.set_permissions(fs::Permissions::from_mode(0o644))?;
    }
    file.sync_all()
}

fn read(path: &Path, source: io::Error) -> InstallError {
    InstallError::File { what: "read", path: path.to_path_buf(), source }
}

fn written(path: &Path, source: io::Error) -> InstallError {
    InstallError::File { what: "write", path: path.to_path_buf(), source }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    const CONTENT: &[u8] = b"not really a library";

    /// A release whose library is [`CONTENT`].
    const SMALL: Release = Release {
        machine: ("", ""),
        package: "@chdb/none",
        packed: 0,
        unpacked: 20,
        sha256: "4b8e6b4b4f7c7f1f",
    };

    fn small() -> Release {
        let sum = copy(&mut { CONTENT }, &mut io::sink(), 20, &mut |_| {}).unwrap();
        Release { sha256: sum.leak(), ..SMALL }
    }

    fn archive(path: &Path, name: &str) {
        let mut builder = tar::Builder::new(GzEncoder::new(File::create(path).unwrap(), Compression::fast()));
        let mut header = tar::Header::new_gnu();
        header.set_size(CONTENT.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append_data(&mut header, name, CONTENT).unwrap();
        builder.into_inner().unwrap().finish().unwrap();
    }

    #[test]
    fn a_library_is_taken_from_an_archive_or_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let (packed, plain) = (folder.path().join("a.tgz"), folder.path().join("b.so"));
        archive(&packed, "package/libchdb.so");
        fs::write(&plain, CONTENT).unwrap();
        for from in [&packed, &plain] {
            let target = folder.path().join(FILE);
            let mut last = None;
            place(&small(), from, &target, &mut |progress| last = Some(progress)).unwrap();
            assert_eq!(fs::read(&target).unwrap(), CONTENT);
            assert_eq!(last, Some(Progress { step: Step::Unpack, done: 20, total: 20 }));
            fs::remove_file(&target).unwrap();
        }
    }

    #[test]
    fn another_library_is_refused_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let other = folder.path().join("other.so");
        fs::write(&other, b"something else").unwrap();
        let target = folder.path().join("cache/libchdb.so");
        fs::create_dir(folder.path().join("cache")).unwrap();
        let error = place(&small(), &other, &target, &mut |_| {}).unwrap_err();
        assert!(matches!(error, InstallError::Checksum { .. }), "{error}");
        archive(&other, "package/other.so");
        let error = place(&small(), &other, &target, &mut |_| {}).unwrap_err();
        assert!(matches!(error, InstallError::NotInside(_)), "{error}");
        assert_eq!(fs::read_dir(folder.path().join("cache")).unwrap().count(), 0);
    }
}
