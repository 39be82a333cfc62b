import MoEFormat
import MoESystem

/// One safetensors file, or several with an index, as a source of tensors.
final class SafetensorsCheckpoint: Checkpoint {
    let tensors: [SourceTensor]
    let aliases: [(name: String, tensor: Int)] = []
    let notes: [String]

    private let files: [SafetensorsFile]
    private let places: [Place]
    private let origin: SafetensorsOrigin

    private struct Place: Sendable {
        let file: Int
        /// From the start of the file.
        let offset: UInt64
        let elementBytes: Int

        /// Where elements lie in the file; a checked header keeps them inside it.
        func range(of elements: Range<UInt64>) -> Range<UInt64> {
            offset + elements.lowerBound * UInt64(elementBytes)..<offset + elements.upperBound * UInt64(elementBytes)
        }
    }

    /// A model in one file.
    ///
    /// - Parameter reinterpreted: the dtype that the user gives to bare integers of a name; nil leaves them as they are.
    convenience init(opening path: String, reinterpreted: (String, Dtype) -> Dtype?) throws(ConversionError) {
        let file = try SafetensorsFile(opening: path)
        try self.init(
            [file], origin: SafetensorsOrigin(files: [.init(name: [], header: file.headerText)]), notes: [],
            reinterpreted: reinterpreted)
    }

    /// A model in the files that an index names.
    convenience init(index: ShardIndex, reinterpreted: (String, Dtype) -> Dtype?) throws(ConversionError) {
        var files: [SafetensorsFile] = []
        var origin = SafetensorsOrigin(files: [], index: index.text)
        var found: [ExactName: String] = [:]
        for name in index.files {
            let file = try SafetensorsFile(opening: index.path(of: name))
            for entry in file.header.entries {
                if let other = found.updateValue(name, forKey: ExactName(entry.name)) {
                    throw .damaged("\(index.path): tensor \(entry.name) is in \(other) and in \(name)")
                }
            }
            origin.files.append(.init(name: Array(name.utf8), header: file.headerText))
            files.append(file)
        }
        for (tensor, name) in index.map where found[ExactName(tensor)]?.utf8.elementsEqual(name.utf8) != true {
            throw .damaged("\(index.path): tensor \(tensor) is not in \(name)")
        }
        let unlisted = found.count - index.map.count
        try self.init(
            files, origin: origin,
            notes: unlisted == 0
                ? [] : ["\(index.path) leaves out \(unlisted) tensors that its files hold; they are kept"],
            reinterpreted: reinterpreted)
    }

    private init(
        _ files: [SafetensorsFile], origin: SafetensorsOrigin, notes: [String], reinterpreted: (String, Dtype) -> Dtype?
    ) throws(ConversionError) {
        var tensors: [SourceTensor] = []
        var places: [Place] = []
        for (number, file) in files.enumerated() {
            for entry in file.header.entries {
                guard let shape = entry.dtype.storedShape(entry.shape) else {
                    throw .damaged("\(file.file.path): tensor \(entry.name) of \(entry.dtype.name) has no whole bytes")
                }
                var dtype = entry.dtype.dtype
                if let wished = reinterpreted(entry.name, dtype) { dtype = wished }
                tensors.append(SourceTensor(name: entry.name, dtype: dtype, shape: shape))
                places.append(
                    Place(
                        file: number, offset: file.dataOffset + entry.offsets.lowerBound,
                        elementBytes: dtype.byteCount ?? 1))
            }
        }
        self.files = files
        self.tensors = tensors
        self.places = places
        self.origin = origin
        self.notes = notes
    }

    func makeReader() throws(ConversionError) -> any CheckpointReader { Reader(self) }

    func willRead(tensor: Int, elements: Range<UInt64>) {
        let place = places[tensor]
        files[place.file].file.willNeed(place.range(of: elements))
    }

    func sourceSection() throws(ConversionError) -> [UInt8]? { SourceSection.safetensors(origin).encoded }

    private final class Reader: CheckpointReader {
        private let checkpoint: SafetensorsCheckpoint

        init(_ checkpoint: SafetensorsCheckpoint) { self.checkpoint = checkpoint }

        func read(tensor: Int, elements: Range<UInt64>, into destination: UnsafeMutableRawBufferPointer)
            throws(ConversionError)
        {
            let place = checkpoint.places[tensor]
            do throws(SystemError) {
                try unsafe checkpoint.files[place.file].file.read(
                    into: destination, at: place.range(of: elements).lowerBound)
            } catch {
                throw ConversionError(error.number == 0 ? .damaged : .io, error.description)
            }
        }
    }
}
