import ArgumentParser
import CommandSupport
import MoEConversion
import MoEFormat

/// The options that make a model smaller.
package struct SlimmingArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Round floating-point weights to this type, to nearest even; quantised ones stay.",
            valueName: "bf16|f16|f32"))
    var dtype: WeightType?

    @Flag(help: "Let weights beyond the range of --dtype become infinite.")
    var allowOverflow = false

    @Option(help: ArgumentHelp("Keep only these experts of every layer.", valueName: "A-B"))
    var experts: NumberRange?

    @Option(help: ArgumentHelp("Keep only these layers, by the model's own numbers.", valueName: "A-B"))
    var layers: NumberRange?

    @Flag(help: "Store equal dense tensors once.")
    var dedup = false

    @Option(
        help: ArgumentHelp(
            "Write a set of files of at most this size, as OUT-00001-of-00004.moe beside OUT; a larger block gets a file of its own.",
            valueName: "SIZE"))
    var shardSize: ByteSize?

    package init() {}

    package func validate() throws {
        if let shardSize, shardSize.bytes < 1 { throw ValidationError("--shard-size takes a size from 1 on") }
        if allowOverflow, dtype == nil { throw ValidationError("--allow-overflow goes with --dtype") }
    }

    /// The first option that was given; nil when there is none.
    var firstGiven: String? {
        let given: [(String, Bool)] = [
            ("--dtype", dtype != nil), ("--experts", experts != nil), ("--layers", layers != nil), ("--dedup", dedup),
            ("--shard-size", shardSize != nil),
        ]
        return given.first { $0.1 }?.0
    }

    func apply(to request: inout Conversion.Request) {
        request.slimming.dtype = dtype?.dtype
        request.slimming.allowsOverflow = allowOverflow
        request.slimming.experts = experts?.range
        request.slimming.layers = layers?.range
        request.slimming.deduplicates = dedup
    }
}

/// A floating-point type that weights can be rounded to.
enum WeightType: String, CaseIterable, ExpressibleByArgument {
    case bf16, f16, f32

    var dtype: Dtype {
        switch self {
        case .bf16: .bf16
        case .f16: .f16
        case .f32: .f32
        }
    }
}

/// Numbers as the command line writes them: `0-15`, or one alone.
struct NumberRange: ExpressibleByArgument, Sendable {
    let range: Range<Int>

    init?(argument: String) {
        let ends = argument.split(separator: "-", omittingEmptySubsequences: false)
        guard (1...2).contains(ends.count), let first = Int(ends[0]), let last = Int(ends[ends.count - 1]), first >= 0,
            first <= last, last < Int.max
        else { return nil }
        range = first..<last + 1
    }
}
