import MoEFormat

/// What a safetensors file says about itself, checked by the format's own rules.
///
/// The rules are those of safetensors' `read_metadata` and `validate`; three are stricter: a tensor's name occurs once, counts
/// stay below 2⁶³, and no number is negative, even where it means nothing.
struct SafetensorsHeader: Sendable {
    /// Bytes of a header, at most.
    static let largest: UInt64 = 100_000_000

    struct Entry: Sendable {
        var name: String
        var dtype: SafetensorsDtype
        var shape: [Int]
        /// From the end of the header.
        var offsets: Range<UInt64>
    }

    /// In the order of their bytes.
    let entries: [Entry]
    /// nil without any.
    let metadata: [(key: String, value: String)]?

    /// - Parameters:
    ///   - text: the header without its length.
    ///   - dataBytes: bytes of the file behind the header; nil when there is no file.
    /// - Throws: `ConversionError.damaged`, naming the tensor.
    init(_ text: [UInt8], dataBytes: UInt64?) throws(ConversionError) {
        guard String(validating: text, as: UTF8.self) != nil else { throw .damaged("the header is not UTF-8") }
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONParser.parse(text)
        } catch {
            throw .damaged("the header is not JSON: \(error)")
        }
        // −0 is a count for readers of JSON, and none for safetensors.
        guard !Self.holdsMinus(text) else { throw .damaged("a number in the header is negative") }
        guard let object = value.object else { throw .damaged("the header is not a JSON object") }
        var metadata: [(key: String, value: String)]?
        var entries: [Entry] = []
        for (name, value) in object.members {
            // By bytes: comparing text takes long over a name of many marks.
            if name.utf8.elementsEqual("__metadata__".utf8) {
                if case .null = value { continue }
                guard let members = value.object?.members else { throw .damaged("__metadata__ is not an object") }
                metadata = []
                for (key, value) in members {
                    guard let text = value.string else { throw .damaged("__metadata__ holds other than strings") }
                    metadata?.append((key, text))
                }
                continue
            }
            do throws(ConversionError) {
                entries.append(try Self.entry(name, value))
            } catch {
                throw error.within("tensor \(JSONValue.string(name.beginning(256)).text)")
            }
        }
        entries.sort { ($0.offsets.lowerBound, $0.offsets.upperBound) < ($1.offsets.lowerBound, $1.offsets.upperBound) }
        var position: UInt64 = 0
        for entry in entries {
            guard entry.offsets.lowerBound == position else {
                throw .damaged(
                    "tensor \(JSONValue.string(entry.name).text) begins at \(entry.offsets.lowerBound), not where the one before it ends (\(position))"
                )
            }
            position = entry.offsets.upperBound
        }
        if let dataBytes, position != dataBytes {
            throw .damaged("the tensors end at byte \(position) behind the header, the file at \(dataBytes)")
        }
        self.entries = entries
        self.metadata = metadata
    }

    private static func entry(_ name: String, _ value: JSONValue) throws(ConversionError) -> Entry {
        guard (1...Limits.nameBytes).contains(name.utf8.count) else {
            throw ConversionError(.limit, "a name has 1 to \(Limits.nameBytes) bytes")
        }
        guard let fields = value.object, let dtypeName = fields["dtype"]?.word, let extents = fields["shape"]?.array,
            let offsets = fields["data_offsets"]?.array
        else { throw .damaged("dtype, shape or data_offsets are missing") }
        guard let dtype = SafetensorsDtype(dtypeName) else {
            throw .damaged("dtype \(JSONValue.string(dtypeName.beginning(64)).text) is unknown")
        }
        guard extents.count <= Limits.rank else {
            throw ConversionError(.limit, "\(extents.count) dimensions; at most \(Limits.rank) are read")
        }
        var shape: [Int] = []
        var elements = 1
        for extent in extents {
            let extent = try count(extent)
            let (product, overflow) = elements.multipliedReportingOverflow(by: extent)
            guard !overflow else { throw .damaged("its elements exceed 63 bits") }
            elements = product
            shape.append(extent)
        }
        guard offsets.count == 2 else { throw .damaged("data_offsets are not two numbers") }
        let start = try count(offsets[0])
        let end = try count(offsets[1])
        guard start <= end else { throw .damaged("data_offsets [\(start), \(end)] run backwards") }
        guard let bytes = dtype.byteCount(of: elements), bytes == end - start else {
            throw .damaged(
                "shape \(shape) of \(dtype.name) does not take the \(end - start) bytes of data_offsets [\(start), \(end)]"
            )
        }
        return Entry(name: name, dtype: dtype, shape: shape, offsets: UInt64(start)..<UInt64(end))
    }

    /// Whether a minus stands outside the strings of a JSON text.
    private static func holdsMinus(_ text: [UInt8]) -> Bool {
        var isInString = false
        var index = 0
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "\""): isInString.toggle()
            case UInt8(ascii: "\\") where isInString: index += 1
            case UInt8(ascii: "-") where !isInString: return true
            default: break
            }
            index += 1
        }
        return false
    }

    private static func count(_ value: JSONValue) throws(ConversionError) -> Int {
        guard case .integer(let number) = value, let count = Int(exactly: number), count >= 0 else {
            throw .damaged("a count is not a whole number below 2^63")
        }
        return count
    }
}
