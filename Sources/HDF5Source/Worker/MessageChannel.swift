import MoESystem

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// One end of a pair of connected sockets that carries messages: 8 bytes of length, little-endian, then the bytes.
///
/// For one thread at a time. Closes its descriptor when it goes.
final class MessageChannel {
    enum Failure: Error {
        /// The other end is gone.
        case closed
        /// Nothing arrived for the time allowed.
        case stalled
        /// The other end announced a message longer than allowed.
        case tooLong(UInt64)
    }

    private let descriptor: Int32

    init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { _ = close(descriptor) }

    /// Both ends, neither of them inherited by other programs.
    static func pair() throws(HDF5Error) -> (parent: Int32, child: Int32) {
        var ends: [Int32] = [-1, -1]
        // Fills in two descriptors.
        #if os(Linux)
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        #else
        let kind = SOCK_STREAM
        #endif
        guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw HDF5Error(.last("cannot connect to", path: "an HDF5 worker"))
        }
        // High numbers, so that standard streams that were closed before do not get in the way.
        let raised = ends.map { end in
            defer { _ = close(end) }
            return fcntl(end, F_DUPFD_CLOEXEC, 10)
        }
        guard raised.allSatisfy({ $0 >= 0 }) else {
            let error = HDF5Error(.last("cannot connect to", path: "an HDF5 worker"))
            for end in raised where end >= 0 { _ = close(end) }
            throw error
        }
        #if canImport(Darwin)
        for end in raised {
            var yes: Int32 = 1
            _ = unsafe setsockopt(end, SOL_SOCKET, SO_NOSIGPIPE, &yes, socklen_t(MemoryLayout<Int32>.size))
        }
        #endif
        return (raised[0], raised[1])
    }

    /// Tells the other end that this one is done, before the descriptor closes.
    func shutDown() { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Returns when the other end is gone.
    func waitUntilClosed() {
        while true {
            var entry = pollfd(fd: descriptor, events: 0, revents: 0)
            // One entry; asks for nothing but what is always told: that the other end hung up.
            let ready = unsafe poll(&entry, 1, -1)
            if ready > 0, Int32(entry.revents) & (POLLHUP | POLLERR | POLLNVAL) != 0 { return }
        }
    }

    func send(_ message: [UInt8]) throws(Failure) {
        let count = UInt64(message.count)
        try send(bytes: (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * UInt64($0))) })
        try send(bytes: message)
    }

    /// The next message.
    ///
    /// - Parameter patience: how long to wait for any byte at all before it counts as stalled; nil for ever.
    func receive(atMost limit: UInt64, patience: Duration?) throws(Failure) -> [UInt8] {
        let header = try receive(count: 8, patience: patience)
        var count: UInt64 = 0
        for byte in header.reversed() { count = count << 8 | UInt64(byte) }
        guard count <= limit, let count = Int(exactly: count) else { throw .tooLong(count) }
        return try receive(count: count, patience: patience)
    }

    // A peer that is gone is an error here, not the end of this process.
    #if canImport(Darwin)
    private static let noSignal: Int32 = 0
    #else
    private static let noSignal = Int32(MSG_NOSIGNAL)
    #endif

    private func send(bytes: [UInt8]) throws(Failure) {
        var done = 0
        while done < bytes.count {
            let sent = unsafe bytes.withUnsafeBytes { buffer in
                // Reads the rest of the buffer, which is not empty.
                unsafe sendto(
                    descriptor, buffer.baseAddress.map { unsafe $0 + done }, bytes.count - done, Self.noSignal, nil, 0)
            }
            if sent > 0 { done += sent } else if errno != EINTR { throw .closed }
        }
    }

    private func receive(count: Int, patience: Duration?) throws(Failure) -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: min(count, 1 << 18))
        // The array grows with what arrives, not with what was announced.
        while bytes.count < count {
            try wait(patience: patience)
            let wanted = min(piece.count, count - bytes.count)
            // Writes at most `wanted` bytes, which the piece has.
            let received = unsafe piece.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, wanted) }
            if received > 0 {
                bytes += piece[..<received]
            } else if received == 0 || errno != EINTR {
                throw .closed
            }
        }
        return bytes
    }

    private func wait(patience: Duration?) throws(Failure) {
        guard let patience else { return }
        let deadline = ContinuousClock.now + patience
        while true {
            let left = ContinuousClock.now.duration(to: deadline)
            let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
            guard milliseconds > 0 else { throw .stalled }
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            // One entry.
            let ready = unsafe poll(&entry, 1, Int32(clamping: milliseconds))
            if ready > 0 { return }
            if ready < 0, errno != EINTR { throw .closed }
        }
    }
}
