internal import MoEFormat

/// A router block's parts by role.
struct RouterParts {
    private var parts: [Role: [StoredMatrix]] = [:]
    private let name: String

    /// - Parameter gateParts: parts that a role of the second gate may lie in instead of one.
    /// - Throws: `FormatError` by R28 when other parts have one role.
    init(_ stored: [StoredPart], gateParts: Int, name: String) throws(FormatError) {
        self.name = name
        for part in stored where Self.uses(part.role) {
            parts[part.role, default: []].append(part.matrix)
        }
        for (role, found) in parts where found.count > 1 {
            guard Role.ofSecondGate.contains(role), gateParts > 1 else {
                throw .mismatch("the router of \(name) has more than one \(role.name)")
            }
            guard found.count == gateParts else {
                throw .mismatch(
                    "the router of \(name) has \(found.count) parts of \(role.name) for \(gateParts) groups")
            }
        }
    }

    /// Whether a role is one of a router's block.
    static func uses(_ role: Role) -> Bool {
        (1...15).contains(role.rawValue) || (51...53).contains(role.rawValue)
    }

    func part(_ role: Role) throws(FormatError) -> StoredMatrix {
        guard let part = parts[role]?.first else { throw .mismatch("the router of \(name) has no \(role.name)") }
        return part
    }

    func has(_ role: Role) -> Bool { parts[role] != nil }

    func matrix(_ role: Role, rows: Int, hidden: Int) throws(FormatError) -> WeightMatrix {
        try WeightMatrix(part(role), outputs: rows, inputs: hidden, name: "\(role.name) of \(name)").copied()
    }

    /// A gate's matrix, in one part or one a group.
    func gate(_ role: Role, rows: Int, hidden: Int) throws(FormatError) -> GateWeight {
        guard let found = parts[role], found.count > 1 else {
            return GateWeight([try matrix(role, rows: rows, hidden: hidden)])
        }
        var matrices: [WeightMatrix] = []
        for (group, part) in found.enumerated() {
            let what = "\(role.name) of group \(group) of \(name)"
            matrices.append(try WeightMatrix(part, outputs: rows / found.count, inputs: hidden, name: what).copied())
        }
        return GateWeight(matrices)
    }

    /// The values of a vector, in one part or one a group; nil when there is none.
    func vector(_ role: Role, count: Int) throws(FormatError) -> [Float]? {
        guard let found = parts[role] else { return nil }
        var values: [Float] = []
        for part in found { values += try part.vector(count: count / found.count, name: "\(role.name) of \(name)") }
        return values
    }

    func needed(_ role: Role, count: Int) throws(FormatError) -> [Float] {
        try part(role).vector(count: count, name: "\(role.name) of \(name)")
    }
}
