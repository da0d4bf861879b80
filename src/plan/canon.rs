//! The canonical bytes of a plan, and its name.
//!
//! Fields in the order of their declaration, integers only, one service, gate or step to a line: the same plan has the
//! same bytes everywhere, and a line-wise diff of two plans means something.

use std::io;

use serde::Serialize;
use serde_json::ser::CompactFormatter;
use serde_json::ser::Formatter;
use sha2::Digest;
use sha2::Sha256;

use crate::plan::FORMAT;
use crate::plan::Plan;

/// Why bytes are no plan.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// They are no JSON, or JSON of another shape.
    #[error("reading the plan")]
    Shape(#[from] serde_json::Error),
    /// A version that this program does not know.
    #[error("the plan has format {0}, and this program reads format {FORMAT}")]
    Version(u32),
    /// Somebody changed it after it was named.
    #[error("the plan says that it is {said}, and its content is {is}: it was changed after it was made")]
    Digest {
        /// What it says.
        said: String,
        /// What it is.
        is: String,
    },
}

/// Gives the plan its name: the SHA-256 of its canonical bytes with the name left blank.
///
/// # Errors
///
/// Only what the serializer itself could say; a plan holds nothing that it can't write.
pub(in crate::plan) fn name(plan: &mut Plan) -> Result<(), FormatError> {
    plan.id = String::new();
    plan.id = digest(plan)?;
    Ok(())
}

/// The canonical bytes.
///
/// # Errors
///
/// Only what the serializer itself could say; a plan holds nothing that it can't write.
pub fn to_bytes(plan: &Plan) -> Result<Vec<u8>, FormatError> {
    let lines = plan.services.len() + plan.gates.len() + plan.steps.len();
    let mut bytes = Vec::with_capacity(lines * LINE_BYTES);
    write(plan, &mut bytes)?;
    Ok(bytes)
}

/// The canonical bytes of a plan whose name is still blank, with the name that they give it in its place.
///
/// # Errors
///
/// As [`to_bytes`].
pub(in crate::plan) fn to_named_bytes(plan: &Plan) -> Result<(Vec<u8>, String), FormatError> {
    let mut bytes = to_bytes(plan)?;
    let id = in_hexadecimal(&Sha256::digest(&bytes));
    // The second field, behind the number of the format.
    let blank = bytes.windows(BLANK.len()).position(|window| window == BLANK);
    let place = blank.map_or(0, |at| at + BLANK.len() - 1);
    bytes.splice(place..place, id.bytes());
    Ok((bytes, id))
}

/// About as many bytes as a service, gate or step has: a plan of tens of megabytes is not copied while it grows.
const LINE_BYTES: usize = 1_024;

/// The name, where it is left blank.
const BLANK: &[u8] = b"\"id\":\"\"";

fn write(plan: &Plan, mut to: impl io::Write) -> Result<(), FormatError> {
    let mut serializer = serde_json::Serializer::with_formatter(&mut to, Lines { depth: 0 });
    plan.serialize(&mut serializer)?;
    to.write_all(b"\n").map_err(serde_json::Error::io)?;
    Ok(())
}

/// Reads a plan, and believes neither its version nor its name.
///
/// # Errors
///
/// What is wrong with the bytes.
pub fn from_bytes(bytes: &[u8]) -> Result<Plan, FormatError> {
    #[derive(serde::Deserialize)]
    struct Head {
        format: u32,
    }
    let head: Head = serde_json::from_slice(bytes)?;
    if head.format != FORMAT {
        return Err(FormatError::Version(head.format));
    }
    let mut plan: Plan = serde_json::from_slice(bytes)?;
    let said = std::mem::take(&mut plan.id);
    let is = digest(&plan)?;
    if said != is {
        return Err(FormatError::Digest { said, is });
    }
    plan.id = said;
    Ok(plan)
}

fn digest(plan: &Plan) -> Result<String, FormatError> {
    let mut page = Page { open: Vec::with_capacity(PAGE_BYTES), hash: Sha256::new() };
    write(plan, &mut page)?;
    page.turn();
    Ok(in_hexadecimal(&page.hash.finalize()))
}

/// Bytes on their way into a hash: a plan has tens of megabytes, and its name needs none of them twice.
struct Page {
    /// A hash takes bytes by the block; a serializer gives them by the word.
    open: Vec<u8>,
    hash: Sha256,
}

const PAGE_BYTES: usize = 65_536;

impl Page {
    #[cold]
    fn turn(&mut self) {
        self.hash.update(&self.open);
        self.open.clear();
    }
}

impl io::Write for Page {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    // In place wherever the serializer has a brace or a comma: it says ten million such words.
    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.open.len() + bytes.len() > PAGE_BYTES {
            self.turn();
        }
        self.open.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn in_hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| match write!(text, "{byte:02x}") {
        Ok(()) => text,
        Err(_) => text,
    })
}

/// Compact JSON, with a line for each field of the plan and each element of its lists.
struct Lines {
    depth: u32,
}

impl Lines {
    fn line<W: ?Sized + io::Write>(&self, writer: &mut W) -> io::Result<()> {
        if self.depth <= 2 { writer.write_all(b"\n") } else { Ok(()) }
    }
}

impl Formatter for Lines {
    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        CompactFormatter.begin_array(writer)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        CompactFormatter.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        CompactFormatter.begin_array_value(writer, first)?;
        self.line(writer)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        CompactFormatter.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        CompactFormatter.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        CompactFormatter.begin_object_key(writer, first)?;
        if self.depth == 1 { self.line(writer) } else { Ok(()) }
    }
}
