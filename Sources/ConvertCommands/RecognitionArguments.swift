import ArgumentParser
import HDF5Source
import MoEConversion
import MoEFormat
import MoESystem

/// The options that say what a checkpoint's tensors are.
package struct RecognitionArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp("The Hugging Face config.json; without it, the one beside the input.", valueName: "FILE"),
        completion: .file(extensions: ["json"]))
    var config: String?

    @Option(
        help: ArgumentHelp(
            "How names become roles: auto, dense (recognise nothing), or the name of a layout.",
            valueName: "NAME|auto|dense"))
    var layout = "auto"

    @Option(
        help: ArgumentHelp("A JSON map of name patterns to roles, for any checkpoint.", valueName: "FILE"),
        completion: .file(extensions: ["json"]))
    var map: String?

    @Option(help: ArgumentHelp("Experts a token, in place of what the configuration says.", valueName: "N"))
    var topK: Int?

    @Option(
        help: ArgumentHelp(
            "A router description (SPEC.md §9.2), in place of what the configuration says.", valueName: "JSON"))
    var router: String?

    @Option(
        help: ArgumentHelp(
            "2-byte integers that are really bf16: a name pattern and a dtype. May be given several times.",
            valueName: "PATTERN=DTYPE"))
    var reinterpret: [String] = []

    @Flag(help: "Follow external links to files in the input's own directory.")
    var followExternal = false

    package init() {}

    package func validate() throws {
        if let topK, topK < 1 { throw ValidationError("--top-k takes a number from 1 on") }
        for text in reinterpret where Reinterpretation(text) == nil {
            throw ValidationError("--reinterpret takes PATTERN=DTYPE, as in '*.w1.weight=bf16'; \(text) is not that")
        }
    }

    /// The first option that was given of those that only matter to what a `.moe` file says; nil when there is none.
    var firstGiven: String? {
        let given: [(String, Bool)] = [
            ("--config", config != nil), ("--layout", layout != "auto"), ("--map", map != nil),
            ("--top-k", topK != nil),
            ("--router", router != nil),
        ]
        return given.first { $0.1 }?.0
    }

    func apply(to request: inout Conversion.Request) throws(ConversionError) {
        request.configuration = config
        request.externalLinks = followExternal ? .followed : .refused
        request.reinterpretations = reinterpret.compactMap(Reinterpretation.init)
        request.recognition.topK = topK
        request.recognizesAnew = firstGiven != nil || !reinterpret.isEmpty
        let mapText = if let map { try Self.read(map) } else { [UInt8]?.none }
        do throws(RecognitionError) {
            request.recognition.layout = try LayoutChoice(layout)
            if let mapText { request.recognition.map = try TensorMap(parsing: mapText) }
        } catch {
            throw ConversionError(error.kind == .usage ? .usage : .damaged, error.description)
        }
        if let router {
            do {
                request.recognition.router = try JSONParser.parse(Array(router.utf8))
            } catch {
                throw .usage("--router is not JSON: \(error)")
            }
        }
    }

    /// The map's text; one byte more than is allowed where it is longer.
    private static func read(_ path: String) throws(ConversionError) -> [UInt8] {
        do throws(SystemError) {
            let file = try ReadableFile(opening: path)
            return try file.bytes(at: 0, count: Int(min(file.size, UInt64(TensorMap.maximumBytes + 1))))
        } catch {
            throw ConversionError(error.isUnopenable ? .unopenable : .io, "--map: \(error)")
        }
    }
}
