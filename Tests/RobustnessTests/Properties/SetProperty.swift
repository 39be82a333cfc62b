import MoEFormat

/// Whatever the files of a set, it opens by any of them and gives everything it holds, or it throws.
///
/// Input: the number of members less one, the length of each file but the last (u16), then the files, the head first.
package enum SetProperty {
    private static let mostMembers = 8

    @discardableResult
    package static func check(_ input: [UInt8], in scratch: ScratchSet) -> Bool {
        guard let files = files(of: input) else { return false }
        scratch.replace(with: files)
        let paths = scratch.paths
        guard ModelFileProperty.check(path: paths[0]) else {
            for path in paths.dropFirst() { _ = try? ModelFile(opening: path) }
            return false
        }
        let head = try? ModelFile(opening: paths[0])
        for path in paths.dropFirst() {
            guard let file = try? ModelFile(opening: path), file.path != path else { continue }
            expect(file.path == paths[0], "a member leads to its head")
            expect(file.tensorCount == head?.tensorCount, "a member leads to its model")
        }
        _ = try? head?.set?.checkMembers()
        RuntimeProperty.check(path: paths[0], byteCount: input.count)
        return true
    }

    /// The files that an input stands for; nil where it stands for none.
    package static func files(of input: [UInt8]) -> [[UInt8]]? {
        guard let first = input.first else { return nil }
        let members = 1 + Int(first) % mostMembers
        var rest = input.dropFirst(1 + 2 * members)
        var files: [[UInt8]] = []
        for index in 0..<members {
            guard 2 * index + 2 < input.count else { return nil }
            let length = Int(input[1 + 2 * index]) | Int(input[2 + 2 * index]) << 8
            guard length <= rest.count else { return nil }
            files.append(Array(rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        return files + [Array(rest)]
    }

    /// The input that stands for files; nil for more or longer ones than an input holds.
    package static func input(of files: [[UInt8]]) -> [UInt8]? {
        guard (2...mostMembers + 1).contains(files.count), files.allSatisfy({ $0.count < 1 << 16 }) else { return nil }
        let lengths = files.dropLast().flatMap { [UInt8($0.count & 0xFF), UInt8($0.count >> 8)] }
        return [UInt8(files.count - 2)] + lengths + files.joined()
    }
}
