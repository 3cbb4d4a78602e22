//! The audit key. From it come the ed25519 key that signs checkpoints, and two keys for MACs: of
//! arguments, and of the head. Its file is `key_file.rs`'s.

use std::io;
use std::path::Path;

use data_encoding::BASE64_NOPAD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, Verifier as _, VerifyingKey};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::Secret;
use crate::hex::{Hash, hex, unhex};
use crate::key_file::{KEY_BYTES, read_key, read_or_make_key};

const CHECKPOINT: &[u8] = b"cofferdam audit checkpoint 1\0";

/// The audit key.
pub(crate) struct Key {
    signing: Secret<SigningKey>,
    arguments: Secret<Hmac<Sha256>>,
    head: Secret<Hmac<Sha256>>,
    public: String,
}

impl Key {
    /// Reads the key, or makes one. What is signed with it has to be this user's: the key of
    /// another user is refused.
    pub fn open_or_make(path: &Path) -> io::Result<Self> {
        read_or_make_key(path).map(|bytes| Self::new(bytes.expose()))
    }

    /// Reads the key.
    pub fn open(path: &Path) -> io::Result<Self> {
        read_key(path).map(|bytes| Self::new(bytes.expose()))
    }

    fn new(bytes: &[u8; KEY_BYTES]) -> Self {
        let root = mac_under(bytes);
        let derive = |label: &[u8]| -> [u8; KEY_BYTES] { finish(&root, &[label]) };
        let signing = SigningKey::from_bytes(&derive(b"checkpoints"));
        Self {
            public: hex(signing.verifying_key().as_bytes()),
            signing: Secret::new(signing),
            arguments: Secret::new(mac_under(&derive(b"arguments"))),
            head: Secret::new(mac_under(&derive(b"head"))),
        }
    }

    /// The public key, in hexadecimal.
    pub fn public(&self) -> &str {
        &self.public
    }

    /// The keyed digest of a call's arguments.
    pub fn digest(&self, arguments: &[u8]) -> String {
        hex(&finish(self.arguments.expose(), &[arguments])[..16])
    }

    /// The MAC of a head.
    pub fn seal_head(&self, body: &[u8]) -> [u8; 32] {
        finish(self.head.expose(), &[body])
    }

    /// Signs everything up to a line.
    pub fn sign(&self, seq: u64, hash: &Hash) -> String {
        hex(&self.signing.expose().sign(&checkpoint(seq, hash)).to_bytes())
    }

    /// Whether a signature is this key's, over everything up to that line.
    pub fn signed(&self, seq: u64, hash: &Hash, signature: &str) -> bool {
        signed_by(&self.public, seq, hash, signature)
    }
}

/// Whether a signature is that of a public key, given in hexadecimal, over everything up to that
/// line.
pub(crate) fn signed_by(public: &str, seq: u64, hash: &Hash, signature: &str) -> bool {
    let key = unhex::<32>(public).and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok());
    let (Some(key), Some(signature)) = (key, unhex::<64>(signature)) else { return false };
    key.verify(&checkpoint(seq, hash), &Signature::from_bytes(&signature)).is_ok()
}

/// A public key, given in hexadecimal, as people compare keys: `SHA256:` and the digest of its
/// encoding for SSH (RFC 8709, section 4) in base64 without padding, as `ssh-keygen -l` writes it.
pub(crate) fn fingerprint(public: &str) -> String {
    let Some(key) = unhex::<32>(public) else { return "no ed25519 key".to_owned() };
    let encoded = [&11_u32.to_be_bytes()[..], b"ssh-ed25519", &32_u32.to_be_bytes()[..], &key].concat();
    format!("SHA256:{}", BASE64_NOPAD.encode(&Sha256::digest(encoded)))
}

fn checkpoint(seq: u64, hash: &Hash) -> Vec<u8> {
    [CHECKPOINT, &seq.to_be_bytes(), hash].concat()
}

fn mac_under(key: &[u8; KEY_BYTES]) -> Hmac<Sha256> {
    // RFC 2104: a key shorter than a block is filled up with zeros. A whole block cannot have the
    // wrong length.
    let mut block = hmac::digest::common::Key::<Hmac<Sha256>>::default();
    block[..KEY_BYTES].copy_from_slice(key);
    Hmac::<Sha256>::new(&block)
}

fn finish(mac: &Hmac<Sha256>, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = mac.clone();
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_what_ssh_keygen_writes() {
        // The host key that GitHub publishes, with the fingerprint that it publishes.
        let key = "e32aaa7915ceb9b449d1ba50ea2a28bb1a6e01f90bda245a2d1d87697d18a265";
        assert_eq!(fingerprint(key), "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU");
        assert_eq!(fingerprint("e32a"), "no ed25519 key");
    }
}
