import Foundation
import Testing

@testable import MoESystem

/// What waits on the disk during a conversion has no name, and is nobody else's.
@Suite struct ScratchFileTests {
    @Test func itHasNoNameAndIsNotHandedOn() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "moe-scratch-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: directory) }
        let descriptor = try ScratchFile.openAndUnlink(in: directory.path(percentEncoded: false))
        defer { close(descriptor) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path(percentEncoded: false)).isEmpty)
        // Processes that read a stranger's file are started while it is open.
        #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
    }

    @Test func aDirectoryThatIsNotThereIsAnError() {
        #expect(throws: SystemError.self) { try ScratchFile.openAndUnlink(in: "/nowhere/at/all") }
    }
}
