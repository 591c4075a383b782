//! A file of several questions, each ended by `;`, as an exact study plans them and `sumac ask --file` asks them.
//!
//! A plan is asked letter for letter, so that what people write for reading is brought to one form: comments fall away, and
//! spaces and line breaks become one space. That changes no meaning, which is checked.

use std::path::Path;

use sumac_protocol::dictionary::Dictionary;
use sumac_protocol::document::charter::Charter;
use sumac_protocol::plan::Mode;
use sumac_protocol::question;

use crate::failure::Failure;
use crate::files;

/// The questions of a file, in one form each. The first that cannot be asked in this mode is told with its place in the file.
pub(crate) fn read(path: &Path, charter: &Charter, mode: Mode) -> Result<Vec<String>, Failure> {
    let text = files::read(path)?;
    let dictionary =
        Dictionary::parse(&charter.dictionary).map_err(|why| Failure::refused(why.code(), &why, why.remedy()))?;
    let mut questions = Vec::new();
    for range in question::several(&text) {
        let written = text.get(range.clone()).unwrap_or_default();
        let question = question::plainly(written);
        let meant = question::compile(written, &dictionary, mode).map_err(|mut why| {
            why.span = why.span.start.saturating_add(range.start)..why.span.end.saturating_add(range.start);
            files::named(path, Failure::question(why.code(), &why.render(&text)))
        })?;
        let same = question::compile(&question, &dictionary, mode).is_ok_and(|plan| plan.digest() == meant.digest());
        if !same {
            return Err(Failure::bug(format!("{}: `{question}` came to mean something else", path.display())));
        }
        questions.push(question);
    }
    if questions.is_empty() {
        let remedy = "write questions into it, each ended by `;`";
        return Err(Failure::refused(
            "plan-empty",
            &format!("{}: no question stands here", path.display()),
            remedy.into(),
        ));
    }
    Ok(questions)
}
