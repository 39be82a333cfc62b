internal import MoEFormat

/// The parts of one expert by role, handed out once each; what is left over at the end is an error.
///
/// An expert has few parts and is checked each time that it computes: a short array beats a dictionary, and names are only
/// put together for messages.
struct RoleTable {
    private var parts: [StoredPart] = []
    private let name: () -> String

    /// The roles of routed experts' tensors: SPEC.md §8.
    private static let expertRoles: ClosedRange<UInt16> = 16...27

    /// - Throws: `FormatError` by R28 when two parts have one role.
    init(_ stored: [StoredPart], name: @escaping () -> String) throws(FormatError) {
        self.name = name
        parts.reserveCapacity(stored.count)
        for part in stored {
            let role = part.role.unshared
            guard Self.expertRoles.contains(role.rawValue) else { continue }
            guard !has(role) else { throw .mismatch("\(name()) has more than one \(role.name)") }
            parts.append(StoredPart(role, part.matrix))
        }
    }

    func has(_ role: Role) -> Bool { parts.contains { $0.role == role } }

    private mutating func take(_ role: Role) -> StoredMatrix? {
        guard let index = parts.firstIndex(where: { $0.role == role }) else { return nil }
        return parts.remove(at: index).matrix
    }

    mutating func matrix(_ role: Role, outputs: Int, inputs: Int) throws(FormatError) -> WeightMatrix {
        guard let part = take(role) else { throw .mismatch("\(name()) has no \(role.name)") }
        return try WeightMatrix(part, outputs: outputs, inputs: inputs, name: "\(role.name) of \(name())")
    }

    mutating func bias(_ role: Role, count: Int) throws(FormatError) -> ExpertWeights.Bias? {
        guard let part = take(role) else { return nil }
        guard part.scheme == nil, let type = ElementType(part.elements.dtype, scheme: nil), type.bitCount >= 16 else {
            throw .mismatch("\(role.name) of \(name()) has dtype \(part.elements.dtype), which is no bias")
        }
        guard part.elements.count == count, part.elements.isComplete else {
            throw .mismatch("\(role.name) of \(name()) has \(part.elements.count) elements, not \(count)")
        }
        return ExpertWeights.Bias(elements: part.elements, type: type)
    }

    func expectAllTaken(by kind: String) throws(FormatError) {
        guard let extra = parts.map(\.role.name).min() else { return }
        throw .mismatch("\(name()) has a \(extra), which a \(kind) expert does not use")
    }
}
