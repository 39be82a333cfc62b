internal import MoEFormat

/// The parts of one block by role, handed out once each; what is left over at the end is an error.
struct RoleTable {
    private var parts: [Role: StoredMatrix] = [:]
    private let name: String

    /// - Throws: `FormatError` by R28 when two parts have one role.
    init(_ stored: [StoredPart], name: String) throws(FormatError) {
        self.name = name
        for part in stored {
            let role = part.role.unshared
            guard Self.expertRoles.contains(role.rawValue) else { continue }
            guard parts.updateValue(part.matrix, forKey: role) == nil else {
                throw .mismatch("\(name) has more than one \(role.name)")
            }
        }
    }

    /// The roles of routed experts' tensors: SPEC.md §8.
    private static let expertRoles: ClosedRange<UInt16> = 16...27

    func has(_ role: Role) -> Bool { parts[role] != nil }

    mutating func matrix(_ role: Role, outputs: Int, inputs: Int) throws(FormatError) -> WeightMatrix {
        guard let part = parts.removeValue(forKey: role) else { throw .mismatch("\(name) has no \(role.name)") }
        return try WeightMatrix(part, outputs: outputs, inputs: inputs, name: "\(role.name) of \(name)")
    }

    mutating func bias(_ role: Role, count: Int) throws(FormatError) -> ExpertWeights.Bias? {
        guard let part = parts.removeValue(forKey: role) else { return nil }
        guard part.scheme == nil, let type = ElementType(part.elements.dtype, scheme: nil), type.bitCount >= 16 else {
            throw .mismatch("\(role.name) of \(name) has dtype \(part.elements.dtype), which is no bias")
        }
        guard part.elements.count == count, part.elements.isComplete else {
            throw .mismatch("\(role.name) of \(name) has \(part.elements.count) elements, not \(count)")
        }
        return ExpertWeights.Bias(elements: part.elements, type: type)
    }

    func expectAllTaken(by kind: String) throws(FormatError) {
        let left = parts.keys.map(\.name).sorted()
        guard let extra = left.first else { return }
        throw .mismatch("\(name) has a \(extra), which a \(kind) expert does not use")
    }
}
