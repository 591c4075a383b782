//! What reaches the platter by chance, decided by a number that names the story.

/// What a file may hold after a power cut: per sector the synced or the newer bytes, zeros where neither is.
pub(crate) fn survivor(synced: &[u8], written: &[u8], luck: Option<&mut Luck>) -> Vec<u8> {
    let Some(luck) = luck else {
        return synced.to_vec();
    };
    if luck.flip() {
        return synced.to_vec();
    }
    let mut bytes = synced.to_vec();
    bytes.resize(written.len(), 0);
    for from in (0..written.len()).step_by(512) {
        let until = written.len().min(from + 512);
        if luck.flip() {
            bytes[from..until].copy_from_slice(&written[from..until]);
        }
    }
    bytes
}

/// A small generator (SplitMix64): the same number, the same story.
pub(crate) struct Luck(pub(crate) u64);

impl Luck {
    pub(crate) fn flip(&mut self) -> bool {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) & 1 == 1
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bits = (0..32).fold(0, |bits, _| bits << 1 | usize::from(self.flip()));
        bits % bound
    }
}
