//! What has become of the two pipes of a session. The transport, the writer and whoever waits for
//! the session share it.

use std::{io, sync::OnceLock};

use tokio_util::sync::CancellationToken;

/// Whether the pipes still work, and why one does not.
#[derive(Debug, Default)]
pub(crate) struct PipeState {
    /// The input has ended, or cannot be read any more.
    pub(crate) input_ended: CancellationToken,
    /// The output cannot be written any more.
    pub(crate) output_broken: CancellationToken,
    read_error: OnceLock<io::Error>,
    write_error: OnceLock<io::Error>,
}

impl PipeState {
    /// Notes that the output cannot be written.
    pub(crate) fn fail_write(&self, error: io::Error) {
        let _ = self.write_error.set(error);
        self.output_broken.cancel();
    }

    /// Notes that the input cannot be read.
    pub(crate) fn fail_read(&self, error: io::Error) {
        let _ = self.read_error.set(error);
        self.input_ended.cancel();
    }

    pub(crate) fn read_error(&self) -> Option<io::Error> {
        self.read_error.get().map(copy)
    }

    pub(crate) fn write_error(&self) -> Option<io::Error> {
        self.write_error.get().map(copy)
    }
}

fn copy(error: &io::Error) -> io::Error {
    error.raw_os_error().map_or_else(|| io::Error::new(error.kind(), error.to_string()), io::Error::from_raw_os_error)
}
