import MoEFormat
import Testing

@testable import MoERuntime

/// What a line of a trace may hold.
@Suite struct RoutingTraceTests {
    private func trace(_ text: String, banks: [Int]) throws(RuntimeError) -> RoutingTrace {
        try RoutingTrace(Array(text.utf8), banks: banks)
    }

    @Test(arguments: [
        #"{"layers": [{}]}"#, #"{"layers": [null]}"#, #"{"layers": [3]}"#, #"{"layers": [[0]], "predicted": ["0"]}"#,
        #"{"layers": [[4]]}"#, #"{"layers": [[-1]]}"#, #"{"layers": [[1e300]]}"#, #"{"layers": [[0], [0]]}"#,
    ])
    func linesOfAnythingElseAreDamaged(line: String) {
        #expect {
            try trace(#"{"layers": [[0]]}"# + "\n" + line, banks: [4])
        } throws: { error in
            guard case RuntimeError.file(let error) = error else { return false }
            return error.kind == .damaged && error.message.hasPrefix("line 2 ")
        }
    }

    /// Each expert counts once, in time that does not grow with the square of the list.
    @Test func longListsAreRead() throws {
        let count = 200_000
        let ids = (0..<count).map(String.init).joined(separator: ",")
        let read = try trace(#"{"layers": [["# + ids + "," + ids + "]]}", banks: [count])
        #expect(read.steps == [[Array(0..<count)]])
    }
}
