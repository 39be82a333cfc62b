import CMoEKernels
import CMoESystem
import Testing

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

@Suite struct GuardTests {
    /// A mapped temporary file that can be cut while it is mapped.
    final class CutFile: Sendable {
        let size: Int
        private let descriptor: Int32
        nonisolated(unsafe) let bytes: UnsafeMutableRawPointer

        init(size: Int, filledWith byte: UInt8) throws {
            var path = Array("/tmp/moe-guard-XXXXXX".utf8CString)
            descriptor = mkstemp(&path)
            try #require(descriptor >= 0)
            unlink(path)
            let content = [UInt8](repeating: byte, count: size)
            try #require(write(descriptor, content, size) == size)
            self.size = size
            bytes = try #require(mmap(nil, size, PROT_READ, MAP_SHARED, descriptor, 0))
        }

        func cut(to size: Int) { ftruncate(descriptor, off_t(size)) }

        deinit {
            munmap(bytes, size)
            close(descriptor)
        }
    }

    static let sum: moe_hash64 = { bytes, count in
        // Only for mappings that are whole: a guard must not jump over Swift frames.
        (0..<count).reduce(0) { $0 + UInt64(bytes!.load(fromByteOffset: $1, as: UInt8.self)) }
    }

    let page = Int(sysconf(Int32(_SC_PAGESIZE)))

    @Test func readsWhatIsThereAndReportsWhatIsNot() throws {
        let file = try CutFile(size: 8 * page, filledWith: 3)
        var copy = [UInt8](repeating: 0, count: file.size)
        #expect(moe_guarded_copy(&copy, file.bytes, file.size))
        #expect(copy.allSatisfy { $0 == 3 })
        var hash: UInt64 = 0
        #expect(moe_guarded_hash64(Self.sum, file.bytes, file.size, &hash))
        #expect(hash == UInt64(3 * file.size))

        file.cut(to: 2 * page)
        #expect(!moe_guarded_copy(&copy, file.bytes, file.size))
        #expect(!moe_guarded_touch(file.bytes, file.size))
        #expect(!moe_guarded_touch(file.bytes + 7 * page + 5, 1))
        #expect(moe_guarded_touch(file.bytes + 5, 2 * page - 5))
        #expect(moe_guarded_copy(&copy, file.bytes, 2 * page))
        #expect(!moe_guarded_copy(&copy, file.bytes + page, 2 * page))
        #expect(moe_guarded_copy(&copy, file.bytes + 7 * page, 0))
    }

    @Test func aKernelMeetsTheEndOfTheFile() throws {
        let rows = 64
        let columns = 4096
        let file = try CutFile(size: rows * columns * 2, filledWith: 0)
        let tile = [Float](repeating: 1, count: columns)
        var result = [Float](repeating: 7, count: rows)
        func run() -> Int32 {
            tile.withUnsafeBufferPointer { tile in
                result.withUnsafeMutableBufferPointer { result in
                    var call = moe_linear_call()
                    call.weight = moe_weight(
                        elements: file.bytes, rows: rows, columns: columns, type: MOE_WEIGHT_BF16,
                        scale_type: MOE_SCALE_NONE,
                        scales: nil, block_rows: 0, block_columns: 0)
                    call.token_tile = tile.baseAddress
                    call.tokens = 1
                    call.outputs = rows
                    call.result = result.baseAddress
                    call.result_stride = rows
                    return moe_guard_run(file.bytes, file.size, moe_linear_body, &call)
                }
            }
        }
        #expect(run() == 1)
        #expect(result.allSatisfy { $0 == 0 })
        file.cut(to: page)
        #expect(run() == MOE_GUARD_FAULT)
        #expect(run() == MOE_GUARD_FAULT)
    }

    @Test func threadsHaveTheirOwnGuards() async throws {
        let page = page
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<20 {
                        guard let file = try? CutFile(size: 4 * page, filledWith: 1) else { return false }
                        var copy = [UInt8](repeating: 0, count: file.size)
                        guard moe_guarded_copy(&copy, file.bytes, file.size) else { return false }
                        file.cut(to: page)
                        guard !moe_guarded_copy(&copy, file.bytes, file.size) else { return false }
                        guard moe_guarded_copy(&copy, file.bytes, page) else { return false }
                    }
                    return true
                }
            }
            for await passed in group { #expect(passed) }
        }
    }

    /// A fault within an inner guard ends there, and the outer one goes on guarding.
    @Test func guardsNest() throws {
        let inner = try CutFile(size: page, filledWith: 1)
        inner.cut(to: 0)
        // Not jumped over: the inner guard's frames end below it.
        let body: moe_guard_body = { file in
            var byte: UInt8 = 0
            return moe_guarded_copy(&byte, file!, 1) ? 1 : 2
        }
        let outer = try CutFile(size: page, filledWith: 1)
        #expect(moe_guard_run(outer.bytes, outer.size, body, inner.bytes) == 2)
        #expect(moe_guard_run(inner.bytes, inner.size, body, outer.bytes) == 1)
        #expect(!moe_guarded_touch(inner.bytes, 1))
    }
}
