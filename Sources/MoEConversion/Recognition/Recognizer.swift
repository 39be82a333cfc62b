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
    package init(of tensors: [SourceTensor], config: JSONValue? = nil, options: RecognitionOptions = .init()) throws(RecognitionError) {
        let model = try ModelConfig(config)
        guard options.layout != .dense || options.map != nil else {
            self = PlacementBuilder(tensors, family: model.family).recognition(warnings: [])
            return
        }
        let names = tensors.map { TensorName($0.name) }
        let drafts = BankDrafts(names, shapes: tensors.map(\.shape))
        let overrides = try RoutingOverrides(options)
        let resolver = BankResolver(
            tensors: tensors, leaves: drafts.leaves, choice: options.layout,
            blueprint: { (facts: BankFacts) throws(RecognitionError) in try overrides.apply(to: try model.blueprint(facts), facts) },
            quantization: QuantizationSettings(model.quantization))
        let ordered = drafts.drafts.sorted { naturallyPrecedes($0.path, $1.path) }
        var builder = PlacementBuilder(tensors, family: model.family)
        var warnings: [String] = []
        var resolved: [ResolvedBank] = []
        let numbers = LayerNumber.numbers(of: ordered.map(\.path))
        for (draft, number) in zip(ordered, numbers) {
            var report: String?
            if let bank = try resolver.resolve(draft, layer: number, report: &report) { resolved.append(bank) }
            if let report { warnings.append(report) }
        }
        for bank in resolved { builder.add(bank) }
        guard !resolved.isEmpty else {
            throw .contradiction(
                "no experts were recognised among \(tensors.count) tensors; name the layout (--layout, --map), or keep every tensor as a dense one (--layout dense)")
        }
        warnings += Set(resolved.compactMap(\.blueprint.warning)).sorted() + builder.problems
        self = builder.recognition(warnings: warnings)
        do {
            try self.model.validate(expertCounts: banks.map(\.expertCount))
        } catch {
            throw .contradiction("the configuration gives a routing that the layers cannot have: \(error.message)")
        }
    }
}
