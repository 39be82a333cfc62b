/// The files of a set as values that print themselves.
package struct SetDump {
    package struct File: Sendable {
        package let name: String
        package let byteCount: UInt64
        package let blockCount: Int
        /// Why nothing can be read from it; nil where it can.
        package let problem: FormatError?
    }

    package let identity: ContentHash
    /// The head, then the members in order.
    package let files: [File]

    /// nil for a file of no set.
    ///
    /// - Throws: `FormatError` when the head is damaged; of members it is told what is wrong with each.
    /// - Complexity: O(blocks + members); opens every member.
    package init?(_ file: ModelFile) throws(FormatError) {
        guard let set = file.set else { return nil }
        identity = set.identity
        var blocks = [Int](repeating: 0, count: set.memberCount + 1)
        for index in 0..<file.blockCount { blocks[Int(try file.block(at: index).record.file)] += 1 }
        var files: [File] = []
        for number in 0...set.memberCount {
            var problem: FormatError?
            do throws(FormatError) { _ = try file.storage(ofFile: number) } catch { problem = error }
            files.append(
                File(
                    name: SetName.file(of: set.path(of: number)), byteCount: try set.byteCount(of: number),
                    blockCount: blocks[number], problem: problem))
        }
        self.files = files
    }

    package var json: JSONValue {
        [
            "id": .string(identity.description),
            "files": .array(
                files.map {
                    [
                        "name": .string($0.name), "bytes": .bytes($0.byteCount),
                        "blocks": .integer(Int64($0.blockCount)),
                        "problem": $0.problem.map { .string($0.description) } ?? .null,
                    ]
                }),
        ]
    }
}
