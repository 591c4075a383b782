//! Taking care of the store while the node works. It may take seconds, so the loop does not wait for it.

use std::sync::Arc;

use sumac_protocol::octets::Octets;
use sumac_protocol::round::progress::Refused;
use tokio::sync::oneshot;

use crate::control::{Response, Upkeep, Upkept};
use crate::store::{BackupError, Store, UnlockChange};

/// Does it on a thread of its own, and answers when it is done.
pub(super) fn begin(store: Arc<Store>, upkeep: Upkeep, answer: oneshot::Sender<Response>) {
    tokio::task::spawn_blocking(move || {
        let done = carry_out(&store, upkeep);
        // Whoever asked may be gone; what was done stays done. The store is let go of before anybody hears of it.
        drop(store);
        let _gone = answer.send(done).is_err();
    });
}

/// Does it and waits.
pub(super) fn carry_out(store: &Store, upkeep: Upkeep) -> Response {
    let done = match upkeep {
        Upkeep::Backup { to, keyring_to, beside } => {
            let beside: Vec<_> = beside.into_iter().map(|(name, Octets(bytes))| (name, bytes)).collect();
            store.backup(&to, &beside, keyring_to.as_deref()).map(Upkept::BackedUp)
        }
        Upkeep::ChangeUnlock { change: Octets(bytes) } => {
            let done = store.change_unlock(UnlockChange::from_bytes(bytes));
            done.map(|()| Upkept::Renewed).map_err(BackupError::from)
        }
        Upkeep::RenewKeys => store.renew_keys().map(|()| Upkept::Renewed).map_err(BackupError::from),
    };
    match done {
        Ok(upkept) => {
            tracing::info!(?upkept, "the store was taken care of");
            Response::Upkept(upkept)
        }
        Err(why) => Response::Refused(Refused { code: why.code().into(), says: why.to_string(), remedy: why.remedy() }),
    }
}
