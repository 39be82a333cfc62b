package import MoEFormat

/// Whatever the stored bytes of a chunk, decoding fills exactly the elements' memory, the same way each time, or throws.
///
/// Input: width selector, rotation, encoding, elements (u16), then the stored bytes.
package enum ChunkProperty {
    package static let headerLength = 5
    private static let widths = [1, 2, 4, 8, 3, 16]
    private static let canary: UInt8 = 0xC3
    private static let margin = 64

    @discardableResult
    package static func check(_ input: [UInt8], decoder: ChunkDecoder) -> Bool {
        guard input.count >= headerLength else { return false }
        let width = widths[Int(input[0]) % widths.count]
        let elements = max(1, Int(input[3]) | Int(input[4]) << 8)
        guard let form = try? StorageForm(encoding: input[2] % 3, rotation: input[1], elementBytes: width) else {
            return false
        }
        let stored = Array(input[headerLength...])
        guard let first = decode(stored, form: form, elements: elements, by: decoder) else { return false }
        expect(
            decode(stored, form: form, elements: elements, by: decoder) == first, "decoding gives the same bytes again")
        return true
    }

    private static func decode(_ stored: [UInt8], form: StorageForm, elements: Int, by decoder: ChunkDecoder)
        -> [UInt8]?
    {
        let length = elements * form.elementBytes
        var room = [UInt8](repeating: canary, count: length + 2 * margin)
        let isDecoded = stored.withUnsafeBytes { stored in
            room.withUnsafeMutableBytes { room in
                let target = UnsafeMutableRawBufferPointer(rebasing: room[margin..<margin + length])
                return (try? decoder.decode(stored, form: form, elements: elements, into: target)) != nil
            }
        }
        expect(
            room.prefix(margin).allSatisfy { $0 == canary } && room.suffix(margin).allSatisfy { $0 == canary },
            "decoding stays inside its memory")
        return isDecoded ? Array(room[margin..<margin + length]) : nil
    }
}
