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
    private let scratch = ScratchBytes()
    private let trial = ScratchBytes()
    private let copy = ScratchBytes()

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
        let rotation: UInt8 =
            switch dtype {
            case .bf16, .f32, .f64: 1
            default: 0
            }
        let form = try StorageForm(encoding: Encoding.planes.rawValue, rotation: rotation, elementBytes: width)
        let planes = try unsafe split(sample, elements: elements, form: form, leading: .init(start: nil, count: 0))
        let tolerated = Double(elements) * (width == 1 ? 0.90 : 0.97)
        let room = unsafe trial.bytes(elements)
        var coders: [EncodingPlan.Coder] = []
        var compresses = false
        for plane in 0..<width {
            let bytes = unsafe planes[plane]
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

    /// The most bytes that a chunk of so many is stored in.
    package static func storedBound(chunkBytes: Int) -> Int { chunkBytes + 8 * PlaneWord.encodedSize }

    /// Writes a chunk's stored bytes to the start of `output` and returns their count.
    ///
    /// - Parameters:
    ///   - chunk: the chunk's elements, little-endian, in C order.
    ///   - output: at least `storedBound` bytes, which must not overlap the chunk.
    package func encode(
        _ chunk: UnsafeRawBufferPointer, plan: EncodingPlan, into output: UnsafeMutableRawBufferPointer
    ) throws(FormatError) -> Int {
        guard output.count >= Self.storedBound(chunkBytes: chunk.count) else {
            throw .usage("a chunk of \(chunk.count) bytes is encoded into \(output.count)")
        }
        guard plan.form.encoding == .planes else {
            unsafe output.copyMemory(from: chunk)
            return chunk.count
        }
        let width = plan.form.elementBytes
        let elements = chunk.count / width
        // Planes stored as they are go straight to their place, which is known as long as those before them are stored too.
        let inPlace = plan.coders.prefix { $0 == .stored }.count
        var position = width * PlaneWord.encodedSize
        let leading = unsafe UnsafeMutableRawBufferPointer(rebasing: output[position..<position + inPlace * elements])
        let planes = try unsafe split(chunk, elements: elements, form: plan.form, leading: leading)
        for plane in 0..<width {
            let bytes = unsafe planes[plane]
            // The room left holds all planes that are still to come, each in `elements` bytes at most.
            let room = unsafe UnsafeMutableRawBufferPointer(rebasing: output[position..<position + elements])
            let word: PlaneWord
            if let constant = unsafe Self.constant(bytes) {
                unsafe room[0] = constant
                word = PlaneWord(.constant, storedLength: 1)
            } else if let length = unsafe compressed(bytes, by: plan.coders[plane], into: room) {
                word = PlaneWord(.zstd, storedLength: length)
            } else {
                // A plane in its place must move where a constant one before it took less.
                if unsafe bytes.baseAddress != UnsafeRawPointer(room.baseAddress) {
                    unsafe room.copyMemory(from: bytes)
                }
                word = PlaneWord(.stored, storedLength: elements)
            }
            position += word.storedLength
            unsafe output.storeBytes(
                of: word.encoded.littleEndian, toByteOffset: plane * PlaneWord.encodedSize, as: UInt32.self)
        }
        return position
    }

    /// Appends a chunk's stored bytes to `output`.
    package func encode(_ chunk: UnsafeRawBufferPointer, plan: EncodingPlan, into output: inout [UInt8])
        throws(FormatError)
    {
        let room = unsafe copy.bytes(Self.storedBound(chunkBytes: chunk.count))
        let count = try unsafe encode(chunk, plan: plan, into: room)
        unsafe output.append(contentsOf: room[0..<count])
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

    /// Cuts elements into planes: the first into `leading`, as many as it holds, the others side by side in scratch.
    private func split(
        _ chunk: UnsafeRawBufferPointer, elements: Int, form: StorageForm, leading: UnsafeMutableRawBufferPointer
    ) throws(FormatError) -> [UnsafeRawBufferPointer] {
        let width = form.elementBytes
        guard let source = chunk.baseAddress, elements > 0, chunk.count >= elements * width else {
            throw .usage("a chunk without elements cannot be encoded")
        }
        let inPlace = leading.count / elements
        let room = unsafe scratch.bytes(width * elements)
        // Plane p begins p · elements into a buffer that holds at least p + 1 planes of `elements` bytes.
        var planes: [UnsafeRawBufferPointer] = unsafe []
        var targets: [UnsafeMutablePointer<UInt8>?] = unsafe []
        for plane in 0..<width {
            let whole = unsafe plane < inPlace ? leading : room
            let bytes = unsafe UnsafeMutableRawBufferPointer(rebasing: whole[plane * elements..<(plane + 1) * elements])
            unsafe planes.append(UnsafeRawBufferPointer(bytes))
            unsafe targets.append(bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
        }
        let done = unsafe moe_planes_split(
            source.assumingMemoryBound(to: UInt8.self), elements, UInt32(width), UInt32(form.rotation), targets)
        guard done else { throw .usage("elements of \(width) bytes cannot be cut into planes") }
        return unsafe planes
    }

    private static func constant(_ plane: UnsafeRawBufferPointer) -> UInt8? {
        guard let base = plane.baseAddress, plane.count > 0,
            unsafe moe_plane_is_constant(base.assumingMemoryBound(to: UInt8.self), plane.count)
        else { return nil }
        return unsafe plane[0]
    }
}
