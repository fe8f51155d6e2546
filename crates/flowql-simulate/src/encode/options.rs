//! Records of options: what a router says of itself, by NetFlow v9 (RFC 3954, section 6.1) and IPFIX (RFC 7011, section
//! 3.4.2.2).

use super::message::{put, put_text};
use super::{Message, Spec};

/// A table of options.
#[derive(Clone, Copy, Debug)]
pub enum Table<'t> {
    /// The names of interfaces: index and name.
    Interfaces(&'t [(u32, &'t str)]),
    /// The descriptions of interfaces: index and text. Routers often send both in one record; nfdump 1.7 reads only
    /// records with one of them.
    Descriptions(&'t [(u32, &'t str)]),
    /// The samplers: number, and of how many packets they take one.
    Samplers(&'t [(u32, u32)]),
    /// One packet of so many is taken, of the whole observation domain.
    Rate(u32),
    /// The same by interface: index and rate.
    InterfaceRates(&'t [(u32, u32)]),
    /// What the exporter has sent.
    Statistics(Statistics),
    /// The applications: identifier and name.
    Applications(&'t [(u32, &'t str)]),
    /// The VRFs: identifier and name.
    Vrfs(&'t [(u32, &'t str)]),
}

/// What an exporter has sent since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Bytes of datagrams.
    pub bytes: u64,
    /// Datagrams.
    pub datagrams: u64,
    /// Records of flows.
    pub flows: u64,
}

/// The scope of NetFlow v9 that is the whole device, and the one that is an interface.
const SYSTEM: u16 = 1;
const INTERFACE: u16 = 2;
/// The element that is the scope of what holds for an exporter.
const EXPORTING_PROCESS: u16 = 144;
/// Systematic sampling by count of packets: as `samplingAlgorithm` (35), and as `selectorAlgorithm` (304).
const DETERMINISTIC: u64 = 1;

impl Table<'_> {
    /// The number of the template.
    pub const fn id(&self) -> u16 {
        match self {
            Self::Interfaces(_) => 512,
            Self::Samplers(_) => 513,
            Self::Rate(_) => 514,
            Self::InterfaceRates(_) => 515,
            Self::Statistics(_) => 516,
            Self::Applications(_) => 517,
            Self::Vrfs(_) => 518,
            Self::Descriptions(_) => 519,
        }
    }

    /// Announces the template.
    pub fn announce(&self, message: &mut Message<'_>) {
        message.options(self.id(), 1, &self.fields(message.is_v9()));
    }

    /// Adds the records, in a set.
    pub fn records(&self, message: &mut Message<'_>) {
        let is_v9 = message.is_v9();
        let fields = self.fields(is_v9);
        message.set(self.id(), |out| {
            let mut record = |values: &[Value<'_>]| {
                for (field, value) in fields.iter().zip(values) {
                    value.put(out, field.length);
                }
            };
            self.rows(is_v9, &mut record)
        });
    }

    /// The fields, the first of which is the scope.
    fn fields(&self, is_v9: bool) -> Vec<Spec> {
        let field = Spec::new;
        let scope = |v9, ipfix| Spec::new(if is_v9 { v9 } else { ipfix }, 4);
        let device = scope(SYSTEM, EXPORTING_PROCESS);
        match (self, is_v9) {
            (Self::Interfaces(_), _) => vec![device, field(10, 4), field(82, 32)],
            (Self::Descriptions(_), _) => vec![device, field(10, 4), field(83, 64)],
            (Self::Applications(_), _) => vec![device, field(95, 4), field(96, 24)],
            (Self::Vrfs(_), _) => vec![device, field(234, 4), field(236, 32)],
            (Self::Statistics(_), _) => vec![device, field(40, 8), field(41, 8), field(42, 8)],
            (Self::Samplers(_), true) => vec![device, field(48, 1), field(49, 1), field(50, 4)],
            (Self::Samplers(_), false) => vec![scope(0, 302), field(304, 2), field(305, 4), field(306, 4)],
            (Self::Rate(_), true) => vec![device, field(34, 4), field(35, 1)],
            (Self::Rate(_), false) => vec![scope(0, 149), field(304, 2), field(309, 4), field(310, 4)],
            (Self::InterfaceRates(_), _) => vec![scope(INTERFACE, 10), field(34, 4), field(35, 1)],
        }
    }

    /// Gives the values of each record; how many records there are.
    fn rows(&self, is_v9: bool, record: &mut impl FnMut(&[Value<'_>])) -> u16 {
        use Value::{Number, Text};
        let device = Number(0);
        match *self {
            Self::Samplers(samplers) => {
                for &(id, rate) in samplers {
                    let [id, rate] = [id.into(), rate.into()];
                    match is_v9 {
                        true => record(&[device, Number(id), Number(DETERMINISTIC), Number(rate)]),
                        // One packet is taken, then so many are not.
                        false => record(&[
                            Number(id),
                            Number(DETERMINISTIC),
                            Number(1),
                            Number(rate.saturating_sub(1)),
                        ]),
                    }
                }
                samplers.len() as u16
            }
            Self::Rate(rate) => {
                match is_v9 {
                    true => record(&[device, Number(rate.into()), Number(DETERMINISTIC)]),
                    false => record(&[device, Number(DETERMINISTIC), Number(1), Number(rate.into())]),
                }
                1
            }
            Self::InterfaceRates(rates) => {
                for &(index, rate) in rates {
                    record(&[Number(index.into()), Number(rate.into()), Number(DETERMINISTIC)]);
                }
                rates.len() as u16
            }
            Self::Statistics(Statistics { bytes, datagrams, flows }) => {
                record(&[device, Number(bytes), Number(datagrams), Number(flows)]);
                1
            }
            Self::Interfaces(names)
            | Self::Descriptions(names)
            | Self::Applications(names)
            | Self::Vrfs(names) => {
                for &(id, name) in names {
                    record(&[device, Number(id.into()), Text(name)]);
                }
                names.len() as u16
            }
        }
    }
}

/// The value of a field.
#[derive(Clone, Copy)]
enum Value<'t> {
    Number(u64),
    Text(&'t str),
}

impl Value<'_> {
    fn put(self, out: &mut Vec<u8>, length: u16) {
        match self {
            Self::Number(number) => put(out, number, length),
            Self::Text(text) => put_text(out, text, length),
        }
    }
}
