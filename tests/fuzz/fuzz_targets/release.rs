//! Fuzzes [`sumac_federation::decoders::release`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sumac_federation::decoders::release(bytes));
