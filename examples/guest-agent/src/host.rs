//! The conversation with the host, frame by frame.

use guest_agent::file::{read_all, write_all};
use guest_agent::port::open_port;
use microsandbox_types::{FrameHeader, FrameKind, GuestReport};
use rustix::fd::OwnedFd;
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::io;

use crate::failure::Failure;

const PORT: &[u8] = b"agent.0";

/// The host, at the other end of the port.
pub struct Host {
    port: OwnedFd,
    /// What the host's last frame said of it; 1 until it has said something.
    pub generation: u8,
}

impl Host {
    /// Opens the port, which is not inherited by the init.
    pub fn find() -> io::Result<Self> {
        Ok(Self {
            port: open_port(PORT)?,
            generation: 1,
        })
    }

    /// Sends a report, as far as a host of its generation knows it.
    pub fn send(&self, report: GuestReport) -> Result<(), Failure> {
        let Some(report) = report.for_host(self.generation) else {
            return Ok(());
        };
        let mut buffer = [0; GuestReport::MAX_FRAME_BYTES];
        let frame = report.encode(&mut buffer).unwrap_or_default();
        write_all(&self.port, frame).map_err(Failure::Port)
    }

    /// Sends the last report, if the host is there. While it is not, a write waits for it, as
    /// `Ready` should. This one must not: the failure may be that the host has gone.
    pub fn send_last(&self, report: GuestReport) -> Result<(), Failure> {
        fcntl_setfl(&self.port, OFlags::NONBLOCK).map_err(Failure::Port)?;
        self.send(report)
    }

    /// Reads a frame's header, and not a byte more: whether the frame is wanted at all is known
    /// before room is given to it.
    pub fn receive_header(&mut self, bytes: &mut [u8; FrameHeader::LEN]) -> Result<FrameHeader, Failure> {
        let len = read_all(&self.port, bytes).map_err(Failure::Port)?;
        let header = FrameHeader::parse(bytes.get(..len).unwrap_or_default());
        let header = header.map_err(Failure::Refused)?;
        self.generation = header.generation();
        Ok(header)
    }

    /// Reads the rest of a frame of this kind behind its header; what follows it is not the
    /// agent's. Where the host closes the port too early, decoding says how much is missing.
    pub fn receive_rest<'a>(
        &self,
        header: FrameHeader,
        kind: FrameKind,
        bytes: &[u8; FrameHeader::LEN],
        buffer: &'a mut [u8],
    ) -> Result<&'a [u8], Failure> {
        let header = header.expect_kind(kind).map_err(Failure::Refused)?;
        let frame = buffer.get_mut(..header.frame_len()).unwrap_or_default();
        let mut len = 0;
        if let Some((start, rest)) = frame.split_first_chunk_mut() {
            *start = *bytes;
            len = FrameHeader::LEN + read_all(&self.port, rest).map_err(Failure::Port)?;
        }
        Ok(frame.get(..len).unwrap_or_default())
    }

    /// Reads and forgets until the host closes the port.
    pub fn wait_for_end(&self) {
        while let Ok(1..) = io::read(&self.port, &mut [0; 64]) {}
    }
}
