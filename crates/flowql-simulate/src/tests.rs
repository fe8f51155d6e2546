use std::collections::BTreeSet;

use super::*;

fn demo(rows: u64) -> Demo {
    let end = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    Demo { seed: 1, rows, end, span: Duration::from_secs(86_400) }
}

#[test]
fn the_same_demo_gives_the_same_bytes() {
    let (demo, schema) = (demo(250_000), Schema::all_columns());
    let first = demo.batch(&World::of(&demo), &schema, 1);
    assert_eq!(first, demo.batch(&World::of(&demo), &schema, 1));
    assert_ne!(first, demo.batch(&World::of(&demo), &schema, 0));
    let other = Demo { seed: 2, ..demo };
    assert_ne!(first, other.batch(&World::of(&other), &schema, 1));
}

#[test]
fn the_last_batch_has_the_rest() {
    let demo = demo(250_001);
    assert_eq!(demo.batches(), 3);
    assert_eq!((0..4).map(|batch| demo.rows_of(batch)).collect::<Vec<_>>(), [100_000, 100_000, 50_001, 0]);
    let tokens: BTreeSet<String> = (0..3).map(|batch| demo.token(batch)).collect();
    assert_eq!(tokens.len(), 3);
    assert_ne!(Demo { rows: 1, ..demo }.token(0), demo.token(0));
}

#[test]
fn the_usual_columns_are_all_filled() {
    let (demo, schema) = (demo(10), Schema::default());
    let filled: BTreeSet<&str> = demo.columns(&schema).map(|column| column.name.as_ref()).collect();
    let missing: Vec<&str> = write_columns(&schema)
        .map(|column| column.name.as_ref())
        .filter(|name| !filled.contains(name))
        .collect();
    assert_eq!(missing, [""; 0]);
    let all = Schema::all_columns();
    assert!(demo.columns(&all).count() > filled.len() + 12);
}

#[test]
fn the_traffic_is_that_of_an_edge() {
    let demo = demo(100_000);
    let world = World::of(&demo);
    let mut random = Random::new(1, 0);
    let flows: Vec<_> = (0..100_000)
        .filter_map(|row| world.traffic.flow(&world.network, &mut random, world.curve.time(row)))
        .collect();
    assert_eq!(flows.len(), 100_000);
    let share =
        |wanted: &dyn Fn(&traffic::Flow<'_>) -> bool| flows.iter().filter(|flow| wanted(flow)).count() / 1000;
    assert!((30..50).contains(&share(&|flow| flow.etype == traffic::IPV6)));
    assert!((50..75).contains(&share(&|flow| flow.proto == 6)));
    assert!(share(&|flow| flow.source.port == 443 || flow.destination.port == 443) > 50);
    assert!((50..90).contains(&share(&|flow| flow.input.is_external())));
    assert!(share(&|flow| flow.input.is_external() == flow.output.is_external()) == 0);
    assert!(flows.iter().all(|flow| flow.packets > 0 && flow.bytes >= flow.packets * 28));
    assert!(flows.iter().any(|flow| flow.is_dropped));
    let networks: BTreeSet<u32> = flows.iter().map(|flow| flow.source.number).collect();
    assert!(networks.len() > 200, "{}", networks.len());
    // Paths and communities are those of the destination, which at home has none.
    assert!(flows.iter().all(|flow| flow.way.is_some() == flow.destination.home.is_none()));
    assert!(
        flows.iter().all(|flow| flow.way.is_none_or(|way| way.path.last() == Some(&flow.destination.number)))
    );
    let attack = world.traffic.attack(&world.network, &mut random, 0).unwrap();
    assert_eq!(attack.destination.home.map(|home| home.role), Some("servers"));
}
