package import MoEFormat

/// How tensors are stored.
package struct StorageOptions: Sendable {
    package enum Compression: String, CaseIterable, Sendable {
        case zstd, none
    }

    package var compression: Compression = .zstd
    /// Elements of a chunk, about: whole rows where they fit.
    package var chunkElements = 131_072
    package var alignment: ModelFileWriter.Alignment = .automatic
    package var jobs = 1
    /// Bytes of buffers at most.
    package var memory = 160 << 20

    /// Whether what a `.moe` input has stored is copied as it is where that is possible, rather than encoded anew.
    package var copiesStored = true

    package init() {}
}
