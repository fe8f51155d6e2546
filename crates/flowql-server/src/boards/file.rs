//! The files of dashboards and views, read and checked.

use std::ops::Range;

use flowql::Schema;
use flowql_backend::columns_to_group_by;
use serde::{Deserialize, Serialize};
use toml::Spanned;
use utoipa::ToSchema;

/// The most panels of a dashboard.
const MOST_PANELS: usize = 50;

/// The most values of a panel, and the most columns that its flows are grouped by.
const MOST_VALUES: u32 = 50;
const MOST_COLUMNS: usize = 5;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum BoardKind {
    /// Several panels.
    Dashboard,
    /// One.
    View,
}

impl BoardKind {
    /// The kind of a file, by the end of its name.
    pub fn of_file(name: &str) -> Option<(&str, Self)> {
        let dashboard = name.strip_suffix(".dashboard.toml").map(|name| (name, Self::Dashboard));
        dashboard.or_else(|| Some((name.strip_suffix(".view.toml")?, Self::View)))
    }

    /// The word for it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Dashboard => "dashboard",
            Self::View => "view",
        }
    }
}

/// What a panel is drawn as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PanelType {
    /// Areas on top of each other.
    #[default]
    Stacked,
    /// Shares of the whole.
    Percent,
    /// Lines.
    Lines,
    /// A small graph for each value.
    Small,
    /// The countries by their traffic.
    Map,
    /// What flows from value to value.
    Sankey,
    /// Values by time.
    Heatmap,
    /// The table alone.
    Table,
    /// The traffic of the whole as a number.
    Number,
    /// The 95th percentile of the five-minute points of the month.
    Billing,
    /// The fullest interfaces, and when they are full.
    Capacity,
    /// A text, the `description`.
    Text,
}

/// What traffic is measured in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PanelUnit {
    /// Bits per second at layer 3.
    #[default]
    Bits,
    /// Bits per second at layer 2.
    L2Bits,
    /// Packets per second.
    Packets,
    /// Flows per second, not multiplied by the sampling rate.
    Flows,
    /// The share of the speed of the input interfaces.
    InSpeed,
    /// The same of the output interfaces.
    OutSpeed,
}

/// What the values are ranked by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PanelRank {
    /// The average of the time.
    #[default]
    Average,
    /// The largest point.
    Maximum,
    /// The last whole point.
    Last,
    /// The 95th percentile of the points, by nearest rank.
    P95,
}

/// How much of the width a panel takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PanelWidth {
    /// All of it.
    Full,
    /// A half.
    #[default]
    Half,
    /// A third.
    Third,
}

/// A panel of a dashboard, or the only one of a view.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Panel {
    /// What is above it.
    #[schema(value_type = String)]
    pub title: Spanned<String>,
    /// What it is good for.
    #[serde(default)]
    pub description: String,
    /// The flows that count.
    #[serde(default = "empty")]
    #[schema(value_type = String)]
    pub filter: Spanned<String>,
    /// The columns that they are grouped by; an address may be cut, as `SrcAddr/24`.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub by: Vec<Spanned<String>>,
    /// What it is drawn as.
    #[serde(default, rename = "type")]
    pub kind: PanelType,
    /// What traffic is measured in.
    #[serde(default)]
    pub unit: PanelUnit,
    /// What the values are ranked by.
    #[serde(default)]
    pub rank: PanelRank,
    /// How many values there are.
    #[serde(default = "ten")]
    #[schema(value_type = u32)]
    pub limit: Spanned<u32>,
    /// Whether the opposite direction is shown as well.
    #[serde(default)]
    pub both: bool,
    /// The earlier time that it is compared with: `hour`, `day`, `week` or `year`; empty for none.
    #[serde(default)]
    #[schema(value_type = String)]
    pub compare: Earlier,
    /// How much of the width it takes.
    #[serde(default)]
    pub width: PanelWidth,
    /// The start of its time, such as `-6h`; that of the dashboard where it is empty.
    #[serde(default)]
    pub from: String,
    /// The end, such as `now`.
    #[serde(default)]
    pub to: String,
}

/// An earlier time to compare with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Earlier {
    /// None.
    #[default]
    #[serde(rename = "")]
    Nothing,
    /// An hour before.
    Hour,
    /// A day before.
    Day,
    /// A week before.
    Week,
    /// A year before.
    Year,
}

/// A dashboard.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Dashboard {
    /// What is above it.
    #[schema(value_type = String)]
    pub title: Spanned<String>,
    /// What it is good for.
    #[serde(default)]
    pub description: String,
    /// A filter that holds in all panels, in addition to their own.
    #[serde(default = "empty")]
    #[schema(value_type = String)]
    pub filter: Spanned<String>,
    /// The start of its time, such as `-6h`.
    #[serde(default = "six_hours")]
    pub from: String,
    /// The end, such as `now`.
    #[serde(default = "now")]
    pub to: String,
    /// Columns that who looks at it chooses a value of; all panels are narrowed to it.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub ask: Vec<Spanned<String>>,
    /// The panels.
    #[serde(default, rename = "panel")]
    pub panels: Vec<Panel>,
}

fn empty() -> Spanned<String> {
    Spanned::new(0..0, String::new())
}

fn ten() -> Spanned<u32> {
    Spanned::new(0..0, 10)
}

fn six_hours() -> String {
    "-6h".to_owned()
}

fn now() -> String {
    "now".to_owned()
}

/// What a file holds, as it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Board {
    /// A dashboard.
    Dashboard(Dashboard),
    /// A view.
    View(Panel),
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardFault {
    /// Where, in bytes of the text.
    pub span: Range<usize>,
    /// What.
    pub message: String,
}

impl Board {
    /// Reads the text of a file. The filters in it are not looked at: see [`Self::filters`].
    ///
    /// # Errors
    ///
    /// All that is wrong with it; of a text that is not of the form, the first that is.
    pub fn read(kind: BoardKind, text: &str, schema: &Schema) -> Result<Self, Vec<BoardFault>> {
        let fault = |error: toml::de::Error| {
            let message = error.message().lines().next().unwrap_or_default().to_owned();
            vec![BoardFault { span: error.span().unwrap_or(0..0), message }]
        };
        let board = match kind {
            BoardKind::Dashboard => Self::Dashboard(toml::from_str(text).map_err(fault)?),
            BoardKind::View => Self::View(toml::from_str(text).map_err(fault)?),
        };
        let faults = board.faults(schema);
        if faults.is_empty() { Ok(board) } else { Err(faults) }
    }

    /// The panels.
    pub fn panels(&self) -> &[Panel] {
        match self {
            Self::Dashboard(dashboard) => &dashboard.panels,
            Self::View(panel) => std::slice::from_ref(panel),
        }
    }

    /// The filters that are not empty, each with its place, which is that of its string with the quotes.
    pub fn filters(&self) -> impl Iterator<Item = &Spanned<String>> {
        let own = match self {
            Self::Dashboard(dashboard) => Some(&dashboard.filter),
            Self::View(_) => None,
        };
        let all = own.into_iter().chain(self.panels().iter().map(|panel| &panel.filter));
        all.filter(|filter| !filter.get_ref().trim().is_empty())
    }

    fn faults(&self, schema: &Schema) -> Vec<BoardFault> {
        let mut faults = Vec::new();
        let mut fault = |span: Range<usize>, message: String| faults.push(BoardFault { span, message });
        if let Self::Dashboard(dashboard) = self {
            if dashboard.title.get_ref().trim().is_empty() {
                fault(dashboard.title.span(), "the title is empty".to_owned());
            }
            if dashboard.panels.is_empty() {
                fault(0..0, "a dashboard needs a `[[panel]]`".to_owned());
            }
            if dashboard.panels.len() > MOST_PANELS {
                fault(0..0, format!("more than {MOST_PANELS} panels"));
            }
            for column in &dashboard.ask {
                let id = schema.find(column.get_ref());
                if id.is_none_or(|id| schema.column(id).disabled || schema.column(id).filter_type.is_none()) {
                    let message = format!("there is no column `{}` to ask for", column.get_ref());
                    fault(column.span(), message);
                }
            }
        }
        for panel in self.panels() {
            if panel.title.get_ref().trim().is_empty() {
                fault(panel.title.span(), "the title is empty".to_owned());
            }
            if !(1..=MOST_VALUES).contains(panel.limit.get_ref()) {
                fault(panel.limit.span(), format!("`limit` must be from 1 to {MOST_VALUES}"));
            }
            for column in panel.by.iter().skip(MOST_COLUMNS) {
                fault(column.span(), format!("more than {MOST_COLUMNS} columns"));
            }
            for column in &panel.by {
                if let Err(error) = columns_to_group_by(schema, std::slice::from_ref(column.get_ref())) {
                    fault(column.span(), error.to_string());
                }
            }
        }
        faults
    }
}

/// Where the text of a string begins in a file, by the place of the string with its quotes: `None` where escapes make the
/// places of the two differ.
pub fn text_start(file: &str, string: &Spanned<String>) -> Option<usize> {
    let written = file.get(string.span())?;
    let quotes = ["'''", "\"\"\"", "'", "\""].into_iter().find(|quotes| written.starts_with(quotes))?;
    let mut start = quotes.len();
    // A line break right after three quotes does not belong to the text.
    if quotes.len() == 3 {
        let rest = written.get(start..)?;
        start +=
            rest.strip_prefix("\r\n").map(|_| 2).or_else(|| rest.strip_prefix('\n').map(|_| 1)).unwrap_or(0);
    }
    let inner = written.get(start..)?;
    inner.starts_with(string.get_ref().as_str()).then_some(string.span().start + start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(kind: BoardKind, text: &str) -> Vec<(String, String)> {
        let faults = Board::read(kind, text, &Schema::default()).unwrap_err();
        faults.into_iter().map(|fault| (text.get(fault.span).unwrap().to_owned(), fault.message)).collect()
    }

    #[test]
    fn a_dashboard_is_read() {
        let text = "title = 'T'\nfilter = '@ours'\nask = ['InIfName']\n[[panel]]\ntitle = 'P'\nby = ['SrcAddr/24']\n\
                    type = 'heatmap'\nunit = 'l2bits'\nfilter = \"SrcAS = 1\"\nlimit = 50\n";
        let board = Board::read(BoardKind::Dashboard, text, &Schema::default()).unwrap();
        let filters: Vec<_> = board.filters().map(|filter| text_start(text, filter).unwrap()).collect();
        assert_eq!(
            filters.iter().map(|&start| text.get(start..start + 3)).collect::<Vec<_>>(),
            [Some("@ou"), Some("Src")]
        );
        let json = serde_json::to_value(&board).unwrap();
        assert_eq!(json["panel"][0]["type"], "heatmap");
        assert_eq!((&json["from"], &json["panel"][0]["filter"]), (&"-6h".into(), &"SrcAS = 1".into()));
    }

    #[test]
    fn what_is_wrong_is_at_its_place() {
        let view = |text: &str| faults(BoardKind::View, text);
        let pair = |span: &str, message: &str| (span.to_owned(), message.to_owned());
        assert_eq!(
            view("title = ''\nlimit = 51\n"),
            [pair("''", "the title is empty"), pair("51", "`limit` must be from 1 to 50")]
        );
        assert!(view("title = 'x'\nfliter = ''\n")[0].1.starts_with("unknown field `fliter`"));
        assert!(view("title = 'x'\ntype = 'pie'\n")[0].1.starts_with("unknown variant `pie`"));
        assert_eq!(view("title = 'x'\nby = ['SrcA']\n")[0].0, "'SrcA'");
        let dashboard = |text: &str| faults(BoardKind::Dashboard, text);
        assert_eq!(dashboard("title = 'x'\n"), [pair("", "a dashboard needs a `[[panel]]`")]);
        assert_eq!(
            dashboard("title = 'x'\nask = ['Nope']\n[[panel]]\ntitle = 'y'\n"),
            [pair("'Nope'", "there is no column `Nope` to ask for")]
        );
    }

    #[test]
    fn names_of_files_say_what_they_hold() {
        assert_eq!(BoardKind::of_file("a.b.dashboard.toml"), Some(("a.b", BoardKind::Dashboard)));
        assert_eq!(BoardKind::of_file("x.view.toml"), Some(("x", BoardKind::View)));
        assert_eq!(BoardKind::of_file("flowql.toml"), None);
    }

    #[test]
    fn escapes_hide_where_a_text_is() {
        let text = "title = \"a\"\nfilter = \"SrcNetName = \\\"x\\\"\"\n";
        let board = Board::read(BoardKind::View, text, &Schema::default()).unwrap();
        assert_eq!(board.filters().map(|filter| text_start(text, filter)).collect::<Vec<_>>(), [None]);
    }
}
