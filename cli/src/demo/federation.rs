//! The demo's federation on paper: keys, folders, study and charter.
//!
//! Hubs need an address in the charter before they run, so the demo takes ports that were free a
//! moment ago; everything else is as an operator would do it with the commands.

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use sumac_node::home::{Home, Settings};
use sumac_node::store::{Store, UnlockSecret};
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::cost::RhoMicro;
use sumac_protocol::dictionary::KETAMINE;
use sumac_protocol::document::charter::{Charter, Label, Member, Policy, Role};
use sumac_protocol::document::study::{ConsentCategory, Organisation, PlannedQuery, Purpose, Study};
use sumac_protocol::envelope::Envelope;
use sumac_protocol::moment::Millis;
use sumac_protocol::plan::Mode;
use sumac_protocol::principal::Signer;

use super::books::Books;
use super::{DELTA_PER_1E12, DemoArgs};
use crate::failure::Failure;
use crate::{asking, files, keys, show};

/// Five clinics, three stewards and a researcher, with everything they signed.
pub(super) struct Federation {
    /// Where everything lies: a folder for each clinic, one for keys, one for patients' keys.
    pub(super) dir: PathBuf,
    /// Two epochs: the genesis, and the one that lists the study.
    pub(super) chain: CharterChain,
    /// The study, signed by two stewards.
    pub(super) study: Envelope,
    /// The five clinics, in the order of the cast.
    pub(super) clinics: Vec<Clinic>,
    /// What no node of the federation knows: everybody's records together.
    pub(super) books: Books,
}

/// One clinic of the demo.
pub(super) struct Clinic {
    /// What people call it.
    pub(super) name: &'static str,
    /// Its node's folder.
    pub(super) home: Home,
}

impl Federation {
    /// Makes keys and folders, signs the study and two epochs of the charter.
    pub(super) fn build(dir: &Path, args: &DemoArgs, step: &dyn Fn(&str)) -> Result<Self, Failure> {
        let keys_dir = dir.join("keys");
        std::fs::create_dir_all(&keys_dir).map_err(|why| Failure::file(&keys_dir, &why))?;
        let books = match args.synthetic {
            Some(courses) => Books::synthetic(courses),
            None => Books::deal(args.refusing, args.seed)?,
        };
        let stewards =
            ["ethics", "operator", "patients"].map(|name| keys::make(&keys_dir.join(format!("steward-{name}.key"))));
        let stewards = stewards.into_iter().collect::<Result<Vec<_>, _>>()?;
        let researcher = keys::make(&keys_dir.join("researcher.key"))?;
        let mut clinics = Vec::new();
        let mut members = Vec::new();
        for (letter, name) in CAST {
            let (clinic, mut member) = make_clinic(dir, letter, name, args.frame_logs)?;
            member.patients_max = args.synthetic.map_or(PATIENTS_MAX, u64::from);
            clinics.push(clinic);
            members.push(member);
        }
        step("keys made: 3 stewards, 1 researcher, 5 nodes with a sealed store each");
        let genesis = charter(members, &stewards, args);
        let genesis_envelope = signed_by_two(&genesis, &stewards)?;
        let mut chain = CharterChain::genesis(&genesis_envelope)?;
        let study = signed_by_two(&study(&chain, &researcher, args), &stewards)?;
        step("study signed by 2 of 3 stewards: who may ask what, and at what price");
        let next =
            Charter { epoch: 1, previous: Some(chain.genesis_digest()), studies: vec![study.digest()], ..genesis };
        chain.extend(&signed_by_two(&next, &stewards)?)?;
        step(&format!("charter {} signed by 2 of 3 stewards", chain.current().digest()));
        files::write(&dir.join("charter.json"), &chain.to_json())?;
        files::write(&dir.join("study.json"), &study.to_json())?;
        for clinic in &clinics {
            clinic.home.put_charter(&chain)?;
            clinic.home.put_study(&study)?;
        }
        Ok(Self { dir: dir.to_owned(), chain, study, clinics, books })
    }

    /// The researcher's key file.
    pub(super) fn researcher_key(&self) -> PathBuf {
        self.dir.join("keys/researcher.key")
    }

    /// Prints the commands that a visitor can try.
    pub(super) fn print_what_next(&self, question: &str) {
        let dir = self.dir.display();
        show::talk("the federation is up; Ctrl-C stops it. In another terminal, ask again:");
        let price = if self.is_exact() { String::new() } else { " --epsilon 8".to_owned() };
        // A shell takes a backslash and the end of its line out, also between quotes.
        let question = [", mean", ", stddev", ", rate", " FROM"]
            .iter()
            .fold(question.to_owned(), |text, at| text.replace(at, &broken(at)));
        show::talk(&format!("  sumac ask \"{question}\" \\"));
        show::talk(&format!("    --charter {dir}/charter.json --study {dir}/study.json \\"));
        show::talk(&format!("    --key {dir}/keys/researcher.key{price}"));
        // The keys of invented patients are nowhere.
        let Some((place, pseudonym)) = self.books.somebody_consenting() else { return };
        let clinic = CAST.get(place).map_or('A', |(letter, _)| *letter);
        show::talk("let one patient withdraw, and ask once more:");
        show::talk(&format!("  sumac patient revoke --dir {dir}/{clinic} --key {dir}/patients/{pseudonym}.key"));
        show::talk("see who was counted, on the clinic's own console:");
        show::talk(&format!("  sumac patient cohorts --dir {dir}/{clinic}"));
    }

    /// Whether the demo's study is exact: only then groups of one may be shown.
    pub(super) fn is_exact(&self) -> bool {
        self.chain.current().policy.cohort_min == 1
    }
}

/// The same words with the end of a shell's line before the last of them.
fn broken(words: &str) -> String {
    words.replace(' ', "\\\n ")
}

/// Makes one clinic's node, with its unlock secret beside the folder and never in it. A and B are
/// hubs and listen; the others only dial out.
fn make_clinic(dir: &Path, letter: char, name: &'static str, frame_logs: bool) -> Result<(Clinic, Member), Failure> {
    let home = Home::at(&dir.join(letter.to_string()));
    let is_hub = matches!(letter, 'A' | 'B');
    let address = is_hub.then(free_address).transpose()?;
    // The unlock secret lies beside the node's folder, never in it.
    let key_file = std::path::absolute(dir.join("keys").join(format!("node-{letter}.unlock")))
        .map_err(|why| Failure::file(dir, &why))?;
    let unlock = keys::fresh()?;
    files::write_secret(&key_file, unlock.as_slice())?;
    let settings = Settings {
        listen: address.clone(),
        keyring: PathBuf::from("keyring.sealed"),
        unlock_key_file: Some(key_file),
        frame_log: frame_logs.then(|| PathBuf::from("frames.log")),
        redial_min_ms: 50,
        ..Settings::default()
    };
    home.create(&settings)?;
    let seed = keys::fresh()?;
    let key = Signer::from_seed(&seed).principal();
    Store::create(&home.store_paths(&settings), &UnlockSecret::KeyFile(*unlock), seed)?.close()?;
    let mut roles = vec![Role::Contributor, Role::Aggregator];
    if is_hub {
        roles.push(Role::Hub);
    }
    let operator = format!("{name} Clinic");
    let member = Member {
        key,
        name: name.to_owned(),
        operator,
        roles,
        addresses: address.into_iter().collect(),
        patients_max: PATIENTS_MAX,
        staff: Vec::new(),
    };
    Ok((Clinic { name, home }, member))
}

/// A loopback address whose port was free a moment ago.
fn free_address() -> Result<String, Failure> {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let port = port.map_err(|why| Failure::bug(format!("no port is free on 127.0.0.1: {why}")))?.port();
    Ok(format!("/ip4/127.0.0.1/tcp/{port}"))
}

/// The genesis charter: five clinics of five operators, three committees, two of three stewards.
fn charter(members: Vec<Member>, stewards: &[Signer], args: &DemoArgs) -> Charter {
    let committee = |letters: [usize; 3]| letters.iter().filter_map(|i| members.get(*i).map(|m| m.key)).collect();
    let (a, b, c, d, e) = (0, 1, 2, 3, 4);
    let small = if args.exact { 1 } else { 10 };
    Charter {
        name: "Demo federation".into(),
        epoch: 0,
        previous: None,
        stewards: stewards.iter().map(Signer::principal).collect(),
        threshold: 2,
        committees: vec![committee([a, b, c]), committee([c, d, e]), committee([a, d, e])],
        members,
        studies: Vec::new(),
        label: Some(if args.synthetic.is_some() && !args.exact { Label::Synthetic } else { Label::TestData }),
        policy: Policy {
            clinics_min: 4,
            cohort_min: small,
            exact_local_min: if args.exact { 1 } else { 5 },
            rho_per_query_max: RhoMicro(1_100_000),
            delta_per_1e12: DELTA_PER_1E12,
            rho_per_patient_year: PATIENT_YEAR,
            allow_exact: args.exact,
            allow_witnessed: false,
            queries_per_study_day: 10_000,
            upload_jitter_ms: args.jitter,
            window_ms: 5_000,
            step_timeout_ms: 2_000,
            query_lifetime_max_ms: 60_000,
        },
        dictionary: if args.synthetic.is_some() { KETAMINE } else { DULOXETINE }.to_owned(),
    }
}

/// The demo's study: health research, academic, thirty days, at most four questions of a patient.
fn study(chain: &CharterChain, researcher: &Signer, args: &DemoArgs) -> Study {
    let from = asking::now();
    let plans =
        if args.exact { vec![PlannedQuery { query: args.question().to_owned(), times: 10 }] } else { Vec::new() };
    let total = if args.exact { RhoMicro(0) } else { PATIENT_YEAR };
    Study {
        id: "demo-hamd-week6".into(),
        title: if args.synthetic.is_some() { TITLE_SYNTHETIC } else { TITLE }.into(),
        lay_summary: "Did people who took the drug get better than people who took a placebo?".into(),
        approving_body: "Demo ethics board".into(),
        approval_reference: "DEMO-1".into(),
        purpose: Purpose {
            duo: vec!["HMB".into()],
            disease: Vec::new(),
            organisation: Organisation::Academic,
            commercial: false,
            modifiers_met: Vec::new(),
        },
        researchers: vec![researcher.principal()],
        categories: vec![ConsentCategory::Demographics, ConsentCategory::Treatment, ConsentCategory::Outcomes],
        mode: if args.exact { Mode::Exact } else { Mode::Dp },
        plans,
        rho_total: total,
        rho_year: total,
        queries_max: 10_000,
        valid_from: from,
        valid_until: from + Millis(Millis::DAY.0 * 30),
        genesis: chain.genesis_digest(),
    }
}

/// Signs a document with the first two stewards, as the threshold asks.
fn signed_by_two<T: sumac_protocol::envelope::Document>(
    document: &T,
    stewards: &[Signer],
) -> Result<Envelope, Failure> {
    let mut envelope = Envelope::draft(document)?;
    stewards.iter().take(2).for_each(|steward| envelope.cosign(steward));
    Ok(envelope)
}

/// The clinics: a letter for the folder, a name for people.
pub(super) const CAST: [(char, &str); 5] =
    [('A', "Harbour"), ('B', "Ridge"), ('C', "Linden"), ('D', "Mill"), ('E', "Quay")];
/// The trial was randomised (Goldstein 2004).
const TITLE: &str = "Change of depression scores after six weeks, in a randomised trial, by treatment arm";
/// Nobody was treated, and the charter says so.
const TITLE_SYNTHETIC: &str = "Change of depression scores after four weeks of ketamine";
/// The dictionary of the trial.
const DULOXETINE: &str = include_str!("../../../protocol/dictionaries/duloxetine.toml");
/// Most patients each clinic may hold: above what the deal gives any of them.
const PATIENTS_MAX: u64 = 64;
/// What one patient may be charged in 365 days, and what the study may spend: four of the demo's
/// questions. The fifth is refused in public.
pub(super) const PATIENT_YEAR: RhoMicro = RhoMicro(4_400_000);
