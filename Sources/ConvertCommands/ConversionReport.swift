import CommandSupport
import MoEConversion
import MoEFormat
import MoESystem

/// What a conversion did or would do, for people and for programs.
struct ConversionReport {
    private let conversion: Conversion
    private let input: String
    private let output: String

    init(_ conversion: Conversion, input: String, output: String) {
        self.conversion = conversion
        self.input = input
        self.output = output
    }

    private var plan: ConversionPlan { conversion.plan }

    func showPlan(asJSON: Bool) {
        if asJSON {
            StandardOutput.line(JSONValue.object(planObject).indentedText)
            return
        }
        StandardOutput.line(TerminalText.escaped("\(input): \(headline)"))
        showLayers()
        StandardOutput.line("")
        var table = TextTable([
            ("block", .right), ("kind", .left), ("bank", .right), ("expert", .right), ("bytes", .right),
            ("tensors", .left),
        ])
        for (index, block) in plan.blocks.enumerated() {
            let bytes = block.parts.reduce(UInt64(0)) { $0 + self.bytes(of: $1) }
            let names = block.parts.prefix(3).map { plan.tensors[$0.tensor].name }.joined(separator: ", ")
            table.add([
                "\(index)", "\(block.kind)", block.bank.map(String.init) ?? "-", block.expert.map(String.init) ?? "-",
                ByteSize.text(bytes),
                names + (block.parts.count > 3 ? ", … (\(block.parts.count))" : ""),
            ])
        }
        for line in table.lines { StandardOutput.line("  " + line) }
    }

    func showResult(asJSON: Bool, seconds: Double) throws(ConversionError) {
        let file: ModelFile
        let totals: (tensorBytes: UInt64, storedBytes: UInt64)
        let fileBytes: UInt64
        do throws(FormatError) {
            file = try ModelFile(opening: output)
            totals = try FileDump(file).totals()
            fileBytes = try file.byteCountOfSet()
        } catch {
            throw ConversionError(writing: error)
        }
        if asJSON {
            var object = planObject
            object["blocks"] = nil
            object["file_bytes"] = .integer(Int64(clamping: fileBytes))
            if let set = file.set { object["files"] = .array((0...set.memberCount).map { .string(set.path(of: $0)) }) }
            object["stored_bytes"] = .integer(Int64(clamping: totals.storedBytes))
            object["seconds"] = .number(seconds)
            StandardOutput.line(JSONValue.object(object).indentedText)
            return
        }
        StandardOutput.line(TerminalText.escaped("\(output): \(headline)"))
        showLayers()
        let ratio = totals.tensorBytes == 0 ? 100 : Double(totals.storedBytes) / Double(totals.tensorBytes) * 100
        let files = file.set.map { "\($0.memberCount + 1) files of" } ?? "file"
        let speed = seconds > 0 ? UInt64(Double(totals.tensorBytes) / seconds) : 0
        StandardOutput.line(
            "  \(ByteSize.text(totals.tensorBytes)) of tensors stored in \(ByteSize.text(totals.storedBytes)) (\(ByteSize.decimal(ratio, 1)) %), "
                + "\(files) \(ByteSize.text(fileBytes)); \(ByteSize.decimal(seconds, 2)) s, \(ByteSize.text(speed))/s")
    }

    /// What the experts of a bank were recognised by; nil where the input said so itself, or was cut.
    private func layout(of bank: Int) -> String? {
        guard let banks = conversion.recognition?.banks else { return nil }
        let path = ExactName(plan.banks[bank].path)
        return banks.first { ExactName($0.path) == path }?.layout
    }

    private var headline: String {
        let family = plan.model.family.isEmpty ? "" : "\(plan.model.family), "
        let aliases =
            plan.aliases.isEmpty ? "" : ", \(plan.aliases.count) \(plan.aliases.count == 1 ? "alias" : "aliases")"
        return
            "\(family)\(plan.tensors.count.counting("tensor"))\(aliases), \(plan.banks.count.counting("MoE layer"))"
    }

    private func showLayers() {
        guard !plan.banks.isEmpty else { return }
        var table = TextTable([
            ("layer", .right), ("path", .left), ("layout", .left), ("experts", .right), ("top-k", .right),
            ("shared", .right), ("hidden", .right), ("expert", .right),
        ])
        for (number, bank) in plan.banks.enumerated() {
            let layer = plan.model.layers[table.count]
            let router = plan.model.routers[layer.router]
            table.add([
                bank.layer.map(String.init) ?? "-", bank.path, layout(of: number) ?? "-", "\(bank.expertCount)",
                router.kind == .all ? "all" : "\(router.topK)",
                "\(bank.sharedCount)", "\(layer.hiddenSize)", "\(layer.expertSize)",
            ])
        }
        for line in table.lines { StandardOutput.line("  " + line) }
    }

    private func bytes(of part: ConversionPlan.Part) -> UInt64 {
        part.elementCount * UInt64(plan.tensors[part.tensor].dtype.byteCount ?? 0)
    }

    private var planObject: JSONObject {
        let banks = plan.banks.enumerated().map { index, bank -> JSONValue in
            let layer = plan.model.layers[index]
            return [
                "bank": .integer(Int64(index)), "path": .string(bank.path),
                "layer": bank.layer.map { .integer(Int64($0)) } ?? .null,
                "layout": layout(of: index).map { .string($0) } ?? .null, "experts": .integer(Int64(bank.expertCount)),
                "shared_experts": .integer(Int64(bank.sharedCount)), "hidden_size": .integer(Int64(layer.hiddenSize)),
                "expert_size": .integer(Int64(layer.expertSize)),
            ]
        }
        let blocks = plan.blocks.map { block -> JSONValue in
            [
                "kind": .string("\(block.kind)"), "bank": block.bank.map { .integer(Int64($0)) } ?? .null,
                "expert": block.expert.map { .integer(Int64($0)) } ?? .null,
                "tensors": .array(block.parts.map { .string(plan.tensors[$0.tensor].name) }),
            ]
        }
        return [
            "input": .string(input), "output": .string(output), "family": .string(plan.model.family),
            "tensor_count": .integer(Int64(plan.tensors.count)), "alias_count": .integer(Int64(plan.aliases.count)),
            "tensor_bytes": .integer(Int64(clamping: plan.byteCount)), "layers": .array(banks),
            "model": plan.modelJSON, "blocks": .array(blocks),
            "unrecognized": .array(conversion.unrecognized.map { .string($0) }),
            "warnings": .array(conversion.warnings.map { .string($0) }),
            "suggestions": .array((conversion.recognition?.suggestions ?? []).map { .string($0) }),
        ]
    }
}

extension ConversionPlan {
    /// The model description as the file will have it.
    fileprivate var modelJSON: JSONValue { model.json }
}
