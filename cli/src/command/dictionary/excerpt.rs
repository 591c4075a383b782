//! The lines of a dictionary's text that are one entry.

/// How an entry is written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Written<'a> {
    /// A table with this id.
    Id(&'a str),
    /// A table with this header, and all tables in it.
    Header(&'a str),
}

/// The lines from the entry's header to the next table that is not a part of it, less the comments
/// that belong to that one.
pub(super) fn excerpt<'t>(text: &'t str, of: Written<'_>) -> Option<Vec<&'t str>> {
    let lines: Vec<&str> = text.lines().collect();
    let is_header = |line: &&str| line.trim_start().starts_with('[');
    let begin = match of {
        Written::Header(name) => lines.iter().position(|line| header(line) == Some(name))?,
        Written::Id(id) => {
            let at = lines.iter().position(|line| is_id(line, id))?;
            lines.get(..at)?.iter().rposition(is_header)?
        }
    };
    let name = header(lines.get(begin)?)?;
    let inside = |line: &str| header(line).is_some_and(|inner| inner.starts_with(&format!("{name}.")));
    let rest = lines.get(begin + 1..)?;
    let end = rest.iter().position(|line| header(line).is_some() && !inside(line)).unwrap_or(rest.len());
    let body = rest.get(..end)?;
    let blank = |line: &&str| line.trim().is_empty() || line.trim_start().starts_with('#');
    let kept = body.len() - body.iter().rev().take_while(|line| blank(line)).count();
    Some(lines.get(begin..=begin + kept)?.to_vec())
}

/// The name in `[name]` or `[[name]]`.
fn header(line: &str) -> Option<&str> {
    let line = line.trim();
    let once = line.strip_prefix('[')?;
    let name = once.strip_prefix('[').unwrap_or(once).split(']').next()?;
    let formed = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'));
    formed.then_some(name)
}

/// Whether a line gives a table this id. Ids are plain names, so no quoting needs to be undone.
fn is_id(line: &str, id: &str) -> bool {
    let value = line.trim().strip_prefix("id").and_then(|rest| rest.trim_start().strip_prefix('='));
    let value = value.map(|rest| rest.split('#').next().unwrap_or_default().trim());
    value.is_some_and(|value| value.trim_matches(['"', '\'']) == id)
}

#[cfg(test)]
mod tests {
    use super::{Written, excerpt};

    const TEXT: &str = "name = 'd'\n\n[[field]]\nid = \"route\"  # how\nvalues = [\n  \"iv\",\n]\n[field.coding]\niv = {}\n\n\
                        # What comes now.\n[[field]]\nid = 'sex'\n[session]\nkinds = []\n[[session.route]]\nid = \"iv\"\n";

    #[test]
    fn an_entry_is_its_table_with_what_is_in_it_and_without_its_neighbours() {
        let route = excerpt(TEXT, Written::Id("route")).unwrap();
        assert_eq!((route[0], route[route.len() - 1], route.len()), ("[[field]]", "iv = {}", 7));
        assert_eq!(excerpt(TEXT, Written::Id("sex")).unwrap(), ["[[field]]", "id = 'sex'"]);
        assert_eq!(excerpt(TEXT, Written::Header("session")).unwrap().len(), 4);
        assert_eq!(excerpt(TEXT, Written::Id("iv")).unwrap(), ["[[session.route]]", "id = \"iv\""]);
        assert_eq!(excerpt(TEXT, Written::Id("age")), None);
        assert_eq!(excerpt("", Written::Header("session")), None);
    }
}
