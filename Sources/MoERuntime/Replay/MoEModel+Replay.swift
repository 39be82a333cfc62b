internal import MoEFormat

extension MoEModel {
    /// Bytes of all routed experts when decoded.
    public func expertBytes() throws(RuntimeError) -> UInt64 {
        var bytes: UInt64 = 0
        do throws(FormatError) {
            for bank in banks {
                for expert in 0..<bank.expertCount {
                    bytes += try file.block(ofExpert: expert, in: bank).record.decodedLength
                }
            }
        } catch {
            throw .file(error)
        }
        return bytes
    }

    /// Leases the experts of every step of a trace from the cache that `forward` uses, loading what is missing.
    ///
    /// - Returns: the hits of Belady's policy on the same trace and budget, which no policy without foresight exceeds.
    /// - Throws: `RuntimeError`: `budgetTooSmall` when the experts of one step do not fit.
    public func replay(_ trace: RoutingTrace) throws(RuntimeError) -> Int {
        try replay(trace) { _, _, _ in }
    }

    /// The same, telling of each use whether the expert was in memory.
    package func replay(
        _ trace: RoutingTrace, observe: (_ bank: Int, _ expert: Int, _ isHit: Bool) -> Void
    ) throws(RuntimeError) -> Int {
        var uses: [BeladyBound.Step] = []
        for step in trace.steps {
            for (bank, experts) in zip(banks, step) where !experts.isEmpty {
                var blocks: [(block: Block, bytes: Int)] = []
                do throws(FormatError) {
                    for expert in experts {
                        let block = try file.block(ofExpert: expert, in: bank)
                        blocks.append((block, Int(clamping: block.record.decodedLength)))
                    }
                } catch {
                    throw .file(error)
                }
                uses.append(blocks.map { ($0.block.id, $0.bytes) })
                var waiting = blocks[...]
                while !waiting.isEmpty {
                    let group = MoELayer.firstGroup(of: waiting, within: cache.byteLimit, bytes: \.bytes)
                    waiting = waiting.dropFirst(group.count)
                    let lease = try cache.lease(Array(group), ofLayer: bank.id)
                    do throws(FormatError) {
                        for (block, _) in group {
                            observe(bank.id, Int(block.record.expert), lease.hits.contains(block.id))
                            _ = try lease.parts(of: block.id)
                        }
                    } catch {
                        throw .file(error)
                    }
                }
            }
        }
        return BeladyBound.hits(uses, budget: cache.byteLimit)
    }
}
