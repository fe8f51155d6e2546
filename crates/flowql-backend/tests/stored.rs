//! What the backend says of the tables of a database.

use flowql_backend::{Backend as _, ClickHouse};
use flowql_client::testing::{self, READERS};
use flowql_client::{Client, ClientOptions, ServerOptions, Statement, sql};

#[tokio::test]
async fn the_backend_tells_what_is_stored() {
    let client = testing::client().await;
    let backend = ClickHouse::new(client.clone(), flowql::Schema::default());
    assert_eq!(backend.name(), "embedded");
    assert!(backend.health().await.unwrap().version.starts_with("26."));
    assert!(backend.stored().await.unwrap().tables.is_empty());
    for table in ["flows", "flows_1m0s", "flows_other"] {
        let create = sql!(
            "CREATE TABLE {table} (TimeReceived DateTime) ENGINE = MergeTree ORDER BY TimeReceived",
            table
        );
        client.execute(&Statement::write(create)).await.unwrap();
    }
    let stored = backend.stored().await.unwrap();
    let names: Vec<_> = stored.tables.iter().map(|table| table.name.as_str()).collect();
    assert_eq!(names, ["flows", "flows_1m0s"]);
    client.execute(&Statement::write("DROP DATABASE flows")).await.unwrap();
    assert!(backend.stored().await.unwrap().tables.is_empty(), "a database that is not there holds nothing");
}

#[tokio::test]
async fn a_user_who_may_not_change_settings_sees_what_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let engine = testing::engine_with_users(folder.path(), &READERS).await;
    for (user, _) in READERS {
        let server = ServerOptions { user: Some(user.to_owned()), ..ServerOptions::at(engine.url()) };
        let client = Client::remote(&server, ClientOptions::default()).unwrap();
        let backend = ClickHouse::new(client, flowql::Schema::default());
        assert_eq!(backend.stored().await.unwrap().tables, [], "{user}");
    }
}
