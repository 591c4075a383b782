//! Which of 64 rows at a time a packed byte lets in.

use crate::columns::program::Gate;
use crate::columns::rows::{WORD_ROWS, ones};

/// Keeps the rows whose pattern passes.
pub(super) fn narrow(words: &mut [u64], bytes: &[u8], gate: &Gate) {
    let (blocks, _) = bytes.as_chunks::<WORD_ROWS>();
    let rows = words.iter_mut().zip(blocks);
    match gate.span() {
        Some((first, after)) => rows.for_each(|(word, block)| *word &= within(block, first, after)),
        None => rows.for_each(|(word, block)| listed(word, block, &gate.pass)),
    }
}

/// The rows whose pattern is `first` or one of the next `after`: eight comparisons in one step.
fn within(block: &[u8; WORD_ROWS], first: u8, after: u8) -> u64 {
    let mut passes = [0_u8; WORD_ROWS];
    for (pass, pattern) in passes.iter_mut().zip(block) {
        *pass = u8::from(pattern.wrapping_sub(first) <= after);
    }
    // Multiplied so, the lowest bits of eight bytes meet in the highest byte, in order.
    let (eights, _) = passes.as_chunks::<8>();
    let gathered = eights.iter().map(|eight| u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56);
    gathered.zip((0..).step_by(8)).fold(0, |word, (eight, place): (u64, u32)| word | eight << place)
}

fn listed(word: &mut u64, block: &[u8; WORD_ROWS], pass: &[u8; 256]) {
    let passes = |pattern: u8| u64::from(pass.get(usize::from(pattern)).copied().unwrap_or(0));
    if word.count_ones() > FEW {
        let mut hits = 0_u64;
        for (bit, pattern) in block.iter().enumerate() {
            hits |= passes(*pattern) << bit;
        }
        *word &= hits;
        return;
    }
    for bit in ones(*word) {
        let pattern = usize::try_from(bit).ok().and_then(|bit| block.get(bit)).copied().unwrap_or(0);
        *word &= !((passes(pattern) ^ 1) << bit);
    }
}

/// Of 64 rows, up to so many are asked one by one.
const FEW: u32 = 20;

#[cfg(test)]
mod tests {
    use super::narrow;
    use crate::columns::program::{Gate, Use};

    type Passes = fn(u8) -> bool;

    #[test]
    fn a_gate_lets_in_the_same_rows_however_it_is_asked() {
        let bytes: Vec<u8> = (0..=u8::MAX).chain((0..=u8::MAX).rev()).collect();
        let patterns: [(&str, Passes); 6] = [
            ("none", |_| false),
            ("all", |_| true),
            ("a span", |pattern| (31..=39).contains(&pattern)),
            ("the last", |pattern| pattern == 255),
            ("two spans", |pattern| !(4..=250).contains(&pattern)),
            ("every other", |pattern| pattern % 2 == 1),
        ];
        for (why, passes) in patterns {
            let mut pass = Box::new([0_u8; 256]);
            (0..=u8::MAX).zip(pass.iter_mut()).for_each(|(pattern, open)| *open = u8::from(passes(pattern)));
            let gate = Gate { byte: Use(0), pass };
            for before in [u64::MAX, 0, 0x8000_0001_0000_8001] {
                let mut words = vec![before; 8];
                narrow(&mut words, &bytes, &gate);
                for (row, pattern) in bytes.iter().enumerate() {
                    let want = before >> (row % 64) & 1 == 1 && passes(*pattern);
                    assert_eq!(words[row / 64] >> (row % 64) & 1 == 1, want, "{why}, row {row}");
                }
            }
        }
    }
}
