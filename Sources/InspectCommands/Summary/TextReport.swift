import CommandSupport
import MoEFormat

/// A file described for people.
struct TextReport {
    private let file: ModelFile

    init(_ file: ModelFile) { self.file = file }

    func showSummary() throws(FormatError) {
        let totals = try FileDump(file).totals()
        let ratio = totals.tensorBytes == 0 ? 1 : Double(totals.storedBytes) / Double(totals.tensorBytes)
        let family = file.model.family.isEmpty ? "" : ", \(TerminalText.escaped(file.model.family))"
        StandardOutput.line("\(TerminalText.escaped(file.path)): .moe 1.\(file.minorVersion)\(family)")
        StandardOutput.line(
            "  \(file.tensorCount.counting("tensor")), \(ByteSize.text(totals.tensorBytes)) stored in \(ByteSize.text(totals.storedBytes)) "
                + "(\(ByteSize.decimal(ratio * 100, 1)) %); \(try size())")
        if file.banks.isEmpty {
            StandardOutput.line("  no MoE layers")
            return
        }
        StandardOutput.line("  \(file.banks.count.counting("MoE layer"))")
        StandardOutput.line("")
        var table = TextTable([
            ("layer", .right), ("path", .left), ("experts", .right), ("top-k", .right), ("shared", .right),
            ("hidden", .right),
            ("expert", .right), ("router", .left), ("function", .left), ("one expert", .right), ("all stored", .right),
        ])
        for bank in file.banks {
            let layer = file.layer(of: bank)
            let router = file.router(of: bank)
            table.add([
                bank.layer.map(String.init) ?? "-", bank.path, "\(bank.expertCount)",
                router.kind == .all ? "all" : "\(router.topK)",
                "\(bank.sharedCount)", "\(layer.hiddenSize)", "\(layer.expertSize)", Self.words(router),
                Self.words(file.function(of: bank)),
                ByteSize.text(bank.largestExpert), ByteSize.text(bank.storedLength),
            ])
        }
        for line in table.lines { StandardOutput.line("  " + line) }
        for router in file.model.routers where router.kind == .unsupported {
            StandardOutput.line(
                "\n  cannot run: \(TerminalText.escaped(router.reason ?? "a router outside the described kinds"))")
        }
    }

    private func size() throws(FormatError) -> String {
        let bytes = ByteSize.text(try file.byteCountOfSet())
        return file.set.map { "\($0.memberCount + 1) files of \(bytes)" } ?? "file \(bytes)"
    }

    func showLayer(_ bank: Bank, expert: Int?) throws(FormatError) {
        if let expert, expert < 0 || expert >= bank.expertCount {
            throw FormatError(.usage, "there is no expert \(expert); the layer has \(bank.expertCount)")
        }
        StandardOutput.line(
            "\(TerminalText.escaped(bank.path)): \(Self.words(file.router(of: bank))), \(Self.words(file.function(of: bank)))"
        )
        let blocks = expert.map { [bank.block(ofExpert: $0)] } ?? bank.blocks
        var table = Self.partTable
        for index in blocks {
            let block = try file.block(at: index)
            for part in block.parts { try add(part, of: file.tensor(at: part.tensor), in: block, to: &table) }
        }
        for line in table.lines { StandardOutput.line("  " + line) }
    }

    func showTensors() throws(FormatError) {
        StandardOutput.line("")
        try show(tensors: Array(0..<file.tensorCount), aliases: Array(0..<file.aliasCount))
    }

    func show(_ found: FoundTensors) throws(FormatError) {
        if !found.isEmpty { try show(tensors: found.tensors, aliases: found.aliases) }
        let totals = try found.totals()
        let count = found.tensors.count
        let share = "\(ByteSize.text(totals.tensorBytes)) stored in \(ByteSize.text(totals.storedBytes))"
        StandardOutput.line(
            "\(count) of \(file.tensorCount) tensors\(found.aliases.isEmpty ? "" : ", \(found.aliases.count) aliases")\(count == 0 ? "" : ", \(share)")"
        )
    }

    private func show(tensors: [Int], aliases: [Int]) throws(FormatError) {
        var table = TextTable([
            ("tensor", .left), ("dtype", .left), ("shape", .left), ("role", .left), ("parts", .right),
            ("bytes", .right), ("stored", .right),
            ("content", .left),
        ])
        for index in tensors {
            let tensor = try file.tensor(at: index)
            let parts = try file.parts(of: tensor)
            table.add([
                tensor.name, tensor.dtype.name, "\(tensor.shape)", parts.first?.role.name ?? "-", "\(parts.count)",
                ByteSize.text(tensor.byteCount),
                ByteSize.text(parts.reduce(0) { $0.addingClamped($1.record.storedLength) }),
                String(tensor.contentHash.description.prefix(16)),
            ])
        }
        for line in table.lines { StandardOutput.line("  " + line) }
        for index in aliases {
            let alias = try file.alias(at: index)
            StandardOutput.line(TerminalText.escaped("  \(alias.name) = \(try file.tensor(at: alias.tensor).name)"))
        }
    }

    func showMetadata() throws(FormatError) {
        StandardOutput.line("\nmodel:")
        StandardOutput.line(file.model.json.indentedText)
        if let configuration = try file.configuration() {
            StandardOutput.line("\nconfig:")
            let value = try? JSONParser.parse(configuration, acceptingNonFinite: true)
            StandardOutput.line(
                value?.indentedText ?? TerminalText.escaped(String(decoding: configuration, as: UTF8.self)))
        }
        switch try file.source() {
        case .hdf5(let origin):
            let groups = origin.objects.count { $0.kind == .group }
            let attributes = origin.objects.reduce(0) { $0 + $1.attributes.count }
            StandardOutput.line(
                "\nsource: HDF5, superblock \(origin.superblock), \(groups) groups, \(attributes) attributes")
        case .safetensors(let origin):
            StandardOutput.line(
                "\nsource: safetensors, \(origin.files.count.counting("file"))")
        case .unknown(let kind): StandardOutput.line("\nsource: of the unknown kind \(kind)")
        case nil: break
        }
    }

    private static var partTable: TextTable {
        TextTable([
            ("block", .right), ("expert", .right), ("role", .left), ("tensor", .left), ("dtype", .left),
            ("matrix", .left), ("encoding", .left),
            ("bytes", .right), ("stored", .right), ("chunks", .right),
        ])
    }

    private func add(_ part: Part, of tensor: Tensor, in block: Block, to table: inout TextTable) throws(FormatError) {
        let rows = part.elementCount / part.record.rowLength
        table.add([
            "\(block.id)", block.record.expert == none32 ? "-" : "\(block.record.expert)", part.role.name, tensor.name,
            tensor.dtype.name,
            "\(rows)×\(part.record.rowLength)", Encoding(rawValue: part.record.encoding).map { "\($0)" } ?? "unknown",
            ByteSize.text(part.byteCount(of: tensor.dtype)),
            ByteSize.text(part.record.storedLength),
            "\(part.record.chunkCount)",
        ])
    }

    /// A router in a few words: `softmax, sum`, `sigmoid + bias, 8 groups`.
    static func words(_ router: RouterDescription) -> String {
        if router.kind == .unsupported { return "unsupported" }
        var words = [router.score.rawValue]
        if router.kind != .topK, router.kind != .all { words.insert(router.kind.rawValue, at: 0) }
        if router.selectionBias != .none { words[words.count - 1] += "+bias" }
        if let groups = router.groups, groups.count > 1 { words.append("\(groups.kept) of \(groups.count) groups") }
        if router.normalization != nil { words.append("normalised") }
        if router.scale != 1 { words.append("×\(router.scale)") }
        if router.weightOn == .input { words.append("on input") }
        return words.joined(separator: ", ")
    }

    static func words(_ function: ExpertFunction) -> String {
        function.kind == .linear ? "linear" : "\(function.kind.rawValue) \(function.activation.rawValue)"
    }
}
