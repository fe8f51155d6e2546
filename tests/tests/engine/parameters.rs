//! What the engine makes of parameters.

use crate::ENGINE;

fn answer(sql: &str, value: &str) -> Result<String, String> {
    let answer = ENGINE.query(sql, &[("p".to_owned(), value.to_owned())], None)?;
    Ok(String::from_utf8_lossy(&answer).trim_end().to_owned())
}

#[test]
fn an_address_is_taken_as_the_core_prints_it() {
    for address in
        ["192.0.2.1", "0.0.0.0", "255.255.255.255", "::", "2001:db8::1", "::ffff:192.0.2.1", "::192.0.2.1"]
    {
        let sql = format!("SELECT {{p:IPv6}} = toIPv6('{address}')");
        assert_eq!(answer(&sql, address).as_deref(), Ok("1"), "{address}");
    }
}

#[test]
fn a_number_of_128_bits_is_taken_whole() {
    let number = (4_200_000_000_u128 << 64) + (1 << 32) + 2;
    assert_eq!(answer("SELECT toString({p:UInt128})", &number.to_string()), Ok(number.to_string()));
}

#[test]
fn a_text_is_taken_with_every_character() {
    let mut text: String = (1..0x180).filter_map(char::from_u32).collect();
    text.push_str("\0\\N\\t\u{2028}\u{1F600}\\");
    let hex: String = text.bytes().map(|byte| format!("{byte:02X}")).collect();
    assert_eq!(answer("SELECT hex({p:String})", &text), Ok(hex));
}
