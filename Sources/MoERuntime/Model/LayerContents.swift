internal import MoEFormat

/// What a layer needs of its file to run besides its experts, read once: its router, and the tensors around the experts.
///
/// The model keeps it, so it does not know the model: that each kept the other would keep both for ever.
final class LayerContents: Sendable {
    let router: Router
    let compute: LayerCompute
    let shared: [ExpertBlock]
    let description: RouterDescription
    /// Bytes that were read from the file.
    let routerBytes: Int

    /// - Throws: `FormatError`.
    init(of bank: Bank, in file: ModelFile) throws(FormatError) {
        let layer = file.layer(of: bank)
        let name = "layer \(JSONValue.string(bank.path).text)"
        description = file.router(of: bank)
        try Router.checkSupported(description, name: name)
        var parts: [StoredPart] = []
        var bytes = 0
        if let block = try file.routerBlock(of: bank) {
            parts = try RouterBlock.parts(of: block, in: file)
            bytes = block.length
        }
        routerBytes = bytes
        let tensors = try RouterTensors(
            parts, router: description, experts: bank.expertCount, hidden: layer.hiddenSize, name: name)
        router = try Router(
            description, tensors: tensors, experts: bank.expertCount, hiddenSize: layer.hiddenSize, name: name)
        let sharedBank = file.sharedBank(of: bank)
        compute = try LayerCompute(
            layer, router: description, functions: file.model.functions, experts: bank.expertCount,
            sharedExperts: sharedBank.sharedCount, routerBlock: parts, name: name)
        // Sizes that stand only in the description decide about memory: weights must bear them out before any is reserved.
        if bank.expertCount > 0 {
            try file.checkLayer(of: file.block(ofExpert: 0, in: bank))
        } else if layer.outputSize != layer.hiddenSize {
            throw .mismatch(
                "\(name) has no expert that would make \(layer.outputSize) values of \(layer.hiddenSize)")
        }
        var shared: [ExpertBlock] = []
        for index in 0..<sharedBank.sharedCount {
            shared.append(try file.sharedBlock(index, of: sharedBank))
        }
        self.shared = shared
    }
}
