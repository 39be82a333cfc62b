/// Decoder of LZF, the compression of h5py's filter 32000.
///
/// A control byte below 32 begins a run of that many literals plus one; any other holds a length (3 bits) and the high bits
/// of a distance (5 bits); length 7 is extended by one byte; the low 8 bits of the distance follow.
enum LZF {
    /// Decodes into `output`; returns the bytes written.
    ///
    /// - Throws: `HDF5Error.damaged` when the input ends inside an item, points before the output's start, or holds more
    ///   than `output` does.
    static func decode(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) throws(HDF5Error)
        -> Int
    {
        var position = 0
        var written = 0
        func next() throws(HDF5Error) -> Int {
            guard position < input.count else { throw .damaged("lzf data ends inside an item") }
            defer { position += 1 }
            return Int(unsafe input[position])
        }
        while position < input.count {
            let control = try next()
            if control < 32 {
                let count = control + 1
                guard count <= input.count - position else {
                    throw .damaged("lzf literals run past the end of the data")
                }
                guard count <= output.count - written else { throw .damaged("lzf data holds more than its chunk") }
                // Both ranges were just found to lie inside their buffers.
                unsafe UnsafeMutableRawBufferPointer(rebasing: output[written..<(written + count)])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: input[position..<(position + count)]))
                position += count
                written += count
            } else {
                var count = control >> 5
                if count == 7 { count += try next() }
                let distance = (control & 31) << 8 + (try next()) + 1
                count += 2
                guard distance <= written else { throw .damaged("lzf data refers to bytes before its start") }
                guard count <= output.count - written else { throw .damaged("lzf data holds more than its chunk") }
                // One at a time: the source may reach into what is being written.
                for index in written..<(written + count) { unsafe output[index] = output[index - distance] }
                written += count
            }
        }
        return written
    }
}
