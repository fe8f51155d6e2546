#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| flowql_tests::fuzz_decode::bmp_messages(data));
