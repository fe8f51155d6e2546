//! Amounts and times as `flowql.toml` has them.

use flowql_detect::{Amount, Time};

#[test]
fn amounts_are_read_and_shown() {
    for (text, amount, shown) in [
        ("200M", 200_000_000, "200M"),
        ("1.5G", 1_500_000_000, "1500M"),
        ("50K", 50_000, "50k"),
        ("7", 7, "7"),
        ("20g", 20_000_000_000, "20G"),
        ("0.5k", 500, "500"),
    ] {
        let read = Amount::parse(text);
        assert_eq!(read, Some(Amount(amount)), "{text}");
        assert_eq!(Amount(amount).to_string(), shown);
        assert_eq!(Amount::parse(shown), read);
    }
    for text in ["", "M", "0", "-1", "1.", ".5M", "1.5", "1e3", "1 M", "99999999999T", "1.0000001M", "µ"] {
        assert_eq!(Amount::parse(text), None, "{text}");
    }
}

#[test]
fn times_are_read_and_shown() {
    for (text, seconds, shown) in [
        ("10s", 10, "10s"),
        ("60s", 60, "60s"),
        ("5m", 300, "5m"),
        ("1h", 3600, "1h"),
        ("30d", 2_592_000, "30d"),
    ] {
        assert_eq!(Time::parse(text), Some(Time(seconds)), "{text}");
        assert_eq!(Time(seconds).to_string(), shown);
    }
    for text in ["", "s", "0s", "10", "1.5s", "-1s", "400d", "10ms", "10 s"] {
        assert_eq!(Time::parse(text), None, "{text}");
    }
}
