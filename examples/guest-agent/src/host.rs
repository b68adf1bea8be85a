//! The conversation with the host, frame by frame.

use guest_agent::file::{read_all, write_all};
use guest_agent::port::open_port;
use microsandbox_types::{FrameHeader, FrameKind, GuestReport};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::io::Errno;

use crate::failure::{Failure, port_failed, refused};
use crate::memory;

const PORT: &[u8] = b"agent.0";

/// The host, at the other end of the port.
pub struct Host {
    port: OwnedFd,
    /// What the host's last frame said of it; 1 until it has said something.
    pub generation: u8,
}

impl Host {
    /// Opens the port, which the init will not inherit, and says that the agent listens: the one
    /// report that waits for a host that is not there yet.
    pub fn find(ready: GuestReport) -> Result<Self, Failure> {
        let host = Self {
            port: open_port(PORT).map_err(port_failed)?,
            generation: 1,
        };
        host.write(ready)?;
        Ok(host)
    }

    /// Sends a report, as far as a host of its generation knows it. When this returns, the host's
    /// side has it, even if the VM ends the next moment.
    pub fn send(&self, report: GuestReport) -> Result<(), Failure> {
        let Some(report) = report.for_host(self.generation) else {
            return Ok(());
        };
        // A host that is not there any more has gone, and must not be waited for.
        let mut fds = [PollFd::new(&self.port, PollFlags::OUT)];
        poll(&mut fds, Some(&Timespec::default())).map_err(port_failed)?;
        let [fd] = fds;
        if !fd.revents().contains(PollFlags::OUT) {
            return Err(port_failed(Errno::PIPE));
        }
        self.write(report)
    }

    fn write(&self, report: GuestReport) -> Result<(), Failure> {
        let mut buffer = [0; GuestReport::MAX_FRAME_BYTES];
        let frame = report.encode(&mut buffer).unwrap_or_default();
        write_all(&self.port, frame).map_err(port_failed)
    }

    /// Reads a frame's header, and not a byte more: whether the frame is wanted at all is known
    /// before the rest is waited for.
    pub fn receive_header(
        &mut self,
        bytes: &mut [u8; FrameHeader::LEN],
    ) -> Result<FrameHeader, Failure> {
        let len = self.receive(bytes)?;
        let header = FrameHeader::parse(bytes.get(..len).unwrap_or_default());
        let header = header.map_err(refused)?;
        self.generation = header.generation();
        Ok(header)
    }

    /// Reads the rest of a frame of this kind behind its header; what follows it is not the
    /// agent's. Where the host closes the port too early, decoding says how much is missing.
    pub fn receive_rest<'a>(
        &self,
        kind: FrameKind,
        header: FrameHeader,
        header_bytes: [u8; FrameHeader::LEN],
        buffer: &'a mut [u8],
    ) -> Result<&'a [u8], Failure> {
        let header = header.expect_kind(kind).map_err(refused)?;
        memory::expect(header.frame_len(), c"the frame")?;
        let frame = buffer.get_mut(..header.frame_len()).unwrap_or_default();
        let mut len = 0;
        if let Some((start, rest)) = frame.split_first_chunk_mut() {
            *start = header_bytes;
            len = FrameHeader::LEN + self.receive(rest)?;
        }
        Ok(frame.get(..len).unwrap_or_default())
    }

    /// Reads and forgets until the host closes the port.
    pub fn wait_for_end(&self) -> Result<(), Failure> {
        while self.receive(&mut [0; 1])? > 0 {}
        Ok(())
    }

    /// Reads until `buffer` is full or the host closes the port; returns how many bytes came.
    fn receive(&self, buffer: &mut [u8]) -> Result<usize, Failure> {
        read_all(&self.port, buffer).map_err(port_failed)
    }
}
