internal import MoEFormat

extension MoELayer {
    /// Brings experts into memory and lends their tensors for the length of a call, for kernels of your own.
    ///
    /// The experts count as used: they are hits or misses of the statistics and earn their place in memory like those that
    /// `forward` uses. They are not evicted before `body` returns, so a long `body` keeps their share of the budget from
    /// others. It may run layers of the same model, in what room is left beside what is lent. Raw tensors of a mapped file are
    /// lent as copies outside the budget: a file that shrinks under its mapping must not end the process.
    ///
    /// ```swift
    /// let routing = try layer.route(hidden, tokens: 1)
    /// try layer.withExperts(routing.experts[0]) { experts in
    ///     for expert in experts { expert[.upWeight]?.withBytes { myKernel($0) } }
    /// }
    /// ```
    /// - Parameters:
    ///   - experts: their numbers. Identity experts have no weights and cannot be lent.
    ///   - body: gets the experts in that order, for the length of the call.
    /// - Throws: `RuntimeError`: `budgetTooSmall` when they do not fit the budget together, or beside what is lent already; `file`
    ///   of kind `usage` for an expert that the layer does not have, of kind `damaged` or `io` when one cannot be loaded. Whatever
    ///   `body` throws.
    public func withExperts<Result>(
        _ experts: [Int], _ body: ([ExpertTensors]) throws -> Result
    ) throws -> Result {
        let blocks = model.cache.beginRun(ofLayer: bank.id, using: try blocks(of: experts))
        return try model.cache.lend(blocks, ofLayer: bank.id) { lease in
            let lent: [ExpertTensors]
            do throws(FormatError) {
                lent = try experts.map { expert throws(FormatError) in
                    let parts = try lease.parts(of: try model.file.expertBlock(expert, of: bank).id)
                    return ExpertTensors(
                        expert: expert,
                        tensors: try parts.map { part throws(FormatError) in
                            try ExpertTensor(part, path: model.file.path)
                        })
                }
            } catch {
                throw RuntimeError.file(error)
            }
            return try body(lent)
        }
    }
}
