public import MoEFormat
internal import MoESystem

/// One MoE layer of an open model: routes tokens, pages in the experts they need, and computes.
///
/// Holds the router's tensors; experts come and go with the model's budget. Safe to use from several threads at once.
public final class MoELayer: Sendable {
    /// The layer's experts as the file lists them.
    public let bank: Bank
    /// Length of a token's input.
    public let hiddenSize: Int
    /// Length of a token's output.
    public let outputSize: Int
    /// How the layer routes.
    public let routerDescription: RouterDescription

    let model: MoEModel
    private let contents: LayerContents
    private var router: Router { contents.router }
    private var compute: LayerCompute { contents.compute }
    private var shared: [ExpertBlock] { contents.shared }

    init(_ bank: Bank, _ contents: LayerContents, of model: MoEModel) {
        self.bank = bank
        self.contents = contents
        self.model = model
        hiddenSize = contents.compute.description.hiddenSize
        outputSize = contents.compute.description.outputSize
        routerDescription = contents.description
    }

    /// Experts with weights.
    public var expertCount: Int { bank.expertCount }

    // MARK: Running

    /// Routes tokens without running experts.
    ///
    /// - Parameters:
    ///   - hidden: [tokens, hidden size], row-major.
    ///   - tokens: how many rows `hidden` has.
    ///   - options: what beside the states decides the choice: token ids, capacity, noise.
    /// - Throws: `RuntimeError.file` of kind `usage` when `hidden` has another length.
    public func route(
        _ hidden: [Float], tokens: Int, options: ForwardOptions = ForwardOptions()
    ) throws(RuntimeError) -> Routing {
        var routing = RoutingOptions()
        routing.tokenIDs = options.tokenIDs
        routing.appliesCapacity = options.appliesCapacity
        routing.noiseSeed = options.noiseSeed
        routing.firstToken = options.firstToken
        routing.layer = bank.layer ?? bank.id
        let asked = routing
        do throws(FormatError) {
            return try model.clock.time(.routing) { () throws(FormatError) in
                try router.route(hidden, tokens: tokens, options: asked, workers: Workers(model.jobs))
            }
        } catch {
            throw .file(error)
        }
    }

    /// Computes the layer for some tokens; loads the experts that they are routed to and that are not in memory.
    ///
    /// The bits of a token's output depend neither on its batch (capacity and expert choice excepted) nor on budget, engine,
    /// threads, or what is in memory.
    /// - Parameters:
    ///   - hidden: [tokens, hidden size], row-major: the input of the MoE block.
    ///   - tokens: how many rows `hidden` has.
    ///   - options: what beside the states decides the choice: token ids, capacity, noise.
    /// - Throws: `RuntimeError`: `budgetTooSmall` when one expert alone exceeds the budget; `file` when an expert that is
    ///   needed is damaged, in which case others stay usable.
    public func forward(
        _ hidden: [Float], tokens: Int, options: ForwardOptions = ForwardOptions()
    ) throws(RuntimeError) -> LayerResult {
        try forward(hidden, tokens: tokens, options: options, isCancelled: { false })
    }

    /// `forward` for asynchronous callers; heeds the cancellation of its task between experts and while it waits for room.
    public func forward(
        _ hidden: [Float], tokens: Int, options: ForwardOptions = ForwardOptions()
    ) async throws(RuntimeError) -> LayerResult {
        let flag = CancellationFlag()
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                BlockingWork.run {
                    continuation.resume(
                        returning: Result { () throws(RuntimeError) in
                            try self.forward(hidden, tokens: tokens, options: options, isCancelled: { flag.isSet })
                        })
                }
            }
        } onCancel: {
            flag.set()
            model.cache.wakeWaiting()
        }
        return try outcome.get()
    }

    private func forward(
        _ hidden: [Float], tokens: Int, options: ForwardOptions, isCancelled: () -> Bool
    ) throws(RuntimeError) -> LayerResult {
        if isCancelled() { throw .cancelled }
        let routing = try route(hidden, tokens: tokens, options: options)
        let values = tokens *? outputSize
        do throws(FormatError) {
            try FormatError.checkMemory(values *? MemoryLayout<Float>.size ?? .max)
        } catch {
            throw .file(error)
        }
        var output = [Float](repeating: 0, count: values ?? 0)
        var buffers = LayerBuffers()
        for run in try waves(of: routing) {
            let wave = compute.begin(
                hidden, tokens: run, routing: routing, buffers: &buffers, workers: Workers(model.jobs))
            try add(expertsOf: wave, isCancelled: isCancelled) {
                // Whole batches use most experts anyway.
                if tokens == 1 { lookAheadToNext(hidden, options: options) }
            }
            model.clock.time(.computing) { wave.finish(into: &output, buffers: &buffers, workers: Workers(model.jobs)) }
        }
        return LayerResult(output: output, routing: routing)
    }

    /// Cuts a batch into runs of tokens: short ones, whose outputs take little memory, where the batch's experts stay in memory
    /// from run to run; where they do not, it goes through in one if memory allows, so that each expert is read once.
    private func waves(of routing: Routing) throws(RuntimeError) -> [Range<Int>] {
        let waves = compute.waves(of: routing)
        guard waves.count > 1 else { return waves }
        // What blocks declare may be more than can be counted: then it is surely too much.
        var bytes: Int? = shared.reduce(Int?(0)) { $0 +? $1.bytes }
        do throws(FormatError) {
            for expert in Set(routing.expertIDs) where expert < expertCount {
                bytes = bytes +? (try model.file.expertBlock(Int(expert), of: bank).bytes)
            }
        } catch {
            throw .file(error)
        }
        if let bytes, bytes <= model.cache.byteLimit { return waves }
        return compute.waves(of: routing, bytes: max(LayerCompute.waveBytes, Int(clamping: MemoryLimit.bytes / 8)))
    }

    /// Adds all experts of a wave, those in memory first while the others load.
    private func add(expertsOf wave: LayerWave, isCancelled: () -> Bool, submitted: () -> Void) throws(RuntimeError) {
        // Nothing is read or evicted for what nobody waits for.
        if isCancelled() { throw .cancelled }
        var scratch = ExpertScratch()
        let needed = try needed(for: wave)
        let byBlock = Dictionary(uniqueKeysWithValues: needed.map { ($0.block.id, $0) })
        try model.cache.sweep(needed.map(\.block), ofLayer: bank.id, isCancelled: isCancelled, submitted: submitted) {
            (block, lease) throws(RuntimeError) in
            if isCancelled() { throw .cancelled }
            guard let needed = byBlock[block.id] else { return }
            do throws(FormatError) {
                let parts = try model.clock.time(.waiting) { () throws(FormatError) in try lease.parts(of: block.id) }
                try add(needed, parts, to: wave, scratch: &scratch)
                // What was computed from pages that a mapping has lost is worth nothing.
                if let lost = parts.compactMap(\.matrix.elements.region).first(where: \.isLost) {
                    throw BlockLoader.lostPages(of: lost.path)
                }
            } catch {
                throw .file(error)
            }
        }
    }

    /// The shared experts and the routed ones that a wave uses.
    private func needed(for wave: LayerWave) throws(RuntimeError) -> [Needed] {
        var needed: [Needed] = []
        for index in shared.indices where !wave.tokens.isEmpty {
            needed.append(Needed(id: index, isShared: true, block: shared[index]))
        }
        do throws(FormatError) {
            for id in wave.experts {
                needed.append(Needed(id: id, isShared: false, block: try model.file.expertBlock(id, of: bank)))
            }
        } catch {
            throw .file(error)
        }
        return needed
    }

    private struct Needed {
        let id: Int
        let isShared: Bool
        let block: ExpertBlock
    }

    private func add(_ needed: Needed, _ parts: [StoredPart], to wave: LayerWave, scratch: inout ExpertScratch)
        throws(FormatError)
    {
        let workers = Workers(model.jobs)
        if needed.isShared {
            let weights = try compute.shared(needed.id, parts)
            model.clock.time(.computing) { wave.add(shared: needed.id, weights, scratch: &scratch, workers: workers) }
        } else {
            let weights = try compute.expert(needed.id, parts)
            model.clock.time(.computing) { wave.add(needed.id, weights, scratch: &scratch, workers: workers) }
        }
    }

    // MARK: Loading ahead

    /// Begins to load experts that will be needed soon and returns at once; what does not fit the budget is left out.
    ///
    /// - Throws: `RuntimeError.file` of kind `usage` for an expert that the layer does not have.
    public func prefetch(experts: [Int]) throws(RuntimeError) {
        model.cache.prefetch(try blocks(of: experts), ofLayer: bank.id)
    }

    /// The blocks of some experts, each once.
    ///
    /// - Throws: `RuntimeError.file` of kind `usage` for an expert that the layer does not have.
    func blocks(of experts: [Int]) throws(RuntimeError) -> [ExpertBlock] {
        do throws(FormatError) {
            return try Set(experts).sorted().map { expert throws(FormatError) in
                guard (0..<expertCount).contains(expert) else {
                    throw .usage("there is no expert \(expert) of \(expertCount)")
                }
                return try model.file.expertBlock(expert, of: bank)
            }
        } catch {
            throw .file(error)
        }
    }

    /// Routes one token early and begins to load what this layer will probably use: for a token loop, between the layers
    /// before and this one, with the best guess of this layer's input at hand.
    ///
    /// ```swift
    /// let output = try model.layer(n).forward(x, tokens: 1).output
    /// residual += output
    /// try model.layer(n + 1).lookAhead(norm(residual))    // its experts load while attention is computed
    /// ```
    ///
    /// Of the experts that the router would choose, the first `Options.lookAhead` are loaded, less likely ones last, unless
    /// they are in memory; none is evicted for them that is in use. Nothing happens when `Options.lookAhead` is 0, or when
    /// looking ahead has ended itself: wrong guesses keep the disk from what is needed, and often cost more than right ones
    /// save. Without this call `forward` of one token looks ahead from the layer's own input to the next layer in the file.
    /// - Parameter hidden: [hidden size].
    /// - Throws: `RuntimeError.file` of kind `usage` when `hidden` has another length.
    public func lookAhead(_ hidden: [Float], options: ForwardOptions = ForwardOptions()) throws(RuntimeError) {
        guard model.lookAheadLimit > 0, model.cache.isLookingAhead else { return }
        let routing = try route(hidden, tokens: 1, options: options)
        let chosen = (routing.experts.first ?? []).filter { $0 < expertCount }.prefix(model.lookAheadLimit)
        try lookAhead(to: Array(chosen))
    }

    /// - Parameter experts: of this layer, those that are most likely first.
    func lookAhead(to experts: [Int]) throws(RuntimeError) {
        do throws(FormatError) {
            var blocks: [ExpertBlock] = []
            for expert in experts { blocks.append(try model.file.expertBlock(expert, of: bank)) }
            model.cache.lookAhead(to: blocks, ofLayer: bank.id)
        } catch {
            throw .file(error)
        }
    }

    /// Looks ahead from a token's input of this layer to the next one; a layer that cannot run is left to fail by itself.
    private func lookAheadToNext(_ hidden: [Float], options: ForwardOptions) {
        guard model.lookAheadLimit > 0, bank.id + 1 < model.banks.count,
            let next = try? model.layer(of: model.banks[bank.id + 1]), next.hiddenSize == hiddenSize
        else { return }
        try? next.lookAhead(hidden, options: options)
    }
}
