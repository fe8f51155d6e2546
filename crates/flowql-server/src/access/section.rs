//! The section `[console]` of `flowql.toml`.

use flowql::ConfigError;
use flowql_config::{Choice, Section};

/// The console, the page of `flowql serve`: its dashboards, and what its users may do and see.
///
/// Once any user or group has a `filter`, a user whom no entry names sees no flows at all.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(
    name = "console",
    example = "[console]\nfolder = \"dashboards\"\n",
    check = ConsoleSection::faults
)]
pub struct ConsoleSection {
    /// The folder of dashboards (`*.dashboard.toml`) and views (`*.view.toml`) that all users have. A relative path is one
    /// from the folder of the configuration.
    #[setting(example = "dashboards")]
    pub folder: String,
    /// The header in which a trusted proxy says the role of the user: `view`, `edit` or `operate`. It counts for users whom
    /// no entry gives a role.
    #[setting(default = "Remote-Role")]
    pub role_header: String,
    /// The header in which a trusted proxy names the groups of the user, with commas between them.
    #[setting(default = "Remote-Groups")]
    pub groups_header: String,
    /// What a user may do and see.
    #[section]
    pub user: Vec<ConsoleUserSection>,
    /// What the members of a group may do and see.
    #[section]
    pub group: Vec<ConsoleGroupSection>,
}

/// What a user may do and see. The filters of the user and of all groups that the user belongs to hold together.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(name = "console.user", list, example = "[[console.user]]\nname = \"alice\"\nrole = \"operate\"\n")]
pub struct ConsoleUserSection {
    /// The name, as the proxy says it, or that of the default user.
    #[setting(required, example = "alice")]
    pub name: String,
    /// What the user may do; `header` is what the groups or the proxy say.
    pub role: RoleSetting,
    /// The flows that the user sees, and no others: a filter, in which each `@name` is one of `[filters]`. When empty, all
    /// flows that the groups leave.
    #[setting(example = "DstAddr << 192.0.2.0/24 OR SrcAddr << 192.0.2.0/24")]
    pub filter: String,
}

/// What the members of a group may do and see.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(
    name = "console.group",
    list,
    example = "[[console.group]]\nname = \"acme\"\nrole = \"view\"\nfilter = \"SrcNetTenant = \\\"acme\\\" OR DstNetTenant = \\\"acme\\\"\"\n"
)]
pub struct ConsoleGroupSection {
    /// The name, as the proxy says it.
    #[setting(required, example = "acme")]
    pub name: String,
    /// What the members may do; of several groups the most counts. `header` is what the proxy says.
    pub role: RoleSetting,
    /// The flows that the members see, and no others. When empty, all that other entries leave.
    #[setting(example = "@acme")]
    pub filter: String,
}

/// What a user may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum RoleSetting {
    /// What the header says; `edit` where it says nothing.
    #[default]
    Header,
    /// Look at everything.
    View,
    /// Save filters, views and dashboards too.
    Edit,
    /// Approve what changes the network too.
    Operate,
}

impl ConsoleSection {
    fn faults(&self) -> Vec<ConfigError> {
        let mut faults = Vec::new();
        for (key, name) in [("role_header", &self.role_header), ("groups_header", &self.groups_header)] {
            let is_token = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            if name.is_empty() || !name.bytes().all(is_token) {
                let help = "it consists of letters, digits, `-` and `_`";
                faults.push(fault(key, format!("`{key}` cannot be `{name}`"), help));
            }
        }
        let users = self.user.iter().map(|user| user.name.as_str());
        let groups = self.group.iter().map(|group| group.name.as_str());
        for (key, names) in [("user", users.collect::<Vec<_>>()), ("group", groups.collect())] {
            for (index, name) in names.iter().enumerate() {
                let path = format!("{key}[{index}].name");
                if name.is_empty() {
                    faults.push(fault(&path, format!("a {key} without a name"), "give it one"));
                } else if names.iter().take(index).any(|before| before == name) {
                    let message = format!("there are two entries of the {key} `{name}`");
                    faults.push(fault(&path, message, "say all of it in one"));
                }
            }
        }
        faults
    }
}

fn fault(key: &str, message: String, help: &str) -> ConfigError {
    ConfigError { path: format!("console.{key}"), message, help: Some(help.to_owned()) }
}

#[cfg(test)]
mod tests {
    use flowql_config::{Config, KnownSection, Registry};

    use super::*;

    const SECTIONS: Registry = &[KnownSection::of::<ConsoleSection>()];

    #[test]
    fn entries_are_read_and_checked() {
        let text = "[console]\nfolder = \"boards\"\n[[console.user]]\nname = \"a\"\nrole = \"view\"\n";
        let config = Config::parse(text, "f", SECTIONS).unwrap();
        let section = config.section::<ConsoleSection>();
        assert_eq!((section.folder.as_str(), section.user.len()), ("boards", 1));
        assert_eq!(section.user[0].role, RoleSetting::View);
        let twice = format!("{text}[[console.user]]\nname = \"a\"\n[[console.group]]\nname = \"\"\n");
        let errors = Config::parse(&twice, "f", SECTIONS).unwrap_err().to_string();
        assert_eq!(
            errors.lines().collect::<Vec<_>>(),
            [
                "f:7:8: there are two entries of the user `a`: say all of it in one",
                "f:9:8: a group without a name: give it one"
            ]
        );
        let header = Config::parse("[console]\nrole_header = \"a b\"\n", "f", SECTIONS).unwrap_err();
        assert!(header.to_string().contains("`role_header` cannot be `a b`"), "{header}");
    }
}
