//! Prints the OpenAPI document: `cargo run -p flowql-server --example openapi > crates/flowql-server/openapi.json`.

fn main() {
    print!("{}", flowql_server::openapi());
}
