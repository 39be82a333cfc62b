package import ArgumentParser
import CommandSupport
import MoEFormat
import MoESystem
import Synchronization

/// `moe-inspect norms FILE`: how large the weights of each expert are.
package struct NormsCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "norms", abstract: "Shows the Frobenius norm of each expert's weights, by role.",
        discussion: """
            Without --layer a row for each role of each layer: the least, the median and the greatest of its experts' norms, and \
            whose they are; an expert that was never trained stands out. With --layer a row for each expert. Quantised weights \
            count as the values that they stand for. Infinities and NaN are counted and left out of the sums.
            """)

    @Argument(help: "The .moe file.", completion: .file(extensions: ["moe"]))
    var file: String

    @Option(help: ArgumentHelp("Only that layer, by its number or its bank's path.", valueName: "N|PATH"))
    var layer: String?

    @OptionGroup
    var work: WorkArguments

    @Flag(help: "Print every expert's norms as JSON.")
    var json = false

    package init() {}

    package func run() throws {
        try CommandRunner.run("moe-inspect") {
            let layers: [LayerNorms]
            do throws(FormatError) { layers = try measure() } catch { throw CommandFailure(error, path: file) }
            if json {
                StandardOutput.line(NormsJSON.value(of: layers).indentedText)
            } else if layer != nil, let layer = layers.first {
                for line in NormsText.experts(of: layer) { StandardOutput.line(line) }
            } else if layers.isEmpty {
                StandardOutput.line("no MoE layers")
            } else {
                for line in NormsText.layers(layers) { StandardOutput.line(line) }
            }
        }
    }

    private func measure() throws(FormatError) -> [LayerNorms] {
        let model = try ModelFile(opening: file)
        let banks = if let layer { [try model.bank(named: layer)] } else { model.banks }
        let progress = ProgressLine(
            "decoding", total: banks.reduce(0) { $0.addingClamped($1.decodedLength) }, isQuiet: work.quiet)
        defer { progress.finish() }
        let done = Atomic<UInt64>(0)
        var layers: [LayerNorms] = []
        for bank in banks {
            layers.append(
                try LayerNorms(of: bank, in: model, workers: work.workers) { bytes in
                    progress.update(done.wrappingAdd(bytes, ordering: .relaxed).newValue)
                })
        }
        return layers
    }
}
