import MoEFormat

@testable import MoEConversion

/// Whatever a safetensors header says, its tensors cover the file's data exactly, or it is refused.
///
/// Input: bytes of data (u32), then the header's text.
package enum SafetensorsProperty {
    @discardableResult
    package static func check(_ input: [UInt8]) -> Bool {
        guard input.count >= 4 else { return false }
        let size = input[..<4].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard let header = try? SafetensorsHeader(Array(input[4...]), dataBytes: size) else { return false }
        var position: UInt64 = 0
        for entry in header.entries {
            expect(entry.offsets.lowerBound == position, "a tensor begins where the one before it ends")
            position = entry.offsets.upperBound
            let elements = entry.shape.reduce(1, *)
            expect(entry.dtype.byteCount(of: elements) == entry.offsets.count, "a tensor has its shape's bytes")
        }
        expect(position == size, "tensors cover the data")
        expect(Set(header.entries.map { Array($0.name.utf8) }).count == header.entries.count, "names are unique")
        return true
    }
}
