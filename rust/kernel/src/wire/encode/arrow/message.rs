//! Record batch messages: the body is written first, behind a place kept free for what describes it.

use arrow_ipc::{
    Buffer, FieldNode, MessageBuilder, MessageHeader, MetadataVersion, RecordBatchBuilder,
};
use flatbuffers::FlatBufferBuilder;

/// Bytes before a message's metadata: the mark of a continuation, and the length of the metadata.
const PREFIX_BYTES: usize = 8;

/// The mark of a continuation.
const CONTINUATION: [u8; 4] = [0xff; 4];

/// The mark behind the last message: a continuation of no length.
pub(super) const END_OF_STREAM: [u8; PREFIX_BYTES] = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];

/// Byte multiple at which messages, bodies and buffers begin.
const ALIGNMENT: usize = 8;

/// Bytes of metadata of a batch with so many arrays and buffers, whatever they hold.
pub(super) fn metadata_bytes(n_nodes: usize, n_buffers: usize) -> usize {
    let nodes = vec![FieldNode::new(1, 1); n_nodes];
    let buffers = vec![Buffer::new(1, 1); n_buffers];
    metadata(1, 1, &nodes, &buffers).finished_data().len()
}

/// A record batch in the making.
pub(super) struct Message<'a> {
    out: &'a mut Vec<u8>,
    /// Where the metadata will stand.
    metadata_start: usize,
    metadata_bytes: usize,
    body_start: usize,
    nodes: Vec<FieldNode>,
    buffers: Vec<Buffer>,
}

impl<'a> Message<'a> {
    /// Begins a message, whose metadata will take as many bytes as [`metadata_bytes`] says.
    pub(super) fn begin(out: &'a mut Vec<u8>, metadata_bytes: usize) -> Self {
        let metadata_start = out.len() + PREFIX_BYTES;
        let body_start = metadata_start + metadata_bytes.next_multiple_of(ALIGNMENT);
        out.resize(body_start, 0);
        Self {
            out,
            metadata_start,
            metadata_bytes,
            body_start,
            nodes: Vec::new(),
            buffers: Vec::new(),
        }
    }

    /// What is written to.
    pub(super) fn out(&mut self) -> &mut Vec<u8> {
        self.out
    }

    /// Adds an array. Its buffers follow, then its children.
    pub(super) fn node(&mut self, len: usize, nulls: usize) {
        self.nodes
            .push(FieldNode::new(integer(len), integer(nulls)));
    }

    /// Keeps a buffer of zeros free; answers where it begins.
    pub(super) fn reserve(&mut self, size_bytes: usize) -> usize {
        let start = self.out.len();
        self.out.resize(start + size_bytes, 0);
        self.end(start);
        start
    }

    /// Adds the buffer that begins at a position and ends here.
    pub(super) fn end(&mut self, start: usize) {
        let size_bytes = self.out.len() - start;
        self.buffers.push(Buffer::new(
            integer(start - self.body_start),
            integer(size_bytes),
        ));
        let padded =
            self.body_start + (self.out.len() - self.body_start).next_multiple_of(ALIGNMENT);
        self.out.resize(padded, 0);
    }

    /// Describes what was written.
    ///
    /// # Panics
    /// When there are not as many arrays and buffers as was said at the beginning.
    pub(super) fn finish(self, n_rows: usize) {
        let body_bytes = self.out.len() - self.body_start;
        let builder = metadata(n_rows, body_bytes, &self.nodes, &self.buffers);
        let metadata = builder.finished_data();
        assert_eq!(
            metadata.len(),
            self.metadata_bytes,
            "metadata takes the bytes kept for it"
        );
        self.out[self.metadata_start..self.metadata_start + metadata.len()]
            .copy_from_slice(metadata);
        let length = u32::try_from(self.body_start - self.metadata_start).unwrap_or(u32::MAX);
        let prefix = self.metadata_start - PREFIX_BYTES;
        self.out[prefix..prefix + 4].copy_from_slice(&CONTINUATION);
        self.out[prefix + 4..prefix + 8].copy_from_slice(&length.to_le_bytes());
    }
}

fn metadata(
    n_rows: usize,
    body_bytes: usize,
    nodes: &[FieldNode],
    buffers: &[Buffer],
) -> FlatBufferBuilder<'static> {
    let mut builder = FlatBufferBuilder::new();
    let nodes = builder.create_vector(nodes);
    let buffers = builder.create_vector(buffers);
    let mut batch = RecordBatchBuilder::new(&mut builder);
    batch.add_length(integer(n_rows));
    batch.add_nodes(nodes);
    batch.add_buffers(buffers);
    let batch = batch.finish();
    let mut message = MessageBuilder::new(&mut builder);
    message.add_version(MetadataVersion::V5);
    message.add_header_type(MessageHeader::RecordBatch);
    message.add_bodyLength(integer(body_bytes));
    message.add_header(batch.as_union_value());
    let message = message.finish();
    builder.finish(message, None);
    builder
}

fn integer(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}
