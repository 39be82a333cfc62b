import ArgumentParser
import CommandSupport
import MoEConversion
import MoEFormat
import MoESystem

/// The options that say how tensors are stored and with what means.
package struct StorageArguments: ParsableArguments {
    @Option(help: ArgumentHelp("zstd (lossless; the default) or none.", valueName: "zstd|none"))
    var compression: StorageOptions.Compression?

    @Option(help: ArgumentHelp("Elements of a chunk, about: what is decoded at once.", valueName: "N"))
    var chunkElements: Int?

    @Option(
        help: ArgumentHelp("Begin every block at a multiple of this power of two, 64 B to 2 MiB.", valueName: "SIZE"))
    var alignment: ByteSize?

    @Option(
        help: ArgumentHelp(
            "Threads that read and compress; by default as many as there are processors.", valueName: "N"))
    var jobs: Int?

    @Option(help: ArgumentHelp("Memory for buffers, at most.", valueName: "SIZE"))
    var memory = ByteSize(bytes: 160 << 20)

    package init() {}

    package func validate() throws {
        if let jobs, jobs < 1 { throw ValidationError("--jobs takes a number from 1 on") }
        guard (1...(1 << 24)).contains(chunkElements ?? 1) else {
            throw ValidationError("--chunk-elements takes a number from 1 to 16777216")
        }
        if let alignment, log2(of: alignment) == nil {
            throw ValidationError("--alignment takes a power of two from 64 to 2MiB")
        }
        guard memory.bytes >= 8 << 20 else { throw ValidationError("--memory takes a size from 8MiB on") }
    }

    func apply(to request: inout Conversion.Request) throws(ConversionError) {
        if let compression { request.storage.compression = compression }
        if let chunkElements { request.storage.chunkElements = chunkElements }
        request.storage.copiesStored = compression == nil && chunkElements == nil
        if let alignment, let log2 = log2(of: alignment) { request.storage.alignment = .forced(log2: log2) }
        request.storage.jobs = jobs ?? ProcessorCount.available
        request.storage.memory = memory.bytes
    }

    private func log2(of size: ByteSize) -> UInt8? { (6...21).first { size.bytes == 1 << Int($0) } }
}

extension StorageOptions.Compression: ExpressibleByArgument {}
