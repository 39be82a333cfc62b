import Foundation
import MoEFormat

/// Measures inside one process what starting a command would drown: one JSON request a line on stdin, one answer a line on
/// stdout. The driver alternates these requests with the peers' turns, so that all see the same machine.
///
///     {"do": "decode", "repeat": 3}  →  {"seconds": 0.0123}
@main
struct MeasureTool {
    private enum Failure: Error { case request(String) }

    static func main() {
        let codec = CodecMeasure()
        let experts = ExpertMeasure()
        let trace = TraceMeasure()
        while let line = readLine() {
            do {
                let request = try JSONParser.parse(Array(line.utf8))
                let answer: JSONObject =
                    switch request["do"]?.string {
                    case "load": try codec.load(request)
                    case "encode": try codec.encode(jobs: request["jobs"]?.integer ?? 1)
                    case "decode":
                        try codec.decode(
                            jobs: request["jobs"]?.integer ?? 1, checked: request["checked"] == .bool(true))
                    case "memcpy": codec.copy()
                    case "open": try OpenMeasure.open(request)
                    case "model": try experts.open(request)
                    case "expert": try experts.load(request)
                    case "forward": try experts.forward(request)
                    case "bandwidth": BandwidthMeasure.read(request)
                    case "trace": try trace.run(request)
                    default: throw Failure.request("unknown request: \(line)")
                    }
                print(JSONValue.object(answer).text)
            } catch {
                print(JSONValue.object(["error": .string("\(error)")]).text)
            }
            fflush(nil)
        }
    }
}
