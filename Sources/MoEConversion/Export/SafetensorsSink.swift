import MoEFormat
import MoESystem

/// A safetensors file that a checkpoint is written to: the one it came from, where it was one file, otherwise one of its own.
final class SafetensorsSink: ExportSink {
    let order: [Int]
    /// What is not written, or not as it was, a line each.
    let notes: [String]
    private let output: AtomicOutput

    /// Writes the header.
    init(_ checkpoint: any Checkpoint, to output: AtomicOutput) throws(ConversionError) {
        self.output = output
        let layout = try SafetensorsLayout(checkpoint)
        order = layout.order
        notes = layout.notes
        let length = UInt64(layout.header.count)
        let prefix = stride(from: UInt64(0), to: 64, by: 8).map { UInt8(truncatingIfNeeded: length >> $0) }
        do throws(SystemError) {
            try output.write(prefix + layout.header)
        } catch {
            throw ConversionError(.io, error.description)
        }
    }

    func takesWhole(_ tensor: Int) -> Bool { false }

    func write(_ bytes: UnsafeMutableRawBufferPointer, tensor: Int, elements: Range<UInt64>) throws(ConversionError) {
        do throws(SystemError) {
            try unsafe output.write(UnsafeRawBufferPointer(bytes))
        } catch {
            throw ConversionError(.io, error.description)
        }
        output.startWriteback()
    }

    func finish() throws(ConversionError) {}
}

/// A header, and the tensors in the order of their bytes.
private struct SafetensorsLayout {
    let header: [UInt8]
    let order: [Int]
    var notes: [String] = []

    init(_ checkpoint: any Checkpoint) throws(ConversionError) {
        let tensors = checkpoint.tensors
        var metadata: [(key: String, value: String)]? = [("format", "pt")]
        var dtypes: [ExactName: (dtype: SafetensorsDtype, shape: [Int])] = [:]
        if case .safetensors(let origin) = try checkpoint.decodedSource() {
            var headers: [SafetensorsHeader] = []
            for file in origin.files {
                do throws(ConversionError) {
                    headers.append(try SafetensorsHeader(file.header, dataBytes: nil))
                } catch {
                    throw error.within("the source section")
                }
            }
            if let only = headers.first, headers.count == 1 {
                order = try only.tensors(in: checkpoint)
                guard Set(order).count == tensors.count else {
                    throw .damaged("the source section does not name every tensor of the file")
                }
                header = origin.files[0].header
                return
            }
            metadata = headers.lazy.compactMap(\.metadata).first
            for entry in headers.flatMap(\.entries) { dtypes[ExactName(entry.name)] = (entry.dtype, entry.shape) }
        }
        var entries: [(number: Int, dtype: SafetensorsDtype, shape: [Int])] = []
        var opaque = 0
        for (number, tensor) in tensors.enumerated() {
            // The shard's own word, where it still fits what is stored.
            if let known = dtypes[ExactName(tensor.name)], known.dtype.storedShape(known.shape) == tensor.shape,
                known.dtype.dtype == tensor.dtype
            {
                entries.append((number, known.dtype, known.shape))
            } else if let dtype = SafetensorsDtype(of: tensor.dtype) {
                entries.append((number, dtype, tensor.shape))
            } else if let bytes = SafetensorsDtype(of: .u8), let width = tensor.dtype.byteCount {
                entries.append((number, bytes, tensor.shape + [width]))
                opaque += 1
            }
        }
        entries.sort { a, b in
            guard a.dtype.rank == b.dtype.rank else { return a.dtype.rank > b.dtype.rank }
            return tensors[a.number].name.utf8.lexicographicallyPrecedes(tensors[b.number].name.utf8)
        }
        order = entries.map(\.number)
        header = Self.text(entries, tensors, metadata)
        if opaque > 0 {
            notes.append(
                "\(opaque) tensors of opaque elements are written as U8 with one dimension more: safetensors has no such dtype"
            )
        }
        if !checkpoint.aliases.isEmpty {
            notes.append(
                "\(checkpoint.aliases.count) further names of tensors are not written: safetensors shares no bytes")
        }
        guard UInt64(header.count) <= SafetensorsHeader.largest else {
            throw ConversionError(
                .limit, "the header would have \(header.count) bytes; safetensors allows \(SafetensorsHeader.largest)")
        }
    }

    /// The header as safetensors' own writer makes it: no spaces inside, padded with spaces to a multiple of 8.
    private static func text(
        _ entries: [(number: Int, dtype: SafetensorsDtype, shape: [Int])], _ tensors: [SourceTensor],
        _ metadata: [(key: String, value: String)]?
    ) -> [UInt8] {
        var members: [String] = []
        if let metadata {
            members.append(
                "\"__metadata__\":{" + metadata.map { "\(quoted($0.key)):\(quoted($0.value))" }.joined(separator: ",")
                    + "}")
        }
        var offset: UInt64 = 0
        for (number, dtype, shape) in entries {
            let end = offset + tensors[number].byteCount
            let extents = shape.map(String.init).joined(separator: ",")
            members.append(
                "\(quoted(tensors[number].name)):{\"dtype\":\"\(dtype.name)\",\"shape\":[\(extents)],\"data_offsets\":[\(offset),\(end)]}"
            )
            offset = end
        }
        let text = Array("{\(members.joined(separator: ","))}".utf8)
        return text + [UInt8](repeating: 0x20, count: (8 - text.count % 8) % 8)
    }

    /// A JSON string with no more escapes than JSON asks for.
    private static func quoted(_ string: String) -> String {
        var text = "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\u{08}": text += "\\b"
            case "\u{0C}": text += "\\f"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}
