extension ModelFile {
    /// The bank that a person means: by its path, or by its layer number where only one bank has it.
    ///
    /// Paths may be written with slashes, as HDF5 groups have them.
    /// - Throws: `FormatError` of kind `usage` that lists what there is.
    public func bank(named text: String) throws(FormatError) -> Bank {
        let path = text.split(separator: "/").joined(separator: ".")
        // Bytes, as everywhere: two paths may differ in nothing but how Unicode composes their characters.
        let isNamed = { (bank: Bank) in
            bank.path.utf8.elementsEqual(path.utf8) || bank.path.utf8.elementsEqual(text.utf8)
        }
        if let bank = banks.first(where: isNamed) { return bank }
        if let number = Int(text) {
            let matches = banks.filter { $0.layer == number }
            if matches.count == 1 { return matches[0] }
            if matches.count > 1 {
                let paths = matches.map { JSONValue.string($0.path).text }.joined(separator: ", ")
                throw .usage("layer \(number) names \(matches.count) banks; say which: \(paths)")
            }
        }
        let known = banks.prefix(8).map { $0.layer.map(String.init) ?? JSONValue.string($0.path).text }.joined(
            separator: ", ")
        let shown = banks.isEmpty ? "the file has no MoE layers" : "there are: \(known)\(banks.count > 8 ? ", …" : "")"
        throw .usage("there is no MoE layer \(JSONValue.string(text).text); \(shown)")
    }

    /// The description of a bank's layer.
    public func layer(of bank: Bank) -> LayerDescription { model.layers[bank.id] }

    /// The routing of a bank's layer.
    public func router(of bank: Bank) -> RouterDescription { model.routers[layer(of: bank).router] }

    /// The bank whose shared blocks a layer adds: the layer's own, or the one that its description names.
    package func sharedBank(of bank: Bank) -> Bank { banks[layer(of: bank).shared?.bank ?? bank.id] }

    /// What an expert of a bank computes.
    public func function(of bank: Bank) -> ExpertFunction { model.functions[layer(of: bank).function] }
}
