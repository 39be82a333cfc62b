import MoEFormat

extension ConversionPlan {
    /// Lays out the file for what was recognised.
    ///
    /// - Parameters:
    ///   - recognition: one placement for each of `tensors`, in their order.
    ///   - aliases: further names, by index of the tensor.
    package init(
        _ tensors: [SourceTensor], aliases: [(name: String, tensor: Int)], recognition: Recognition,
        configuration: [UInt8]?
    ) {
        var typed = tensors
        for placement in recognition.placements { typed[placement.tensor].dtype = placement.dtype }
        var rooms = BlockRooms()
        for placement in recognition.placements where typed[placement.tensor].byteCount > 0 {
            rooms.add(placement, of: typed[placement.tensor])
        }
        self.init(
            tensors: typed, aliases: aliases,
            banks: recognition.banks.map { bank in
                Bank(
                    path: bank.path, layer: bank.layer < 0 ? nil : bank.layer, expertCount: bank.expertCount,
                    sharedCount: bank.sharedCount)
            },
            blocks: rooms.blocks(recognition.banks), model: recognition.model, configuration: configuration)
    }
}

/// The blocks in the making, by what they are for.
private struct BlockRooms {
    private struct Piece {
        var part: ConversionPlan.Part
        /// The tensor that holds the part's scales.
        var scale: Int?
        /// The group whose gate it is, 0 for all else.
        var group = 0
    }

    private var dense: [Piece] = []
    /// What follows experts in their tensor, and so behind their blocks.
    private var trailing: [Piece] = []
    private var routers: [Int: [Piece]] = [:]
    private var shared: [Slot: [Piece]] = [:]
    private var experts: [Slot: [Piece]] = [:]

    private struct Slot: Hashable {
        let bank: Int
        let index: Int
    }

    mutating func add(_ placement: Placement, of tensor: SourceTensor) {
        let elements = tensor.countedElements
        func piece(_ index: Int, of count: Int) -> Piece {
            let share = elements / UInt64(count)
            let part = ConversionPlan.Part(
                tensor: placement.tensor, startElement: UInt64(index) * share, elementCount: share,
                rowLength: UInt64(placement.rowLength), role: placement.role, orientation: placement.orientation,
                scheme: placement.scheme)
            return Piece(part: part, scale: placement.scale)
        }
        switch placement.place {
        case .dense: dense.append(piece(0, of: 1))
        case .router(let bank, let group):
            var own = piece(0, of: 1)
            own.group = group
            routers[bank, default: []].append(own)
        case .shared(let bank, let index): shared[Slot(bank: bank, index: index), default: []].append(piece(0, of: 1))
        case .expert(let bank, let index): experts[Slot(bank: bank, index: index), default: []].append(piece(0, of: 1))
        case .stackedExperts(let bank, let count):
            for index in 0..<count {
                experts[Slot(bank: bank, index: index), default: []].append(piece(index, of: placement.partCount))
            }
            if placement.idle > 0 {
                let start = elements / UInt64(placement.partCount) * UInt64(count)
                let part = ConversionPlan.Part(
                    tensor: placement.tensor, startElement: start, elementCount: elements - start,
                    rowLength: UInt64(placement.rowLength))
                trailing.append(Piece(part: part))
            }
        case .stackedShared(let bank, let count):
            for index in 0..<count {
                shared[Slot(bank: bank, index: index), default: []].append(piece(index, of: count))
            }
        case .stackedRouters(let firstBank, let count):
            for index in 0..<count { routers[firstBank + index, default: []].append(piece(index, of: count)) }
        }
    }

    /// Resident blocks first, then experts, all by bank: SPEC.md §15.
    func blocks(_ banks: [RecognizedBank]) -> [ConversionPlan.Block] {
        var blocks = dense.map { ConversionPlan.Block(.dense, parts: [$0.part]) }
        for bank in banks.indices {
            if let pieces = routers[bank] { blocks.append(.init(.router, bank: bank, parts: Self.parts(pieces))) }
        }
        for (bank, recognized) in banks.enumerated() {
            for index in 0..<recognized.sharedCount {
                blocks.append(
                    .init(
                        .shared, bank: bank, expert: index,
                        parts: Self.parts(shared[Slot(bank: bank, index: index)] ?? [])))
            }
        }
        for (bank, recognized) in banks.enumerated() {
            for index in 0..<recognized.expertCount {
                blocks.append(
                    .init(
                        .expert, bank: bank, expert: index,
                        parts: Self.parts(experts[Slot(bank: bank, index: index)] ?? [])))
            }
        }
        return blocks + trailing.map { ConversionPlan.Block(.dense, parts: [$0.part]) }
    }

    /// The parts of a block in the order of their roles, then groups, each quantised one tied to its scales.
    private static func parts(_ pieces: [Piece]) -> [ConversionPlan.Part] {
        let ordered = pieces.sorted {
            ($0.part.role.rawValue, $0.group, $0.part.tensor) < ($1.part.role.rawValue, $1.group, $1.part.tensor)
        }
        var positions: [Int: Int] = [:]
        for (position, piece) in ordered.enumerated() { positions[piece.part.tensor] = position }
        return ordered.map { piece in
            var part = piece.part
            if let scale = piece.scale.flatMap({ positions[$0] }) { part.links = [.init(kind: .scale, part: scale)] }
            return part
        }
    }
}
