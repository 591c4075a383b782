//! A clinic, or another member, as a patient's program speaks to it: over HTTP, with JSON.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sumac_node::door::{AboutClinic, Answer, Refusal, open_answer};
use sumac_protocol::document::ask::{Ask, AskedFor};
use sumac_protocol::document::wording::{line_flaw, misleads};
use sumac_protocol::envelope::Envelope;
use sumac_protocol::limits::NAME_BYTES_MAX;
use sumac_protocol::octets::Octets;
use sumac_protocol::sealed::OpeningKey;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use super::kept::Kept;
use super::key_file::PatientKey;
use super::{agreed, not_enrolled};
use crate::failure::{Exit, Failure};
use crate::{files, keys, show};

/// Which clinic, and with which key.
#[derive(Debug, Args)]
pub(crate) struct ClinicArgs {
    /// Where the clinic hears patients: its https address, or http on this machine.
    #[arg(long, value_name = "URL")]
    node: String,
    #[command(flatten)]
    key: KeyArgs,
    /// Trust this certificate authority, in PEM, in place of the public ones.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

/// A patient's key file, and how it is opened.
#[derive(Debug, Args)]
pub(crate) struct KeyArgs {
    /// The patient's key file.
    #[arg(long, value_name = "FILE")]
    pub(super) key: PathBuf,
    /// A file that holds the key's passphrase on its first line; without it, it is asked for.
    #[arg(long, value_name = "FILE")]
    pub(super) passphrase_file: Option<PathBuf>,
}

impl KeyArgs {
    /// Opens the key file. A passphrase is asked for only where the file is sealed and none was named.
    pub(super) fn open(&self) -> Result<PatientKey, Failure> {
        PatientKey::open(&self.key, self.passphrase_file.as_deref())
    }
}

impl ClinicArgs {
    /// A clinic at this address.
    pub(super) const fn at(node: String, key: KeyArgs, ca: Option<PathBuf>) -> Self {
        Self { node, key, ca }
    }

    /// Opens the key, and finds the clinic. A key is never used with another clinic than its own; one that has none
    /// yet is bound to this one, if the patient agrees.
    pub(super) fn meet(&self, yes: bool) -> Result<(Clinic, PatientKey), Failure> {
        let mut key = self.open()?;
        Ok((self.find(&mut key, yes)?, key))
    }

    /// Opens the key. Nobody is spoken to.
    pub(super) fn open(&self) -> Result<PatientKey, Failure> {
        Site::new(&self.node, self.ca.as_deref())?;
        self.key.open()
    }

    /// Finds the clinic of a key, as [`ClinicArgs::meet`] says.
    pub(super) fn find(&self, key: &mut PatientKey, yes: bool) -> Result<Clinic, Failure> {
        let site = Site::new(&self.node, self.ca.as_deref())?;
        let about = site.about()?;
        if let Some(clinic) = Kept::beside(key).clinic_of(key)?
            && clinic != about.clinic
        {
            let says = format!("this key is for the clinic {clinic}, and at {} is {}", site.url, about.clinic);
            let remedy = "check the address; every clinic gets a key of its own: `sumac patient keygen`";
            return Err(Failure::refused("other-clinic", &says, remedy.into()));
        }
        if key.can_be_bound() {
            show::talk(&format!("This key was not used yet. From now on it is for {} only:", about.name));
            show::talk(&format!("  {}", about.clinic));
            agreed("Is this your clinic?", yes)?;
            key.bind(about.clinic)?;
        }
        Ok(Clinic { site, about })
    }

    /// The same certificate authorities, for others than the clinic.
    pub(super) fn ca(&self) -> Option<&Path> {
        self.ca.as_deref()
    }
}

/// The clinic that a key is for.
pub(super) struct Clinic {
    pub(super) site: Site,
    pub(super) about: AboutClinic,
}

impl Clinic {
    /// Asks in private: what leaves is signed, and the answer is sealed to a key that was made for it.
    pub(super) fn ask(&self, key: &PatientKey, what: AskedFor) -> Result<Answer, Failure> {
        #[derive(serde::Deserialize)]
        /// What the node gives out for any key.
        struct Challenge {
            challenge: Octets,
        }
        #[derive(serde::Deserialize)]
        /// The answer as it travels.
        struct Sealed {
            sealed: Octets,
        }
        let patient = key.signer.principal();
        let wanted = serde_json::json!({ "key": patient });
        let Challenge { challenge } = self.site.post("/v1/challenges", &wanted)?;
        let opening = OpeningKey::generate(&mut keys::system_random());
        let reply_to = opening.sealing_key().map_err(|why| Failure::bug(why.to_string()))?;
        let ask = Ask { clinic: self.about.clinic, patient, challenge, what, reply_to };
        let ask = Envelope::sign(&ask, &key.signer)?;
        let Sealed { sealed } = self.site.post("/v1/asks", &ask)?;
        let answer = open_answer(&opening, &ask.digest(), &sealed.0).map_err(|why| self.site.broke_off(&why))?;
        let unknown = matches!(answer, Answer::Unknown(_));
        if unknown { Err(not_enrolled(&patient, &self.about.name)) } else { Ok(answer) }
    }

    /// What the clinic says instead of what was asked for.
    pub(super) fn another_answer(&self) -> Failure {
        self.site.broke_off(&"another answer than was asked for")
    }
}

/// Where somebody is heard.
pub(super) struct Site {
    agent: ureq::Agent,
    pub(super) url: String,
}

impl Site {
    /// Checks the address. In the clear only this machine is spoken to: an answer could come from anybody else.
    pub(super) fn new(url: &str, ca: Option<&Path>) -> Result<Self, Failure> {
        let url = url.trim_end_matches('/');
        let host = url.strip_prefix("http://").map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
        if let Some(host) = host {
            if !is_this_machine(host) {
                let says = format!("{url} is in the clear: anybody on the way could answer in its place");
                return Err(Failure::usage(says, "give its https:// address; ask the clinic for it"));
            }
        } else if !url.starts_with("https://") {
            let says = format!("`{url}` is no address of a clinic");
            return Err(Failure::usage(says, "give it as https://consent.clinic.example"));
        }
        let mut tls = TlsConfig::builder();
        if let Some(file) = ca {
            tls = tls.root_certs(RootCerts::new_with_certs(&authorities(file)?));
        }
        let agent = ureq::Agent::config_builder()
            .tls_config(tls.build())
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(CONNECT_PATIENCE))
            .timeout_global(Some(PATIENCE))
            .build()
            .new_agent();
        Ok(Self { agent, url: url.to_owned() })
    }

    /// What is there for everybody.
    pub(super) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        let response = self.agent.get(format!("{}{path}", self.url)).call();
        self.read(response)
    }

    /// Who is there. A name that could mislead its reader is not shown: the key is, in its place.
    pub(super) fn about(&self) -> Result<AboutClinic, Failure> {
        let about: AboutClinic = self.get("/v1/clinic")?;
        let misleads = line_flaw(&about.name, NAME_BYTES_MAX).is_some() || about.name.contains(misleads);
        Ok(if misleads { AboutClinic { name: about.clinic.short(), ..about } } else { about })
    }

    /// The answer to a request.
    pub(super) fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Failure> {
        let text = serde_json::to_vec(body).map_err(|why| Failure::bug(why.to_string()))?;
        let request = self.agent.post(format!("{}{path}", self.url)).header("content-type", "application/json");
        self.read(request.send(text.as_slice()))
    }

    /// What came back, if it is what was asked for. A refusal keeps the code that the node gave it; that a node is too
    /// busy, or too slow, is not held to be its last word: exit 3, as where nobody answers.
    fn read<T: DeserializeOwned>(
        &self,
        response: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<T, Failure> {
        let mut response = response.map_err(|why| self.unreachable(&why))?;
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
        let body = body.map_err(|why| self.unreachable(&why))?;
        if (200..300).contains(&status) {
            let body = if body.is_empty() { b"null".as_slice() } else { &body };
            return serde_json::from_slice(body).map_err(|why| self.broke_off(&why));
        }
        match serde_json::from_slice::<Refusal>(&body) {
            Ok(refusal) => {
                let exit = if matches!(status, 408 | 429 | 503) { Exit::Unreachable } else { Exit::Refused };
                let of_ours = |code: &str| code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
                let code = if of_ours(&refusal.code) { refusal.code.as_str() } else { "refused" };
                Err(Failure::new(exit, code, show::one_line(&refusal.says), show::one_line(&refusal.remedy)))
            }
            Err(_) => Err(self.broke_off(&format!("it answers with status {status} and not as a node does"))),
        }
    }

    /// Nobody answers, or not in time, or nobody who can be believed. What the system says of it is passed on: it tells a
    /// wrong name from a closed port, and one certificate from another.
    fn unreachable(&self, why: &ureq::Error) -> Failure {
        if is_unproven(why) {
            let says = format!("whoever answers at {} does not prove to be it: {why}", self.url);
            let remedy = "check the address, and this machine's date; if both are right, ask the clinic for the file of \
                          its certificate authority, and name that with --ca";
            return Failure::new(Exit::Unreachable, "node-untrusted", says, remedy);
        }
        if matches!(why, ureq::Error::Protocol(_) | ureq::Error::Http(_)) {
            return self.broke_off(why);
        }
        let says = format!("nobody answers at {}: {why}", self.url);
        let remedy = "check the address and your connection, and try again";
        Failure::new(Exit::Unreachable, "node-unreachable", says, remedy)
    }

    /// Somebody answers, and not as a node of this version does: a proxy before it, or another program at that address.
    fn broke_off(&self, why: &dyn std::fmt::Display) -> Failure {
        let says = format!("what {} answers cannot be read: {}", self.url, show::one_line(&why.to_string()));
        Failure::new(
            Exit::Unreachable,
            "node-broke-off",
            says,
            "check the address, which may be one with https:// in front; and that this program is up to date",
        )
    }

    /// Posts what has no answer but that it arrived.
    pub(super) fn hand_in(&self, path: &str, body: &impl Serialize) -> Result<(), Failure> {
        self.post::<Value>(path, body).map(|_| ())
    }
}

/// Whether it is TLS that failed: a certificate that is not believed, or no TLS at all.
fn is_unproven(why: &ureq::Error) -> bool {
    if let ureq::Error::Io(why) = why {
        return why.kind() == std::io::ErrorKind::InvalidData;
    }
    matches!(why, ureq::Error::Tls(_) | ureq::Error::Rustls(_))
}

/// Whether a host in a URL is this machine itself.
fn is_this_machine(host: &str) -> bool {
    if host.contains('@') {
        return false;
    }
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The certificate authorities in a PEM file; whatever else it holds is passed over.
fn authorities(file: &Path) -> Result<Vec<Certificate<'static>>, Failure> {
    let text = files::read(file)?;
    let certificates: Vec<_> = parse_pem(text.as_bytes())
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        let says = format!("{}: there is no certificate in it", file.display());
        return Err(Failure::usage(says, "give a certificate authority's file in PEM"));
    }
    Ok(certificates)
}

/// How long a connection may take to come about.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Most bytes of an answer: everything about a patient, many times over.
const ANSWER_BYTES_MAX: u64 = 64 << 20;

#[cfg(test)]
mod tests {
    use super::{Site, is_this_machine};

    #[test]
    fn in_the_clear_only_this_machine_is_spoken_to() {
        let cases = [
            ("127.0.0.1:4880", true, "loopback"),
            ("localhost", true, "by name"),
            ("[::1]:4880", true, "of IPv6"),
            ("192.0.2.1", false, "a network"),
            ("127.0.0.1.example.org", false, "a name that looks like it"),
            ("localhost@example.org", false, "a user's name"),
            ("[2001:db8::1]:80", false, "a network of IPv6"),
        ];
        for (host, own, why) in cases {
            assert_eq!(is_this_machine(host), own, "{why}");
            assert_eq!(Site::new(&format!("http://{host}/"), None).is_ok(), own, "{why}");
        }
        for wrong in ["", "clinic.example", "ftp://clinic.example", "HTTP//x"] {
            assert_eq!(Site::new(wrong, None).err().unwrap().code(), "usage", "{wrong}");
        }
        assert!(Site::new("https://clinic.example", None).is_ok());
    }
}
