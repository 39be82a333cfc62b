public import MoEFormat
internal import MoESystem
internal import Synchronization

/// A Mixture-of-Experts model in a `.moe` file, of which only the experts that routing chooses come into memory.
///
/// Opening reads a few pages. Layers are run one at a time from the caller's own hidden states; their experts share one
/// memory budget. Safe to use from several threads at once.
///
/// ```swift
/// let model = try MoEModel(opening: "mixtral.moe", options: .init(memoryBudget: .mebibytes(512)))
/// let layer = try model.layer(0)
/// let result = try layer.forward(hidden, tokens: 6)   // hidden: [tokens, hiddenSize], row-major
/// ```
public final class MoEModel: Sendable {
    /// How a model is opened.
    public struct Options: Hashable, Sendable {
        /// Bytes of experts in memory at once; layers' routers come on top.
        public var memoryBudget: MemoryBudget
        public var engine: IOEngine
        public var policy: CachePolicy
        /// Threads that load and compute; nil for as many as there are processors. Results do not depend on it.
        public var jobs: Int?
        /// Experts at most that are loaded ahead of need for a layer, see `MoELayer.lookAhead`; 0 for none. Results do not
        /// depend on it.
        public var lookAhead: Int

        public init(
            memoryBudget: MemoryBudget = .automatic, engine: IOEngine = .read, policy: CachePolicy = .ewma2,
            jobs: Int? = nil, lookAhead: Int = 0
        ) {
            self.memoryBudget = memoryBudget
            self.engine = engine
            self.policy = policy
            self.jobs = jobs
            self.lookAhead = lookAhead
        }
    }

    /// The file underneath: its tensors, banks and description.
    public let file: ModelFile

    let cache: ExpertCache
    let loader: BlockLoader
    let counters = LoadCounters()
    let clock = PhaseClock()
    let jobs: Int
    let lookAheadLimit: Int
    private let routerBytesRead = Atomic<UInt64>(0)
    /// What layers that were asked for need besides their experts.
    private let layers = Locked<[Int: LayerContents]>([:])

    /// Opens a file.
    ///
    /// - Throws: `RuntimeError`: `file` when the file is damaged or cannot be read; `budgetTooSmall` when the budget is
    ///   automatic and there is not the memory for one expert.
    /// - Complexity: O(banks), independent of the size of the weights.
    public init(opening path: String, options: Options = Options()) throws(RuntimeError) {
        jobs = max(1, options.jobs ?? ProcessorCount.available)
        lookAheadLimit = max(0, options.lookAhead)
        do throws(FormatError) {
            file = try ModelFile(opening: path)
            // A set of which something is missing shows it now, not when an expert is wanted.
            try file.set?.checkMembers()
        } catch {
            throw .file(error)
        }
        let budget = try options.memoryBudget.byteCount(for: file)
        let slots = SlotPool(byteLimit: budget)
        do throws(FormatError) {
            loader = try BlockLoader(file, engine: options.engine, slots: slots, counters: counters)
        } catch {
            throw .file(error)
        }
        cache = ExpertCache(
            loader, slots: slots, budget: budget, policy: options.policy,
            layerCount: file.banks.count, jobs: jobs)
        // Experts are mostly alike. One that is damaged fails when it is wanted.
        if let bank = file.banks.first(where: { $0.expertCount > 0 }), let first = try? file.expertBlock(0, of: bank) {
            cache.prepare(for: first.block)
        }
    }

    /// The engine in use: the one asked for, or `read` where the file system has no direct reads.
    public var engine: IOEngine { loader.engine }

    /// The MoE layers, in file order.
    public var banks: [Bank] { file.banks }

    /// The layer of that number, as the model counts its layers.
    ///
    /// - Throws: `RuntimeError.file`: of kind `usage` when there is none or two banks share the number; `unsupported` when the
    ///   layer's router is outside the described kinds; `damaged` when its tensors do not fit its description.
    public func layer(_ number: Int) throws(RuntimeError) -> MoELayer { try layer(named: String(number)) }

    /// The layer of that bank path, as in `decoder.block.1.layer.2.mlp`, or of that number.
    public func layer(named name: String) throws(RuntimeError) -> MoELayer {
        do throws(FormatError) {
            return try layer(of: file.bank(named: name))
        } catch {
            throw .file(error)
        }
    }

    func layer(of bank: Bank) throws(FormatError) -> MoELayer {
        MoELayer(bank, try contents(of: bank), of: self)
    }

    private func contents(of bank: Bank) throws(FormatError) -> LayerContents {
        if let known = layers.withLock({ $0[bank.id] }) { return known }
        // Two threads may both read the router; both get the same in the end.
        let contents = try LayerContents(of: bank, in: file)
        routerBytesRead.wrappingAdd(UInt64(contents.routerBytes), ordering: .relaxed)
        return layers.withLock { layers in
            if let first = layers[bank.id] { return first }
            layers[bank.id] = contents
            return contents
        }
    }

    /// What has been done so far.
    public var statistics: RuntimeStatistics {
        let snapshot = cache.snapshot
        let seconds = clock.seconds
        var statistics = RuntimeStatistics()
        statistics.hits = snapshot.hits
        statistics.misses = snapshot.misses
        statistics.bytesRead = counters.bytesRead.load(ordering: .relaxed)
        statistics.routerBytesRead = routerBytesRead.load(ordering: .relaxed)
        statistics.blocksLoaded = counters.blocksLoaded.load(ordering: .relaxed)
        statistics.chunksDecoded = counters.chunksDecoded.load(ordering: .relaxed)
        statistics.routingSeconds = seconds.routing
        statistics.waitingSeconds = seconds.waiting
        statistics.computingSeconds = seconds.computing
        statistics.bytesResident = snapshot.residentBytes
        statistics.peakBytesResident = snapshot.peakBytes
        statistics.lookAhead = snapshot.lookAhead
        return statistics
    }

    /// The memory budget in bytes.
    public var memoryBudget: Int { cache.byteLimit }

    /// Changes the memory budget while the model runs; results do not change with it.
    ///
    /// Experts that no longer fit go at once, those in use as soon as their layer is done.
    ///
    /// - Throws: `RuntimeError.budgetTooSmall` when the budget is automatic and there is not the memory for one expert.
    public func setMemoryBudget(_ budget: MemoryBudget) throws(RuntimeError) {
        cache.setBudget(try budget.byteCount(for: file))
    }

    /// The smallest memory budget with which every layer can run, in bytes: that of the largest expert, shared ones included.
    ///
    /// - Throws: `RuntimeError.file` when the directory is damaged.
    public func smallestMemoryBudget() throws(RuntimeError) -> Int {
        do throws(FormatError) { return try file.largestExpertBlock() } catch { throw .file(error) }
    }
}
