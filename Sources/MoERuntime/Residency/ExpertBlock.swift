internal import MoEFormat

/// A block as the cache counts it.
struct ExpertBlock: Sendable {
    let block: Block

    var id: Int { block.id }

    /// What it takes of the budget: its decoded length. Bounded beyond any memory, so that lengths that a file only claims can
    /// be added.
    var bytes: Int { Int(min(block.record.decodedLength, 1 << 46)) }
}

extension ModelFile {
    func expertBlock(_ expert: Int, of bank: Bank) throws(FormatError) -> ExpertBlock {
        ExpertBlock(block: try block(ofExpert: expert, in: bank))
    }

    func sharedBlock(_ index: Int, of bank: Bank) throws(FormatError) -> ExpertBlock {
        ExpertBlock(block: try block(ofShared: index, in: bank))
    }

    /// Bytes of the largest block that any layer leases, shared experts included: the smallest budget with which all can run.
    ///
    /// - Throws: `FormatError` when the directory is damaged.
    /// - Complexity: O(banks + shared experts).
    func largestExpertBlock() throws(FormatError) -> Int {
        var largest = 0
        for bank in banks {
            largest = max(largest, Int(min(bank.largestExpert, 1 << 46)))
            for index in 0..<bank.sharedCount { largest = max(largest, try sharedBlock(index, of: bank).bytes) }
        }
        return largest
    }
}
