//! Rows as a bit each: at ten million patients 1.25 MB, which a list of numbers would pass eightfold.

use serde::{Deserialize, Deserializer, Serialize as _, Serializer};
use sumac_protocol::octets::Octets;

/// Writes rows, in any order, as bits: row 0 is the lowest bit of the first byte.
pub(super) fn serialize<S: Serializer>(rows: &[u32], to: S) -> Result<S::Ok, S::Error> {
    let place = |row: u32| usize::try_from(row / 8).unwrap_or(usize::MAX);
    let bytes = rows.iter().max().map_or(0, |last| place(*last) + 1);
    let mut bits = vec![0_u8; bytes];
    for row in rows {
        if let Some(byte) = bits.get_mut(place(*row)) {
            *byte |= 1 << (row % 8);
        }
    }
    Octets(bits).serialize(to)
}

/// Reads them back in ascending order.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u32>, D::Error> {
    let Octets(bits) = Octets::deserialize(from)?;
    let rows = (0_u32..)
        .zip(bits)
        .flat_map(|(place, byte)| (0..8).filter(move |bit| byte & (1 << bit) != 0).map(move |bit| place * 8 + bit));
    Ok(rows.collect())
}

#[cfg(test)]
mod tests {
    use sumac_protocol::round::message::{decode_stored, encode};

    #[derive(serde::Serialize, serde::Deserialize)]
    struct Kept(#[serde(with = "super")] Vec<u32>);

    #[test]
    fn rows_come_back_in_order_however_many_there_are() {
        for rows in [vec![], vec![0], vec![7, 8, 9], vec![5_000_000, 3], (0..10_000).collect()] {
            let bytes = encode(&Kept(rows.clone()));
            let Kept(back) = decode_stored(&bytes).unwrap();
            let mut sorted = rows;
            sorted.sort_unstable();
            assert_eq!(back, sorted);
        }
        let ten_million = encode(&Kept(vec![9_999_999]));
        assert!(ten_million.len() < 1_300_000, "{} bytes", ten_million.len());
    }
}
