use flowql::{CustomColumn, Schema, SchemaConfig};

use super::catalog::{Catalog, CatalogColumn, CatalogTable};
use super::definition::{self, TableDefinition, Value};
use super::views::{self, View};
use super::*;

fn layout() -> Layout {
    Layout { database: "db".to_owned(), aggregate: Aggregate::Views, ..Layout::default() }
}

fn schema(shape: impl FnOnce(&mut SchemaConfig)) -> Schema {
    let mut config = SchemaConfig::default();
    shape(&mut config);
    Schema::configured(&config).unwrap()
}

/// What a database has after the statements for the schema.
fn made(layout: &Layout, schema: &Schema) -> Catalog {
    let mut found = Catalog::default();
    let mut shapes = vec![
        definition::raw(layout, schema),
        definition::exporters(layout),
        definition::write(layout, schema),
    ];
    let mut views = vec![views::exporters(layout, schema), views::raw(layout, schema)];
    for aggregation in &layout.aggregated {
        shapes.push(definition::aggregated(layout, schema, aggregation));
        views.push(views::aggregated(layout, schema, aggregation));
    }
    for shape in &shapes {
        found.tables.insert(shape.name.clone(), of_shape(layout, shape));
    }
    for View { name, columns, .. } in views {
        let columns = columns.into_iter().map(|name| CatalogColumn { name, ..CatalogColumn::default() });
        found.tables.insert(name, CatalogTable { columns: columns.collect(), ..CatalogTable::default() });
    }
    for dictionary in DICTIONARIES {
        found.tables.insert(dictionary.name.to_owned(), CatalogTable::default());
        let names = CatalogTable { rows: Some(10), ..CatalogTable::default() };
        found.tables.insert(format!("{}_names", dictionary.name), names);
    }
    found
}

fn of_shape(layout: &Layout, shape: &TableDefinition) -> CatalogTable {
    let columns = shape.columns.iter().map(|column| {
        let (default_kind, default_expression) = match &column.value {
            Some(Value::Alias(value)) => ("ALIAS".to_owned(), value.to_string()),
            Some(Value::Default(value)) => ("DEFAULT".to_owned(), value.to_string()),
            None => (String::new(), String::new()),
        };
        let (name, kind) = (column.name.clone(), column.kind.to_string());
        CatalogColumn { table: shape.name.clone(), name, kind, default_kind, default_expression }
    });
    let sql = shape.create(layout).sql.to_string();
    let (_, clauses) = sql.split_once("ENGINE = ").unwrap();
    CatalogTable {
        columns: columns.collect(),
        order: Sql::list(&shape.order, ", ").to_string(),
        clauses: clauses.replace('\n', " "),
        indexes: shape.indexes().map(|(column, _)| column.to_owned()).collect(),
        rows: Some(0),
        ..CatalogTable::default()
    }
}

fn migrate(found: &Catalog, layout: &Layout, schema: &Schema) -> Vec<Statement> {
    statements(layout, schema, found, Change::AddAndExpire, None)
}

fn whats(statements: &[Statement]) -> Vec<&str> {
    statements.iter().map(|statement| statement.what.as_str()).collect()
}

#[test]
fn a_new_database_gets_everything_in_an_order_that_works() {
    let all = statements(&layout(), &Schema::default(), &Catalog::default(), Change::Nothing, None);
    let place = |what: &str| {
        whats(&all).iter().position(|found| *found == what).unwrap_or_else(|| panic!("no {what}"))
    };
    assert_eq!(all[0].sql.to_string(), "CREATE DATABASE IF NOT EXISTS db ENGINE = Atomic");
    // Columns ask dictionaries; views read and write tables; the last view lets flows in.
    assert!(place("create the dictionary icmp") < place("create the table flows"));
    assert!(place("create the table flows") < place("fill flows_1m0s from now on"));
    assert!(place("create the table flows_1h0m0s") < place("fill flows_1h0m0s from now on"));
    assert_eq!(place("fill flows from now on"), all.len() - 1);
    let makes = all.iter().filter(|statement| statement.sql.to_string().starts_with("CREATE"));
    assert!(makes.clone().count() > 15);
    assert!(makes.into_iter().all(|statement| statement.sql.to_string().contains("IF NOT EXISTS")));
}

#[test]
fn nothing_is_done_twice() {
    for schema in [Schema::default(), Schema::all_columns()] {
        let found = made(&layout(), &schema);
        for change in [Change::Nothing, Change::Add, Change::AddAndExpire] {
            assert_eq!(whats(&statements(&layout(), &schema, &found, change, None)), [""; 0]);
        }
    }
}

#[test]
fn an_enabled_column_comes_to_every_table_before_the_views_use_it() {
    let found = made(&layout(), &Schema::default());
    let schema = schema(|config| {
        config.enable = vec!["SrcVlan".to_owned(), "SrcMAC".to_owned(), "MPLSLabels".to_owned()];
    });
    assert!(statements(&layout(), &schema, &found, Change::Nothing, None).is_empty());
    let all = migrate(&found, &layout(), &schema);
    assert_eq!(
        whats(&all),
        [
            "add SrcVlan, SrcMAC, MPLSLabels to flows",
            "add SrcVlan, SrcMAC, MPLSLabels to flows_raw",
            "add SrcVlan, SrcMAC to flows_1m0s",
            "change what flows_1m0s is filled with",
            "add SrcVlan, SrcMAC to flows_5m0s",
            "change what flows_5m0s is filled with",
            "add SrcVlan, SrcMAC to flows_1h0m0s",
            "change what flows_1h0m0s is filled with",
            "change what flows is filled with",
        ]
    );
    let sums = &all[2].sql.to_string();
    assert!(sums.contains("ADD COLUMN IF NOT EXISTS SrcVlan UInt16 AFTER DstNetTenant"), "{sums}");
    assert!(sums.ends_with("FlowDirection, SrcVlan, SrcMAC)"), "{sums}");
    assert!(!all[0].sql.to_string().contains("ORDER BY"), "{}", all[0].sql);
}

#[test]
fn words_and_times_of_flows_are_stored_once_they_are_enabled() {
    let schema = schema(|config| config.enable = vec!["Time".to_owned(), "DstPeerAS".to_owned()]);
    let all = migrate(&made(&layout(), &Schema::default()), &layout(), &schema);
    assert_eq!(
        whats(&all)[..3],
        [
            "add DstPeerAS, FlowStart, FlowEnd, FlowEndReason, FlowDuration to flows",
            "add DstPeerAS, FlowStart, FlowEnd, FlowEndReason to flows_raw",
            "add DstPeerAS to flows_1m0s",
        ]
    );
    assert!(all[0].sql.to_string().contains("FlowStart DateTime64(3) CODEC(Delta, LZ4)"), "{}", all[0].sql);
    assert!(
        all[1].sql.to_string().contains(
            "FlowEndReason Enum8('undefined' = 0, 'idle timeout' = 1, 'active timeout' = 2, \
             'end of flow detected' = 3, 'forced end' = 4, 'lack of resources' = 5)"
        ),
        "{}",
        all[1].sql
    );
    // Outside the sorting key: what a database has can be kept.
    assert!(!all[2].sql.to_string().contains("ORDER BY"), "{}", all[2].sql);
}

#[test]
fn a_prefix_that_is_stored_from_now_on_is_computed_for_the_rows_that_are_there() {
    let found = made(&layout(), &Schema::default());
    let schema = schema(|config| {
        config.materialize = vec!["SrcNetPrefix".to_owned()];
        config.every_table = vec!["SrcNetPrefix".to_owned()];
    });
    let all = migrate(&found, &layout(), &schema);
    let raw = &all[0].sql.to_string();
    assert!(raw.contains("MODIFY COLUMN SrcNetPrefix LowCardinality(String) DEFAULT multiIf("), "{raw}");
    let sums = &all[1].sql.to_string();
    assert!(
        sums.contains("ADD COLUMN IF NOT EXISTS SrcNetPrefix LowCardinality(String) AFTER SamplingRate")
            || sums.contains(
                "ADD COLUMN IF NOT EXISTS SrcNetPrefix LowCardinality(String) AFTER ExporterTenant"
            ),
        "{sums}"
    );
    assert!(sums.ends_with(", SrcNetPrefix)"), "{sums}");
    assert!(all.last().unwrap().sql.to_string().contains("AS SrcNetPrefix"));
}

#[test]
fn a_new_table_of_sums_gets_the_flows_that_are_there() {
    let mut found = made(&layout(), &Schema::default());
    found.tables.get_mut("flows").unwrap().rows = Some(1000);
    let mut layout = layout();
    let aggregation = Aggregation { interval: std::time::Duration::from_secs(10), ttl: layout.ttl };
    layout.aggregated.insert(0, aggregation);
    let all = migrate(&found, &layout, &Schema::default());
    let expected = [
        "mark the flows that come from now on in flows",
        "wait for the batches that are under way",
        "mark the flows that are there in flows",
        "create the table flows_10s",
        "fill flows_10s from now on",
        "wait for the batches that are under way",
        "give the flows that come from now on the mark 1",
        "wait for the batches that are under way",
        "fill flows_10s with the flows that are there",
        "change what flows_10s is filled with",
        "wait for the batches that are under way",
        "take the marks away",
    ];
    assert_eq!(whats(&all), expected);
    assert!(all[3].sql.to_string().contains("SummingMergeTree((Bytes, Packets))"));
    assert!(all[4].sql.to_string().ends_with("FROM db.flows\nWHERE FillMark >= 1"));
    assert!(
        all[8]
            .sql
            .to_string()
            .contains("toStartOfInterval(TimeReceived, toIntervalSecond(10)) AS TimeReceived")
    );
    assert!(all[8].sql.to_string().contains("FROM db.flows\nWHERE FillMark < 1\n"));
    assert!(!all[9].sql.to_string().contains("FillMark"));

    // Broken off in the middle, it begins again with the next mark; who only makes what is missing leaves it alone.
    let view = |name: &str, query: &str| {
        (name.to_owned(), CatalogTable { query: query.to_owned(), ..CatalogTable::default() })
    };
    found.tables.extend([
        (
            "flows_10s".to_owned(),
            of_shape(&layout, &definition::aggregated(&layout, &Schema::default(), &aggregation)),
        ),
        view("flows_10s_consumer", "SELECT x FROM db.flows WHERE FillMark >= 4"),
    ]);
    let mark = |mark: &str| CatalogColumn {
        name: "FillMark".to_owned(),
        default_expression: mark.to_owned(),
        ..CatalogColumn::default()
    };
    let again = [
        "change what flows_10s is filled with",
        "wait for the batches that are under way",
        "empty flows_10s, which was not filled to the end",
        "wait for the batches that are under way",
        "give the flows that come from now on the mark 5",
    ];
    // As long as the column says zero, some flows may not have it.
    for (written, first) in [("4", &expected[..0]), ("0", &expected[..3])] {
        let columns = &mut found.tables.get_mut("flows").unwrap().columns;
        columns.retain(|column| column.name != "FillMark");
        columns.push(mark(written));
        let all = migrate(&found, &layout, &Schema::default());
        let begun = [first, &again[..]].concat();
        assert_eq!(whats(&all)[..begun.len()], begun, "{written}");
        assert!(all[first.len()].sql.to_string().ends_with("WHERE FillMark >= 5"));
        assert!(statements(&layout, &Schema::default(), &found, Change::Nothing, None).is_empty());
    }
}

#[test]
fn flows_that_come_by_ways_of_others_are_marked_too() {
    let mut found = made(&layout(), &Schema::default());
    found.tables.retain(|name, _| !["flows_raw", "flows_raw_consumer"].contains(&name.as_str()));
    let mut layout = layout();
    let second = std::time::Duration::from_secs(1);
    layout.aggregated.push(Aggregation { interval: second, ttl: second });
    let all = migrate(&found, &layout, &Schema::default());
    assert!(whats(&all).contains(&"give the flows that come from now on the mark 1"));
    // Nobody's views are changed for it but those of our own tables.
    let changed: Vec<String> =
        all.iter().map(|made| made.sql.to_string()).filter(|sql| sql.contains("MODIFY QUERY")).collect();
    assert!(changed.len() == 1 && changed[0].starts_with("ALTER TABLE db.flows_1s_consumer "), "{changed:?}");
}

#[test]
fn times_change_only_when_that_is_asked_for() {
    let found = made(&layout(), &Schema::default());
    let mut layout = layout();
    layout.ttl /= 2;
    layout.aggregated[2].ttl = std::time::Duration::ZERO;
    assert!(statements(&layout, &Schema::default(), &found, Change::Add, None).is_empty());
    let all = migrate(&found, &layout, &Schema::default());
    let sql: Vec<String> = all.iter().map(|statement| statement.sql.to_string()).collect();
    assert_eq!(
        sql,
        [
            "ALTER TABLE db.flows MODIFY TTL TimeReceived + toIntervalSecond(648000) SETTINGS materialize_ttl_after_modify = 0",
            "ALTER TABLE db.flows_1h0m0s REMOVE TTL",
        ]
    );
}

#[test]
fn a_column_of_an_old_database_that_fails_without_packets_is_mended() {
    let mut found = made(&layout(), &Schema::default());
    let flows = found.tables.get_mut("flows").unwrap();
    let size = flows.columns.iter_mut().find(|column| column.name == "PacketSize").unwrap();
    size.default_expression = "intDiv(Bytes, Packets)".to_owned();
    let all = migrate(&found, &layout(), &Schema::default());
    assert_eq!(all.len(), 1);
    assert!(
        all[0]
            .sql
            .to_string()
            .ends_with("MODIFY COLUMN PacketSize UInt64 ALIAS intDivOrZero(Bytes, Packets)"),
        "{}",
        all[0].sql
    );
}

#[test]
fn columns_of_dictionaries_are_looked_up_when_a_flow_is_stored() {
    let schema = schema(|config| {
        let text = |text: &str| Some(text.to_owned());
        config.column = vec![CustomColumn {
            name: "DstAddrRole".to_owned(),
            kind: "string".to_owned(),
            dictionary: text("inventory"),
            attribute: text("role"),
            key: text("DstAddr"),
            ..CustomColumn::default()
        }];
    });
    let view = views::raw(&layout(), &schema);
    assert!(
        view.select
            .to_string()
            .contains("dictGetOrDefault('db.inventory', 'role', DstAddr, '') AS DstAddrRole")
    );
    assert!(!definition::write(&layout(), &schema).create(&layout()).sql.to_string().contains("DstAddrRole"));
    let raw = definition::raw(&layout(), &schema).create(&layout()).sql.to_string();
    assert!(raw.contains("DstAddrRole LowCardinality(String),"), "{raw}");
    let sums = definition::aggregated(&layout(), &schema, &layout().aggregated[0]);
    assert_eq!(sums.order.last().map(Sql::to_string).as_deref(), Some("DstAddrRole"));
}

#[test]
fn the_dictionaries_of_someone_else_are_left_alone() {
    let mut found = made(&layout(), &Schema::default());
    for dictionary in DICTIONARIES {
        found.tables.remove(&format!("{}_names", dictionary.name));
    }
    let names = AsNames::parse("1,One").unwrap();
    assert!(statements(&layout(), &Schema::default(), &found, Change::Add, Some(&names)).is_empty());
    let found = made(&layout(), &Schema::default());
    let all = statements(&layout(), &Schema::default(), &found, Change::Add, Some(&names));
    assert_eq!(all[2].data.as_deref(), Some("1,\"One\"\n"));
    assert_eq!(all[3].sql.to_string(), "EXCHANGE TABLES db.asns_names_new AND db.asns_names");
}

#[test]
fn a_password_is_used_but_not_shown() {
    let login = Login { user: "flowql".to_owned(), password: "o'secret".to_owned() };
    assert!(!format!("{login:?}").contains("secret"));
    let layout = Layout { login: Some(login), ..layout() };
    let all = statements(&layout, &Schema::default(), &Catalog::default(), Change::Nothing, None);
    let dictionary = all.iter().find(|statement| statement.what == "create the dictionary asns").unwrap();
    assert!(
        dictionary.sql.to_string().contains("SOURCE(CLICKHOUSE(USER 'flowql' PASSWORD 'o\\'secret' QUERY '"),
        "{}",
        dictionary.sql
    );
}

#[test]
fn what_a_database_has_is_read() {
    let tables = r#"[
        {"name":"flows","engine":"MergeTree","engine_full":"MergeTree ORDER BY x","sorting_key":"x","as_select":"","total_rows":7},
        {"name":"asns","engine":"Dictionary","engine_full":"","sorting_key":"","as_select":"","total_rows":null},
        {"name":"v","engine":"MaterializedView","engine_full":"","sorting_key":"","as_select":"SELECT 1","total_rows":null}
    ]"#;
    let columns =
        r#"[{"table":"flows","name":"x","type":"UInt8","default_kind":"","default_expression":""}]"#;
    let indexes = r#"[{"table":"flows","expr":"x"}]"#;
    let found = Catalog::of(
        serde_json::from_str(tables).unwrap(),
        serde_json::from_str(columns).unwrap(),
        serde_json::from_str(indexes).unwrap(),
        serde_json::from_str(r#"[{"name":"udp"},{"name":"asns"}]"#).unwrap(),
    );
    let flows = &found.tables["flows"];
    assert_eq!(
        (flows.rows, flows.order.as_str(), flows.indexes.as_slice()),
        (Some(7), "x", ["x".to_owned()].as_slice())
    );
    assert_eq!(flows.columns[0].kind, "UInt8");
    assert_eq!(found.tables["v"].rows, None);
    assert_eq!(found.dictionaries.iter().collect::<Vec<_>>(), ["asns", "udp"]);
    let queries = Catalog::queries("a'b");
    assert!(queries.iter().all(|query| query.to_string().contains(r"database = 'a\'b'")));
}

/// A layout whose aggregated tables the collector fills, with one that the finest cannot feed.
fn summed() -> Layout {
    let mut layout = Layout { aggregate: Aggregate::Collector, ..layout() };
    let odd = std::time::Duration::from_secs(90);
    layout.aggregated.insert(1, Aggregation { interval: odd, ttl: odd });
    layout
}

/// What a database has after the statements, as far as these tests look.
fn after(all: &[Statement], mut found: Catalog) -> Catalog {
    for statement in all {
        let sql = statement.sql.to_string();
        let name = |text: &str| text.split([' ', '\n']).next().unwrap().trim_start_matches("db.").to_owned();
        if let Some(rest) = sql.strip_prefix("CREATE TABLE IF NOT EXISTS ") {
            found.tables.insert(name(rest), CatalogTable { rows: Some(0), ..CatalogTable::default() });
        } else if let Some(rest) = sql.strip_prefix("CREATE MATERIALIZED VIEW IF NOT EXISTS ") {
            let (_, query) = sql.split_once(" AS\n").unwrap();
            let table = CatalogTable { query: query.to_owned(), ..CatalogTable::default() };
            found.tables.insert(name(rest), table);
        } else if let Some(rest) = sql.strip_prefix("DROP TABLE IF EXISTS ") {
            found.tables.remove(&name(rest));
        }
    }
    found
}

#[test]
fn where_the_collector_sums_up_only_the_finest_table_feeds_views() {
    let layout = summed();
    let all = statements(&layout, &Schema::default(), &Catalog::default(), Change::Nothing, None);
    let found = after(&all, Catalog::default());
    assert_eq!(found.aggregate(), Some(Aggregate::Collector));
    let summed: Vec<_> =
        found.summed().iter().map(|(name, interval, _)| (*name, interval.as_secs())).collect();
    assert_eq!(summed, [("flows_1m0s", 60), ("flows_1m30s", 90)]);
    assert!(found.listed().is_some());
    for name in ["flows_5m0s_consumer", "flows_1h0m0s_consumer"] {
        assert!(found.tables[name].query.ends_with("FROM db.flows_1m0s"), "{}", found.tables[name].query);
    }
    // Who writes to the table for writers need not know of it.
    for (name, target) in
        [("flows_1m0s_ingest", "flows_1m30s_ingest"), ("exporters_ingest", "flows_raw_consumer")]
    {
        assert!([name, target].iter().all(|view| found.tables[*view].query.contains("FROM db.flows_raw")));
    }
    let query = &found.tables["flows_1m0s_ingest"].query;
    assert!(query.contains("arrayCompact(DstASPath)[1] AS Dst1stAS"), "{query}");
    // It stays so, whatever the configuration says, until a migration.
    let views = Layout { aggregate: Aggregate::Views, ..layout };
    let made = statements(&views, &Schema::default(), &found, Change::Nothing, None);
    assert!(!whats(&made).join(",").contains("from now on"), "{made:?}");
}

#[test]
fn a_migration_changes_who_sums_up_and_changes_it_back() {
    let (sums, schema) = (summed(), Schema::default());
    let views = Layout { aggregate: Aggregate::Views, ..sums.clone() };
    let there =
        after(&statements(&views, &schema, &Catalog::default(), Change::Nothing, None), Catalog::default());
    assert_eq!(there.aggregate(), Some(Aggregate::Views));
    assert!(there.summed().is_empty() && there.listed().is_none());
    // Who only makes what is missing changes nothing.
    let made = statements(&sums, &schema, &there, Change::Nothing, None);
    assert!(!whats(&made).join(",").contains("drop"), "{made:?}");
    let all = statements(&sums, &schema, &there, Change::Add, None);
    let what = whats(&all);
    assert!(what.starts_with(&["drop flows_1m0s_consumer"]), "{what:?}");
    assert!(what.contains(&"drop exporters_consumer") && what.contains(&"create the table flows_reach"));
    let changed = after(&all, there);
    assert_eq!(changed.aggregate(), Some(Aggregate::Collector));
    assert_eq!(changed.summed().len(), 2);
    let back = after(&statements(&views, &schema, &changed, Change::Add, None), changed);
    assert!(back.summed().is_empty() && back.has("exporters_consumer"));
    assert!(back.tables.keys().all(|name| !name.ends_with("_ingest")), "{:?}", back.tables.keys());
    // What is empty is filled with the flows that are there.
    assert!(back.tables["flows_5m0s_consumer"].query.ends_with("FROM db.flows\nWHERE FillMark >= 1"));
}

#[test]
fn a_table_that_another_one_feeds_begins_with_a_whole_interval() {
    let (mut layout, schema) = (summed(), Schema::default());
    let made = statements(&layout, &schema, &Catalog::default(), Change::Nothing, None);
    let mut found = after(&made, Catalog::default());
    found.tables.get_mut("flows_1m0s").unwrap().rows = Some(1);
    let interval = std::time::Duration::from_secs(600);
    layout.aggregated.insert(3, Aggregation { interval, ttl: interval });
    let all = statements(&layout, &schema, &found, Change::Add, None);
    let view = all.iter().find(|statement| statement.what == "fill flows_10m0s from now on").unwrap();
    let from = views::beginning(&view.sql.to_string()).unwrap();
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    assert!(from.is_multiple_of(600) && from > now, "{from}");
    // A change of the columns leaves the beginning as it is.
    let mut found = after(&all, found);
    found.tables.get_mut("flows_10m0s").unwrap().rows = Some(1);
    let again = statements(&layout, &schema, &found, Change::Add, None);
    let view = again.iter().find(|made| made.what == "change what flows_10m0s is filled with").unwrap();
    assert_eq!(views::beginning(&view.sql.to_string()), Some(from));
}

#[test]
fn what_only_the_database_computes_needs_views() {
    let layout = summed();
    assert_eq!(layout.aggregate_of(&Schema::default()), (Aggregate::Collector, None));
    let text = |text: &str| Some(text.to_owned());
    let column = CustomColumn {
        name: "DstAddrRole".to_owned(),
        kind: "string".to_owned(),
        dictionary: text("inventory"),
        attribute: text("role"),
        key: text("DstAddr"),
        ..CustomColumn::default()
    };
    let keeps = schema(|config| config.column = vec![column.clone()]);
    let (aggregate, why) = layout.aggregate_of(&keeps);
    assert_eq!(aggregate, Aggregate::Views);
    assert_eq!(why.unwrap(), "the tables keep `DstAddrRole`, which only the database computes");
}
