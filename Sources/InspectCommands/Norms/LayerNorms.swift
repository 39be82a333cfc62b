import MoEFormat
import MoESystem

/// The Frobenius norms of a layer's experts, for each role that their tensors have.
struct LayerNorms {
    let bank: Bank
    /// The roles of the experts' tensors, in the order of the file; scales, which the weights are taken through, left out.
    let roles: [Role]
    let experts: [Expert]
    let shared: [Expert]

    /// The values of one expert, by role.
    struct Expert: Sendable {
        let summaries: [Role: ValueSummary]

        /// All its values together.
        var whole: ValueSummary {
            summaries.sorted { $0.key.rawValue < $1.key.rawValue }.reduce(into: ValueSummary()) { $0.merge($1.value) }
        }
    }

    /// Decodes all experts of a layer.
    ///
    /// - Parameter progress: told the decoded bytes of each expert as it is done.
    /// - Throws: `FormatError` for a damaged expert.
    init(of bank: Bank, in file: ModelFile, workers: Workers, progress: @escaping @Sendable (UInt64) -> Void)
        throws(FormatError)
    {
        self.bank = bank
        var blocks: [Block] = []
        for index in 0..<bank.expertCount { blocks.append(try file.block(ofExpert: index, in: bank)) }
        for index in 0..<bank.sharedCount { blocks.append(try file.block(ofShared: index, in: bank)) }
        let found = Locked([Expert?](repeating: nil, count: blocks.count))
        let scanned = blocks
        do {
            try workers.forEach(scanned.count) { index in
                let expert = try Expert(decoding: scanned[index], in: file)
                found.withLock { $0[index] = expert }
                progress(scanned[index].record.decodedLength)
            }
        } catch let error as FormatError {
            throw error
        } catch {
            throw FormatError(.limit, "\(error)")
        }
        let all = found.withLock { $0.compactMap(\.self) }
        experts = Array(all.prefix(bank.expertCount))
        shared = Array(all.dropFirst(bank.expertCount))
        var seen: Set<Role> = []
        roles = blocks.flatMap(\.parts).map(\.role.known.unshared).filter { $0 != .scale && seen.insert($0).inserted }
    }
}

extension LayerNorms.Expert {
    init(decoding block: Block, in file: ModelFile) throws(FormatError) {
        var summaries: [Role: ValueSummary] = [:]
        for part in block.parts where part.role != .scale {
            guard let summary = try PartContents(decoding: part, in: file).summary else { continue }
            summaries[part.role.known.unshared, default: ValueSummary()].merge(summary)
        }
        self.summaries = summaries
    }
}
