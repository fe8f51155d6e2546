//! BIRD as router and as what announces, GoBGP as a second opinion. What is started is killed when it is dropped.

use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// The port of BGP in all tests: addresses differ.
pub(crate) const PORT: u16 = 1179;

/// The AS of what announces.
pub(crate) const OWN_AS: u32 = 64_666;

/// The AS of the routers.
pub(crate) const ROUTER_AS: u32 = 64_500;

fn place(names: &[&str]) -> Option<PathBuf> {
    names.iter().map(PathBuf::from).find(|place| place.is_file())
}

fn bird() -> Option<PathBuf> {
    place(&["/usr/sbin/bird", "/usr/local/sbin/bird"])
}

fn birdc() -> Option<PathBuf> {
    place(&["/usr/sbin/birdc", "/usr/local/sbin/birdc"])
}

fn gobgpd() -> Option<PathBuf> {
    place(&["/usr/bin/gobgpd", "/usr/local/bin/gobgpd"])
}

/// Whether BIRD is installed; says so where it is not.
pub(crate) fn has_bird() -> bool {
    said(bird().is_some() && birdc().is_some(), "BIRD")
}

/// Whether GoBGP is installed; says so where it is not.
pub(crate) fn has_gobgp() -> bool {
    said(gobgpd().is_some(), "GoBGP")
}

fn said(is_here: bool, name: &str) -> bool {
    if !is_here {
        eprintln!("skipped: {name} is not installed");
    }
    is_here
}

/// A program that runs.
pub(crate) struct Running {
    command: Vec<String>,
    folder: PathBuf,
    child: Child,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Running {
    pub(crate) fn start(folder: &Path, command: Vec<String>) -> Self {
        let child = spawn(folder, &command);
        Self { command, folder: folder.to_owned(), child }
    }

    /// Kills it at once, as with `kill -9`.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again, with more arguments.
    pub(crate) fn start_again(&mut self, more: &[&str]) {
        let mut command = self.command.clone();
        command.extend(more.iter().map(|word| (*word).to_owned()));
        self.child = spawn(&self.folder, &command);
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn end(&mut self) {
        let status = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(status.success());
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
    }

    /// What it said.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

fn spawn(folder: &Path, command: &[String]) -> Child {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(folder.join("log")).unwrap();
    let mut program = Command::new(&command[0]);
    program.args(&command[1..]).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
    program.spawn().unwrap()
}

/// A BIRD with a folder of its own.
pub(crate) struct Bird {
    pub(crate) running: Running,
    folder: TempDir,
}

impl Bird {
    fn start(folder: TempDir, configuration: &str) -> Self {
        std::fs::write(folder.path().join("bird.conf"), configuration).unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let program = bird().unwrap().display().to_string();
        let command = [&program, "-f", "-c", &path("bird.conf"), "-s", &path("ctl"), "-P", &path("pid")]
            .map(str::to_owned);
        Self { running: Running::start(folder.path(), command.to_vec()), folder }
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("ctl")
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it answers; empty while it does not.
    pub(crate) fn ask(&self, command: &str) -> String {
        let words = command.split_whitespace();
        let output =
            Command::new(birdc().unwrap()).arg("-s").arg(self.socket()).args(words).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// The routes that it has of its peer: route, `communities`, `extended` and `large` with what they are.
    pub(crate) fn routes(&self) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for line in self.ask("show route table all all").lines() {
            let kinds = [
                ("communities", "BGP.community: "),
                ("extended", "BGP.ext_community: "),
                ("large", "BGP.large_community: "),
            ];
            if let Some(attribute) = line.strip_prefix('\t') {
                for (kind, name) in kinds {
                    if let (Some(list), Some(route)) = (attribute.strip_prefix(name), found.last_mut()) {
                        write!(route, " {kind} {}", list.trim_end()).unwrap();
                    }
                }
            } else if let Some((what, _)) = line.split_once(" [controller") {
                let what = what.trim_end();
                let what =
                    if what.starts_with("flow") { what } else { what.split_whitespace().next().unwrap() };
                found.push(what.to_owned());
            }
        }
        found.sort();
        found
    }
}

/// A router. Its peer is what announces.
pub(crate) fn router(address: Ipv4Addr, peer: Ipv4Addr, password: Option<&str>) -> Bird {
    let id = Ipv4Addr::new(192, 0, 2, address.octets()[3]);
    let password = password.map(|password| format!("password \"{password}\";")).unwrap_or_default();
    let configuration = format!(
        "log \"router.log\" all;\nrouter id {id};\nflow4 table flowtab4;\nflow6 table flowtab6;\nprotocol device {{ }}\n\
         protocol bgp controller {{\n local {address} port {PORT} as {ROUTER_AS};\n \
         neighbor {peer} port {PORT} as {OWN_AS};\n {password}\n strict bind;\n multihop;\n connect delay time 1;\n \
         connect retry time 2;\n error wait time 1, 2;\n graceful restart yes;\n long lived graceful restart yes;\n \
         ipv4 {{ import all; export none; }};\n ipv6 {{ import all; export none; }};\n \
         flow4 {{ table flowtab4; import all; export none; }};\n flow6 {{ table flowtab6; import all; export none; }};\n}}\n"
    );
    Bird::start(TempDir::new().unwrap(), &configuration.replace("router.log", "/dev/null"))
}

/// The BIRD that announces, with sessions with these routers, which are called `router_0` and so on.
pub(crate) fn controller(address: Ipv4Addr, routers: &[(Ipv4Addr, Option<&str>)]) -> Bird {
    let folder = TempDir::new().unwrap();
    let files = folder.path().join("mitigations");
    std::fs::create_dir_all(&files).unwrap();
    let mut text = format!(
        "log \"/dev/null\" all;\nrouter id 192.0.2.1;\ngraceful restart wait 10;\nipv4 table rtbh4;\nipv6 table rtbh6;\n\
         flow4 table flowtab4;\nflow6 table flowtab6;\nprotocol device {{ }}\n\
         template bgp announce {{\n local {address} port {PORT} as {OWN_AS};\n strict bind;\n multihop;\n \
         connect delay time 1;\n connect retry time 2;\n error wait time 1, 2;\n graceful restart yes;\n \
         graceful restart time 0;\n long lived graceful restart yes;\n long lived stale time 3600;\n \
         ipv4 {{ table rtbh4; import none; export all; next hop address 192.0.2.1; }};\n \
         ipv6 {{ table rtbh6; import none; export all; next hop address 2001:db8::1; }};\n \
         flow4 {{ table flowtab4; import none; export all; }};\n flow6 {{ table flowtab6; import none; export all; }};\n}}\n"
    );
    for (name, kind, table) in [
        ("rtbh4", "ipv4", "rtbh4"),
        ("rtbh6", "ipv6", "rtbh6"),
        ("flow4", "flow4", "flowtab4"),
        ("flow6", "flow6", "flowtab6"),
    ] {
        std::fs::write(files.join(format!("{name}.conf")), "").unwrap();
        writeln!(
            text,
            "protocol static static_{name} {{\n{kind} {{ table {table}; }};\ninclude \"mitigations/{name}.conf\";\n}}"
        )
        .unwrap();
    }
    for (number, (router, password)) in routers.iter().enumerate() {
        let password = password.map(|password| format!("password \"{password}\";")).unwrap_or_default();
        writeln!(
            text,
            "protocol bgp router_{number} from announce {{ neighbor {router} port {PORT} as {ROUTER_AS}; {password} }}"
        )
        .unwrap();
    }
    Bird::start(folder, &text)
}

/// GoBGP as a router.
pub(crate) struct Gobgp {
    _running: Running,
    api: u16,
    address: Ipv4Addr,
    _folder: TempDir,
}

impl Gobgp {
    pub(crate) fn start(address: Ipv4Addr, peer: Ipv4Addr) -> Self {
        let folder = TempDir::new().unwrap();
        let mut text = format!(
            "[global.config]\nas = {ROUTER_AS}\nrouter-id = \"192.0.2.3\"\nport = {PORT}\n\
             local-address-list = [\"{address}\"]\n[[neighbors]]\n[neighbors.config]\nneighbor-address = \"{peer}\"\n\
             peer-as = {OWN_AS}\n[neighbors.transport.config]\nlocal-address = \"{address}\"\nremote-port = {PORT}\n\
             [neighbors.ebgp-multihop.config]\nenabled = true\nmultihop-ttl = 5\n[neighbors.timers.config]\n\
             connect-retry = 2\nidle-hold-time-after-reset = 2\n"
        );
        for family in ["ipv4-unicast", "ipv6-unicast", "ipv4-flowspec", "ipv6-flowspec"] {
            write!(
                text,
                "[[neighbors.afi-safis]]\n[neighbors.afi-safis.config]\nafi-safi-name = \"{family}\"\n"
            )
            .unwrap();
        }
        let file = folder.path().join("gobgpd.toml");
        std::fs::write(&file, text).unwrap();
        let api = 50_051;
        let command = [
            gobgpd().unwrap().display().to_string(),
            "-f".to_owned(),
            file.display().to_string(),
            "--api-hosts".to_owned(),
            format!("{address}:{api}"),
            "--pprof-disable".to_owned(),
        ];
        let running = Running::start(folder.path(), command.to_vec());
        Self { _running: running, api, address, _folder: folder }
    }

    /// The routes of a family, as JSON; nothing while it does not answer.
    pub(crate) fn routes(&self, family: &str) -> serde_json::Value {
        let (host, port) = (self.address.to_string(), self.api.to_string());
        let output = Command::new("gobgp")
            .args(["-u", &host, "-p", &port, "-j", "global", "rib", "-a", family])
            .output()
            .unwrap();
        serde_json::from_slice(&output.stdout).unwrap_or_default()
    }
}

/// FRR as a router, of IPv4 alone: it knows no Flowspec of IPv6.
pub(crate) struct Frr {
    pub(crate) running: Running,
    folder: TempDir,
}

fn frr() -> Option<PathBuf> {
    place(&["/usr/lib/frr/bgpd", "/usr/local/sbin/bgpd"])
}

/// Whether FRR is installed; says so where it is not.
pub(crate) fn has_frr() -> bool {
    said(frr().is_some() && place(&["/usr/bin/vtysh"]).is_some(), "FRR")
}

impl Frr {
    pub(crate) fn start(address: Ipv4Addr, peer: Ipv4Addr) -> Self {
        let folder = TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let text = format!(
            "router bgp {ROUTER_AS}\n bgp router-id 192.0.2.5\n no bgp ebgp-requires-policy\n \
             neighbor {peer} remote-as {OWN_AS}\n neighbor {peer} port {PORT}\n neighbor {peer} disable-connected-check\n \
             address-family ipv4 flowspec\n  neighbor {peer} activate\n exit-address-family\nexit\n"
        );
        std::fs::write(folder.path().join("bgpd.conf"), text).unwrap();
        let (host, port) = (address.to_string(), PORT.to_string());
        let program = frr().unwrap().display().to_string();
        let command = [
            &program,
            "-Z",
            "-n",
            "-S",
            "-A",
            "127.0.0.1",
            "-P",
            "0",
            "-l",
            &host,
            "-p",
            &port,
            "-f",
            &path("bgpd.conf"),
            "-i",
            &path("pid"),
            "-z",
            &path("zserv"),
            "--vty_socket",
            &folder.path().display().to_string(),
            "--log",
            "stdout",
        ];
        let running = Running::start(folder.path(), command.map(str::to_owned).to_vec());
        Self { running, folder }
    }

    /// What it answers; empty while it does not.
    pub(crate) fn ask(&self, command: &str) -> String {
        let mut vtysh = Command::new("vtysh");
        vtysh.arg("--vty_socket").arg(self.folder.path()).args(["-d", "bgpd", "-c", command]);
        String::from_utf8_lossy(&vtysh.output().unwrap().stdout).into_owned()
    }
}
