//! The network: libp2p is named in this folder only.
