//! What a program may use.

/// What a program may use. The defaults are what a trigger needs at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the source.
    pub source: usize,
    /// Operations of one run: steps of the language, and one for each [`STRIDE`] bytes that helpers
    /// read.
    pub operations: u64,
    /// Calls of functions within one another.
    pub calls: usize,
    /// Bytes of one text, with the texts in a list or map, and of one value of bytes.
    pub value: usize,
    /// Members of one list or map, with those of all lists and maps in it.
    pub members: usize,
    /// Bytes of memory in use, as the component's allocator counts them.
    pub memory: usize,
    /// Bytes that one run may send, messages included.
    pub output: usize,
}

/// Bytes that a helper reads for one operation.
pub const STRIDE: usize = 64;

/// Expressions and blocks within one another. Evaluation recurses so deep for each call.
pub(crate) const EXPRESSIONS: usize = 48;

/// Variables at one time.
pub(crate) const VARIABLES: usize = 128;

/// Functions in one source.
pub(crate) const FUNCTIONS: usize = 64;

/// Levels of a JSON message.
pub(crate) const LEVELS: usize = 64;

/// Pieces that one run may send.
pub(crate) const PIECES: usize = 64;

/// Bytes of a note.
pub(crate) const NOTE: usize = 1024;

/// Counters of one program.
pub(crate) const COUNTERS: usize = 256;

impl Default for Limits {
    fn default() -> Self {
        Self {
            source: 16 << 10,
            operations: 50_000,
            calls: 16,
            value: 64 << 10,
            members: 1_024,
            memory: 8 << 20,
            output: 64 << 10,
        }
    }
}

impl Limits {
    /// The most that the engine allows, whoever asks: deeper calls and lists would be deeper than
    /// the stack.
    pub const MOST: Self = Self {
        source: 256 << 10,
        operations: 100_000_000,
        calls: 16,
        value: 1 << 20,
        members: 1_024,
        memory: 1 << 30,
        output: 1 << 20,
    };

    /// These limits, and no more than [`Self::MOST`]. None of them is 0, which would be none.
    #[must_use]
    pub fn bounded(self) -> Self {
        let most = Self::MOST;
        Self {
            source: self.source.clamp(1, most.source),
            operations: self.operations.clamp(1, most.operations),
            calls: self.calls.clamp(1, most.calls),
            value: self.value.clamp(1, most.value),
            members: self.members.clamp(1, most.members),
            memory: self.memory.clamp(1, most.memory),
            output: self.output.clamp(1, most.output),
        }
    }
}
