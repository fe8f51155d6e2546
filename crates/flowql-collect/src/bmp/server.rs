//! The BMP server within the collector.

use std::future::pending;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use flowql_bmp::{Observer, Routes, Server, Settings};

use super::BmpSection;

/// The BMP server, before and while it runs.
pub(crate) struct Bmp {
    server: Option<Server>,
    routes: Arc<Routes>,
    /// What tells the status; none where nothing is listened at.
    pub(crate) listening: Option<(SocketAddr, Observer)>,
    /// Why nothing is listened at, where something should be.
    pub(crate) trouble: Option<String>,
}

impl Bmp {
    /// Listens where the section says. The address that nobody wrote down may be taken: then flows are collected without.
    pub(crate) async fn bind(section: &BmpSection) -> Result<Self, io::Error> {
        let none = |trouble: Option<String>| {
            let routes = Arc::new(Routes::new(Arc::new(section.settings())));
            Self { server: None, routes, listening: None, trouble }
        };
        if section.listen.is_empty() {
            return Ok(none(None));
        }
        let invalid = |error| io::Error::new(io::ErrorKind::InvalidInput, error);
        let address: SocketAddr = section.listen.parse().map_err(invalid)?;
        match listen(address, section).await {
            Ok(server) => {
                let (address, observer) = (server.local_address()?, server.observer());
                tracing::info!(%address, "BMP");
                let listening = Some((address, observer));
                Ok(Self { routes: server.routes(), server: Some(server), listening, trouble: None })
            }
            Err(error) if *section == BmpSection::default() => {
                tracing::warn!(%address, %error, "no BMP: name another address as `listen` in [bmp]");
                Ok(none(Some(format!("cannot listen on {address}: {error}"))))
            }
            Err(error) => Err(error),
        }
    }

    /// The routes.
    pub(crate) fn routes(&self) -> &Arc<Routes> {
        &self.routes
    }

    /// What takes the routes, without an end.
    pub(crate) fn take_server(&mut self) -> Option<impl Future<Output = ()> + use<>> {
        self.server.take().map(|server| server.run(pending()))
    }
}

/// Listens at an address; where there is no IPv6, `[::]` is any address of IPv4.
async fn listen(address: SocketAddr, section: &BmpSection) -> io::Result<Server> {
    let settings = Settings { passwords: section.passwords()?, ..section.settings() };
    let bound = Server::bind(address, settings.clone()).await;
    match bound {
        Err(error)
            if address.ip() == IpAddr::V6(Ipv6Addr::UNSPECIFIED)
                && error.kind() != io::ErrorKind::AddrInUse =>
        {
            let v4 = SocketAddr::from((Ipv4Addr::UNSPECIFIED, address.port()));
            Server::bind(v4, settings).await
        }
        bound => bound,
    }
}

impl std::fmt::Debug for Bmp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bmp").field("trouble", &self.trouble).finish_non_exhaustive()
    }
}
