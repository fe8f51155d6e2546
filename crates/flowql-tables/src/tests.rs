use flowql::{CustomColumn, Schema, SchemaConfig};

use super::catalog::{Catalog, CatalogColumn, CatalogTable};
use super::definition::{self, TableDefinition, Value};
use super::views::{self, View};
use super::*;

fn layout() -> Layout {
    Layout { database: "db".to_owned(), ..Layout::default() }
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
            Some(Value::Alias(value)) => ("ALIAS".to_owned(), value.clone()),
            Some(Value::Default(value)) => ("DEFAULT".to_owned(), value.clone()),
            None => (String::new(), String::new()),
        };
        let (name, kind) = (column.name.clone(), column.kind.clone());
        CatalogColumn { table: shape.name.clone(), name, kind, default_kind, default_expression }
    });
    let sql = shape.create(layout).sql;
    let (_, clauses) = sql.split_once("ENGINE = ").unwrap();
    CatalogTable {
        columns: columns.collect(),
        order: shape.order.join(", "),
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
    assert_eq!(all[0].sql, "CREATE DATABASE IF NOT EXISTS db ENGINE = Atomic");
    // Columns ask dictionaries; views read and write tables; the last view lets flows in.
    assert!(place("create the dictionary icmp") < place("create the table flows"));
    assert!(place("create the table flows") < place("fill flows_1m0s from now on"));
    assert!(place("create the table flows_1h0m0s") < place("fill flows_1h0m0s from now on"));
    assert_eq!(place("fill flows from now on"), all.len() - 1);
    let makes = all.iter().filter(|statement| statement.sql.starts_with("CREATE"));
    assert!(makes.clone().count() > 15);
    assert!(makes.into_iter().all(|statement| statement.sql.contains("IF NOT EXISTS")));
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
    let sums = &all[2].sql;
    assert!(sums.contains("ADD COLUMN IF NOT EXISTS SrcVlan UInt16 AFTER DstNetTenant"), "{sums}");
    assert!(sums.ends_with("FlowDirection, SrcVlan, SrcMAC)"), "{sums}");
    assert!(!all[0].sql.contains("ORDER BY"), "{}", all[0].sql);
}

#[test]
fn words_and_times_of_flows_are_stored_once_they_are_enabled() {
    let schema = schema(|config| config.enable = vec!["Time".to_owned(), "DstPeerAS".to_owned()]);
    let all = migrate(&made(&layout(), &Schema::default()), &layout(), &schema);
    assert_eq!(
        whats(&all)[..3],
        [
            "add DstPeerAS, FlowStart, FlowEnd, FlowEndReason to flows",
            "add DstPeerAS, FlowStart, FlowEnd, FlowEndReason to flows_raw",
            "add DstPeerAS to flows_1m0s",
        ]
    );
    assert!(all[0].sql.contains("FlowStart DateTime64(3) CODEC(Delta, LZ4)"), "{}", all[0].sql);
    assert!(
        all[1].sql.contains(
            "FlowEndReason Enum8('undefined' = 0, 'idle timeout' = 1, 'active timeout' = 2, \
             'end of flow detected' = 3, 'forced end' = 4, 'lack of resources' = 5)"
        ),
        "{}",
        all[1].sql
    );
    // Outside the sorting key: what a database has can be kept.
    assert!(!all[2].sql.contains("ORDER BY"), "{}", all[2].sql);
}

#[test]
fn a_prefix_that_is_stored_from_now_on_is_computed_for_the_rows_that_are_there() {
    let found = made(&layout(), &Schema::default());
    let schema = schema(|config| {
        config.materialize = vec!["SrcNetPrefix".to_owned()];
        config.every_table = vec!["SrcNetPrefix".to_owned()];
    });
    let all = migrate(&found, &layout(), &schema);
    let raw = &all[0].sql;
    assert!(raw.contains("MODIFY COLUMN SrcNetPrefix LowCardinality(String) DEFAULT multiIf("), "{raw}");
    let sums = &all[1].sql;
    assert!(
        sums.contains("ADD COLUMN IF NOT EXISTS SrcNetPrefix LowCardinality(String) AFTER SamplingRate")
            || sums.contains(
                "ADD COLUMN IF NOT EXISTS SrcNetPrefix LowCardinality(String) AFTER ExporterTenant"
            ),
        "{sums}"
    );
    assert!(sums.ends_with(", SrcNetPrefix)"), "{sums}");
    assert!(all.last().unwrap().sql.contains("AS SrcNetPrefix"));
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
    assert!(all[3].sql.contains("SummingMergeTree((Bytes, Packets))"));
    assert!(all[4].sql.ends_with("FROM db.flows\nWHERE FillMark >= 1"));
    assert!(all[8].sql.contains("toStartOfInterval(TimeReceived, toIntervalSecond(10)) AS TimeReceived"));
    assert!(all[8].sql.contains("FROM db.flows\nWHERE FillMark < 1\n"));
    assert!(!all[9].sql.contains("FillMark"));

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
        assert!(all[first.len()].sql.ends_with("WHERE FillMark >= 5"));
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
    let changed: Vec<&str> =
        all.iter().map(|made| made.sql.as_str()).filter(|sql| sql.contains("MODIFY QUERY")).collect();
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
    let sql: Vec<&str> = all.iter().map(|statement| statement.sql.as_str()).collect();
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
        all[0].sql.ends_with("MODIFY COLUMN PacketSize UInt64 ALIAS intDivOrZero(Bytes, Packets)"),
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
    assert!(view.select.contains("dictGetOrDefault('db.inventory', 'role', DstAddr, '') AS DstAddrRole"));
    assert!(!definition::write(&layout(), &schema).create(&layout()).sql.contains("DstAddrRole"));
    let raw = definition::raw(&layout(), &schema).create(&layout()).sql;
    assert!(raw.contains("DstAddrRole LowCardinality(String),"), "{raw}");
    let sums = definition::aggregated(&layout(), &schema, &layout().aggregated[0]);
    assert_eq!(sums.order.last().map(String::as_str), Some("DstAddrRole"));
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
    assert_eq!(all[3].sql, "EXCHANGE TABLES db.asns_names_new AND db.asns_names");
}

#[test]
fn a_password_is_used_but_not_shown() {
    let login = Login { user: "flowql".to_owned(), password: "o'secret".to_owned() };
    assert!(!format!("{login:?}").contains("secret"));
    let layout = Layout { login: Some(login), ..layout() };
    let all = statements(&layout, &Schema::default(), &Catalog::default(), Change::Nothing, None);
    let dictionary = all.iter().find(|statement| statement.what == "create the dictionary asns").unwrap();
    assert!(
        dictionary.sql.contains("SOURCE(CLICKHOUSE(USER 'flowql' PASSWORD 'o\\'secret' QUERY '"),
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
    assert!(queries.iter().all(|query| query.contains(r"database = 'a\'b'")));
}
