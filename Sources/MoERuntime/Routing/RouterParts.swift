internal import MoEFormat

/// A router block's parts by role.
struct RouterParts {
    private var parts: [Role: StoredMatrix] = [:]
    private let name: String

    /// - Throws: `FormatError` by R28 when two parts have one role.
    init(_ stored: [StoredPart], name: String) throws(FormatError) {
        self.name = name
        for part in stored where (1...15).contains(part.role.rawValue) || part.role == .expertNormWeight {
            guard parts.updateValue(part.matrix, forKey: part.role) == nil else {
                throw .mismatch("the router of \(name) has more than one \(part.role.name)")
            }
        }
    }

    func part(_ role: Role) throws(FormatError) -> StoredMatrix {
        guard let part = parts[role] else { throw .mismatch("the router of \(name) has no \(role.name)") }
        return part
    }

    func has(_ role: Role) -> Bool { parts[role] != nil }

    func matrix(_ role: Role, rows: Int, hidden: Int) throws(FormatError) -> WeightMatrix {
        try WeightMatrix(part(role), outputs: rows, inputs: hidden, name: "\(role.name) of \(name)").copied()
    }

    func vector(_ role: Role, count: Int) throws(FormatError) -> [Float]? {
        guard let part = parts[role] else { return nil }
        return try part.vector(count: count, name: "\(role.name) of \(name)")
    }

    func needed(_ role: Role, count: Int) throws(FormatError) -> [Float] {
        try part(role).vector(count: count, name: "\(role.name) of \(name)")
    }
}
