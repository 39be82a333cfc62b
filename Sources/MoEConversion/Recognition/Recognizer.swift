package import MoEFormat

extension Recognition {
    /// Gives every tensor of a checkpoint its place and role, and describes how its layers route.
    ///
    /// Names say which layout it is, shapes confirm it; what does not fit stays a dense tensor and is reported. The result does
    /// not depend on the order of the tensors, except that placements follow it.
    ///
    /// - Parameters:
    ///   - tensors: every tensor of the checkpoint.
    ///   - config: the checkpoint's Hugging Face configuration, if it has one.
    /// - Throws: `RecognitionError` when the configuration contradicts the tensors, no experts are found, or the options are wrong.
    /// - Complexity: O(n log n) in the number of tensors.
    package init(of tensors: [SourceTensor], config: JSONValue? = nil, options: RecognitionOptions = .init())
        throws(RecognitionError)
    {
        // Where two tensors may have one place, the first one gets it: by its name, not by where a source lists it.
        let order = tensors.indices.sorted { ExactName(tensors[$0].name) < ExactName(tensors[$1].name) }
        self = try Recognition(ofOrdered: order.map { tensors[$0] }, config: config, options: options)
        renumber(order)
    }

    private init(ofOrdered tensors: [SourceTensor], config: JSONValue?, options: RecognitionOptions)
        throws(RecognitionError)
    {
        let model = try ModelConfig(config)
        guard options.layout != .dense || options.map != nil else {
            self = PlacementBuilder(tensors, family: model.family).recognition(warnings: [])
            return
        }
        let names = tensors.map { TensorName($0.name) }
        let overrides = try RoutingOverrides(options)
        let blueprint = { (facts: BankFacts) throws(RecognitionError) in
            try overrides.apply(to: try model.blueprint(facts), facts)
        }
        let quantization = QuantizationSettings(model.quantization)
        var warnings: [String] = []
        var resolved: [ResolvedBank] = []
        if let map = options.map {
            resolved = try MapResolver(
                tensors: tensors, entries: map.entries, blueprint: blueprint, quantization: quantization
            ).banks(names)
        } else {
            let drafts = BankDrafts(names, shapes: tensors.map(\.shape))
            let resolver = BankResolver(
                tensors: tensors, leaves: drafts.leaves, choice: options.layout, blueprint: blueprint,
                quantization: quantization)
            var ordered = drafts.drafts.flatMap { $0.modalities(tensors, drafts.leaves) }.sorted {
                naturallyPrecedes($0.path, $1.path)
            }
            for index in ordered.indices.dropFirst() where ordered[index].borrowsShared(of: ordered[index - 1]) {
                ordered[index].borrowsShared = true
            }
            for (draft, number) in zip(ordered, LayerNumber.numbers(of: ordered.map(\.path))) {
                var report: String?
                if let bank = try resolver.resolve(draft, layer: number, report: &report) { resolved.append(bank) }
                if let report { warnings.append(report) }
            }
            BankResolver.settlePairs(in: &resolved)
            // Drafts that were no layers do not count.
            for (index, number) in LayerNumber.numbers(of: resolved.map(\.path)).enumerated() {
                resolved[index].layer = number
            }
        }
        var builder = PlacementBuilder(tensors, family: model.family)
        for bank in resolved {
            try overrides.checkTensors(of: bank)
            builder.add(bank)
        }
        guard !resolved.isEmpty else {
            throw .contradiction(
                "no experts were recognised among \(tensors.count) tensors; name the layout (--layout, --map), or keep every tensor as a dense one (--layout dense)"
            )
        }
        warnings += Set(resolved.compactMap(\.blueprint.warning)).sorted() + builder.problems
        self = builder.recognition(warnings: warnings)
        do {
            try self.model.validate(expertCounts: banks.map(\.expertCount))
        } catch {
            let isGiven = options.router != nil || options.map?.router != nil || options.topK != nil
            throw isGiven
                ? .usage("the routing given does not fit the layers: \(error.message)")
                : .contradiction("the configuration gives a routing that the layers cannot have: \(error.message)")
        }
        do {
            // As readers will take it: not every number of a configuration is one that a description can hold.
            _ = try ModelDescription(
                parsing: Array(self.model.json.text.utf8), expertCounts: banks.map(\.expertCount))
        } catch {
            throw .contradiction("the configuration cannot be described: \(error.message)")
        }
    }
}
