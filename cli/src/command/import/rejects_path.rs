//! Where rejects may be listed: never over something else.
//!
//! A list of rejects quotes what stood in the clinic's files. It must not lie in the node's folder,
//! which holds nothing in the clear, and must not take the place of a file that somebody needs.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// Refuses a path that is one of the files that are read, lies in the node's folder, or is anything
/// but a former list of rejects. Nothing is written.
pub(super) fn check(path: &Path, sources: &[&Path], home: &Path) -> Result<(), Failure> {
    let refused = |why: &str| {
        let says = format!("{}: rejects cannot be listed here: {why}", path.display());
        Err(Failure::refused("rejects-path", &says, "name another file with --rejects".into()))
    };
    let place = resolved(path)?;
    if fs::canonicalize(home).is_ok_and(|home| place.starts_with(home)) {
        return refused("it lies in the node's folder, which holds nothing in the clear");
    }
    let found = match fs::metadata(&place) {
        Ok(found) => found,
        Err(why) if why.kind() == ErrorKind::NotFound => return Ok(()),
        Err(why) => return Err(Failure::file(path, &why)),
    };
    let same = |source: &&Path| {
        fs::metadata(source).is_ok_and(|source| (source.dev(), source.ino()) == (found.dev(), found.ino()))
    };
    if sources.iter().any(same) {
        return refused("it is one of the files that are read");
    }
    if !found.is_file() {
        return refused("it is no file");
    }
    if !is_former_list(&place).map_err(|why| Failure::file(path, &why))? {
        return refused("another file is there, which is no former list of rejects");
    }
    Ok(())
}

/// Opens a list of rejects, empty, that only its owner may read.
pub(super) fn open(path: &Path, sources: &[&Path], home: &Path) -> Result<File, Failure> {
    check(path, sources, home)?;
    let file = File::options().write(true).create(true).truncate(true).mode(0o600).open(path);
    file.map_err(|why| Failure::file(path, &why))
}

/// Where a path leads, links followed, also where nothing is there yet.
fn resolved(path: &Path) -> Result<PathBuf, Failure> {
    let failed = |why: std::io::Error| Failure::file(path, &why);
    if path.symlink_metadata().is_ok() {
        // A link to nothing fails here: it would make a file where nobody said.
        return fs::canonicalize(path).map_err(failed);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().ok_or_else(|| failed(ErrorKind::IsADirectory.into()))?;
    Ok(fs::canonicalize(folder).map_err(failed)?.join(name))
}

/// Whether a file begins as lists of rejects do, or is empty.
fn is_former_list(path: &Path) -> std::io::Result<bool> {
    let mut start = Vec::new();
    File::open(path)?.take(FHIR_HEADER.len() as u64).read_to_end(&mut start)?;
    Ok(start.is_empty() || [HEADER, FHIR_HEADER].iter().any(|header| start.starts_with(header.as_bytes())))
}

/// The first line of a list of rejects.
const HEADER: &str = "file,row,column,value,code,why,remedy\n";
/// The same of rejects of FHIR resources.
const FHIR_HEADER: &str = "file,place,resource,path,value,code,why,remedy\n";

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{HEADER, check, open};
    use crate::failure::Failure;

    fn code(checked: Result<(), Failure>) -> Option<String> {
        checked.err().map(|failure| failure.code().to_owned())
    }

    #[test]
    fn rejects_are_listed_in_a_new_file_or_over_a_former_list_only() {
        let scratch = tempfile::TempDir::new().unwrap();
        let at = |name: &str| scratch.path().join(name);
        let (home, scores) = (at("node"), at("scores.csv"));
        std::fs::create_dir_all(home.join("store")).unwrap();
        std::fs::write(&scores, HEADER).unwrap();
        std::fs::write(at("notes"), "file,row\n").unwrap();
        std::fs::write(at("former"), format!("{HEADER}courses,2,day,x,not-a-day,x,y\n")).unwrap();
        std::fs::write(at("empty"), "").unwrap();
        std::fs::hard_link(&scores, at("twin.csv")).unwrap();
        std::os::unix::fs::symlink(&home, at("link")).unwrap();
        std::os::unix::fs::symlink(at("nothing"), at("dangling")).unwrap();
        let refused = Some("rejects-path");
        let cases: [(PathBuf, Option<&str>, &str); 13] = [
            (at("new.csv"), None, "a new file"),
            (at("former"), None, "a former list"),
            (at("empty"), None, "an empty file"),
            (scores.clone(), refused, "what is read, even where it looks like a list"),
            (at("twin.csv"), refused, "the same file by another name"),
            (at("node/../scores.csv"), refused, "the same file by another way"),
            (at("notes"), refused, "somebody's notes"),
            (home.join("rejects.csv"), refused, "the node's folder"),
            (home.join("store/rejects.csv"), refused, "below the node's folder"),
            (at("link/rejects.csv"), refused, "the node's folder by a link"),
            (home.clone(), refused, "the node's folder itself"),
            (at("dangling"), Some("file"), "a link to nothing"),
            (at("no/where.csv"), Some("file"), "a folder that is not there"),
        ];
        for (path, want, why) in cases {
            assert_eq!(code(check(&path, &[&scores], &home)).as_deref(), want, "{why}");
        }
        assert_eq!(code(check(Path::new("/dev/null"), &[&scores], &home)).as_deref(), refused, "a device");
    }

    #[test]
    fn a_list_of_rejects_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let scratch = tempfile::TempDir::new().unwrap();
        let path = scratch.path().join("rejects.csv");
        drop(open(&path, &[], &scratch.path().join("node")).unwrap());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
