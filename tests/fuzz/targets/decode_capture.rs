#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| flowql_tests::fuzz_decode::decode_capture(data));
