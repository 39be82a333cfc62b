package import MoESystem

/// Decoded chunks put aside on disk until their last reader comes: what memory has no room for is not decoded twice.
///
/// Room that a chunk gave back is used by the next of its size, so that the file is as large as what lies in it at once.
package final class ChunkSpill: Sendable {
    private let file: ScratchFile
    private let room = Locked(Room())

    private struct Room {
        var end: UInt64 = 0
        /// Offsets of room that is free, by its size.
        var free: [Int: [UInt64]] = [:]
    }

    /// A chunk in the file.
    struct Place {
        let offset: UInt64
        let byteCount: Int
        let extent: [UInt64]
    }

    package init(_ file: ScratchFile) { self.file = file }

    /// Puts a chunk aside; nil when the disk has no room for it.
    func put(_ chunk: DecodedChunk) -> Place? {
        let count = chunk.bytes.count
        let offset = room.withLock { room in
            if let offset = room.free[count]?.popLast() { return offset }
            defer { room.end += UInt64(count) }
            return room.end
        }
        let place = Place(offset: offset, byteCount: count, extent: chunk.extent)
        let isWritten = unsafe chunk.bytes.withUnsafeBytes { bytes in
            do throws(SystemError) {
                try unsafe file.write(bytes, at: offset)
                return true
            } catch {
                return false
            }
        }
        if isWritten { return place }
        free(place)
        return nil
    }

    /// Some bytes of a chunk; `destination` has their number.
    func read(_ bytes: Range<Int>, of place: Place, into destination: UnsafeMutableRawBufferPointer)
        throws(HDF5Error)
    {
        do throws(SystemError) {
            try unsafe file.read(into: destination, at: place.offset + UInt64(bytes.lowerBound))
        } catch {
            throw HDF5Error(error)
        }
    }

    func free(_ place: Place) { room.withLock { $0.free[place.byteCount, default: []].append(place.offset) } }
}
