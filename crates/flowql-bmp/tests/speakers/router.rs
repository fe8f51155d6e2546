//! GoBGP and FRR as routers that send BMP.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// Which program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Gobgp,
    Frr,
}

/// A router that runs. It is killed when it is dropped.
pub(crate) struct Router {
    command: Vec<String>,
    child: Child,
    pub(crate) address: SocketAddr,
    folder: TempDir,
}

impl Drop for Router {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Kind {
    /// The program; none where it is not installed.
    fn program(self) -> Option<PathBuf> {
        let places: &[&str] = match self {
            Self::Gobgp => &["/usr/bin/gobgpd", "/usr/local/bin/gobgpd"],
            Self::Frr => &["/usr/lib/frr/bgpd", "/usr/local/sbin/bgpd"],
        };
        places.iter().map(PathBuf::from).find(|place| place.is_file())
    }

    /// Whether the program is installed; says so where it is not.
    pub(crate) fn is_here(self) -> bool {
        let is_here = self.program().is_some();
        if !is_here {
            eprintln!("skipped: {self:?} is not installed");
        }
        is_here
    }
}

impl Router {
    /// A router at an address of this machine that sends BMP to a port of it, and takes sessions of these peers.
    pub(crate) fn start(kind: Kind, address: Ipv4Addr, bmp: SocketAddr, peers: &[(Ipv4Addr, u16)]) -> Self {
        let folder = TempDir::new().unwrap();
        let free = |address| TcpListener::bind((address, 0)).unwrap().local_addr().unwrap();
        let address = free(address);
        let configuration = match kind {
            Kind::Gobgp => gobgp(address, bmp, peers),
            Kind::Frr => frr(bmp, peers),
        };
        let file = folder.path().join("router.conf");
        std::fs::write(&file, configuration).unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let program = kind.program().unwrap().display().to_string();
        let command = match kind {
            Kind::Gobgp => {
                let api = free(*address_of(&address)).to_string();
                [&program, "-f", &path("router.conf"), "--api-hosts", &api].map(str::to_owned).to_vec()
            }
            Kind::Frr => {
                let (port, host) = (address.port().to_string(), address.ip().to_string());
                let own = ["-Z", "-n", "-S", "-M", "bmp", "-A", "127.0.0.1", "-P", "0"];
                let given: [&str; 14] = [
                    "-l",
                    &host,
                    "-p",
                    &port,
                    "-f",
                    &path("router.conf"),
                    "-i",
                    &path("pid"),
                    "-z",
                    &path("zserv"),
                    "--vty_socket",
                    &folder.path().display().to_string(),
                    "--log",
                    "stdout",
                ];
                std::iter::once(program.as_str()).chain(own).chain(given).map(str::to_owned).collect()
            }
        };
        let child = spawn(&command, &folder);
        Self { command, child, address, folder }
    }

    /// Kills it, and starts it again.
    pub(crate) fn restart(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.child = spawn(&self.command, &self.folder);
    }
}

const fn address_of(address: &SocketAddr) -> &Ipv4Addr {
    match address {
        SocketAddr::V4(address) => address.ip(),
        SocketAddr::V6(_) => &Ipv4Addr::LOCALHOST,
    }
}

fn spawn(command: &[String], folder: &TempDir) -> Child {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(folder.path().join("log")).unwrap();
    let mut program = Command::new(&command[0]);
    program.args(&command[1..]).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
    program.spawn().unwrap()
}

fn gobgp(address: SocketAddr, bmp: SocketAddr, peers: &[(Ipv4Addr, u16)]) -> String {
    let (host, port) = (address.ip(), address.port());
    let mut text = format!(
        "[global.config]\nas = 64500\nrouter-id = \"192.0.2.3\"\nport = {port}\nlocal-address-list = [\"{host}\"]\n\
         [[bmp-servers]]\n[bmp-servers.config]\naddress = \"{}\"\nport = {}\nroute-monitoring-policy = \"all\"\n",
        bmp.ip(),
        bmp.port()
    );
    for (peer, asn) in peers {
        write!(
            text,
            "[[neighbors]]\n[neighbors.config]\nneighbor-address = \"{peer}\"\npeer-as = {asn}\n\
             [neighbors.transport.config]\npassive-mode = true\nlocal-address = \"{host}\"\n\
             [neighbors.ebgp-multihop.config]\nenabled = true\nmultihop-ttl = 5\n"
        )
        .unwrap();
        for family in ["ipv4-unicast", "ipv6-unicast", "l3vpn-ipv4-unicast"] {
            write!(
                text,
                "[[neighbors.afi-safis]]\n[neighbors.afi-safis.config]\nafi-safi-name = \"{family}\"\n"
            )
            .unwrap();
            if family == "ipv4-unicast" {
                text.push_str("[neighbors.afi-safis.add-paths.config]\nreceive = true\n");
            }
        }
    }
    text
}

fn frr(bmp: SocketAddr, peers: &[(Ipv4Addr, u16)]) -> String {
    let mut text = "router bgp 64500\n bgp router-id 192.0.2.5\n no bgp ebgp-requires-policy\n".to_owned();
    for (peer, asn) in peers {
        write!(
            text,
            " neighbor {peer} remote-as {asn}\n neighbor {peer} passive\n neighbor {peer} disable-connected-check\n"
        )
        .unwrap();
    }
    for family in ["ipv4 unicast", "ipv6 unicast", "ipv4 vpn"] {
        writeln!(text, " address-family {family}").unwrap();
        for (peer, _) in peers {
            // Without this FRR does not keep what came before its policy.
            let keep = format!("neighbor {peer} soft-reconfiguration inbound");
            writeln!(text, "  neighbor {peer} activate\n  {keep}").unwrap();
        }
        text.push_str(" exit-address-family\n");
    }
    write!(text, " bmp targets tests\n  bmp stats interval 1000\n").unwrap();
    for family in ["ipv4 unicast", "ipv6 unicast", "ipv4 vpn"] {
        for policy in ["pre-policy", "post-policy"] {
            writeln!(text, "  bmp monitor {family} {policy}").unwrap();
        }
    }
    write!(
        text,
        "  bmp connect {} port {} min-retry 100 max-retry 1000\n exit\nexit\n",
        bmp.ip(),
        bmp.port()
    )
    .unwrap();
    text
}
