/// Mutates chunks so that most results keep a plane header that fits its planes: SPEC.md §11.
public enum ChunkMutator {
    private static let widths = [1, 2, 4, 8]

    public static func mutate(_ data: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int, _ seed: UInt32) -> Int {
        var source = MutationSource(data, count, limit, seed: seed)
        if source.count > 5, source.random(below: 4) > 0 {
            _ = source.mutateResizing(5..<source.count)
        } else {
            source.mutateAll()
        }
        guard source.count > 9, source.random(below: 4) > 0 else { return source.count }
        // Planes of a form that exists.
        source.bytes[2] = 1
        source.bytes[0] = UInt8(source.random(below: 4))
        let width = widths[Int(source.bytes[0])]
        source.bytes[1] = UInt8(Int(source.bytes[1]) % (8 * width))
        let elements = max(1, Int(source.load(3, width: 2)) % 300)
        source.store(UInt64(elements), at: 3, width: 2)
        var left = source.count - 5 - 4 * width
        guard left >= width else { return source.count }
        for plane in 0..<width {
            let place = 5 + 4 * plane
            var mode = source.load(place, width: 4) >> 30 & 3
            if mode == 3 { mode = UInt64(source.random(below: 3)) }
            let length =
                plane == width - 1 ? left : mode == 0 ? elements : mode == 1 ? 1 : 1 + source.random(below: left)
            source.store(mode << 30 | UInt64(max(0, length)), at: place, width: 4)
            left -= length
        }
        return source.count
    }
}
