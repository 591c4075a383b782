//! What can be seen of a node from its folder, its machine and its control socket. Nothing is opened that a secret seals.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::UNIX_EPOCH;

use sumac_node::control::{self, ControlError, Request, Response};
use sumac_node::home::{Home, HomeError, Settings};
use sumac_protocol::charter_chain::CharterChain;
use sumac_protocol::document::join::admit_join;
use sumac_protocol::envelope::Envelope;
use sumac_protocol::principal::Principal;
use sumac_protocol::round::budget::Allowance;

use super::hubs;
use crate::asking;
use crate::doctor::{Charter, Running, Seen};
use crate::failure::Failure;

/// Everything that is seen. A folder without settings is refused: there is no node to look at.
pub(super) fn seen(home: &Home) -> Result<Seen, Failure> {
    let mut seen = Seen { now: asking::now().0, newest: newest_file(home), free: free(home), ..Seen::default() };
    let settings = match home.settings() {
        Ok(settings) => settings,
        Err(why @ HomeError::NoNode { .. }) => return Err(why.into()),
        Err(why) => {
            seen.settings = Some((why.to_string(), why.remedy()));
            return Ok(seen);
        }
    };
    let (running, status_key) = running(home);
    seen.running = running;
    let runs = matches!(seen.running, Running::Yes { .. } | Running::Denied);
    if !runs {
        seen.taken = taken(&settings);
    }
    unlock(home, &settings, &mut seen);
    if runs {
        // It was there when the node started; a service manager shows it to the service alone.
        seen.unlock.clear();
    }
    seen.index_missing = fs::exists(home.dir().join("store/index")).is_ok_and(|there| !there);
    charter(home, status_key.or_else(|| own_key(home)), &mut seen);
    Ok(seen)
}

/// What is seen before a node starts: its machine's clock and room, and who can read its secrets. That a secret is not
/// there, the start itself says.
pub(super) fn before_start(home: &Home, settings: &Settings) -> Seen {
    let mut seen = Seen { now: asking::now().0, newest: newest_file(home), free: free(home), ..Seen::default() };
    unlock(home, settings, &mut seen);
    seen.unlock.clear();
    seen
}

/// What a running node says, and its key.
fn running(home: &Home) -> (Running, Option<Principal>) {
    let status = match control::ask(&home.control_socket(), &Request::Status) {
        Ok(Response::Status(status)) => status,
        Err(ControlError::Denied { .. }) => return (Running::Denied, None),
        Ok(_) | Err(_) => return (Running::No, None),
    };
    let shut = status.shut.clone().map(|why| (why, status.waits));
    let linked = !status.connected.is_empty();
    let running = Running::Yes { epoch: status.epoch, shut, accused: status.accused, linked, budget: budget(home) };
    (running, Some(status.key))
}

fn budget(home: &Home) -> Option<Allowance> {
    let Ok(Response::Books(books)) = control::ask(&home.control_socket(), &Request::Books) else { return None };
    Some(books.patient_year)
}

/// Addresses of the settings at which somebody else listens.
fn taken(settings: &Settings) -> Vec<String> {
    let listen = settings.listen.as_deref().and_then(hubs::socket_of);
    let wanted = listen.into_iter().chain(settings.patients);
    let is_taken =
        |address: &SocketAddr| TcpListener::bind(address).is_err_and(|why| why.kind() == std::io::ErrorKind::AddrInUse);
    wanted.filter(is_taken).map(|address| address.to_string()).collect()
}

fn unlock(home: &Home, settings: &Settings, seen: &mut Seen) {
    if let Some(file) = &settings.unlock_key_file {
        let file = home.resolve(file);
        match fs::metadata(&file) {
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => {
                seen.unlock.push((file, "is not there".to_owned()));
            }
            Err(_) => seen.unlock.push((file, "cannot be looked at by this user".to_owned())),
            Ok(found) if found.len() != KEY_BYTES => {
                seen.unlock.push((file, format!("a key file has {KEY_BYTES} bytes, this one has {}", found.len())));
            }
            Ok(found) => seen.secrets.push((file, found.permissions().mode())),
        }
    }
    let keyring = home.resolve(&settings.keyring);
    match fs::metadata(&keyring) {
        Err(_) => seen.unlock.push((keyring, "the keyring is not there".to_owned())),
        Ok(found) => seen.secrets.push((keyring, found.permissions().mode())),
    }
}

fn charter(home: &Home, us: Option<Principal>, seen: &mut Seen) {
    if !home.charter_file().exists() {
        let remedy = format!("once a steward listed it: `sumac node join CHARTER --dir {}`", home.dir().display());
        seen.charter = Some(Err(("the node has no charter yet".to_owned(), remedy)));
        return;
    }
    let chain: CharterChain = match home.charter() {
        Ok(chain) => chain,
        Err(why) => {
            seen.charter = Some(Err((why.to_string(), why.remedy())));
            return;
        }
    };
    let current = chain.current();
    let waits = home.waiting().ok().flatten().is_some_and(|newer| newer.current().epoch > current.epoch);
    let lists_us = us.map(|key| current.member(&key).is_some());
    seen.charter = Some(Ok(Charter { epoch: current.epoch, lists_us, waits }));
    let studies = home.studies(&chain).unwrap_or_default();
    seen.studies = studies.iter().map(|study| (study.id.clone(), study.valid_until)).collect();
    let others = current.hubs().filter(|hub| Some(hub.key) != us && !hub.addresses.is_empty());
    seen.hubs = others.map(|hub| (hub.name.clone(), hubs::answers(&hub.addresses))).collect();
}

/// This node's key, as its own signed request has it.
fn own_key(home: &Home) -> Option<Principal> {
    let envelope = Envelope::from_json(&fs::read(home.join_file()).ok()?).ok()?;
    admit_join(&envelope).ok().map(|join| join.key)
}

/// The newest moment at which a file of the node was written, as its disk has it.
fn newest_file(home: &Home) -> Option<u64> {
    let moment = |path: &Path| {
        let written = fs::metadata(path).ok()?.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        u64::try_from(written.as_millis()).ok()
    };
    let folders = [home.dir().to_owned(), home.dir().join("store"), home.dir().join("store/journal")];
    let listed = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
    listed.filter_map(|entry| moment(&entry.path())).max()
}

/// Bytes that this user may still write where the node lies.
fn free(home: &Home) -> Option<u64> {
    let disk = rustix::fs::statvfs(home.dir()).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

/// Bytes of a key file.
const KEY_BYTES: u64 = 32;
