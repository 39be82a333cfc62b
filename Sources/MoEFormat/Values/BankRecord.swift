/// A MoE layer's set of experts: SPEC.md §6.2.
package struct BankRecord: Equatable, Sendable {
    package var pathOffset: UInt64
    package var pathLength: UInt32
    package var layer: Int32
    package var expertCount: UInt32
    package var firstExpertBlock: UInt32
    package var routerBlock: UInt32
    package var firstSharedBlock: UInt32
    package var storedLength: UInt64
    package var decodedLength: UInt64
    package var largestExpert: UInt64
    package var sharedCount: UInt32
    package var kind: UInt16

    package init(pathOffset: UInt64, pathLength: UInt32, layer: Int32, expertCount: UInt32, sharedCount: UInt32) {
        self.pathOffset = pathOffset
        self.pathLength = pathLength
        self.layer = layer
        self.expertCount = expertCount
        self.firstExpertBlock = 0
        self.routerBlock = none32
        self.firstSharedBlock = none32
        self.storedLength = 0
        self.decodedLength = 0
        self.largestExpert = 0
        self.sharedCount = sharedCount
        self.kind = 0
    }

    init(_ reader: inout ByteReader) throws(FormatError) {
        pathOffset = try reader.u64()
        pathLength = try reader.u32()
        layer = try reader.i32()
        expertCount = try reader.u32()
        firstExpertBlock = try reader.u32()
        routerBlock = try reader.u32()
        firstSharedBlock = try reader.u32()
        storedLength = try reader.u64()
        decodedLength = try reader.u64()
        largestExpert = try reader.u64()
        sharedCount = try reader.u32()
        kind = try reader.u16()
        try reader.zeros(2, rule: .recordZeros)
    }

    func encode(into writer: inout ByteWriter) {
        writer.put(pathOffset)
        writer.put(pathLength)
        writer.put(layer)
        writer.put(expertCount)
        writer.put(firstExpertBlock)
        writer.put(routerBlock)
        writer.put(firstSharedBlock)
        writer.put(storedLength)
        writer.put(decodedLength)
        writer.put(largestExpert)
        writer.put(sharedCount)
        writer.put(kind)
        writer.zeros(2)
    }
}
