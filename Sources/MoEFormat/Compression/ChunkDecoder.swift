internal import CMoEKernels

/// Turns the stored bytes of chunks back into elements. Owned by one thread at a time; its scratch is reused.
///
/// `@unchecked Sendable`: the zstd context and the scratch are mutable and unsynchronised. A decoder changes hands only
/// through `DecoderPool`, which takes it out of the pool for as long as a thread has it.
@safe
package final class ChunkDecoder: @unchecked Sendable {
    /// Made with the first compressed plane: a context is large, and raw files need none.
    private var zstd: ZstdDecompressor?
    private let scratch = ScratchBytes()
    /// Room for stored bytes that the decoder's owner reads.
    package let input = ScratchBytes(inLargePages: true)

    package init() {}

    /// Decodes a chunk whose hash was checked.
    ///
    /// - Parameters:
    ///   - stored: the chunk's stored bytes.
    ///   - elements: of the chunk; `destination` has room for exactly them.
    /// - Throws: `FormatError` by R55, R72 or R73.
    package func decode(
        _ stored: UnsafeRawBufferPointer, form: StorageForm, elements: Int,
        into destination: UnsafeMutableRawBufferPointer
    ) throws(FormatError) {
        switch form.encoding {
        case .raw:
            guard stored.count == destination.count else {
                throw .broken(.rawPlace, "a raw chunk has \(stored.count) bytes, its elements \(destination.count)")
            }
            unsafe destination.copyMemory(from: stored)
        case .planes:
            try unsafe decodePlanes(stored, form: form, elements: elements, into: destination)
        }
    }

    private func decompressor() throws(FormatError) -> ZstdDecompressor {
        if let zstd { return zstd }
        let made = try ZstdDecompressor()
        zstd = made
        return made
    }

    private func decodePlanes(
        _ stored: UnsafeRawBufferPointer, form: StorageForm, elements: Int,
        into destination: UnsafeMutableRawBufferPointer
    ) throws(FormatError) {
        let width = form.elementBytes
        let headerLength = width * PlaneWord.encodedSize
        guard stored.count >= headerLength else {
            throw .broken(.planeLengths, "a chunk of \(stored.count) bytes has no room for its plane header")
        }
        // Planes that zstd wrote are decoded side by side into scratch; the others are merged from where they lie.
        let room = unsafe scratch.bytes(width * elements)
        var planes = unsafe [moe_plane](repeating: moe_plane(bytes: nil, constant: 0), count: width)
        var position = headerLength
        for plane in 0..<width {
            // plane < width, so the word lies inside the header, whose length was checked.
            let raw = unsafe stored.loadUnaligned(fromByteOffset: plane * PlaneWord.encodedSize, as: UInt32.self)
            let word = try PlaneWord(UInt32(littleEndian: raw), elements: elements)
            guard word.storedLength <= stored.count - position else {
                throw .broken(.planeLengths, "plane \(plane) runs past the end of its chunk")
            }
            let bytes = unsafe UnsafeRawBufferPointer(rebasing: stored[position..<position + word.storedLength])
            switch word.mode {
            case .stored:
                unsafe planes[plane].bytes = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            case .constant:
                unsafe planes[plane].constant = bytes[0]
            case .zstd:
                let target = unsafe UnsafeMutableRawBufferPointer(
                    rebasing: room[plane * elements..<(plane + 1) * elements])
                try unsafe decompressor().decode(bytes, into: target)
                unsafe planes[plane].bytes = UnsafePointer(target.baseAddress?.assumingMemoryBound(to: UInt8.self))
            }
            position += word.storedLength
        }
        guard position == stored.count else {
            throw .broken(.planeLengths, "a chunk has \(stored.count - position) bytes behind its last plane")
        }
        guard destination.count == width * elements, let target = destination.baseAddress else {
            throw .usage("a chunk of \(elements) elements is decoded into \(destination.count) bytes")
        }
        // Each plane has `elements` bytes or is constant, and the destination holds them all.
        let merged = unsafe moe_planes_merge_mixed(
            planes, elements, UInt32(width), UInt32(form.rotation), target.assumingMemoryBound(to: UInt8.self))
        guard merged else { throw .unsupported("planes of \(width)-byte elements cannot be merged", rule: .encoding) }
    }
}

/// How the chunks of a part are stored: what decoding one needs to know.
package struct StorageForm: Hashable, Sendable {
    package let encoding: Encoding
    package let rotation: Int
    package let elementBytes: Int

    /// Elements as they are.
    package static func raw(elementBytes: Int) -> StorageForm { StorageForm(rawElementBytes: elementBytes) }

    private init(rawElementBytes: Int) {
        encoding = .raw
        rotation = 0
        elementBytes = rawElementBytes
    }

    /// - Throws: `FormatError` by R54, of kind `unsupported` for an encoding of a later version.
    package init(encoding code: UInt8, rotation: UInt8, elementBytes: Int) throws(FormatError) {
        guard let encoding = Encoding(rawValue: code) else {
            throw .unsupported(
                "the tensor is stored in encoding \(code), which this version does not know", rule: .encoding)
        }
        switch encoding {
        case .raw:
            guard rotation == 0 else { throw .broken(.encoding, "a raw part has a rotation of \(rotation) bits") }
        case .planes:
            guard [1, 2, 4, 8].contains(elementBytes) else {
                throw .broken(.encoding, "elements of \(elementBytes) bytes cannot be stored as planes")
            }
            guard Int(rotation) < 8 * elementBytes else {
                throw .broken(.encoding, "a rotation of \(rotation) bits for elements of \(elementBytes) bytes")
            }
        }
        self.encoding = encoding
        self.rotation = Int(rotation)
        self.elementBytes = elementBytes
    }
}
