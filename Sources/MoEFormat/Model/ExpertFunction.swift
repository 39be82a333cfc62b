/// Lower and upper bound of a value; a missing one does not bind.
public struct Clamp: Hashable, Sendable {
    public var minimum: Double?
    public var maximum: Double?

    public init(minimum: Double? = nil, maximum: Double? = nil) {
        self.minimum = minimum
        self.maximum = maximum
    }

    var json: JSONValue {
        .array([minimum.map(JSONValue.number) ?? .null, maximum.map(JSONValue.number) ?? .null])
    }
}

/// What an expert computes from its input: SPEC.md §9.3 as values.
public struct ExpertFunction: Hashable, Sendable {
    public enum Kind: String, Sendable {
        /// W·x
        case linear
        /// down · act(up·x)
        case mlp
        /// down · (act(gate·x) ⊙ up·x)
        case gated
        /// Only in files with a description that this version does not know and that is not required.
        case unsupported
    }

    public enum Activation: String, Sendable {
        case identity, relu, gelu, silu, sigmoid, tanh
        case reluSquared = "relu_squared"
        case geluTanh = "gelu_tanh"
        case quickGelu = "quick_gelu"
    }

    public var kind: Kind
    public var activation: Activation
    /// For `silu`: g·σ(α·g).
    public var alpha = 1.0
    public var gateClamp: Clamp?
    public var upClamp: Clamp?
    /// For `silu`: the factor g outside of σ is c·tanh(g/c).
    public var gateSoftcap: Double?
    /// up·x becomes c·tanh(up·x/c), after its clamp.
    public var upSoftcap: Double?
    /// Applied to the activation's result.
    public var activatedClamp: Clamp?
    /// Added to up·x after its clamp.
    public var upOffset = 0.0
    /// Why the function cannot run, for `unsupported`.
    public var reason: String?

    public init(_ kind: Kind, activation: Activation = .identity) {
        self.kind = kind
        self.activation = activation
    }
}

extension ExpertFunction {
    /// Reads an expert function as SPEC.md §9.3 writes it.
    package init(json: JSONValue) throws(FormatError) {
        try self.init(try ModelFields(json, at: .named("expert_function")))
    }

    init(_ fields: ModelFields) throws(FormatError) {
        do {
            _ = try fields.flag("required", default: true)
            self.init(try fields.choice("kind"), activation: try fields.choice("activation", default: .identity))
            alpha = try fields.number("alpha", default: 1)
            gateClamp = try fields.clamp("gate_clamp")
            upClamp = try fields.clamp("up_clamp")
            gateSoftcap = try fields.positive("gate_softcap")
            upSoftcap = try fields.positive("up_softcap")
            activatedClamp = try fields.clamp("activated_clamp")
            upOffset = try fields.number("up_offset", default: 0)
            reason = try fields.reason()
        } catch let error as FormatError {
            throw error
        } catch let unknown as UnknownValue {
            guard try !fields.flag("required", default: true) else {
                throw .broken(.requiredValue, "model description: \(unknown.message)")
            }
            self.init(.unsupported)
            reason = unknown.message
        } catch {
            throw .broken(.modelSchema, "model description: \(fields.path) cannot be read")
        }
    }

    var json: JSONValue {
        var object: JSONObject = ["kind": .string(kind.rawValue)]
        // A reader that does not know the kind may still keep the file: SPEC.md R26.
        if kind == .unsupported { object["required"] = false }
        if activation != .identity { object["activation"] = .string(activation.rawValue) }
        if alpha != 1 { object["alpha"] = .number(alpha) }
        object["gate_clamp"] = gateClamp?.json
        object["up_clamp"] = upClamp?.json
        if let gateSoftcap { object["gate_softcap"] = .number(gateSoftcap) }
        if let upSoftcap { object["up_softcap"] = .number(upSoftcap) }
        object["activated_clamp"] = activatedClamp?.json
        if upOffset != 0 { object["up_offset"] = .number(upOffset) }
        if let reason { object["reason"] = .string(reason) }
        return .object(object)
    }
}
