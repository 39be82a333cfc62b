/// What a layer's description asks of the tensors in its blocks: SPEC.md §12.1, rule R28.
struct LayerTensors {
    private let layer: LayerDescription
    private let router: RouterDescription
    private let functions: [ExpertFunction]
    private let experts: Int

    init(_ layer: LayerDescription, model: ModelDescription, experts: Int) {
        self.layer = layer
        router = model.routers[layer.router]
        functions = model.functions
        self.experts = experts
    }

    /// A part as the rule sees it.
    struct Item {
        let role: Role
        let elements: UInt64
        let rowLength: UInt64
        let orientation: Orientation
        /// Whether the dtype is one that computing reads, by itself or through its scheme.
        let isComputable: Bool
        /// Elements that one stored element stands for: 2 for packed 4-bit codes.
        let packing: UInt64
    }

    /// Latent length between the projections, from the router block; nil without projections.
    func latentLength(of items: [Item]) -> UInt64? {
        items.first { $0.role == .preProjection }.map { $0.elements / UInt64(max(1, layer.hiddenSize)) }
    }

    func checkRouter(_ items: [Item]) throws(FormatError) {
        guard router.kind != .unsupported else { return }
        let table = try Table(items, block: "the router block", gateParts: router.gateParts(experts: experts))
        let choices = UInt64(experts + router.identityExperts)
        let rows = choices + UInt64(router.sharedInRouter)
        let hidden = UInt64(layer.hiddenSize)
        try table.matrix(.routerWeight, outputs: rows, inputs: hidden)
        if router.kind == .hierarchical {
            let groups = UInt64(experts / max(1, router.groupSize))
            try table.matrix(.groupRouterWeight, outputs: groups, inputs: hidden)
            if router.noise != nil { try table.matrix(.groupRouterNoiseWeight, outputs: groups, inputs: hidden) }
        }
        if router.kind == .hash { try table.rows(.tokenExpertTable, of: UInt64(router.topK)) }
        if layer.outputNorm != nil { try table.vector(.outputNormWeight, UInt64(layer.outputSize)) }
        if layer.latentNorm != nil { try table.vector(.latentNormWeight, latentLength(of: items) ?? 0) }
        if layer.expertNorm != nil {
            try table.vector(.expertNormWeight, latentLength(of: items) ?? UInt64(layer.outputSize))
        }
        if router.selectionBias != .none { try table.vector(.selectionBias, choices) }
        if router.perExpertScale { try table.vector(.perExpertScale, UInt64(experts)) }
        if router.noise != nil { try table.matrix(.routerNoiseWeight, outputs: rows, inputs: hidden) }
        try table.optionalVector(.routerBias, rows)
        try table.optionalVector(.routerInputScale, hidden)
        try table.optionalVector(.outputBias, UInt64(layer.outputSize))
        guard table.has(.preProjection) == table.has(.postProjection) else {
            throw .broken(.layerTensors, "one of pre and post projection is missing")
        }
        if let latent = latentLength(of: items) {
            try table.matrix(.preProjection, outputs: latent, inputs: hidden)
            try table.matrix(.postProjection, outputs: UInt64(layer.outputSize), inputs: latent)
            try table.optionalVector(.preProjectionBias, latent)
            try table.optionalVector(.postProjectionBias, UInt64(layer.outputSize))
        }
    }

    func checkExpert(_ items: [Item], latent: UInt64?) throws(FormatError) {
        try check(
            items, function: functions[layer.function], inputs: latent ?? UInt64(layer.hiddenSize),
            size: UInt64(layer.expertSize),
            outputs: latent ?? UInt64(layer.outputSize), block: "an expert")
    }

    func checkShared(_ items: [Item]) throws(FormatError) {
        guard let shared = layer.shared else {
            throw .broken(.layerTensors, "there are shared experts, and the layer describes none")
        }
        let table = try Table(items, block: "a shared expert")
        if shared.gate == .sigmoid { try table.matrix(.sharedGateWeight, outputs: 1, inputs: UInt64(layer.hiddenSize)) }
        let unshared = items.map {
            Item(
                role: $0.role.unshared, elements: $0.elements, rowLength: $0.rowLength, orientation: $0.orientation,
                isComputable: $0.isComputable, packing: $0.packing)
        }
        try check(
            unshared, function: functions[shared.function], inputs: UInt64(layer.hiddenSize),
            size: UInt64(shared.expertSize),
            outputs: UInt64(layer.outputSize), block: "a shared expert")
    }

    private func check(
        _ items: [Item], function: ExpertFunction, inputs: UInt64, size: UInt64, outputs: UInt64, block: String
    ) throws(FormatError) {
        let table = try Table(items, block: block)
        switch function.kind {
        case .unsupported: return
        case .linear:
            try table.matrix(.expertWeight, outputs: outputs, inputs: inputs)
            try table.optionalVector(.expertBias, outputs)
            return
        case .mlp:
            try table.matrix(.upWeight, outputs: size, inputs: inputs)
            try table.optionalVector(.upBias, size)
        case .gated:
            if let fused = [Role.gateUpHalvesWeight, .gateUpInterleavedWeight].first(where: table.has) {
                try table.matrix(fused, outputs: 2 * size, inputs: inputs)
            } else {
                try table.matrix(.gateWeight, outputs: size, inputs: inputs)
                try table.matrix(.upWeight, outputs: size, inputs: inputs)
            }
            for bias in [Role.gateBias, .upBias] { try table.optionalVector(bias, size) }
            for bias in [Role.gateUpHalvesBias, .gateUpInterleavedBias] { try table.optionalVector(bias, 2 * size) }
        }
        try table.matrix(.downWeight, outputs: outputs, inputs: size)
        try table.optionalVector(.downBias, outputs)
    }

    /// A block's parts by role.
    private struct Table {
        private var items: [Role: [Item]] = [:]
        private let block: String

        /// - Parameter gateParts: parts that a role of the second gate may lie in instead of one.
        init(_ list: [Item], block: String, gateParts: Int = 1) throws(FormatError) {
            self.block = block
            for item in list where item.role != .other && item.role != .scale {
                items[item.role, default: []].append(item)
            }
            for (role, parts) in items where parts.count > 1 {
                guard Role.ofSecondGate.contains(role), gateParts > 1 else {
                    throw .broken(.layerTensors, "\(block) has more than one \(role.name)")
                }
                guard parts.count == gateParts else {
                    throw .broken(
                        .layerTensors, "\(block) has \(parts.count) parts of \(role.name) for \(gateParts) groups")
                }
            }
        }

        func has(_ role: Role) -> Bool { items[role] != nil }

        /// Any number of rows of one length.
        func rows(_ role: Role, of length: UInt64) throws(FormatError) {
            try present(role)
            for item in items[role] ?? [] where item.rowLength != length {
                throw .broken(
                    .layerTensors, "\(role.name) of \(block) has rows of \(item.rowLength), \(length) are described")
            }
        }

        func present(_ role: Role) throws(FormatError) {
            guard items[role]?.allSatisfy(\.isComputable) == true else {
                throw .broken(.layerTensors, "\(block) has no \(role.name)")
            }
        }

        /// A matrix in one part, or equal runs of its outputs in several.
        func matrix(_ role: Role, outputs: UInt64, inputs: UInt64) throws(FormatError) {
            guard let parts = items[role] else { throw .broken(.layerTensors, "\(block) has no \(role.name)") }
            for part in parts { try matrix(part, role, outputs: outputs / UInt64(parts.count), inputs: inputs) }
        }

        private func matrix(_ item: Item, _ role: Role, outputs: UInt64, inputs: UInt64) throws(FormatError) {
            let rowLength = item.orientation == .rowsAreInputs ? outputs : inputs
            // Packed codes lie in rows of their scheme, not of the matrix.
            let fitsRows = item.packing > 1 || item.rowLength == rowLength
            guard item.isComputable, item.orientation != .none, fitsRows,
                item.elements *? item.packing == outputs *? inputs
            else {
                throw .broken(
                    .layerTensors,
                    "\(role.name) of \(block) has \(item.elements) elements in rows of \(item.rowLength), \(outputs) outputs and \(inputs) inputs are described"
                )
            }
        }

        func vector(_ role: Role, _ count: UInt64) throws(FormatError) {
            try present(role)
            try optionalVector(role, count)
        }

        func optionalVector(_ role: Role, _ count: UInt64) throws(FormatError) {
            guard let parts = items[role] else { return }
            let share = count / UInt64(parts.count)
            for item in parts where item.elements != share || !item.isComputable {
                throw .broken(
                    .layerTensors, "\(role.name) of \(block) has \(item.elements) elements, \(share) are described")
            }
        }
    }
}

extension ModelFile {
    /// Checks a block's tensors against its layer's description; nothing for dense blocks.
    ///
    /// - Parameter latent: `latentLength(of:)` of the block's bank, for those who check several of its blocks.
    /// - Throws: `FormatError` by R28.
    package func checkLayer(of block: Block, latent: UInt64?? = .none) throws(FormatError) {
        guard block.record.bank != none32, Int(block.record.bank) < banks.count else { return }
        let bank = banks[Int(block.record.bank)]
        let tensors = LayerTensors(model.layers[bank.id], model: model, experts: bank.expertCount)
        let items = try items(of: block)
        switch BlockKind(rawValue: block.record.kind) {
        case .router: try tensors.checkRouter(items)
        case .shared: try tensors.checkShared(items)
        case .expert:
            let known: UInt64? = if let latent { latent } else { try latentLength(of: bank) }
            try tensors.checkExpert(items, latent: known)
        default: break
        }
    }

    /// Checks a shared block against the description of a layer that adds it.
    ///
    /// - Throws: `FormatError` by R28.
    package func checkShared(_ block: Block, asOf bank: Bank) throws(FormatError) {
        let tensors = LayerTensors(layer(of: bank), model: model, experts: bank.expertCount)
        try tensors.checkShared(try items(of: block))
    }

    /// Length of what a bank's routed experts work on, where projections make it another than the layer's; nil where there are none.
    ///
    /// - Complexity: O(parts of the router's block).
    package func latentLength(of bank: Bank) throws(FormatError) -> UInt64? {
        guard let router = bank.routerBlock else { return nil }
        let tensors = LayerTensors(model.layers[bank.id], model: model, experts: bank.expertCount)
        return tensors.latentLength(of: try items(of: block(at: router)))
    }

    private func items(of block: Block) throws(FormatError) -> [LayerTensors.Item] {
        var items: [LayerTensors.Item] = []
        for (part, dtype) in zip(block.parts, block.dtypes) {
            let scheme = part.record.scheme == 0 ? nil : model.quantization[Int(part.record.scheme) - 1]
            let isPlain = [Dtype.f16, .bf16, .f32, .f64].contains(dtype)
            let isInteger = [Dtype.i16, .u16, .i32, .u32, .i64, .u64, .i8, .u8].contains(dtype)
            let isScaled = scheme == nil ? false : try companions(of: part)[.scale] != nil
            items.append(
                LayerTensors.Item(
                    role: part.role, elements: part.elementCount, rowLength: part.record.rowLength,
                    orientation: part.orientation,
                    isComputable: part.role == .tokenExpertTable ? isInteger : isPlain || isScaled,
                    packing: scheme?.element == .mxfp4 ? 2 : 1))
        }
        return items
    }
}
