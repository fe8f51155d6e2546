//! From settings to what announces.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use flowql_config::Secret;
use http::header::{AUTHORIZATION, HeaderValue};
use ipnet::IpNet;
use tokio::runtime::Handle;
use url::Url;

use super::{AnnounceRouterSection, AnnounceSection, AnnounceWay, community, network, route_target};
use crate::announcer::{AnnounceError, Announcer};
use crate::bird::{Bird, BirdSettings, BirdTables};
use crate::exec::{Exec, ExecSettings};
use crate::guards::{Budget, GuardSettings, Router};
use crate::mitigator::Mitigations;
use crate::route::RouteSettings;
use crate::rule::RouteFamily;
use crate::speaker::{Peer, Speaker, SpeakerSettings};
use crate::webhook::{Webhook, WebhookSettings};

/// The share of all traffic that a percent is, in millionths.
const PERCENT: u32 = 10_000;

/// The budget of a family at what announces by itself, where no router is configured.
const USUAL_BUDGET: u32 = 100;

impl AnnounceSection {
    /// The guards, for these protected prefixes and those that must never be touched.
    pub fn guards(&self, protected: Vec<IpNet>, never: Vec<IpNet>) -> GuardSettings {
        let mut infrastructure: Vec<IpNet> =
            self.infrastructure.iter().filter_map(|text| network(text)).collect();
        infrastructure.extend(self.router.iter().filter_map(|router| network(&router.address)));
        GuardSettings {
            protected,
            never,
            infrastructure,
            redirects: self.redirects.iter().filter_map(|text| route_target(text)).collect(),
            routers: self.routers(),
            new_per_minute: self.new_per_minute,
            most_share: self.most_share_percent * PERCENT,
            longest: self.longest_seconds,
        }
    }

    fn routers(&self) -> Vec<Router> {
        if self.router.is_empty() && matches!(self.way, AnnounceWay::Exec | AnnounceWay::Webhook) {
            let budgets = RouteFamily::ALL.map(|family| Budget { family, most: USUAL_BUDGET }).to_vec();
            return vec![Router { name: "all".to_owned(), budgets }];
        }
        self.router
            .iter()
            .map(|router| Router { name: router.name.clone(), budgets: router.budgets() })
            .collect()
    }

    /// What routes carry.
    pub fn routes(&self) -> RouteSettings {
        RouteSettings {
            local_as: self.asn,
            next_hop4: self.next_hop4.parse().unwrap_or(Ipv4Addr::UNSPECIFIED),
            next_hop6: self.next_hop6.parse().unwrap_or(Ipv6Addr::UNSPECIFIED),
            blackhole_communities: self
                .blackhole_communities
                .iter()
                .filter_map(|text| community(text))
                .collect(),
            keep_blackholes: self.keep_blackholes,
        }
    }

    /// Starts what announces, with what the state on disk says; none where nothing is to announce.
    ///
    /// # Errors
    ///
    /// That a file with a secret cannot be read, BIRD's files cannot be written, or TLS cannot be set up.
    pub fn start(
        &self,
        mitigations: &Mitigations,
        runtime: &Handle,
    ) -> Result<Option<Arc<dyn Announcer>>, AnnounceError> {
        let announcer: Arc<dyn Announcer> = match self.way {
            AnnounceWay::None => return Ok(None),
            AnnounceWay::Speaker => {
                let settings = self.speaker_settings(mitigations.is_restart())?;
                Arc::new(Speaker::start(settings, mitigations.rules(), runtime))
            }
            AnnounceWay::Bird => {
                let bird = Bird::new(self.bird_settings());
                bird.prepare()?;
                Arc::new(bird)
            }
            AnnounceWay::Exec => Arc::new(Exec::new(ExecSettings {
                program: self.exec.program.clone().into(),
                arguments: self.exec.arguments.iter().map(Into::into).collect(),
                routes: self.routes(),
                patience: Duration::from_secs(self.exec.seconds),
            })),
            AnnounceWay::Webhook => Arc::new(Webhook::new(self.webhook_settings()?)?),
        };
        Ok(Some(announcer))
    }

    pub(super) fn speaker_settings(&self, is_restart: bool) -> Result<SpeakerSettings, AnnounceError> {
        let peers = self.router.iter().filter_map(|router| router.peer().transpose());
        Ok(SpeakerSettings {
            routes: self.routes(),
            id: self.id.parse().unwrap_or(Ipv4Addr::UNSPECIFIED),
            hold_time: self.speaker.hold_seconds,
            restart_time: self.speaker.restart_seconds,
            stale_time: self.speaker.stale_seconds,
            is_restart,
            peers: peers.collect::<Result<_, _>>()?,
        })
    }

    fn bird_settings(&self) -> BirdSettings {
        BirdSettings {
            socket: self.bird.socket.clone().into(),
            folder: self.bird.folder.clone().into(),
            routes: self.routes(),
            routers: self.router.iter().map(|router| router.name.clone()).collect(),
            tables: BirdTables {
                blackhole4: self.bird.blackhole4.clone(),
                blackhole6: self.bird.blackhole6.clone(),
                flowspec4: self.bird.flowspec4.clone(),
                flowspec6: self.bird.flowspec6.clone(),
            },
        }
    }

    fn webhook_settings(&self) -> Result<WebhookSettings, AnnounceError> {
        let refused = |what: &str| AnnounceError::Refused(format!("invalid {what} of the webhook"));
        let mut headers = Vec::new();
        if let Some(text) = secret(&self.webhook.authorization, &self.webhook.authorization_file)? {
            let mut value = HeaderValue::from_str(&text).map_err(|_| refused("authorization"))?;
            value.set_sensitive(true);
            headers.push((AUTHORIZATION, value));
        }
        Ok(WebhookSettings {
            url: Url::parse(&self.webhook.url).map_err(|_| refused("address"))?,
            headers,
            routes: self.routes(),
            patience: Duration::from_secs(self.webhook.seconds),
        })
    }
}

impl AnnounceRouterSection {
    fn budgets(&self) -> Vec<Budget> {
        let budgets = [
            (RouteFamily::Blackhole4, self.blackholes4),
            (RouteFamily::Blackhole6, self.blackholes6),
            (RouteFamily::Flowspec4, self.flowspec4),
            (RouteFamily::Flowspec6, self.flowspec6),
        ];
        budgets
            .into_iter()
            .filter(|(_, most)| *most > 0)
            .map(|(family, most)| Budget { family, most })
            .collect()
    }

    fn peer(&self) -> Result<Option<Peer>, AnnounceError> {
        let Some(address) = self.peer_address() else { return Ok(None) };
        Ok(Some(Peer {
            name: self.name.clone(),
            address,
            local: self.local.parse().ok(),
            asn: self.asn,
            password: secret(&self.password, &self.password_file)?,
            families: self.budgets().iter().map(|budget| budget.family).collect(),
        }))
    }
}

/// A secret, by itself or in a file; none where there is neither.
fn secret(secret: &Secret, file: &str) -> Result<Option<String>, AnnounceError> {
    let text = secret.or_first_line(file).map_err(AnnounceError::io("read", Path::new(file)))?;
    Ok(Some(text).filter(|text| !text.is_empty()))
}
