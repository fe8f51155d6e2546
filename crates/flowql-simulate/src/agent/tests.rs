//! The agent, asked by the client of a crate.

use snmp2::{AsyncSession, Oid, Value as Found};

use super::*;

fn device(interfaces: u32) -> Device {
    let interface = |index| DeviceInterface {
        index,
        name: format!("et-0/0/{index}"),
        description: format!("to customer {index}"),
        speed: 100_000,
    };
    Device {
        name: "edge1".to_owned(),
        community: "public".to_owned(),
        interfaces: (1..=interfaces).map(|place| interface(place * 1000)).collect(),
        has_extended_table: true,
    }
}

async fn agent(device: &Device) -> Agent {
    Agent::start("127.0.0.1:0".parse().unwrap(), device).await.unwrap()
}

fn texts(answer: &Pdu<'_>) -> Vec<(String, String)> {
    answer.varbinds.clone().map(|(name, value)| (name.to_string(), format!("{value:?}"))).collect()
}

#[tokio::test]
async fn objects_are_got_one_by_one_and_in_bulk() {
    let agent = agent(&device(300)).await;
    let mut session = AsyncSession::new_v2c(agent.address(), b"public", i32::MAX - 1).await.unwrap();
    let name = Oid::from(&SYS_NAME_OBJECT).unwrap();
    let (_, value) = session.get(&name).await.unwrap().varbinds.next().unwrap();
    assert!(matches!(value, Found::OctetString(b"edge1")), "{value:?}");

    let column = Oid::from(&[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 18]).unwrap();
    let answer = session.getbulk(&[&name, &column], 1, 2).await.unwrap();
    let expected = [
        ("1.3.6.1.2.1.2.2.1.1.1000", "INTEGER: 1000"),
        ("1.3.6.1.2.1.31.1.1.1.18.1000", "OCTET STRING: to customer 1000"),
        ("1.3.6.1.2.1.31.1.1.1.18.2000", "OCTET STRING: to customer 2000"),
    ];
    assert_eq!(texts(&answer), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));

    // An answer stays within a packet.
    let many = session.getbulk(&[&column], 0, 250).await.unwrap().varbinds.count();
    assert!((20..250).contains(&many), "{many}");
    let last = Oid::from(&[1, 3, 6, 1, 2, 1, 31, 1, 5, 0]).unwrap();
    let (_, value) = session.getnext(&last).await.unwrap().varbinds.next().unwrap();
    assert!(matches!(value, Found::EndOfMibView), "{value:?}");
    assert_eq!(agent.questions(), 4);
}

const SYS_NAME_OBJECT: [u64; 9] = [1, 3, 6, 1, 2, 1, 1, 5, 0];

#[tokio::test]
async fn a_restart_and_another_community_are_noticed() {
    let agent = agent(&device(1)).await;
    let name = Oid::from(&SYS_NAME_OBJECT).unwrap();
    agent.restart(&Device { community: "other".to_owned(), name: "edge2".to_owned(), ..device(2) });
    let mut session = AsyncSession::new_v2c(agent.address(), b"public", 1).await.unwrap();
    let patience = Duration::from_millis(100);
    assert!(tokio::time::timeout(patience, session.get(&name)).await.is_err());
    let mut session = AsyncSession::new_v2c(agent.address(), b"other", 1).await.unwrap();
    let (_, value) = session.get(&name).await.unwrap().varbinds.next().unwrap();
    assert!(matches!(value, Found::OctetString(b"edge2")), "{value:?}");
}
