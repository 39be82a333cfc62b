import MoEFormat

/// A file's tensors by all their names, and what each is for.
struct NamedTensors {
    /// Names in the order of the file: tensors, then aliases.
    private(set) var names: [String] = []
    private var tensors: [ExactName: Int] = [:]
    /// What each tensor's parts are for, in their order.
    private(set) var placements: [[Placement]]

    /// What a run of a tensor's elements is for in its layer.
    struct Placement: Hashable {
        let role: Role
        let bank: String?
        let expert: Int?
        let orientation: Orientation
        let scheme: QuantizationScheme?
    }

    /// - Complexity: O(tensors + parts); reads the directory.
    init(of file: ModelFile) throws(FormatError) {
        var found = [[(start: UInt64, placement: Placement)]](repeating: [], count: file.tensorCount)
        placements = []
        for index in 0..<file.tensorCount { add(try file.tensor(at: index).name, index) }
        for index in 0..<file.aliasCount {
            let alias = try file.alias(at: index)
            add(alias.name, alias.tensor)
        }
        for index in 0..<file.blockCount {
            let block = try file.block(at: index)
            let bank = block.record.bank == none32 ? nil : file.banks[Int(block.record.bank)].path
            for part in block.parts {
                let placement = Placement(
                    role: part.role, bank: bank,
                    expert: block.record.expert == none32 ? nil : Int(block.record.expert),
                    orientation: part.orientation, scheme: file.scheme(of: part))
                found[part.tensor].append((part.record.startElement, placement))
            }
        }
        placements = found.map { parts in parts.sorted { $0.start < $1.start }.map(\.placement) }
    }

    private mutating func add(_ name: String, _ tensor: Int) {
        if tensors.updateValue(tensor, forKey: ExactName(name)) == nil { names.append(name) }
    }

    /// The number of the tensor of that name.
    subscript(name: String) -> Int? { tensors[ExactName(name)] }
}
