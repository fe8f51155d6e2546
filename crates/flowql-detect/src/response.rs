//! What a rule does about an attack.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use flowql_config::derived::{DeValue, Spanned, TomlTable, TomlValue};
use flowql_config::{Kind, Value};

use crate::amount::{Amount, Time};

/// How long a mitigation lasts at first, unless a rule says otherwise.
pub const HOLD: Time = Time(300);

/// The responses of a rule, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Responses(pub Vec<Response>);

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// People are notified.
    Notify,
    /// Routers are asked to stop the traffic, or to let less of it through.
    Mitigate(Mitigation),
}

/// What routers are asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mitigation {
    /// What happens to the traffic.
    pub action: Action,
    /// How long it lasts before it is probed whether the attack is over.
    pub hold: Time,
    /// Only attacks that are this large, where the rule says so.
    pub above: Above,
    /// Whether a person must approve it, whatever the mode.
    pub approve: bool,
}

/// How large an attack must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Above {
    /// The bits a second.
    pub bits: Option<Amount>,
    /// The packets a second.
    pub packets: Option<Amount>,
}

/// What happens to the traffic of an attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Flowspec: it is dropped.
    Drop,
    /// Flowspec: so many bits a second are let through.
    Rate(Amount),
    /// Everything to the target is dropped, at the border and by upstreams.
    Blackhole,
}

impl Response {
    /// The mitigation that it is, if it is one.
    #[must_use]
    pub const fn mitigation(&self) -> Option<&Mitigation> {
        match self {
            Self::Notify => None,
            Self::Mitigate(mitigation) => Some(mitigation),
        }
    }

    fn read(value: &DeValue<'_>) -> Option<Self> {
        if let Some(word) = value.as_str() {
            return (word == "notify").then_some(Self::Notify);
        }
        let table = value.as_table()?;
        let (mut action, mut hold, mut above, mut approve) = (None, HOLD, Above::default(), false);
        for (key, value) in table {
            let value = value.get_ref();
            match key.get_ref().as_ref() {
                "flowspec" if action.is_none() => action = Some(flowspec(value.as_str()?)?),
                "blackhole" if action.is_none() && value.as_bool()? => action = Some(Action::Blackhole),
                "hold" => hold = Time::parse(value.as_str()?)?,
                "above" => above = Above::read(value)?,
                "approve" => approve = value.as_bool()?,
                _ => return None,
            }
        }
        Some(Self::Mitigate(Mitigation { action: action?, hold, above, approve }))
    }

    fn show(&self) -> TomlValue {
        let Self::Mitigate(Mitigation { action, hold, above, approve }) = self else {
            return TomlValue::String("notify".to_owned());
        };
        let mut table = TomlTable::new();
        let text = |text: &dyn ToString| TomlValue::String(text.to_string());
        match action {
            Action::Drop => table.insert("flowspec".to_owned(), text(&"drop")),
            Action::Rate(rate) => table.insert("flowspec".to_owned(), text(rate)),
            Action::Blackhole => table.insert("blackhole".to_owned(), TomlValue::Boolean(true)),
        };
        table.insert("hold".to_owned(), text(hold));
        let mut least = TomlTable::new();
        above.bits.map(|bits| least.insert("bits".to_owned(), text(&bits)));
        above.packets.map(|packets| least.insert("packets".to_owned(), text(&packets)));
        if !least.is_empty() {
            table.insert("above".to_owned(), TomlValue::Table(least));
        }
        if *approve {
            table.insert("approve".to_owned(), TomlValue::Boolean(true));
        }
        TomlValue::Table(table)
    }
}

impl Action {
    /// What is done, as an imperative.
    #[must_use]
    pub fn verb(self) -> String {
        match self {
            Self::Drop => "drop".to_owned(),
            Self::Rate(rate) => format!("limit to {rate}bit/s"),
            Self::Blackhole => "blackhole".to_owned(),
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Drop => formatter.write_str("drop"),
            Self::Rate(rate) => write!(formatter, "{rate}"),
            Self::Blackhole => formatter.write_str("blackhole"),
        }
    }
}

impl FromStr for Action {
    type Err = NotAnAction;

    fn from_str(text: &str) -> Result<Self, NotAnAction> {
        if text == "blackhole" { Ok(Self::Blackhole) } else { flowspec(text).ok_or(NotAnAction) }
    }
}

/// A text that is not an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither `drop`, `blackhole` nor bits a second")]
pub struct NotAnAction;

/// `drop`, or the bits a second that are let through.
fn flowspec(text: &str) -> Option<Action> {
    if text == "drop" { Some(Action::Drop) } else { Amount::parse(text).map(Action::Rate) }
}

impl Above {
    fn read(value: &DeValue<'_>) -> Option<Self> {
        let mut above = Self::default();
        for (key, value) in value.as_table()? {
            let amount = Some(Amount::parse(value.get_ref().as_str()?)?);
            match key.get_ref().as_ref() {
                "bits" => above.bits = amount,
                "packets" => above.packets = amount,
                _ => return None,
            }
        }
        Some(above)
    }

    /// Whether traffic of so many bits and packets a second is large enough.
    #[must_use]
    pub fn holds(&self, bits: f64, packets: f64) -> bool {
        let reaches =
            |least: Option<Amount>, value: f64| least.is_none_or(|Amount(least)| value >= least as f64);
        reaches(self.bits, bits) && reaches(self.packets, packets)
    }
}

impl Value for Responses {
    const KIND: Kind = Kind::Other(
        "a list of \"notify\", { flowspec = \"drop\" }, { flowspec = \"100M\" } and { blackhole = true }, each with \
         `hold`, `above` and `approve` where wanted",
    );

    fn read(value: &Spanned<DeValue<'_>>) -> Result<Self, Range<usize>> {
        let items = value.get_ref().as_array().ok_or_else(|| value.span())?;
        let read = |item: &Spanned<DeValue<'_>>| Response::read(item.get_ref()).ok_or_else(|| item.span());
        items.iter().map(read).collect::<Result<Vec<_>, _>>().map(Self)
    }

    fn show(&self) -> Option<TomlValue> {
        Some(TomlValue::Array(self.0.iter().map(Response::show).collect()))
    }
}
