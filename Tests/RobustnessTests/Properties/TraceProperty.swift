import MoEFormat
import MoERuntime

/// Whatever a routing trace says, its steps are of experts that the model has, or an error names the line.
package enum TraceProperty {
    @discardableResult
    package static func check(_ text: [UInt8], in scratch: ScratchFile) -> Bool {
        scratch.replace(with: text)
        var isRead = false
        for banks in [[], [4], [8, 2]] {
            guard let trace = try? RoutingTrace(opening: scratch.path, banks: banks) else { continue }
            let lines = text.split(separator: UInt8(ascii: "\n")).count
            expect(trace.tokenCount <= lines, "a line is one token at most")
            _ = trace.hasPredictions
            isRead = true
        }
        return isRead
    }
}
