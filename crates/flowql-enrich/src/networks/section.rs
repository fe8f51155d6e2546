//! The sections `[[network]]`, `[[network_source]]` and `[geoip]` of `flowql.toml`.

use flowql::ConfigError;
use flowql_config::{Choice, Section};

use super::record::{self, Field};
use super::row::{Fact, Facts};

/// A network: what the addresses of a prefix are. The longest prefix wins, and what it leaves out comes from those that
/// cover it.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(
    name = "network",
    list,
    example = "[[network]]\nprefix = \"192.0.2.0/24\"\nname = \"servers\"\nrole = \"production\"\n",
    check = NetworkSection::faults
)]
pub struct NetworkSection {
    /// The prefix.
    #[setting(required, example = "192.0.2.0/24")]
    pub prefix: String,
    /// Its name.
    #[setting(example = "servers")]
    pub name: String,
    /// What it is for.
    #[setting(example = "production")]
    pub role: String,
    /// The site that it is at.
    #[setting(example = "paris1")]
    pub site: String,
    /// The region.
    #[setting(example = "europe")]
    pub region: String,
    /// Whose it is.
    #[setting(example = "acme")]
    pub tenant: String,
    /// The city.
    #[setting(example = "Paris")]
    pub city: String,
    /// The state or region of the country.
    #[setting(example = "Texas")]
    pub state: String,
    /// The country, as two letters.
    #[setting(example = "FR")]
    pub country: String,
    /// The number of its AS.
    #[setting(example = 64500)]
    pub asn: Option<u32>,
}

/// A file of networks, with the same facts as `[[network]]` has. Those of `[[network]]` come first, then the sources in
/// their order: of a prefix that several have, the first that knows a fact wins.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(
    name = "network_source",
    list,
    example = "[[network_source]]\nfile = \"/etc/flowql/networks.csv\"\nseparator = \";\"\n",
    check = NetworkSourceSection::faults
)]
pub struct NetworkSourceSection {
    /// The file, which may be compressed by gzip. It is read again when it changes.
    #[setting(required, example = "/etc/flowql/networks.csv")]
    pub file: String,
    /// What it is; `auto` takes what begins with a bracket as JSON, anything else as CSV.
    pub format: NetworkFormat,
    /// What is between the columns of a CSV file: one character.
    #[setting(default = ",", example = "\t")]
    pub separator: String,
    /// The columns of a CSV file that does not name them in its first line: `prefix`, or `address` and `length`, or `first`
    /// and `last`, and the names of facts. Any other word leaves a column out.
    #[setting(example = ["address", "length", "asn"])]
    pub columns: Vec<String>,
    /// The keys of the lists in a JSON file, with dots between those of nested objects; when left out, the file is a list.
    #[setting(example = ["prefixes"])]
    pub lists: Vec<String>,
}

/// What a file of networks is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum NetworkFormat {
    /// CSV or JSON, by its first character.
    #[default]
    Auto,
    /// Lines with columns.
    Csv,
    /// A list of objects.
    Json,
}

/// Databases that say where addresses are, and of which AS.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(name = "geoip", example = "[geoip]\ndatabases = [\"/var/lib/flowql/country.mmdb\"]\n")]
pub struct GeoipSection {
    /// Files in the format of MaxMind (`.mmdb`), in their order: the first that knows a fact wins, after the networks. They
    /// are read again when they change.
    #[setting(example = ["/var/lib/flowql/country.mmdb"])]
    pub databases: Vec<String>,
}

impl NetworkSection {
    /// The facts, as the table keeps them.
    pub(crate) fn facts(&self) -> Facts {
        let mut facts = Facts { asn: self.asn.unwrap_or_default(), ..Facts::default() };
        for (fact, text) in [
            (Fact::Name, &self.name),
            (Fact::Role, &self.role),
            (Fact::Site, &self.site),
            (Fact::Region, &self.region),
            (Fact::Tenant, &self.tenant),
            (Fact::City, &self.city),
            (Fact::State, &self.state),
        ] {
            facts.set(fact, text);
        }
        facts.set(Fact::Country, &self.country.to_ascii_uppercase());
        facts
    }

    fn faults(&self) -> Vec<ConfigError> {
        let mut faults = Vec::new();
        if let Err(message) = record::prefix(&self.prefix) {
            faults.push(fault("network.prefix", message, "write it as `10.0.0.0/8` or `2001:db8::/32`"));
        }
        if !self.country.is_empty()
            && let Err(message) = record::country(&self.country)
        {
            faults.push(fault("network.country", message, "write it as `FR`"));
        }
        faults
    }
}

impl NetworkSourceSection {
    /// The separator, if it is one character of ASCII.
    pub(crate) fn separator_byte(&self) -> Option<u8> {
        match self.separator.as_bytes() {
            [byte] if byte.is_ascii() => Some(*byte),
            _ => None,
        }
    }

    fn faults(&self) -> Vec<ConfigError> {
        let mut faults = Vec::new();
        if self.separator_byte().is_none() {
            let message = format!("`{}` is not one character", self.separator);
            faults.push(fault("network_source.separator", message, "write it as `,`, `;` or `\\t`"));
        }
        let fields: Vec<_> = self.columns.iter().filter_map(|name| Field::of_name(name)).collect();
        let has = |field| fields.contains(&field);
        let has_prefix = has(Field::Prefix)
            || (has(Field::Address) && has(Field::Length))
            || (has(Field::First) && has(Field::Last));
        if !self.columns.is_empty() && !has_prefix {
            let message = "no column has the prefix".to_owned();
            let help = "name one `prefix`, or two `address` and `length`, or `first` and `last`";
            faults.push(fault("network_source.columns", message, help));
        }
        faults
    }
}

fn fault(path: &str, message: String, help: &str) -> ConfigError {
    ConfigError { path: path.to_owned(), message, help: Some(help.to_owned()) }
}

#[cfg(test)]
mod tests {
    use flowql_config::{Config, KnownSection, Registry};

    use super::*;

    const SECTIONS: Registry =
        &[KnownSection::list_of::<NetworkSection>(), KnownSection::list_of::<NetworkSourceSection>()];

    #[test]
    fn errors_are_at_their_lines() {
        let text = "[[network]]\nprefix = \"10.0.0.0/8\"\n[[network]]\nprefix = \"servers\"\ncountry = \"France\"\n\
                    [[network_source]]\nfile = \"f\"\nseparator = \"\"\ncolumns = [\"address\", \"name\"]\n";
        let errors = Config::parse(text, "f", SECTIONS).unwrap_err().to_string();
        assert_eq!(
            errors.lines().collect::<Vec<_>>(),
            [
                "f:4:10: `servers` is not a prefix: write it as `10.0.0.0/8` or `2001:db8::/32`",
                "f:5:11: `France` is not a country of two letters: write it as `FR`",
                "f:8:13: `` is not one character: write it as `,`, `;` or `\\t`",
                "f:9:11: no column has the prefix: name one `prefix`, or two `address` and `length`, or `first` and `last`",
            ]
        );
    }
}
