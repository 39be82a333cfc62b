import MoEFormat

/// Tensors whose names differ in numbers alone and that differ in the same way.
struct DifferenceGroup {
    let patterns: [String]
    let tensors: [TensorDifference]
    let key: Key
    /// Of all its tensors together, where values were compared.
    let values: ValueDifference?

    /// What tensors of a group have in common.
    struct Key: Hashable {
        /// Their names without the numbers.
        let texts: [ExactName]
        let dtypes: [String]
        let shapes: [[Int]]
        let kinds: [String]
        /// Why values were not compared.
        let reason: String?
    }

    /// The groups, in the order of their first tensors.
    static func groups(of tensors: [TensorDifference]) -> [DifferenceGroup] {
        var order: [Key] = []
        var members: [Key: [TensorDifference]] = [:]
        for tensor in tensors {
            let key = Key(tensor)
            if members[key] == nil { order.append(key) }
            members[key, default: []].append(tensor)
        }
        return order.map { key in
            let tensors = members[key, default: []]
            var values: ValueDifference?
            for tensor in tensors {
                guard case .values(let found) = tensor.content else { continue }
                var sum = values ?? ValueDifference()
                sum.merge(found)
                values = sum
            }
            return DifferenceGroup(
                patterns: NamePatternCover.patterns(of: tensors.map(\.name)), tensors: tensors, key: key, values: values
            )
        }
    }
}

extension DifferenceGroup.Key {
    fileprivate init(_ tensor: TensorDifference) {
        texts = NameTemplate(tensor.name).texts
        dtypes = tensor.a.dtype == tensor.b.dtype ? [tensor.a.dtype.name] : [tensor.a.dtype.name, tensor.b.dtype.name]
        shapes = tensor.a.shape == tensor.b.shape ? [tensor.a.shape] : [tensor.a.shape, tensor.b.shape]
        kinds = tensor.kinds
        switch tensor.content {
        case .incomparable(let why): reason = why
        case .damaged(let path, let error): reason = "\(path): \(error)"
        case .same, .values: reason = nil
        }
    }
}
