internal import Foundation
internal import MoEFormat

/// Loading what leases need.
extension ExpertCache {
    /// Begins to load blocks that were taken into account.
    func load(_ missing: [Block]) {
        threads.submit(missing.flatMap { block in loader.reads(of: block) { [self] in finish(block, $0) } })
        guard let last = missing.last, loader.isShortOfSlots(for: last) else { return }
        threads.whenIdle { [loader] in loader.prepareSlot(for: last) }
    }

    /// A block has come, or could not be loaded.
    func finish(_ block: Block, _ result: Result<ResidentBlock, FormatError>) {
        locked {
            switch result {
            case .success(let resident):
                residents.set(.ready(resident), of: block.id)
                residents.update(block.id) { entry in
                    if let begin = entry.guess?.begin { entry.guess?.duration = begin.duration(to: .now) }
                }
            case .failure(let error):
                residents.set(.failed(error), of: block.id)
                if residents[block.id]?.leases == 0 { remove(block.id) }
            }
            // The budget may have become smaller while the block was loading.
            makeRoom(for: 0)
            condition.broadcast()
        }
    }

    /// The block's content, once it is there.
    ///
    /// - Throws: what loading threw; `FormatError` of kind `usage` when it is not leased.
    func wait(for block: Int) throws(FormatError) -> ResidentBlock {
        condition.lock()
        defer { condition.unlock() }
        while true {
            switch residents.content(of: block) {
            case .ready(let resident): return resident
            case .failed(let error): throw error
            case .loading: condition.wait()
            case nil: throw .usage("block \(block) is not leased")
            }
        }
    }

    // MARK: Beforehand

    /// An expert like this one will probably be needed: makes memory for it while there is nothing to load. For a very large one
    /// that would be much to take from who may only have opened the file.
    func prepare(for block: Block) {
        guard block.decodedCapacity <= min(byteLimit, 256 << 20) else { return }
        threads.whenIdle { [loader, readsAhead = threads.readsAhead] in
            loader.prepareBuffers(readsAhead, for: block)
            loader.prepareSlot(for: block)
        }
    }
}
