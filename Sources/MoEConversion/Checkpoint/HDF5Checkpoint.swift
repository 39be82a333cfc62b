package import HDF5Source
package import MoEFormat
package import MoESystem

/// An HDF5 file as a source of tensors: every dataset, under its path without the leading slash.
package final class HDF5Checkpoint: Checkpoint {
    package let tensors: [SourceTensor]
    package let aliases: [(name: String, tensor: Int)]
    package let notes: [String]

    private let input: HDF5Input
    private let resource: TemporaryFile?
    private let sources: [Source]
    /// Objects of the catalog that are tensors.
    private let tensorOfObject: [HDF5ObjectID: Int]
    private let cache: DecodedChunkCache

    private enum Source: Sendable {
        case dataset(HDF5DatasetReader)
        /// Elements that lie outside the dataset, one after another: SPEC.md §10.1.
        case serialized([UInt8])
    }

    /// Lists an opened file's datasets.
    ///
    /// - Parameters:
    ///   - resource: what must live as long as the file is read.
    ///   - reinterpreted: the dtype that the user gives to 2-byte integers or bytes of a name; nil leaves them as they are.
    ///   - cache: for chunks that several reads need.
    /// - Throws: `ConversionError`.
    package init(
        _ input: HDF5Input, cache: DecodedChunkCache, keeping resource: TemporaryFile? = nil,
        reinterpreted: (String, Dtype) -> Dtype?
    ) throws(ConversionError) {
        self.resource = resource
        self.input = input
        self.cache = cache
        let catalog = input.catalog
        let links = catalog.linksByTarget()
        var tensors: [SourceTensor] = []
        var aliases: [(name: String, tensor: Int)] = []
        var sources: [Source] = []
        var tensorOfObject: [HDF5ObjectID: Int] = [:]
        for id in catalog.datasets {
            guard let object = catalog[id], let dataset = object.dataset else { continue }
            let name = TensorNameText.name(of: catalog.path(of: id))
            let source: Source
            var shape = dataset.dimensions.map { Int(clamping: $0) }
            var dtype: Dtype
            do throws(HDF5Error) {
                if dataset.type.containsVariableLength {
                    let bytes = try input.session.readElements(of: id, 0..<dataset.elementCount)
                    source = .serialized(bytes)
                    shape = [bytes.count]
                    dtype = .u8
                } else {
                    source = .dataset(try HDF5DatasetReader(id, of: input))
                    dtype = Dtype(of: object, dataset)
                }
            } catch {
                throw ConversionError(error)
            }
            if dataset.dataspace.space == .null { shape = [0] }
            guard dtype.byteCount ?? 1 <= Limits.chunkBytes else {
                throw ConversionError(
                    .limit,
                    "dataset \(name) has elements of \(dtype.byteCount ?? 0) bytes; at most \(Limits.chunkBytes) are stored"
                )
            }
            if let wished = reinterpreted(name, dtype) { dtype = wished }
            tensorOfObject[id] = tensors.count
            for link in links[id] ?? [] where link != object.canonicalLink {
                aliases.append((TensorNameText.name(of: catalog.path(of: catalog.links[link])), tensors.count))
            }
            tensors.append(SourceTensor(name: name, dtype: dtype, shape: shape))
            sources.append(source)
        }
        self.tensors = tensors
        self.aliases = aliases
        self.sources = sources
        self.tensorOfObject = tensorOfObject
        notes = catalog.danglingLinks.map {
            "link \(catalog.path(of: $0)) leads nowhere; it is remembered, there is nothing to store"
        }
    }

    /// How many times a chunk was decoded that more than one read might need.
    package var sharedChunksDecoded: Int { cache.decodeCount }

    package func makeReader() throws(ConversionError) -> any CheckpointReader { Reader(self) }

    package func willRead(tensor: Int, elements: Range<UInt64>) {
        guard case .dataset(let reader) = sources[tensor] else { return }
        reader.willRead(elements)
    }

    package func sourceSection() throws(ConversionError) -> [UInt8]? {
        SourceSection.hdf5(HDF5Origin(input.catalog, tensorOfObject: tensorOfObject)).encoded
    }

    private final class Reader: CheckpointReader {
        private let checkpoint: HDF5Checkpoint
        private let decoder = HDF5Source.ChunkDecoder()

        init(_ checkpoint: HDF5Checkpoint) { self.checkpoint = checkpoint }

        func read(tensor: Int, elements: Range<UInt64>, into destination: UnsafeMutableRawBufferPointer)
            throws(ConversionError)
        {
            switch checkpoint.sources[tensor] {
            case .dataset(let reader):
                do throws(HDF5Error) {
                    try unsafe reader.read(
                        elements: elements, into: destination, using: decoder, cache: checkpoint.cache)
                } catch {
                    throw ConversionError(error)
                }
            case .serialized(let bytes):
                // Serialised elements are single bytes, and the pipeline asks for no others than the tensor has.
                unsafe destination.copyBytes(from: bytes[Int(elements.lowerBound)..<Int(elements.upperBound)])
            }
        }
    }
}

extension ConversionError {
    init(_ error: HDF5Error) {
        switch error.kind {
        case .io: self.init(error.system?.isUnopenable == true ? .unopenable : .io, error.message)
        case .damaged: self.init(.damaged, error.message)
        case .usage: self.init(.usage, error.message)
        case .limit: self.init(.limit, error.message)
        }
    }
}

/// Names of HDF5 as the file writes them.
private enum TensorNameText {
    /// The path without its leading slash; bytes that are not UTF-8 become `\xNN`.
    static func name(of path: HDF5Name) -> String {
        var bytes = path.bytes[...]
        while bytes.first == UInt8(ascii: "/") { bytes = bytes.dropFirst() }
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        var name = ""
        var rest = bytes
        while let first = rest.first {
            let length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
            if let text = String(validating: rest.prefix(length), as: UTF8.self), text.unicodeScalars.count == 1 {
                name += text
                rest = rest.dropFirst(length)
            } else {
                name += "\\x" + (first < 16 ? "0" : "") + String(first, radix: 16)
                rest = rest.dropFirst()
            }
        }
        return name
    }
}
