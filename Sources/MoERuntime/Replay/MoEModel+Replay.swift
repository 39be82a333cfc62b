internal import MoEFormat

extension MoEModel {
    /// Bytes of all routed experts when decoded.
    public func expertBytes() throws(RuntimeError) -> UInt64 {
        var bytes: UInt64 = 0
        do throws(FormatError) {
            for bank in banks {
                for expert in 0..<bank.expertCount {
                    let (sum, overflow) = bytes.addingReportingOverflow(
                        try file.block(ofExpert: expert, in: bank).record.decodedLength)
                    bytes = overflow ? .max : sum
                }
            }
        } catch {
            throw .file(error)
        }
        return bytes
    }

    /// Takes the experts of every step of a trace from the cache that `forward` uses, in the same way, loading what is missing.
    ///
    /// With `Options.lookAhead`, what the trace predicted for a layer is loaded ahead while the layer before it runs.
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
        for (step, predictions) in zip(trace.steps, trace.predictions) {
            for (bank, experts) in zip(banks, step) where !experts.isEmpty {
                var blocks: [ExpertBlock] = []
                do throws(FormatError) {
                    for expert in experts { blocks.append(try file.expertBlock(expert, of: bank)) }
                } catch {
                    throw .file(error)
                }
                uses.append(blocks.map { ($0.id, $0.bytes) })
                let ahead = bank.id + 1
                let expected = ahead < predictions.count ? predictions[ahead].prefix(lookAheadLimit) : []
                let guesses: [ExpertBlock]
                do throws(FormatError) {
                    guesses = try expected.map { (expert) throws(FormatError) in
                        try file.expertBlock(expert, of: banks[ahead])
                    }
                } catch {
                    throw .file(error)
                }
                try cache.sweep(
                    blocks, ofLayer: bank.id,
                    submitted: { if !guesses.isEmpty { cache.lookAhead(to: guesses, ofLayer: ahead) } }
                ) { (block, lease) throws(RuntimeError) in
                    observe(bank.id, Int(block.block.record.expert), lease.hits.contains(block.id))
                    do throws(FormatError) { _ = try lease.parts(of: block.id) } catch { throw .file(error) }
                }
            }
        }
        return BeladyBound.hits(uses, budget: cache.byteLimit)
    }
}
