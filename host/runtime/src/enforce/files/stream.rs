//! A file as a stream of WASI 0.2: what C libraries and `std::fs` read through.

use std::future::Future;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use wasmtime_wasi_io::poll::Pollable;
use wasmtime_wasi_io::streams::{InputStream, StreamError};

use super::bindings::wasi::filesystem::types::ErrorCode;
use super::descriptor::read;
use crate::cpu_meter::CpuMeter;
use crate::enforce::descriptors::Held;

/// The most bytes that are read ahead.
const AHEAD: u64 = 64 << 10;

type Reading = Pin<Box<dyn Future<Output = Result<Vec<u8>, ErrorCode>> + Send>>;

/// A file, read forward from an offset.
pub struct FileStream {
    file: Arc<Held<OwnedFd>>,
    offset: u64,
    cpu_meter: Arc<CpuMeter>,
    reading: Option<Reading>,
    ready: Option<Result<Bytes, ErrorCode>>,
}

impl FileStream {
    /// Begins at an offset.
    pub fn new(file: Arc<Held<OwnedFd>>, offset: u64, cpu_meter: Arc<CpuMeter>) -> Self {
        Self { file, offset, cpu_meter, reading: None, ready: None }
    }
}

/// WASI's code inside an error of the stream.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("{0:?}")]
pub struct Failed(pub ErrorCode);

#[wasmtime_wasi_io::async_trait]
impl Pollable for FileStream {
    async fn ready(&mut self) {
        if self.ready.is_some() {
            return;
        }
        let reading = self.reading.get_or_insert_with(|| {
            let (file, offset, cpu_meter) = (Arc::clone(&self.file), self.offset, Arc::clone(&self.cpu_meter));
            Box::pin(async move { read(&file, AHEAD, offset, &cpu_meter).await })
        });
        let read = reading.await;
        self.reading = None;
        self.ready = Some(read.map(Bytes::from));
    }
}

#[wasmtime_wasi_io::async_trait]
impl InputStream for FileStream {
    fn read(&mut self, size: usize) -> Result<Bytes, StreamError> {
        match &mut self.ready {
            // Nothing is at hand: the guest polls, and then it is.
            None => Ok(Bytes::new()),
            Some(Err(error)) => Err(StreamError::LastOperationFailed(Failed(*error).into())),
            Some(Ok(bytes)) if bytes.is_empty() => Err(StreamError::Closed),
            Some(Ok(bytes)) => {
                let piece = bytes.split_to(size.min(bytes.len()));
                self.offset += piece.len() as u64;
                if bytes.is_empty() {
                    self.ready = None;
                }
                Ok(piece)
            }
        }
    }
}
