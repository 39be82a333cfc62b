internal import CMoEKernels

/// What the writer decided for the chunks of a part: the form, and what to try on each plane.
package struct EncodingPlan: Equatable, Sendable {
    package enum Coder: Sendable {
        case stored, huffman, matches
    }

    package let form: StorageForm
    /// One coder a plane; empty for raw.
    package let coders: [Coder]

    /// Elements as they are, to be used in place.
    package static func raw(dtype: Dtype) -> EncodingPlan {
        EncodingPlan(form: .raw(elementBytes: dtype.byteCount ?? 1), coders: [])
    }
}

/// Turns elements into the stored bytes of chunks. Owned by one thread at a time; its contexts and scratch are reused.
@safe
package final class ChunkEncoder {
    /// Elements that `plan` looks at.
    package static let sampleElements = 32_768
    private static let matchLevel = 3

    private let huffman: ZstdCompressor
    private let matches: ZstdCompressor
    private let planes = ScratchBytes()
    private let trial = ScratchBytes()

    package init() throws(FormatError) {
        huffman = try ZstdCompressor(.huffmanOnly)
        matches = try ZstdCompressor(.level(Self.matchLevel))
    }

    /// Decides from the first elements of a part how to store it.
    ///
    /// A plane is compressed when that saves 3 % of it; 10 % for one-byte elements, where every byte then pays for
    /// decoding. Matches are looked for only where they save another 3 % over Huffman, since they decode at a third of
    /// its speed. When no plane can be compressed the part is raw, and readers use it in place.
    package func plan(sample: UnsafeRawBufferPointer, dtype: Dtype) throws(FormatError) -> EncodingPlan {
        guard let width = dtype.byteCount, [1, 2, 4, 8].contains(width), sample.count >= width else {
            return .raw(dtype: dtype)
        }
        let elements = min(sample.count / width, Self.sampleElements)
        let rotation: UInt8 = switch dtype {
        case .bf16, .f32, .f64: 1
        default: 0
        }
        let form = try StorageForm(encoding: Encoding.planes.rawValue, rotation: rotation, elementBytes: width)
        let split = try unsafe split(sample, elements: elements, form: form)
        let tolerated = Double(elements) * (width == 1 ? 0.90 : 0.97)
        let room = unsafe trial.bytes(elements)
        var coders: [EncodingPlan.Coder] = []
        var compresses = false
        for plane in 0..<width {
            let bytes = unsafe UnsafeRawBufferPointer(rebasing: split[plane * elements..<(plane + 1) * elements])
            if unsafe Self.constant(bytes) != nil {
                coders.append(.huffman)
                compresses = true
                continue
            }
            let byHuffman = Double(unsafe huffman.encode(bytes, into: room) ?? elements)
            let byMatches = Double(unsafe matches.encode(bytes, into: room) ?? elements)
            let best: (EncodingPlan.Coder, Double) =
                byMatches < 0.97 * byHuffman ? (.matches, byMatches) : (.huffman, byHuffman)
            if best.1 <= tolerated {
                coders.append(best.0)
                compresses = true
            } else {
                coders.append(.stored)
            }
        }
        return compresses ? EncodingPlan(form: form, coders: coders) : .raw(dtype: dtype)
    }

    /// Appends a chunk's stored bytes to `output`.
    ///
    /// - Parameter chunk: the chunk's elements, little-endian, in C order.
    package func encode(_ chunk: UnsafeRawBufferPointer, plan: EncodingPlan, into output: inout [UInt8]) throws(FormatError) {
        guard plan.form.encoding == .planes else {
            unsafe output.append(contentsOf: chunk)
            return
        }
        let width = plan.form.elementBytes
        let elements = chunk.count / width
        let split = try unsafe split(chunk, elements: elements, form: plan.form)
        let room = unsafe trial.bytes(elements)
        var header = ByteWriter(reserving: width * PlaneWord.encodedSize)
        let headerStart = output.count
        output.append(contentsOf: repeatElement(0, count: width * PlaneWord.encodedSize))
        for plane in 0..<width {
            let bytes = unsafe UnsafeRawBufferPointer(rebasing: split[plane * elements..<(plane + 1) * elements])
            let word: PlaneWord
            if let constant = unsafe Self.constant(bytes) {
                output.append(constant)
                word = PlaneWord(.constant, storedLength: 1)
            } else if let length = unsafe compressed(bytes, by: plan.coders[plane], into: room) {
                unsafe output.append(contentsOf: room[0..<length])
                word = PlaneWord(.zstd, storedLength: length)
            } else {
                unsafe output.append(contentsOf: bytes)
                word = PlaneWord(.stored, storedLength: elements)
            }
            header.put(word.encoded)
        }
        output.replaceSubrange(headerStart..<headerStart + header.bytes.count, with: header.bytes)
    }

    /// The length of the plane's frame in `room`, or nil where the plane is better stored as it is.
    private func compressed(
        _ plane: UnsafeRawBufferPointer, by coder: EncodingPlan.Coder, into room: UnsafeMutableRawBufferPointer
    ) -> Int? {
        let length: Int? =
            switch coder {
            case .stored: nil
            case .huffman: unsafe huffman.encode(plane, into: room)
            case .matches: unsafe matches.encode(plane, into: room)
            }
        guard let length, Double(length) <= 0.97 * Double(plane.count) else { return nil }
        return length
    }

    /// Cuts elements into planes that lie side by side in scratch.
    private func split(_ chunk: UnsafeRawBufferPointer, elements: Int, form: StorageForm) throws(FormatError)
        -> UnsafeMutableRawBufferPointer
    {
        let width = form.elementBytes
        let room = unsafe planes.bytes(max(1, elements * width))
        guard let source = chunk.baseAddress, let base = room.baseAddress, chunk.count >= elements * width else {
            throw .usage("a chunk without elements cannot be encoded")
        }
        // Plane p begins p · elements into the room, which holds width · elements bytes.
        let targets: [UnsafeMutablePointer<UInt8>?] = unsafe (0..<width).map {
            unsafe (base + $0 * elements).assumingMemoryBound(to: UInt8.self)
        }
        let done = unsafe moe_planes_split(
            source.assumingMemoryBound(to: UInt8.self), elements, UInt32(width), UInt32(form.rotation), targets)
        guard done else { throw .usage("elements of \(width) bytes cannot be cut into planes") }
        return unsafe room
    }

    private static func constant(_ plane: UnsafeRawBufferPointer) -> UInt8? {
        guard let base = plane.baseAddress, plane.count > 0,
            unsafe moe_plane_is_constant(base.assumingMemoryBound(to: UInt8.self), plane.count)
        else { return nil }
        return unsafe plane[0]
    }
}
