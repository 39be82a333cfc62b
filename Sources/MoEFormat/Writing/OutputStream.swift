import MoESystem

/// The file being written, front to back: counts bytes and hands them on in large pieces.
final class OutputStream {
    private static let bufferBytes = 1 << 20
    /// What is at least this long is written from where it lies: a system call costs less than the copy.
    private static let directBytes = 64 << 10
    /// The system is told to start writing back after so many bytes.
    private static let writebackBytes: UInt64 = 8 << 20

    private let output: AtomicOutput
    private var buffer: [UInt8] = []
    /// Bytes appended so far: the file offset of the next one.
    private(set) var offset: UInt64 = 0
    private var writebackBegun: UInt64 = 0

    init(_ output: AtomicOutput) {
        self.output = output
        buffer.reserveCapacity(2 * Self.bufferBytes)
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws(FormatError) {
        offset += UInt64(bytes.count)
        if bytes.count >= Self.directBytes {
            try flush()
            do { try unsafe output.write(bytes) } catch { throw .io(error) }
            startWriteback()
            return
        }
        unsafe buffer.append(contentsOf: bytes)
        if buffer.count >= Self.bufferBytes { try flush() }
    }

    func append(_ bytes: [UInt8]) throws(FormatError) {
        offset += UInt64(bytes.count)
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.bufferBytes { try flush() }
    }

    /// Appends zeros up to the next multiple of `alignment`.
    func align(to alignment: UInt64) throws(FormatError) {
        let remainder = offset % alignment
        if remainder != 0 { try append([UInt8](repeating: 0, count: Int(alignment - remainder))) }
    }

    func flush() throws(FormatError) {
        guard !buffer.isEmpty else { return }
        do { try output.write(buffer) } catch { throw .io(error) }
        buffer.removeAll(keepingCapacity: true)
        startWriteback()
    }

    private func startWriteback() {
        guard offset - writebackBegun >= Self.writebackBytes else { return }
        writebackBegun = offset
        output.startWriteback()
    }
}
