//! The audit key: a file of 32 random bytes, mode 0600, made on first use. From it come the ed25519
//! key that signs checkpoints, and two keys for MACs: of arguments, and of the head.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::Duration;

use data_encoding::BASE64_NOPAD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, Verifier as _, VerifyingKey};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::Secret;
use crate::files::folder;
use crate::hex::{Hash, hex, unhex};

const BYTES: usize = 32;

/// The age at which a draft of a key is nobody's any more.
const DRAFT: Duration = Duration::from_secs(60);
const CHECKPOINT: &[u8] = b"cofferdam audit checkpoint 1\0";

/// The audit key.
pub(crate) struct Key {
    signing: Secret<SigningKey>,
    arguments: Secret<Hmac<Sha256>>,
    head: Secret<Hmac<Sha256>>,
    public: String,
}

impl Key {
    /// Reads the key, or makes one; of two processes that make one at once, one wins and both use
    /// it. What is signed with it is to be this user's: another's key is refused.
    #[expect(clippy::disallowed_methods, reason = "the audit key, in the place that the caller names")]
    pub fn open_or_make(path: &Path) -> io::Result<Self> {
        sweep(path);
        let own = || {
            let about = fs::metadata(path)?;
            // What this process is shows its own folder.
            match fs::metadata("/proc/self").is_ok_and(|own| own.uid() != about.uid()) {
                true => Err(io::Error::new(io::ErrorKind::PermissionDenied, "it belongs to another user")),
                false => Self::open(path),
            }
        };
        match own() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => return other,
        }
        let mut bytes = Secret::new([0; BYTES]);
        getrandom::fill(&mut bytes.0).map_err(io::Error::other)?;
        let mut unique = [0; 8];
        getrandom::fill(&mut unique).map_err(io::Error::other)?;
        let draft = path.with_extension(format!("{}.new", hex(&unique)));
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        let linked =
            file.write_all(bytes.expose()).and_then(|()| file.sync_data()).and_then(|()| fs::hard_link(&draft, path));
        fs::remove_file(&draft)?;
        match linked {
            Ok(()) => Ok(Self::new(bytes.expose())),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => own(),
            Err(error) => Err(error),
        }
    }

    /// Reads the key.
    #[expect(clippy::disallowed_methods, reason = "the audit key, in the place that the caller names")]
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut file = fs::File::open(path)?;
        if file.metadata()?.mode() & 0o077 != 0 {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is open to others (mode 0600 is wanted)"));
        }
        let mut bytes = Secret::new([0; BYTES]);
        file.read_exact(&mut bytes.0)?;
        Ok(Self::new(bytes.expose()))
    }

    fn new(bytes: &[u8; BYTES]) -> Self {
        let root = mac_under(bytes);
        let derive = |label: &[u8]| -> [u8; BYTES] { finish(&root, &[label]) };
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

/// Removes what processes have left that were killed while they made a key. One that makes it just
/// now is let be.
#[expect(clippy::disallowed_methods, reason = "drafts of the audit key, beside it")]
fn sweep(path: &Path) {
    let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) else { return };
    let Ok(entries) = fs::read_dir(folder(path)) else { return };
    let is_draft = |name: &str| {
        let middle = name.strip_prefix(stem).and_then(|rest| rest.strip_prefix('.')?.strip_suffix(".new"));
        middle.is_some_and(|middle| unhex::<8>(middle).is_some())
    };
    for entry in entries.flatten().filter(|entry| entry.file_name().to_str().is_some_and(is_draft)) {
        let made = entry.metadata().and_then(|about| about.modified());
        if made.is_ok_and(|made| made.elapsed().is_ok_and(|age| age > DRAFT)) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn checkpoint(seq: u64, hash: &Hash) -> Vec<u8> {
    [CHECKPOINT, &seq.to_be_bytes(), hash].concat()
}

fn mac_under(key: &[u8; BYTES]) -> Hmac<Sha256> {
    // RFC 2104: a key shorter than a block is filled up with zeros. A whole block cannot have the
    // wrong length.
    let mut block = hmac::digest::common::Key::<Hmac<Sha256>>::default();
    block[..BYTES].copy_from_slice(key);
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
