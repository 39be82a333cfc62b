import MoEFormat
package import MoERuntime

/// Whatever the bytes of a model, its layers run and give finite-sized outputs, or throw; the bits do not depend on the
/// engine or the budget.
package enum RuntimeProperty {
    @discardableResult
    package static func check(_ bytes: [UInt8], in scratch: ScratchFile) -> Bool {
        scratch.replace(with: bytes)
        return check(path: scratch.path, byteCount: bytes.count)
    }

    @discardableResult
    package static func check(path: String, byteCount: Int) -> Bool {
        guard let roomy = model(path, .read, budget: 1 << 20), let tight = model(path, .mapped, budget: 1 << 13)
        else { return false }
        var runs = false
        for bank in roomy.banks.prefix(4) {
            guard let layer = try? roomy.layer(named: bank.path), layer.hiddenSize <= 1 << 12 else { continue }
            expect(layer.outputSize <= byteCount * 1024, "an output's size is borne out by weights")
            let tokens = 3
            let hidden = (0..<tokens * layer.hiddenSize).map { Float(($0 &* 37) % 23 - 11) / 8 }
            var options = ForwardOptions()
            options.tokenIDs = [0, 1, 2]
            options.appliesCapacity = true
            guard let result = try? layer.forward(hidden, tokens: tokens, options: options) else { continue }
            runs = true
            expect(result.output.count == tokens * layer.outputSize, "an output has its size")
            guard let other = try? tight.layer(named: bank.path),
                let again = try? other.forward(hidden, tokens: tokens, options: options)
            else { continue }
            expect(again.output.map(\.bitPattern) == result.output.map(\.bitPattern), "engine and budget change no bit")
        }
        return runs
    }

    private static func model(_ path: String, _ engine: IOEngine, budget: Int) -> MoEModel? {
        try? MoEModel(opening: path, options: .init(memoryBudget: .bytes(budget), engine: engine, jobs: 1))
    }
}
