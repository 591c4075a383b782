//! Looks for secrets in bytes: in files, in frames, in the memory of other processes; in every
//! form in which programs are likely to hold them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

/// Byte strings to look for, each under the name of the secret that it gives away.
#[derive(Debug, Default)]
pub struct Needles {
    needles: Vec<Needle>,
    /// By the first two bytes: which needles begin so.
    beginnings: BTreeMap<[u8; 2], Vec<usize>>,
    longest: usize,
}

#[derive(Debug)]
struct Needle {
    secret: String,
    form: &'static str,
    bytes: Vec<u8>,
}

/// What was found: secrets, each with the forms in which it lay there.
pub type Found = BTreeMap<String, BTreeMap<&'static str, Hit>>;

/// Where one form of a secret lay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The first place.
    pub first: String,
    /// How often it lay there.
    pub times: u64,
}

impl Needles {
    /// No needles yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many forms of how many secrets are looked for.
    #[must_use]
    pub fn len(&self) -> (usize, usize) {
        let secrets: BTreeSet<&str> = self.needles.iter().map(|needle| needle.secret.as_str()).collect();
        (self.needles.len(), secrets.len())
    }

    /// Whether nothing is looked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.needles.is_empty()
    }

    /// Adds bytes as they are. Fewer than five would be found by chance.
    pub fn raw(&mut self, secret: &str, form: &'static str, bytes: &[u8]) {
        let [a, b, _, _, _, ..] = *bytes else { panic!("{secret} as {form} is too short to look for: {bytes:?}") };
        self.beginnings.entry([a, b]).or_default().push(self.needles.len());
        self.longest = self.longest.max(bytes.len());
        self.needles.push(Needle { secret: secret.to_owned(), form, bytes: bytes.to_vec() });
    }

    /// Adds bytes, and their hexadecimal and base64 forms.
    pub fn bytes(&mut self, secret: &str, bytes: &[u8]) {
        self.raw(secret, "raw", bytes);
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        self.raw(secret, "hex", hex.as_bytes());
        self.raw(secret, "HEX", hex.to_uppercase().as_bytes());
        self.base64(secret, "base64", bytes);
    }

    /// Adds a number as programs hold and write it: eight bytes in both orders, CBOR, decimal,
    /// base64 of both orders, and as an element of the field that contributions are shared in.
    pub fn number(&mut self, secret: &str, number: u64) {
        self.raw(secret, "little endian", &number.to_le_bytes());
        self.raw(secret, "big endian", &number.to_be_bytes());
        let cbor = match u32::try_from(number) {
            Ok(short) => [[0x1a].as_slice(), &short.to_be_bytes()].concat(),
            Err(_) => [[0x1b].as_slice(), &number.to_be_bytes()].concat(),
        };
        self.raw(secret, "CBOR", &cbor);
        self.raw(secret, "decimal", number.to_string().as_bytes());
        self.base64(secret, "base64 of little endian", &number.to_le_bytes());
        self.base64(secret, "base64 of big endian", &number.to_be_bytes());
        self.raw(secret, "field element in memory", &montgomery(number).to_le_bytes());
    }

    /// Base64 of bytes that stand somewhere inside a longer text: at each of the three places in
    /// its groups, less the characters that neighbours have a part in. Both alphabets.
    fn base64(&mut self, secret: &str, form: &'static str, bytes: &[u8]) {
        for alphabet in [STANDARD, URL] {
            for before in 0..3 {
                let padded = [vec![0; before], bytes.to_vec()].concat();
                let text = encode(&padded, alphabet);
                let (from, to) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
                self.raw(secret, form, text.get(from..to).unwrap_or_default());
            }
        }
    }

    /// What of it lies in these bytes.
    #[must_use]
    pub fn find(&self, bytes: &[u8], place: &str) -> Found {
        let mut found = Found::new();
        self.search(bytes, 0, place, &mut found);
        found
    }

    /// What of it lies in any file under a folder, or in a file's name. Sockets and pipes are left
    /// out.
    #[must_use]
    pub fn find_under(&self, folder: &Path) -> Found {
        let mut found = Found::new();
        for file in files_under(folder) {
            let place = file.display().to_string();
            self.search(place.as_bytes(), 0, "a file's name", &mut found);
            let bytes = std::fs::read(&file).unwrap_or_else(|why| panic!("{place}: {why}"));
            self.search(&bytes, 0, &place, &mut found);
        }
        found
    }

    /// What of it lies in the memory of a process: all of it that can be read. The process should
    /// be stopped meanwhile.
    ///
    /// # Errors
    /// If this user may not read the memory of that process.
    pub fn find_in_process(&self, process: u32) -> io::Result<(Found, u64)> {
        let maps = std::fs::read_to_string(format!("/proc/{process}/maps"))?;
        let mut memory = File::open(format!("/proc/{process}/mem"))?;
        let (mut found, mut scanned) = (Found::new(), 0);
        for line in maps.lines() {
            if let Some((from, to)) = readable(line) {
                scanned += self.find_in_region(&mut memory, from, to, line, &mut found)?;
            }
        }
        Ok((found, scanned))
    }

    /// Searches one mapping in pieces that overlap by the longest needle.
    fn find_in_region(&self, memory: &mut File, from: u64, to: u64, name: &str, found: &mut Found) -> io::Result<u64> {
        let mut piece = vec![0_u8; PIECE];
        let (mut at, mut kept) = (from, 0);
        memory.seek(SeekFrom::Start(from))?;
        while at < to {
            let room = piece.get_mut(kept..).unwrap_or_default();
            let want = usize::try_from(to - at).unwrap_or(usize::MAX).min(room.len());
            let read = match memory.read(room.get_mut(..want).unwrap_or_default()) {
                // A guard page, or a mapping that the kernel keeps to itself.
                Ok(0) | Err(_) => return Ok(at - from),
                Ok(read) => read,
            };
            let filled = kept + read;
            let begins = at - u64::try_from(kept).unwrap_or(0);
            self.search(piece.get(..filled).unwrap_or_default(), begins, name, found);
            kept = filled.min(self.longest.saturating_sub(1));
            piece.copy_within(filled - kept..filled, 0);
            at += u64::try_from(read).unwrap_or(0);
        }
        Ok(to - from)
    }

    fn search(&self, bytes: &[u8], begins: u64, place: &str, found: &mut Found) {
        let mut begin = vec![false; 1 << 16];
        for beginning in self.beginnings.keys() {
            if let Some(known) = begin.get_mut(usize::from(u16::from_le_bytes(*beginning))) {
                *known = true;
            }
        }
        let mut next = 0;
        while let Some(pair) = bytes.get(next..next + 2) {
            let at = next;
            // Most of a process's memory was never written. No needle is zeroes alone, and those that
            // begin with any are short, so none begins in the first half of so many zeroes.
            if at.is_multiple_of(ZEROES / 2)
                && bytes.get(at..at + ZEROES).is_some_and(|run| run.iter().all(|b| *b == 0))
            {
                next += ZEROES / 2;
                continue;
            }
            next += 1;
            let pair: [u8; 2] = pair.try_into().unwrap_or_default();
            if begin.get(usize::from(u16::from_le_bytes(pair))) != Some(&true) {
                continue;
            }
            let rest = bytes.get(at..).unwrap_or_default();
            let here = self.beginnings.get(&pair).into_iter().flatten().filter_map(|n| self.needles.get(*n));
            for needle in here.filter(|needle| rest.starts_with(&needle.bytes)) {
                let forms = found.entry(needle.secret.clone()).or_default();
                let address = begins + u64::try_from(at).unwrap_or(0);
                let first = || Hit { first: format!("{place} at {address:#x}"), times: 0 };
                forms.entry(needle.form).or_insert_with(first).times += 1;
            }
        }
    }
}

/// So many zeroes in a row are passed over by halves; longer than any needle that begins with one.
const ZEROES: usize = 128;

/// Every file under a folder.
#[must_use]
pub fn files_under(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let listed = std::fs::read_dir(folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
    for entry in listed.flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files.extend(files_under(&entry.path())),
            Ok(kind) if kind.is_file() => files.push(entry.path()),
            Ok(_) | Err(_) => {}
        }
    }
    files.sort();
    files
}

/// The addresses of a mapping that can be read and is neither a device nor the kernel's own.
fn readable(line: &str) -> Option<(u64, u64)> {
    let mut words = line.split_whitespace();
    let (from, to) = words.next()?.split_once('-')?;
    let readable = words.next()?.starts_with('r') && !["[vvar", "[vsyscall", "/dev/"].iter().any(|n| line.contains(n));
    readable.then_some((u64::from_str_radix(from, 16).ok()?, u64::from_str_radix(to, 16).ok()?))
}

/// How `prio` holds an element of Field64 in memory: n · 2^64 mod p, for p = 2^64 − 2^32 + 1.
#[must_use]
pub fn montgomery(number: u64) -> u64 {
    let modulus = (1_u128 << 64) - (1 << 32) + 1;
    u64::try_from((u128::from(number) << 64) % modulus).unwrap_or_else(|_| unreachable!("below the modulus"))
}

fn encode(bytes: &[u8], alphabet: &[u8; 64]) -> Vec<u8> {
    let mut text = Vec::new();
    for group in bytes.chunks(3) {
        let three = group.iter().chain([&0, &0]).take(3).fold(0_usize, |n, byte| n << 8 | usize::from(*byte));
        let sextets = [three >> 18, three >> 12, three >> 6, three].map(|bits| bits & 63);
        text.extend(sextets.iter().filter_map(|bits| alphabet.get(*bits)));
    }
    text
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// Memory is read in pieces of this many bytes.
const PIECE: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use sumac_protocol::share::CellShares;

    use super::{Found, Hit, Needles, PIECE, encode, montgomery};

    #[test]
    fn every_form_of_a_number_is_found_at_every_place_in_its_surroundings() {
        let number = 0x00de_adbe_efca_fe42_u64;
        let mut needles = Needles::new();
        needles.number("n", number);
        let forms = [
            ("little endian", number.to_le_bytes().to_vec()),
            ("big endian", number.to_be_bytes().to_vec()),
            ("CBOR", [vec![0x1b], number.to_be_bytes().to_vec()].concat()),
            ("decimal", number.to_string().into_bytes()),
            ("field element in memory", montgomery(number).to_le_bytes().to_vec()),
        ];
        for (form, bytes) in forms {
            let around = [b"before".to_vec(), bytes, b"after".to_vec()].concat();
            assert!(needles.find(&around, "here")["n"].contains_key(form), "{form}");
        }
        for (order, bytes) in [("little", number.to_le_bytes()), ("big", number.to_be_bytes())] {
            for before in 0..3 {
                for alphabet in [super::STANDARD, super::URL] {
                    let around = [vec![0xa5; before], bytes.to_vec(), vec![0x5a; 4]].concat();
                    let found = needles.find(&encode(&around, alphabet), "here");
                    let form = format!("base64 of {order} endian");
                    assert!(found["n"].contains_key(form.as_str()), "{form}, {before} bytes before");
                }
            }
        }
        assert!(needles.find(&(number + 1).to_le_bytes(), "here").is_empty());
    }

    #[test]
    fn bytes_are_found_in_hexadecimal_of_both_cases() {
        let mut needles = Needles::new();
        needles.bytes("b", &[0xab, 0xcd, 0xef, 0x01, 0x02]);
        for text in ["abcdef0102", "ABCDEF0102"] {
            assert_eq!(needles.find(format!("x{text}x").as_bytes(), "here").len(), 1, "{text}");
        }
    }

    #[test]
    fn nothing_is_missed_or_found_twice_at_the_seams_of_pieces() {
        let mut needles = Needles::new();
        needles.raw("seam", "raw", b"found at a seam");
        let mut bytes = vec![0_u8; PIECE * 3];
        for at in [PIECE - 14, PIECE - 7, 2 * PIECE - 20, 3 * PIECE - 15] {
            bytes.fill(0);
            bytes[at..at + 15].copy_from_slice(b"found at a seam");
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(&bytes).unwrap();
            let mut found = Found::new();
            let length = u64::try_from(bytes.len()).unwrap();
            let scanned = needles.find_in_region(&mut file, 0, length, "file", &mut found).unwrap();
            assert_eq!(scanned, length);
            assert_eq!(found["seam"]["raw"], Hit { first: format!("file at {at:#x}"), times: 1 });
        }
    }

    #[test]
    fn the_field_element_form_is_the_one_that_shares_have_in_memory() {
        const MANY: usize = 100_000;
        let number = 0x0123_4567_89ab_cdef_u64;
        let mut needles = Needles::new();
        needles.raw("element", "raw", &montgomery(number).to_le_bytes());
        let times = || {
            let (found, _) = needles.find_in_process(std::process::id()).unwrap();
            found.get("element").map_or(0, |forms| forms["raw"].times)
        };
        let before = times();
        let shares = CellShares::from_bytes(&number.to_le_bytes().repeat(MANY), MANY).unwrap();
        let after = times();
        // Copies that a look before left in memory may be gone by now; the shares are all there.
        let all = u64::try_from(shares.len()).unwrap();
        assert!(before < all && after >= all, "{before} and then {after}");
    }
}
