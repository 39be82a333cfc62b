/// A MoE layer's set of experts, as the directory describes it.
public struct Bank: Sendable, Identifiable {
    /// The bank's number in the file.
    public let id: Int
    /// The dotted name of the layer's module, unique in the file.
    public let path: String
    /// The model's own layer number; nil when it has none.
    public let layer: Int?
    /// Experts with weights.
    public let expertCount: Int
    public let sharedCount: Int
    /// Bytes of the bank's blocks in the file, without padding between them.
    public let storedLength: UInt64
    /// Bytes of the bank's tensors when decoded.
    public let decodedLength: UInt64
    /// Bytes of its largest expert when decoded.
    public let largestExpert: UInt64

    let firstExpertBlock: UInt32
    let firstSharedBlock: UInt32
    let routerBlockNumber: UInt32

    /// The block of the router's tensors.
    package var routerBlock: Int? { routerBlockNumber == none32 ? nil : Int(routerBlockNumber) }

    /// The block of an expert, which must be below `expertCount`.
    package func block(ofExpert expert: Int) -> Int { Int(firstExpertBlock) + expert }

    /// The block of a shared expert, which must be below `sharedCount`.
    package func block(ofShared index: Int) -> Int { Int(firstSharedBlock) + index }

    /// - Throws: `FormatError` by R12, R30, R45 or R80.
    static func all(in directory: Directory) throws(FormatError) -> [Bank] {
        var banks: [Bank] = []
        let blocks = UInt64(directory.count(.blocks))
        var named: UInt64 = 0
        for index in 0..<directory.count(.banks) {
            var reader = try directory.record(.banks, index, rule: .bankBlocks)
            let offset = reader.offset
            let record = try BankRecord(&reader)
            let hasExperts =
                (1...UInt32(Limits.experts)).contains(record.expertCount)
                && UInt64(record.firstExpertBlock) + UInt64(record.expertCount) <= blocks
            let hasShared =
                record.sharedCount == 0
                ? record.firstSharedBlock == none32
                : UInt64(record.firstSharedBlock) + UInt64(record.sharedCount) <= blocks
            let hasRouter = record.routerBlock == none32 || UInt64(record.routerBlock) < blocks
            guard hasExperts, hasShared, hasRouter else {
                throw .broken(.bankBlocks, at: offset, "bank \(index) names blocks beyond the \(blocks) of the file")
            }
            // A block is one bank's: tables of all banks' experts cannot be larger than the file bears out.
            named += UInt64(record.expertCount) + UInt64(record.sharedCount) + (record.routerBlock == none32 ? 0 : 1)
            guard named <= blocks else {
                throw .broken(
                    .bankBlocks, at: offset, "banks up to \(index) name \(named) blocks of the \(blocks) of the file")
            }
            banks.append(
                Bank(
                    id: index, path: try directory.name(at: record.pathOffset, length: record.pathLength),
                    layer: record.layer < 0 ? nil : Int(record.layer), expertCount: Int(record.expertCount),
                    sharedCount: Int(record.sharedCount), storedLength: record.storedLength,
                    decodedLength: record.decodedLength, largestExpert: record.largestExpert,
                    firstExpertBlock: record.firstExpertBlock, firstSharedBlock: record.firstSharedBlock,
                    routerBlockNumber: record.routerBlock))
        }
        return banks
    }
}
