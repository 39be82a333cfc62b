/// Mutates sets of `.moe` files so that most results keep what their files say of each other: SPEC.md §13.
///
/// An input is the number of members, the length of each file but the last (u16), and the files, the head first.
public enum SetMutator {
    private static let recordSize = 40

    public static func mutate(_ data: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int, _ seed: UInt32) -> Int {
        var source = MutationSource(data, count, limit, seed: seed)
        guard var files = split(source), source.random(below: 64) > 0 else {
            source.mutateAll()
            return source.count
        }
        let chosen = source.random(below: files.count)
        switch source.random(below: 16) {
        case 0: files.swapAt(chosen, source.random(below: files.count))
        case 1: files[chosen] = files[source.random(below: files.count)]
        case 2 where files.count > 2: files.removeLast()
        case 3: files.append(files[chosen])
        default:
            let room = limit - files.reduce(1 + 2 * files.count) { $0 + $1.count } + files[chosen].count
            guard room >= files[chosen].count, files[chosen].count > 0 else { return source.count }
            let length = files[chosen].count
            files[chosen] += [UInt8](repeating: 0, count: room - length)
            let changed = files[chosen].withUnsafeMutableBufferPointer {
                ModelFileMutator.mutate($0.baseAddress!, length, room, UInt32(source.random(below: 1 << 30)))
            }
            files[chosen].removeLast(room - changed)
        }
        if source.random(below: 8) > 0 { agree(&files) }
        if source.random(below: 4) == 0 { disagree(&files[source.random(below: files.count)], &source) }
        return write(files, to: &source)
    }

    private static func split(_ source: MutationSource) -> [[UInt8]]? {
        guard source.count > 1 else { return nil }
        let members = 1 + Int(source.bytes[0] % 8)
        var position = 1 + 2 * members
        var files: [[UInt8]] = []
        for index in 0..<members {
            let length = Int(source.load(1 + 2 * index, width: 2))
            guard position <= source.count, length <= source.count - position else { return nil }
            files.append((position..<position + length).map { source.bytes[$0] })
            position += length
        }
        guard position <= source.count else { return nil }
        files.append((position..<source.count).map { source.bytes[$0] })
        return files
    }

    private static func write(_ files: [[UInt8]], to source: inout MutationSource) -> Int {
        let length = files.reduce(1 + 2 * (files.count - 1)) { $0 + $1.count }
        guard (2...9).contains(files.count), length <= source.limit, files.allSatisfy({ $0.count < 1 << 16 }) else {
            return source.count
        }
        source.count = length
        source.bytes[0] = UInt8(files.count - 2)
        var position = 1 + 2 * (files.count - 1)
        for (index, file) in files.enumerated() {
            if index < files.count - 1 { source.store(UInt64(file.count), at: 1 + 2 * index, width: 2) }
            for byte in file {
                source.bytes[position] = byte
                position += 1
            }
        }
        return length
    }

    /// Makes the records of head and members say the same, and what is so.
    private static func agree(_ files: inout [[UInt8]]) {
        guard let head = setSection(of: files[0]), head.count >= recordSize else { return }
        let identity = files[0][head.lowerBound..<head.lowerBound + 16]
        for number in files.indices {
            guard let own = setSection(of: files[number]), own.count >= recordSize else { continue }
            var record = Array(identity)
            put(UInt64(files[number].count), 8, into: &record)
            record += files[number][(files[number].count - 40)..<(files[number].count - 32)]
            put(UInt64(number), 2, into: &record)
            put(UInt64(files.count - 1), 2, into: &record)
            put(0, 4, into: &record)
            files[number].replaceSubrange(own.lowerBound..<own.lowerBound + recordSize, with: record)
            let place = head.lowerBound + recordSize * number
            guard place + recordSize <= head.upperBound else { continue }
            files[0].replaceSubrange(place..<place + recordSize, with: record)
        }
    }

    /// Gives one field of a file's first record another value, which its length does not tell.
    private static func disagree(_ file: inout [UInt8], _ source: inout MutationSource) {
        guard let own = setSection(of: file), own.count >= recordSize else { return }
        let (offset, width) = [(0, 8), (8, 8), (24, 8), (32, 2), (34, 2), (36, 4)][source.random(below: 6)]
        let value = source.interestingNumber(near: UInt64(file[own.lowerBound + offset]))
        for index in 0..<width {
            file[own.lowerBound + offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
        }
    }

    private static func put(_ value: UInt64, _ width: Int, into bytes: inout [UInt8]) {
        for index in 0..<width { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
    }

    private static func setSection(of file: [UInt8]) -> Range<Int>? {
        func load(_ offset: Int, _ width: Int) -> Int {
            guard offset >= 0, offset <= file.count - width else { return 0 }
            return Int(
                truncatingIfNeeded: (0..<width).reduce(UInt64(0)) { $0 | UInt64(file[offset + $1]) << UInt64(8 * $1) })
        }
        let table = load(file.count - 56, 8)
        for entry in 0..<min(64, load(file.count - 48, 4)) {
            let place = table &+ 48 * entry
            guard load(place, 4) == 15 else { continue }
            let (offset, length) = (load(place + 8, 8), load(place + 16, 8))
            guard offset >= 0, length >= 0, offset <= file.count, length <= file.count - offset else { return nil }
            return offset..<offset + length
        }
        return nil
    }
}
