/// The safetensors files that a model came from: SPEC.md §10.2.
///
/// Headers are kept byte for byte: with the tensors they are all that a file holds.
public struct SafetensorsOrigin: Equatable, Sendable {
    public struct File: Equatable, Sendable {
        /// The file's name in its directory; empty for a model in one file.
        public var name: [UInt8]
        /// The header's JSON text with the spaces behind it, without the length before it.
        public var header: [UInt8]

        public init(name: [UInt8], header: [UInt8]) {
            self.name = name
            self.header = header
        }
    }

    public var files: [File]
    /// The text of the shards' index; empty without one.
    public var index: [UInt8]

    public init(files: [File], index: [UInt8] = []) {
        self.files = files
        self.index = index
    }

    init(_ reader: inout ByteReader) throws(FormatError) {
        let count = try reader.count(leastSize: 8)
        files = []
        for _ in 0..<count { files.append(File(name: try reader.sizedBytes(), header: try reader.sizedBytes())) }
        index = try reader.sizedBytes()
    }

    func encode(into writer: inout ByteWriter) {
        writer.put(UInt32(files.count))
        for file in files {
            writer.putSized(file.name)
            writer.putSized(file.header)
        }
        writer.putSized(index)
    }
}
