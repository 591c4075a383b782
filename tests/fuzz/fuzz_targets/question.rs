//! Fuzzes [`sumac_federation::decoders::question_text`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sumac_federation::decoders::question_text(bytes));
