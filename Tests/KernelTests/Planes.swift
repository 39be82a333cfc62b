import CMoEKernels

/// The plane functions over arrays, with every pointer off alignment and a guard byte behind each destination.
enum Planes {
    static let canary: UInt8 = 0xa5

    static func split(_ source: [UInt8], width: Int, rotation: Int, shift: Int) -> [[UInt8]]? {
        let elements = source.count / width
        let shifted = [UInt8](repeating: 0, count: shift) + source
        var room = [UInt8](repeating: canary, count: width * (elements + 1) + shift)
        let done = shifted.withUnsafeBufferPointer { from in
            room.withUnsafeMutableBufferPointer { to in
                let planes = (0..<width).map { Optional(to.baseAddress! + shift + $0 * (elements + 1)) }
                return moe_planes_split(from.baseAddress! + shift, elements, UInt32(width), UInt32(rotation), planes)
            }
        }
        guard done else { return nil }
        return (0..<width).map { p in
            let start = shift + p * (elements + 1)
            precondition(room[start + elements] == canary, "written past the plane")
            return Array(room[start..<start + elements])
        }
    }

    static func merge(_ planes: [[UInt8]], constants: Set<Int> = [], rotation: Int, shift: Int) -> [UInt8]? {
        let width = planes.count
        let elements = planes[0].count
        let bytes = [UInt8](repeating: 0, count: shift) + planes.joined()
        var room = [UInt8](repeating: canary, count: shift + width * elements + 1)
        let done = bytes.withUnsafeBufferPointer { from in
            room.withUnsafeMutableBufferPointer { to in
                let start = { (p: Int) in from.baseAddress! + shift + p * elements }
                let destination = to.baseAddress! + shift
                if constants.isEmpty {
                    let pointers = (0..<width).map { Optional(start($0)) }
                    return moe_planes_merge(pointers, elements, UInt32(width), UInt32(rotation), destination)
                }
                let mixed = (0..<width).map { p in
                    constants.contains(p)
                        ? moe_plane(bytes: nil, constant: planes[p].first ?? 0)
                        : moe_plane(bytes: start(p), constant: 0)
                }
                return moe_planes_merge_mixed(mixed, elements, UInt32(width), UInt32(rotation), destination)
            }
        }
        guard done else { return nil }
        precondition(room.last == canary, "written past the elements")
        return Array(room[shift..<room.count - 1])
    }

    /// The definition: rotate the little-endian element, take its bytes.
    static func reference(_ source: [UInt8], width: Int, rotation: Int) -> [[UInt8]] {
        let bits = UInt64(8 * width)
        let mask = bits == 64 ? UInt64.max : (1 << bits) - 1
        var planes = [[UInt8]](repeating: [], count: width)
        for i in 0..<source.count / width {
            let element = (0..<width).reduce(UInt64(0)) { $0 | UInt64(source[i * width + $1]) << UInt64(8 * $1) }
            let r = UInt64(rotation)
            let rotated = r == 0 ? element : (element << r | element >> (bits - r)) & mask
            for p in 0..<width { planes[p].append(UInt8(truncatingIfNeeded: rotated >> UInt64(8 * p))) }
        }
        return planes
    }
}
