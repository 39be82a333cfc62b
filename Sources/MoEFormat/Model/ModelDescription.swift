/// What a runtime must know about a model beyond its tensors: SPEC.md §9 as a value.
public struct ModelDescription: Hashable, Sendable {
    /// The source's model type, as in `mixtral`; informative.
    public var family: String
    public var routers: [RouterDescription] = []
    public var functions: [ExpertFunction] = []
    /// One entry a bank, in bank order.
    public var layers: [LayerDescription] = []
    public var quantization: [QuantizationScheme] = []

    public init(family: String) { self.family = family }

    /// The index of a router, added when it is not there yet.
    public mutating func index(of router: RouterDescription) -> Int {
        if let index = routers.firstIndex(of: router) { return index }
        routers.append(router)
        return routers.count - 1
    }

    /// The index of an expert function, added when it is not there yet.
    public mutating func index(of function: ExpertFunction) -> Int {
        if let index = functions.firstIndex(of: function) { return index }
        functions.append(function)
        return functions.count - 1
    }

    /// The number of a scheme as parts name it (from 1), added when it is not there yet.
    public mutating func number(of scheme: QuantizationScheme) -> Int {
        if let index = quantization.firstIndex(of: scheme) { return index + 1 }
        quantization.append(scheme)
        return quantization.count
    }
}

extension ModelDescription {
    /// Reads and checks the model section's text; `expertCounts` holds the experts of each bank, in bank order.
    ///
    /// - Throws: `FormatError` by the rules R20 to R27.
    package init(parsing text: [UInt8], expertCounts: [Int]) throws(FormatError) {
        guard text.count <= Limits.modelBytes else {
            throw .broken(
                .modelJSON, "the model description has \(text.count) bytes; at most \(Limits.modelBytes) are allowed")
        }
        let value: JSONValue
        do {
            value = try JSONParser.parse(text)
        } catch {
            throw .broken(.modelJSON, "the model description is not JSON: \(error)")
        }
        let fields = try ModelFields(value, at: .named(""))
        guard try fields.integer("schema") == 1 else {
            throw .broken(
                .modelSchema, "the model description has schema \(try fields.integer("schema")); this version reads 1")
        }
        self.init(family: try fields.string("family") ?? "")
        routers = try Self.objects("routers", of: fields) { (f) throws(FormatError) in try RouterDescription(f) }
        functions = try Self.objects("expert_functions", of: fields) { (f) throws(FormatError) in try ExpertFunction(f)
        }
        quantization = try Self.objects("quantization", of: fields) { (f) throws(FormatError) in
            try QuantizationScheme(f)
        }
        layers = try Self.layers(of: fields, banks: expertCounts.count)
        try validate(expertCounts: expertCounts)
    }

    /// One layer for each bank; objects may describe several that are alike.
    private static func layers(of fields: ModelFields, banks: Int) throws(FormatError) -> [LayerDescription] {
        var layers: [LayerDescription] = []
        for (index, value) in try fields.list("layers").enumerated() {
            let fields = try ModelFields(value, at: .element(of: "layers", index))
            let layer = try LayerDescription(fields, bank: layers.count)
            let count = try fields.integer("banks", default: 1)
            guard count >= 1, count <= banks - layers.count else {
                throw .broken(
                    .modelLayers,
                    "model description: \(fields.path) describes \(count) banks from \(layers.count) on, of \(banks)")
            }
            layers += repeatElement(layer, count: count)
        }
        return layers
    }

    private static func objects<Element>(
        _ key: String, of fields: ModelFields, _ read: (ModelFields) throws(FormatError) -> Element
    ) throws(FormatError) -> [Element] {
        let list = try fields.list(key)
        var elements: [Element] = []
        elements.reserveCapacity(list.count)
        for (index, value) in list.enumerated() {
            elements.append(try read(try ModelFields(value, at: .element(of: key, index))))
        }
        return elements
    }

    /// The description with one object a layer.
    package var json: JSONValue { json(layers: layers.enumerated().map { $1.json(bank: $0) }) }

    /// The description as files hold it: neighbouring layers that are alike share an object.
    package var storedJSON: JSONValue {
        var objects: [JSONValue] = []
        var first = 0
        while first < layers.count {
            let end = layers[first...].firstIndex { $0 != layers[first] } ?? layers.count
            objects.append(layers[first].json(bank: first, banks: end - first))
            first = end
        }
        return json(layers: objects)
    }

    private func json(layers: [JSONValue]) -> JSONValue {
        [
            "schema": 1,
            "family": .string(family),
            "routers": .array(routers.map(\.json)),
            "expert_functions": .array(functions.map(\.json)),
            "layers": .array(layers),
            "quantization": .array(quantization.map(\.json)),
        ]
    }
}
