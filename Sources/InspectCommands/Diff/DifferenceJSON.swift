import MoEFormat

/// A difference for scripts: every tensor by itself, and the patterns beside.
struct DifferenceJSON {
    private let difference: ModelDifference

    init(_ difference: ModelDifference) { self.difference = difference }

    var value: JSONValue {
        [
            "same": .bool(difference.isEmpty),
            "a": .string(difference.a.path), "b": .string(difference.b.path),
            "common_tensors": .integer(Int64(difference.common)),
            "metadata": .array(
                difference.metadata.map { item in
                    [
                        "path": .string(item.path), "a": item.a.map { .string($0) } ?? .null,
                        "b": item.b.map { .string($0) } ?? .null,
                    ]
                }),
            "only_in_a": Self.names(difference.onlyInA), "only_in_b": Self.names(difference.onlyInB),
            "patterns": .array(DifferenceGroup.groups(of: difference.tensors).map(Self.group)),
            "tensors": .array(difference.tensors.map(Self.tensor)),
        ]
    }

    private static func names(_ tensors: [(name: String, tensor: Tensor)]) -> JSONValue {
        .array(
            tensors.map { name, tensor in
                ["name": .string(name), "dtype": .string(tensor.dtype.name), "shape": shape(tensor.shape)]
            })
    }

    private static func group(_ group: DifferenceGroup) -> JSONValue {
        var object: JSONObject = [
            "patterns": .array(group.patterns.map { .string($0) }), "tensors": .integer(Int64(group.tensors.count)),
            "differs_in": .array(group.key.kinds.map { .string($0) }),
        ]
        if let values = group.values { object["values"] = json(of: values) }
        return .object(object)
    }

    private static func tensor(_ tensor: TensorDifference) -> JSONValue {
        var object: JSONObject = [
            "name": .string(tensor.name), "differs_in": .array(tensor.kinds.map { .string($0) }),
            "a": side(tensor.a), "b": side(tensor.b),
        ]
        switch tensor.content {
        case .same: break
        case .values(let values): object["values"] = json(of: values)
        case .incomparable(let why): object["not_compared"] = .string(why)
        case .damaged(let path, let error):
            object["damage"] = [
                "file": .string(path), "rule": error.rule.map { .string($0.description) } ?? .null,
                "offset": error.offset.map { .integer(Int64(clamping: $0)) } ?? .null,
                "message": .string(error.message),
            ]
        }
        return .object(object)
    }

    private static func side(_ tensor: Tensor) -> JSONValue {
        [
            "dtype": .string(tensor.dtype.name), "shape": shape(tensor.shape),
            "content_hash": .string(tensor.contentHash.description),
        ]
    }

    private static func json(of values: ValueDifference) -> JSONValue {
        [
            "compared": .integer(Int64(clamping: values.compared)),
            "differing": .integer(Int64(clamping: values.differing)),
            "not_finite": .integer(Int64(clamping: values.notFinite)), "max_abs": Figure.json(values.maximum),
            "mean_abs": Figure.json(values.mean),
        ]
    }

    private static func shape(_ shape: [Int]) -> JSONValue { .array(shape.map { .integer(Int64($0)) }) }
}
