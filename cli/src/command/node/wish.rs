//! What a node asks to be listed as: `sumac node init` signs it, and stewards list it.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use sumac_protocol::document::charter::Role;
use sumac_protocol::document::join::Join;
use sumac_protocol::document::wording::line_flaw;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::limits::NAME_BYTES_MAX;
use sumac_protocol::principal::Principal;

use crate::failure::Failure;
use crate::{asking, join_text, show};

/// What goes into the request.
#[derive(Debug, Args)]
pub(crate) struct Wish {
    /// What people are to call the node. Default: the name of its folder.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The organisation behind it, spelled alike for all of its nodes. Default: the node's name.
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
    /// What it is to do. May be given several times. Default: contributor, and with --address also hub.
    #[arg(long, value_enum, value_name = "ROLE")]
    role: Vec<WishedRole>,
    /// For hubs: where clinics dial it, as /dns/hub.example.org/tcp/4800. May be given several times.
    #[arg(long, value_name = "MULTIADDR")]
    address: Vec<String>,
    /// Most patients it will ever hold.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    patients_max: u64,
    /// Draw the request as a QR code even where there is no terminal.
    #[arg(long)]
    qr: bool,
}

/// A role, as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum WishedRole {
    /// Holds records and contributes to questions.
    Contributor,
    /// Adds up secret shares of others.
    Aggregator,
    /// Has a public address and carries messages.
    Hub,
}

impl Wish {
    /// The request of a node with this key in this folder, checked.
    pub(super) fn of(&self, key: Principal, dir: &Path) -> Result<Join, Failure> {
        let name = self.name.clone().unwrap_or_else(|| folder_name(dir));
        let operator = self.operator.clone().unwrap_or_else(|| name.clone());
        let mut roles: Vec<Role> = self.role.iter().map(|role| role.meant()).collect();
        if roles.is_empty() {
            roles.push(Role::Contributor);
            roles.extend((!self.address.is_empty()).then_some(Role::Hub));
        }
        let (addresses, patients_max, made_at) = (self.address.clone(), self.patients_max, asking::now());
        let join = Join { key, name, operator, roles, addresses, patients_max, made_at };
        join.check()?;
        Ok(join)
    }

    /// Says where the request lies, as a line to paste and a square to scan, and what is done with it.
    pub(super) fn tell(&self, request: &Envelope, join: &Join, file: &Path) {
        use std::io::IsTerminal as _;
        show::talk(&format!(
            "{}: a request to be listed as {}, run by {}. Hand the file, or this line, to a steward:",
            file.display(),
            join.name,
            join.operator
        ));
        let Some(line) = join_text::line_of(request) else { return };
        show::talk(&format!(" {line}"));
        if self.qr || std::io::stderr().is_terminal() {
            match join_text::square_of(&line) {
                Some(rows) => rows.iter().for_each(|row| show::lines(row, "", "")),
                None => show::talk("it is too long for a QR code of eighty columns"),
            }
        }
        show::talk("  next: the steward lists it, `sumac charter add-member`, and gives you the charter;");
        show::talk("  then `sumac node join CHARTER --dir DIR`");
    }
}

impl WishedRole {
    const fn meant(self) -> Role {
        match self {
            Self::Contributor => Role::Contributor,
            Self::Aggregator => Role::Aggregator,
            Self::Hub => Role::Hub,
        }
    }
}

/// The folder's own name, where that is one that a charter may list.
fn folder_name(dir: &Path) -> String {
    let whole = std::path::absolute(dir).unwrap_or_else(|_| PathBuf::from(dir));
    let name = whole.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if line_flaw(name, NAME_BYTES_MAX).is_none() { name.to_owned() } else { "node".to_owned() }
}
