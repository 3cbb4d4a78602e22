//! Every function of `wasi:filesystem`. Functions that find a file ask the gate first. Functions
//! that would change a file answer that it is read-only, whatever is granted.

use std::sync::Arc;

use wasmtime::component::Resource;
use wasmtime_wasi::WasiView as _;
use wasmtime_wasi_io::streams::{DynInputStream, DynOutputStream};

use super::GatedView;
use super::bindings::wasi::filesystem::preopens;
use super::bindings::wasi::filesystem::types::{
    Advice, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry, ErrorCode, Filesize, Host, HostDescriptor,
    HostDirectoryEntryStream, MetadataHashValue, NewTimestamp, OpenFlags, PathFlags,
};
use super::blocking;
use super::descriptor::{self, Descriptor, open_permitted};
use super::entries::{self, Entries};
use super::find::find;
use super::look::target;
use super::permitted::PermittedFile;
use super::stat::described;
use super::stream::{Failed, FileStream};
use crate::cpu_meter::LOOK;
use crate::enforce::descriptors::Slot;

type Answer<T> = wasmtime::Result<Result<T, ErrorCode>>;

impl GatedView<'_> {
    fn held(&mut self, descriptor: &Resource<Descriptor>) -> wasmtime::Result<Descriptor> {
        Ok(self.0.ctx().table.get(descriptor)?.clone())
    }

    async fn found(&mut self, at: &Resource<Descriptor>, path: String, flags: PathFlags) -> Answer<PermittedFile> {
        let (at, gate) = (self.held(at)?, Arc::clone(&self.0.gate));
        let found = find(&gate, at, path, flags.contains(PathFlags::SYMLINK_FOLLOW)).await;
        self.0.cpu_meter.worked(LOOK).await;
        Ok(found)
    }
}

/// What every function that would change something answers.
fn read_only<T>() -> Answer<T> {
    Ok(Err(ErrorCode::ReadOnly))
}

impl preopens::Host for GatedView<'_> {
    async fn get_directories(&mut self) -> wasmtime::Result<Vec<(Resource<Descriptor>, String)>> {
        let gate = Arc::clone(&self.0.gate);
        let mut given = Vec::new();
        for (path, root) in gate.files.roots(gate.grants.read_roots()).await {
            let descriptor = match root {
                Err(why) => Descriptor::Absent(path.clone(), why),
                Ok(root) => Descriptor::of_root(root),
            };
            // A root that is no text has no name in this interface.
            if let Ok(name) = String::from_utf8(path.as_bytes().to_vec()) {
                given.push((self.0.ctx().table.push(descriptor)?, name));
            }
        }
        Ok(given)
    }
}

impl Host for GatedView<'_> {
    async fn filesystem_error_code(&mut self, error: Resource<wasmtime::Error>) -> wasmtime::Result<Option<ErrorCode>> {
        let error = self.0.ctx().table.get(&error)?;
        Ok(error.downcast_ref::<Failed>().map(|failed| failed.0))
    }
}

impl HostDescriptor for GatedView<'_> {
    async fn open_at(
        &mut self,
        at: Resource<Descriptor>,
        flags: PathFlags,
        path: String,
        open: OpenFlags,
        mode: DescriptorFlags,
    ) -> Answer<Resource<Descriptor>> {
        let changes = OpenFlags::CREATE | OpenFlags::EXCLUSIVE | OpenFlags::TRUNCATE;
        if open.intersects(changes) || mode.intersects(DescriptorFlags::WRITE | DescriptorFlags::MUTATE_DIRECTORY) {
            return read_only();
        }
        let found = match self.found(&at, path, flags).await? {
            Ok(found) => found,
            Err(error) => return Ok(Err(error)),
        };
        let directory = open.contains(OpenFlags::DIRECTORY);
        let Some(slot) = self.slot() else { return Ok(Err(ErrorCode::Quota)) };
        let opened = match found.looked.at_hand {
            true => open_permitted(found, directory, slot),
            false => blocking(move || open_permitted(found, directory, slot)).await,
        };
        match opened {
            Ok(descriptor) => Ok(Ok(self.0.ctx().table.push(descriptor)?)),
            Err(error) => Ok(Err(error)),
        }
    }

    async fn stat_at(&mut self, at: Resource<Descriptor>, flags: PathFlags, path: String) -> Answer<DescriptorStat> {
        let found = self.found(&at, path, flags).await?;
        Ok(found.map(|found| described(&found.looked.stat)))
    }

    async fn metadata_hash_at(
        &mut self,
        at: Resource<Descriptor>,
        flags: PathFlags,
        path: String,
    ) -> Answer<MetadataHashValue> {
        let found = self.found(&at, path, flags).await?;
        Ok(found.map(|found| self.hash(&found.looked.stat)))
    }

    async fn readlink_at(&mut self, at: Resource<Descriptor>, path: String) -> Answer<String> {
        let found = self.found(&at, path, PathFlags::empty()).await?;
        Ok(match found {
            Ok(found) if found.looked.at_hand => target(&found.looked.handle),
            Ok(found) => blocking(move || target(&found.looked.handle)).await,
            Err(error) => Err(error),
        })
    }

    async fn read(
        &mut self,
        file: Resource<Descriptor>,
        length: Filesize,
        offset: Filesize,
    ) -> Answer<(Vec<u8>, bool)> {
        Ok(match self.held(&file)? {
            Descriptor::File(file) => {
                let read = descriptor::read(&file.handle, length, offset, &self.0.cpu_meter).await;
                read.map(|bytes| {
                    let end = bytes.is_empty() && length > 0;
                    (bytes, end)
                })
            }
            Descriptor::Directory(_) | Descriptor::Single(_) | Descriptor::Absent(..) => Err(ErrorCode::IsDirectory),
        })
    }

    async fn read_via_stream(
        &mut self,
        file: Resource<Descriptor>,
        offset: Filesize,
    ) -> Answer<Resource<DynInputStream>> {
        match self.held(&file)? {
            Descriptor::File(file) => {
                let stream: DynInputStream =
                    Box::new(FileStream::new(Arc::clone(&file.handle), offset, Arc::clone(&self.0.cpu_meter)));
                Ok(Ok(self.0.ctx().table.push(stream)?))
            }
            Descriptor::Directory(_) | Descriptor::Single(_) | Descriptor::Absent(..) => {
                Ok(Err(ErrorCode::IsDirectory))
            }
        }
    }

    async fn read_directory(&mut self, directory: Resource<Descriptor>) -> Answer<Resource<Entries>> {
        match self.held(&directory)? {
            // Its handle was asked about when it was opened; listing is one more use of it.
            Descriptor::Directory(directory) => {
                let at = Descriptor::Directory(Arc::clone(&directory));
                if let Err(error) = find(&Arc::clone(&self.0.gate), at, ".".to_owned(), true).await {
                    return Ok(Err(error));
                }
                let Some(slot) = self.slot() else { return Ok(Err(ErrorCode::Quota)) };
                match Entries::of(directory, slot).await {
                    Ok(entries) => Ok(Ok(self.0.ctx().table.push(entries)?)),
                    Err(error) => Ok(Err(error)),
                }
            }
            Descriptor::File(_) | Descriptor::Single(_) => Ok(Err(ErrorCode::NotDirectory)),
            Descriptor::Absent(_, why) => Ok(Err(why)),
        }
    }

    async fn stat(&mut self, file: Resource<Descriptor>) -> Answer<DescriptorStat> {
        Ok(self.about(&file).await?.map(|stat| described(&stat)))
    }

    async fn metadata_hash(&mut self, file: Resource<Descriptor>) -> Answer<MetadataHashValue> {
        Ok(self.about(&file).await?.map(|stat| self.hash(&stat)))
    }

    async fn is_same_object(&mut self, a: Resource<Descriptor>, b: Resource<Descriptor>) -> wasmtime::Result<bool> {
        let (a, b) = (self.about(&a).await?, self.about(&b).await?);
        Ok(matches!((a, b), (Ok(a), Ok(b)) if a.st_dev == b.st_dev && a.st_ino == b.st_ino))
    }

    async fn get_type(&mut self, file: Resource<Descriptor>) -> Answer<DescriptorType> {
        Ok(Ok(match self.held(&file)? {
            Descriptor::File(_) | Descriptor::Single(_) => DescriptorType::RegularFile,
            Descriptor::Directory(_) | Descriptor::Absent(..) => DescriptorType::Directory,
        }))
    }

    async fn get_flags(&mut self, file: Resource<Descriptor>) -> Answer<DescriptorFlags> {
        self.held(&file)?;
        Ok(Ok(DescriptorFlags::READ))
    }

    async fn advise(&mut self, file: Resource<Descriptor>, _: Filesize, _: Filesize, _: Advice) -> Answer<()> {
        // Advice may be ignored.
        self.held(&file)?;
        Ok(Ok(()))
    }

    async fn sync(&mut self, file: Resource<Descriptor>) -> Answer<()> {
        // Nothing was written.
        self.held(&file)?;
        Ok(Ok(()))
    }

    async fn sync_data(&mut self, file: Resource<Descriptor>) -> Answer<()> {
        self.sync(file).await
    }

    async fn set_size(&mut self, _: Resource<Descriptor>, _: Filesize) -> Answer<()> {
        read_only()
    }

    async fn set_times(&mut self, _: Resource<Descriptor>, _: NewTimestamp, _: NewTimestamp) -> Answer<()> {
        read_only()
    }

    async fn write(&mut self, _: Resource<Descriptor>, _: Vec<u8>, _: Filesize) -> Answer<Filesize> {
        read_only()
    }

    async fn write_via_stream(&mut self, _: Resource<Descriptor>, _: Filesize) -> Answer<Resource<DynOutputStream>> {
        read_only()
    }

    async fn append_via_stream(&mut self, _: Resource<Descriptor>) -> Answer<Resource<DynOutputStream>> {
        read_only()
    }

    async fn create_directory_at(&mut self, _: Resource<Descriptor>, _: String) -> Answer<()> {
        read_only()
    }

    async fn set_times_at(
        &mut self,
        _: Resource<Descriptor>,
        _: PathFlags,
        _: String,
        _: NewTimestamp,
        _: NewTimestamp,
    ) -> Answer<()> {
        read_only()
    }

    async fn link_at(
        &mut self,
        _: Resource<Descriptor>,
        _: PathFlags,
        _: String,
        _: Resource<Descriptor>,
        _: String,
    ) -> Answer<()> {
        read_only()
    }

    async fn remove_directory_at(&mut self, _: Resource<Descriptor>, _: String) -> Answer<()> {
        read_only()
    }

    async fn rename_at(
        &mut self,
        _: Resource<Descriptor>,
        _: String,
        _: Resource<Descriptor>,
        _: String,
    ) -> Answer<()> {
        read_only()
    }

    async fn symlink_at(&mut self, _: Resource<Descriptor>, _: String, _: String) -> Answer<()> {
        read_only()
    }

    async fn unlink_file_at(&mut self, _: Resource<Descriptor>, _: String) -> Answer<()> {
        read_only()
    }

    async fn drop(&mut self, file: Resource<Descriptor>) -> wasmtime::Result<()> {
        self.0.ctx().table.delete(file)?;
        Ok(())
    }
}

impl GatedView<'_> {
    /// A place for one more file or directory.
    fn slot(&self) -> Option<Slot> {
        self.0.gate.descriptor(None).ok()
    }

    /// What is known of what a guest holds.
    async fn about(&mut self, file: &Resource<Descriptor>) -> Answer<rustix::fs::Stat> {
        let held = self.held(file)?;
        Ok(descriptor::about(held).await)
    }

    fn hash(&self, stat: &rustix::fs::Stat) -> MetadataHashValue {
        let (lower, upper) = self.0.gate.files.hash(stat.st_dev, stat.st_ino);
        MetadataHashValue { lower, upper }
    }
}

impl HostDirectoryEntryStream for GatedView<'_> {
    async fn read_directory_entry(&mut self, stream: Resource<Entries>) -> Answer<Option<DirectoryEntry>> {
        let entries = self.0.ctx().table.get_mut(&stream)?;
        if let Some(entry) = entries.at_hand() {
            return Ok(Ok(Some(entry)));
        }
        let Some(directory) = entries.take() else { return Ok(Ok(None)) };
        let more = entries::more(directory).await;
        self.0.cpu_meter.rest();
        match more {
            Ok(read) => {
                let entries = self.0.ctx().table.get_mut(&stream)?;
                entries.put(read);
                Ok(Ok(entries.at_hand()))
            }
            Err(error) => Ok(Err(error)),
        }
    }

    async fn drop(&mut self, stream: Resource<Entries>) -> wasmtime::Result<()> {
        self.0.ctx().table.delete(stream)?;
        Ok(())
    }
}
