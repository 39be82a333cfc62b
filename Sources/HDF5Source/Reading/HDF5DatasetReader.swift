import MoESystem

/// Reads a dataset's elements in C order, as little-endian numbers where they are numbers.
///
/// A value: any number of threads read through copies of it, each with its own `ChunkDecoder`.
package struct HDF5DatasetReader: Sendable {
    package let id: HDF5ObjectID
    package let dataset: HDF5Dataset
    /// Bytes of one element, read as in the file.
    package let elementSize: Int
    package let elementCount: UInt64
    /// All elements together.
    package let byteCount: UInt64

    let input: HDF5Input
    let file: ReadableFile
    let source: Source

    enum Source: Sendable {
        case fileRange(offset: UInt64)
        case inline([UInt8])
        case unwritten
        case chunks(HDF5ChunkSource)
    }

    /// - Throws: `HDF5Error`: `usage` for what is no dataset and for elements of variable length, which
    ///   `HDF5Session.readElements` gives; `damaged` for chunks whose filters nobody here can undo.
    package init(_ id: HDF5ObjectID, of input: HDF5Input) throws(HDF5Error) {
        guard let object = input.catalog[id], let dataset = object.dataset else {
            throw .usage("there is no dataset \(id.rawValue)")
        }
        do throws(HDF5Error) {
            guard !dataset.type.containsVariableLength else {
                throw .usage("its elements are of variable length")
            }
            let (bytes, overflow) = dataset.elementCount.multipliedReportingOverflow(by: UInt64(dataset.type.size))
            guard !overflow else { throw .damaged("its size exceeds 64 bits") }
            self.id = id
            self.dataset = dataset
            self.input = input
            file = try input.file(object.file)
            elementSize = dataset.type.size
            elementCount = dataset.elementCount
            byteCount = bytes
            switch dataset.storage {
            case .contiguous(let offset): source = offset.map { .fileRange(offset: $0) } ?? .unwritten
            case .compact(let bytes): source = .inline(bytes)
            case .chunked(let chunked):
                source = .chunks(
                    try HDF5ChunkSource(chunked, dimensions: dataset.dimensions, elementSize: dataset.type.size))
            }
        } catch {
            throw error.within(input.catalog.place(of: id))
        }
    }

    /// Whether elements must be reversed to become little-endian.
    package var swapsBytes: Bool { dataset.type.swapWidth > 1 }

    /// Where a range of elements lies in the file as consecutive bytes; nil for any other storage.
    package func fileRange(of elements: Range<UInt64>) -> Range<UInt64>? {
        guard case .fileRange(let offset) = source, elements.upperBound <= elementCount else { return nil }
        // The whole dataset lies inside the file: a validated catalog's promise.
        let size = UInt64(elementSize)
        return (offset &+ elements.lowerBound &* size)..<(offset &+ elements.upperBound &* size)
    }

    /// Fills `destination` with a range of elements.
    ///
    /// - Parameters:
    ///   - elements: in C order, inside the dataset.
    ///   - destination: exactly as many bytes as the elements take.
    ///   - decoder: this thread's own.
    ///   - cache: keeps chunks that reach over the range's ends; without it they are decoded at every read.
    /// - Throws: `HDF5Error`. O(elements), and for chunked storage the size of the chunks touched.
    package func read(
        elements: Range<UInt64>, into destination: UnsafeMutableRawBufferPointer, using decoder: ChunkDecoder,
        cache: DecodedChunkCache? = nil
    ) throws(HDF5Error) {
        guard elements.upperBound <= elementCount,
            UInt64(destination.count) == (elements.upperBound - elements.lowerBound) &* UInt64(elementSize)
        else { throw .usage("elements \(elements) of \(elementCount) do not fit \(destination.count) bytes") }
        guard !elements.isEmpty else { return }
        do throws(HDF5Error) {
            switch source {
            case .fileRange(let offset):
                try unsafe readFile(into: destination, at: offset &+ elements.lowerBound &* UInt64(elementSize))
            case .inline(let bytes):
                let start = Int(elements.lowerBound) * elementSize
                guard start <= bytes.count, destination.count <= bytes.count - start else {
                    throw .damaged("its compact data is too short")
                }
                unsafe destination.copyBytes(from: bytes[start..<(start + destination.count)])
            case .unwritten: unsafe fill(destination)
            case .chunks(let chunks):
                try unsafe read(elements, from: chunks, into: destination, using: decoder, cache: cache)
            }
        } catch {
            throw error.within(input.catalog.place(of: id))
        }
        unsafe ByteSwap.reverse(destination, width: dataset.type.swapWidth)
    }

    /// A range of elements in a new array; the caller bounds it.
    package func bytes(
        of elements: Range<UInt64>, using decoder: ChunkDecoder, cache: DecodedChunkCache? = nil
    ) throws(HDF5Error) -> [UInt8] {
        let count = (elements.upperBound - elements.lowerBound).multipliedReportingOverflow(by: UInt64(elementSize))
        guard elements.upperBound <= elementCount, !count.overflow, let count = Int(exactly: count.partialValue) else {
            throw .usage("elements \(elements) lie outside a dataset of \(elementCount)")
        }
        var bytes = [UInt8](repeating: 0, count: count)
        try unsafe bytes.withUnsafeMutableBufferPointer { buffer throws(HDF5Error) in
            try unsafe read(
                elements: elements, into: UnsafeMutableRawBufferPointer(buffer), using: decoder, cache: cache)
        }
        return bytes
    }

    func readFile(into destination: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(HDF5Error) {
        do throws(SystemError) {
            try unsafe file.read(into: destination, at: offset)
        } catch {
            throw HDF5Error(error)
        }
    }

    /// Writes the fill value over and over; `destination` holds whole elements. A fill value that is never written is not read
    /// either: libhdf5 leaves such elements as they were in the caller's memory, which h5py hands in as zeros.
    func fill(_ destination: UnsafeMutableRawBufferPointer) {
        let value = dataset.fillValue.bytes
        guard dataset.fillValue.writeTime != .never, value.count == elementSize, value.contains(where: { $0 != 0 })
        else {
            _ = unsafe destination.initializeMemory(as: UInt8.self, repeating: 0)
            return
        }
        // Each copy doubles what is filled; both ranges lie inside the destination.
        unsafe destination.copyBytes(from: value.prefix(destination.count))
        var filled = min(value.count, destination.count)
        while filled < destination.count {
            let count = min(filled, destination.count - filled)
            unsafe UnsafeMutableRawBufferPointer(rebasing: destination[filled..<(filled + count)])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: destination[..<count]))
            filled += count
        }
    }
}
