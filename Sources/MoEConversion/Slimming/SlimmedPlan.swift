import MoEFormat

/// A plan that is cut down step by step, with the views of the checkpoint's tensors that it then needs.
struct SlimmedPlan {
    private(set) var plan: ConversionPlan
    /// One a tensor of the plan.
    private(set) var views: [TensorView]
    private(set) var notes: [String] = []
    /// Whether tensors or parts of them are missing.
    private(set) var isCut = false
    /// Whether tensors are of another type than the source's.
    private(set) var isCast = false
    /// The tensor of the plan that holds each of the checkpoint's.
    private(set) var numbers: [Int: Int]

    init(_ plan: ConversionPlan) {
        self.plan = plan
        views = plan.tensors.enumerated().map { TensorView($0.offset, elements: $0.element.countedElements) }
        numbers = Dictionary(uniqueKeysWithValues: plan.tensors.indices.map { ($0, $0) })
    }

    // MARK: Types

    /// Gives every plain floating-point tensor another type; quantised ones, their scales and all else stay.
    mutating func cast(to dtype: Dtype) {
        var scales: Set<Int> = []
        for part in plan.blocks.flatMap(\.parts) where part.role == .scale || part.scheme != 0 {
            scales.insert(part.tensor)
        }
        var changed: Set<Int> = []
        for tensor in plan.tensors.indices
        where FloatCast.dtypes.contains(plan.tensors[tensor].dtype) && plan.tensors[tensor].dtype != dtype
            && !scales.contains(tensor)
        {
            plan.tensors[tensor].dtype = dtype
            views[tensor].cast = dtype
            changed.insert(tensor)
        }
        reencode(changed)
        if !changed.isEmpty { isCast = true }
    }

    // MARK: Cuts

    /// Keeps some experts of every layer, and of the routers what belongs to them.
    ///
    /// - Throws: `ConversionError.usage` for a router that a cut would make another.
    mutating func keep(experts: Range<Int>) throws(ConversionError) {
        for (number, bank) in plan.banks.enumerated() {
            guard experts.upperBound <= bank.expertCount else {
                throw .usage(
                    "--experts \(experts.lowerBound)-\(experts.upperBound - 1): layer \(bank.path) has \(bank.expertCount) experts"
                )
            }
            try RouterCut.check(
                plan.model.routers[plan.model.layers[number].router], of: bank.path, keeping: experts.count)
        }
        guard !plan.banks.isEmpty else { throw .usage("--experts: there are no experts") }
        var changed: Set<Int> = []
        for block in plan.blocks where block.kind == .router {
            guard let number = block.bank else { continue }
            for part in block.parts where RouterCut.hasExpertAxis(part.role) {
                let cut = RouterCut(of: part, in: plan.banks[number], to: experts)
                try cut.apply(to: &plan, view: &views[part.tensor])
                changed.insert(part.tensor)
            }
        }
        renumberNames(of: experts)
        plan.blocks.removeAll { $0.kind == .expert && !experts.contains($0.expert ?? 0) }
        for index in plan.blocks.indices where plan.blocks[index].kind == .expert {
            plan.blocks[index].expert = (plan.blocks[index].expert ?? 0) - experts.lowerBound
        }
        for index in plan.banks.indices { plan.banks[index].expertCount = experts.count }
        reencode(changed)
        try closeGaps(unless: changed)
    }

    /// Gives the experts that stay the names of the first ones, whose numbers are theirs from now on: the first expert's tensors
    /// are called as they were in the whole model, so that what is written from the cut can be read again.
    ///
    /// A bank whose experts are not all made of alike tensors keeps its names.
    private mutating func renumberNames(of experts: Range<Int>) {
        guard experts.lowerBound > 0 else { return }
        var blocks: [Int: [Int: [ConversionPlan.Part]]] = [:]
        for block in plan.blocks where block.kind == .expert {
            if let bank = block.bank, let expert = block.expert { blocks[bank, default: [:]][expert] = block.parts }
        }
        /// The tensor whose name each one takes.
        var donors: [Int: Int] = [:]
        for bank in blocks.values {
            var own: [Int: Int] = [:]
            let isAlike = experts.allSatisfy { expert in
                guard let kept = bank[expert], let first = bank[expert - experts.lowerBound] else { return false }
                return kept.map(\.role) == first.map(\.role)
                    && zip(kept, first).allSatisfy { part, donor in
                        guard holdsWhole(part) else { return !holdsWhole(donor) }
                        own[part.tensor] = donor.tensor
                        return holdsWhole(donor)
                    }
            }
            if isAlike { donors.merge(own) { $1 } }
        }
        let names = plan.tensors.map(\.name)
        let aliases = Dictionary(grouping: plan.aliases, by: \.tensor)
        for (tensor, donor) in donors { plan.tensors[tensor].name = names[donor] }
        plan.aliases.removeAll { donors[$0.tensor] != nil }
        for (tensor, donor) in donors.sorted(by: { $0.key < $1.key }) {
            plan.aliases += (aliases[donor] ?? []).map { ($0.name, tensor) }
        }
    }

    /// Whether a part is all of its tensor.
    private func holdsWhole(_ part: ConversionPlan.Part) -> Bool {
        part.elementCount == plan.tensors[part.tensor].countedElements
    }

    /// Keeps the layers of some numbers: their banks, and of the other tensors those that belong to no other layer.
    ///
    /// - Throws: `ConversionError.usage` when no MoE layer stays.
    mutating func keep(layers: Range<Int>) throws(ConversionError) {
        let owners = LayerOwners(plan.banks)
        let kept = plan.banks.indices.filter { plan.banks[$0].layer.map(layers.contains) ?? false }
        guard !kept.isEmpty else {
            throw .usage("--layers \(layers.lowerBound)-\(layers.upperBound - 1): no MoE layer has such a number")
        }
        var numbers: [Int: Int] = [:]
        for (new, old) in kept.enumerated() { numbers[old] = new }
        plan.blocks = plan.blocks.compactMap { block in
            var block = block
            guard let bank = block.bank else {
                let stays = block.parts.allSatisfy {
                    owners.layer(of: plan.tensors[$0.tensor].name).map(layers.contains) ?? true
                }
                return stays ? block : nil
            }
            guard let number = numbers[bank] else { return nil }
            block.bank = number
            return block
        }
        plan.model.layers = try kept.map { (bank) throws(ConversionError) in
            var layer = plan.model.layers[bank]
            guard let owner = layer.shared?.bank else { return layer }
            guard let number = numbers[owner] else {
                throw .usage("--layers: \(plan.banks[owner].path) must stay, whose shared experts another layer adds")
            }
            layer.shared?.bank = number
            return layer
        }
        plan.banks = kept.map { plan.banks[$0] }
        plan.model.dropUnused()
        // Tensors without elements lie in no block.
        let empty = plan.tensors.indices.filter {
            plan.tensors[$0].countedElements == 0
                && owners.layer(of: plan.tensors[$0].name).map(layers.contains) ?? true
        }
        try closeGaps(unless: [], keeping: Set(empty))
    }

    // MARK: Equal tensors

    /// Makes tensors further names of the first one that is equal.
    ///
    /// - Parameter originals: for each tensor that is dropped, the equal one before it.
    mutating func merge(_ originals: [Int: Int]) throws(ConversionError) {
        guard !originals.isEmpty else { return }
        for index in plan.aliases.indices {
            if let original = originals[plan.aliases[index].tensor] { plan.aliases[index].tensor = original }
        }
        for (copy, original) in originals.sorted(by: { $0.key < $1.key }) {
            plan.aliases.append((plan.tensors[copy].name, original))
        }
        for (base, number) in numbers { if let original = originals[number] { numbers[base] = original } }
        plan.blocks.removeAll { block in block.parts.allSatisfy { originals[$0.tensor] != nil } && !block.parts.isEmpty
        }
        let bytes = originals.keys.reduce(UInt64(0)) { $0 + plan.tensors[$1].byteCount }
        notes.append("\(originals.count) tensors of \(bytes) bytes are equal to others and stored once")
        let wasCut = isCut
        try closeGaps(
            unless: [],
            keeping: Set(plan.tensors.indices.filter { plan.tensors[$0].countedElements == 0 && originals[$0] == nil }))
        isCut = wasCut
    }

    // MARK: Steps

    /// Drops tensors that no block holds, and makes those that lost some of their parts what is left of them.
    private mutating func closeGaps(unless whole: Set<Int>, keeping kept: Set<Int> = []) throws(ConversionError) {
        var places: [Int: [(block: Int, part: Int)]] = [:]
        for (block, planned) in plan.blocks.enumerated() {
            for (part, content) in planned.parts.enumerated() {
                places[content.tensor, default: []].append((block, part))
            }
        }
        var changed: Set<Int> = []
        for (tensor, list) in places {
            let parts = list.map { plan.blocks[$0.block].parts[$0.part] }.sorted { $0.startElement < $1.startElement }
            guard let first = parts.first, let last = parts.last else { continue }
            let range = first.startElement..<last.startElement + last.elementCount
            let total = plan.tensors[tensor].countedElements
            guard range != 0..<total else { continue }
            guard parts.reduce(0, { $0 + $1.elementCount }) == UInt64(range.count) else {
                throw .usage(
                    "tensor \(plan.tensors[tensor].name) cannot be cut: what would stay of it does not lie together")
            }
            guard let shape = Self.shape(plan.tensors[tensor].shape, elements: UInt64(range.count), of: total) else {
                throw .usage(
                    "tensor \(plan.tensors[tensor].name) of shape \(plan.tensors[tensor].shape) cannot be cut along its first dimension"
                )
            }
            plan.tensors[tensor].shape = shape
            views[tensor].kept =
                views[tensor].kept.lowerBound + range.lowerBound..<views[tensor].kept.lowerBound + range.upperBound
            for place in list { plan.blocks[place.block].parts[place.part].startElement -= range.lowerBound }
            changed.insert(tensor)
        }
        // The stored bytes of what is left are still good; only the whole's hash is not.
        for tensor in changed { plan.contentHashes[tensor] = nil }
        let stays = plan.tensors.indices.filter {
            places[$0] != nil || kept.contains($0) || (kept.isEmpty && plan.tensors[$0].countedElements == 0)
        }
        if stays.count < plan.tensors.count || !changed.isEmpty || !whole.isEmpty { isCut = true }
        renumber(stays)
    }

    private mutating func renumber(_ stays: [Int]) {
        var numbers: [Int: Int] = [:]
        for (new, old) in stays.enumerated() { numbers[old] = new }
        self.numbers = self.numbers.compactMapValues { numbers[$0] }
        for block in plan.blocks.indices {
            for part in plan.blocks[block].parts.indices {
                // A part's tensor stays: that is why it does.
                plan.blocks[block].parts[part].tensor = numbers[plan.blocks[block].parts[part].tensor] ?? 0
            }
        }
        plan.aliases = plan.aliases.compactMap { alias in numbers[alias.tensor].map { (alias.name, $0) } }
        var hashes: [Int: ContentHash] = [:]
        for (old, hash) in plan.contentHashes { if let new = numbers[old] { hashes[new] = hash } }
        plan.contentHashes = hashes
        plan.tensors = stays.map { plan.tensors[$0] }
        views = stays.map { views[$0] }
    }

    /// The stored bytes of these tensors are no longer theirs.
    private mutating func reencode(_ tensors: Set<Int>) {
        guard !tensors.isEmpty else { return }
        for tensor in tensors { plan.contentHashes[tensor] = nil }
        for block in plan.blocks.indices {
            for part in plan.blocks[block].parts.indices where tensors.contains(plan.blocks[block].parts[part].tensor) {
                plan.blocks[block].parts[part].stored = nil
                plan.blocks[block].alignment = nil
            }
        }
    }

    /// The shape with fewer elements along its first dimension; nil when they are no whole steps of it.
    private static func shape(_ shape: [Int], elements: UInt64, of total: UInt64) -> [Int]? {
        guard let first = shape.first, first > 0, total > 0 else { return nil }
        let step = total / UInt64(first)
        guard step > 0, elements % step == 0 else { return nil }
        return [Int(elements / step)] + shape.dropFirst()
    }
}
