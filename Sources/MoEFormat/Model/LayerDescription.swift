/// One MoE layer of the model description: SPEC.md §9.1 and §9.4 as values.
public struct LayerDescription: Hashable, Sendable {
    /// The shared experts of a layer: they see every token.
    public struct Shared: Hashable, Sendable {
        public enum Gate: String, Sendable {
            case none, sigmoid, router
        }

        public enum Combination: String, Sendable {
            case add, average
        }

        /// Index in the model's expert functions.
        public var function: Int
        public var expertSize: Int
        public var gate: Gate = .none
        public var combination: Combination = .add
        public var scale = 1.0
        /// The bank whose shared blocks these are; nil for the layer's own.
        public var bank: Int?

        public init(function: Int, expertSize: Int) {
            self.function = function
            self.expertSize = expertSize
        }
    }

    /// A root-mean-square norm with a learned weight γ: x / √(mean(x²) + ε) ⊙ (γ + offset).
    public struct Norm: Hashable, Sendable {
        public var epsilon: Double
        public var offset: Double

        public init(epsilon: Double, offset: Double = 0) {
            self.epsilon = epsilon
            self.offset = offset
        }
    }

    /// Length of the layer's input.
    public var hiddenSize: Int
    /// Length of its output.
    public var outputSize: Int
    /// Inner width of an expert; 0 for linear experts.
    public var expertSize: Int
    /// Index in the model's routers.
    public var router: Int
    /// Index in the model's expert functions.
    public var function: Int
    public var shared: Shared?
    public var routedScale = 1.0
    public var outputScale = 1.0
    /// Norm of what the pre projection gives, before experts see it.
    public var latentNorm: Norm?
    /// Norm of each expert's output, which γ multiplies before the mean is taken: u / √(mean(u²) + ε), u = v ⊙ (γ + offset).
    public var expertNorm: Norm?
    /// Norm of the layer's output, shared experts included.
    public var outputNorm: Norm?

    public init(hiddenSize: Int, outputSize: Int? = nil, expertSize: Int, router: Int, function: Int) {
        self.hiddenSize = hiddenSize
        self.outputSize = outputSize ?? hiddenSize
        self.expertSize = expertSize
        self.router = router
        self.function = function
    }
}

extension LayerDescription {
    /// Reads a layer object, whose first bank must be `bank`.
    init(_ fields: ModelFields, bank: Int) throws(FormatError) {
        guard try fields.integer("bank") == bank else {
            throw .broken(.modelLayers, "model description: \(fields.path(of: "bank")) is not \(bank), the next bank")
        }
        self.init(
            hiddenSize: try fields.integer("hidden_size"), expertSize: try fields.integer("expert_size"),
            router: try fields.integer("router"), function: try fields.integer("expert_function"))
        outputSize = try fields.integer("output_size", default: hiddenSize)
        routedScale = try fields.number("routed_scale", default: 1)
        outputScale = try fields.number("output_scale", default: 1)
        latentNorm = try fields.fields("latent_norm").map { (f) throws(FormatError) in try Norm(f) }
        expertNorm = try fields.fields("expert_norm").map { (f) throws(FormatError) in try Norm(f) }
        outputNorm = try fields.fields("output_norm").map { (f) throws(FormatError) in try Norm(f) }
        if let fields = try fields.fields("shared") { shared = try Shared(fields) }
        guard hiddenSize > 0, outputSize > 0, expertSize >= 0, shared?.expertSize ?? 0 >= 0 else {
            throw .broken(.modelLayers, "model description: \(fields.path) has a size that is not positive")
        }
    }

    /// The object for `banks` banks from `bank` on.
    func json(bank: Int, banks: Int = 1) -> JSONValue {
        var object: JSONObject = ["bank": .integer(Int64(bank))]
        if banks != 1 { object["banks"] = .integer(Int64(banks)) }
        object["hidden_size"] = .integer(Int64(hiddenSize))
        if outputSize != hiddenSize { object["output_size"] = .integer(Int64(outputSize)) }
        object["expert_size"] = .integer(Int64(expertSize))
        object["router"] = .integer(Int64(router))
        object["expert_function"] = .integer(Int64(function))
        object["shared"] = shared?.json
        if routedScale != 1 { object["routed_scale"] = .number(routedScale) }
        if outputScale != 1 { object["output_scale"] = .number(outputScale) }
        object["latent_norm"] = latentNorm?.json
        object["expert_norm"] = expertNorm?.json
        object["output_norm"] = outputNorm?.json
        return .object(object)
    }
}

extension LayerDescription.Shared {
    init(_ fields: ModelFields) throws(FormatError) {
        self.init(function: try fields.integer("expert_function"), expertSize: try fields.integer("expert_size"))
        scale = try fields.number("scale", default: 1)
        if fields.has("bank") { bank = try fields.integer("bank") }
        do {
            gate = try fields.choice("gate", default: Gate.none)
            combination = try fields.choice("combine", default: Combination.add)
        } catch let error as FormatError {
            throw error
        } catch {
            let message = (error as? UnknownValue)?.message ?? "\(fields.path) cannot be read"
            throw .broken(.requiredValue, "model description: \(message)")
        }
    }

    var json: JSONValue {
        var object: JSONObject = [
            "expert_function": .integer(Int64(function)), "expert_size": .integer(Int64(expertSize)),
        ]
        if gate != .none { object["gate"] = .string(gate.rawValue) }
        if combination != .add { object["combine"] = .string(combination.rawValue) }
        if scale != 1 { object["scale"] = .number(scale) }
        if let bank { object["bank"] = .integer(Int64(bank)) }
        return .object(object)
    }
}

extension LayerDescription.Norm {
    init(_ fields: ModelFields) throws(FormatError) {
        guard let epsilon = try fields.number("epsilon") else {
            throw .broken(.modelSchema, "model description: \(fields.path(of: "epsilon")) is not there")
        }
        self.init(epsilon: epsilon, offset: try fields.number("offset", default: 0))
        guard epsilon >= 0 else {
            throw .broken(.constants, "model description: \(fields.path(of: "epsilon")) is \(epsilon), below 0")
        }
    }

    var json: JSONValue {
        var object: JSONObject = ["epsilon": .number(epsilon)]
        if offset != 0 { object["offset"] = .number(offset) }
        return .object(object)
    }
}
