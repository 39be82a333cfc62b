import MoEFormat

/// An array from a NumPy file, versions 1 to 3 of the format, checked like any file from a stranger.
package struct NumPyArray {
    package enum Element: Sendable {
        case f16, f32, f64, i32, i64
    }

    package let element: Element
    package let shape: [Int]
    /// Little-endian, C order.
    private let bytes: ArraySlice<UInt8>

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// The header's length at most.
    private static let headerLimit = 1 << 16

    package init(_ file: [UInt8]) throws(Failure) {
        var reader = ByteReader(file, rule: .fileEnds)
        do throws(FormatError) {
            guard try reader.bytes(6).elementsEqual([0x93] + Array("NUMPY".utf8)) else {
                throw FormatError(.damaged, "it is not a NumPy file")
            }
            let major = try reader.u8()
            _ = try reader.u8()
            guard (1...3).contains(major) else {
                throw FormatError(.damaged, "its format version is \(major); 1 to 3 are read")
            }
            let length = major == 1 ? Int(try reader.u16()) : Int(try reader.u32())
            guard length <= Self.headerLimit else { throw FormatError(.damaged, "its header has \(length) bytes") }
            let header = try HeaderText(Array(try reader.bytes(length)))
            guard !header.isFortran else { throw FormatError(.damaged, "it is in Fortran order; C order is needed") }
            element = header.element
            shape = header.shape
            var count: Int? = Self.width(of: element)
            for extent in shape { count = count *? extent }
            guard let count, count == reader.remaining else {
                throw FormatError(
                    .damaged, "shape \(shape) of \(element) does not fit the \(reader.remaining) bytes there are")
            }
            bytes = try reader.bytes(count)
        } catch {
            throw Failure(description: error.message)
        }
    }

    private static func width(of element: Element) -> Int {
        switch element {
        case .f16: 2
        case .f32, .i32: 4
        case .f64, .i64: 8
        }
    }

    package var count: Int { bytes.count / Self.width(of: element) }

    /// The elements as `Float`; F64 is rounded. nil for integers.
    package var floats: [Float]? {
        switch element {
        case .f32: (0..<count).map { Float(bitPattern: UInt32(word($0, width: 4))) }
        case .f64: (0..<count).map { Float(Double(bitPattern: word($0, width: 8))) }
        case .f16: (0..<count).map { NarrowFloat.f16(UInt16(word($0, width: 2))) }
        default: nil
        }
    }

    /// The elements as integers; nil for floating-point numbers.
    package var integers: [Int]? {
        switch element {
        case .i32: (0..<count).map { Int(Int32(truncatingIfNeeded: word($0, width: 4))) }
        case .i64: (0..<count).map { Int(Int64(bitPattern: word($0, width: 8))) }
        default: nil
        }
    }

    /// Element `index`, which is below `count`.
    private func word(_ index: Int, width: Int) -> UInt64 {
        bytes.dropFirst(index * width).prefix(width).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// The dictionary of a NumPy header: three keys, written as Python prints them.
private struct HeaderText {
    var element: NumPyArray.Element = .f32
    var isFortran = false
    var shape: [Int] = []

    init(_ bytes: [UInt8]) throws(FormatError) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let descriptor = Self.value(of: "descr", in: text), let order = Self.value(of: "fortran_order", in: text),
            let shape = Self.value(of: "shape", in: text)
        else { throw FormatError(.damaged, "its header lacks descr, fortran_order or shape") }
        switch descriptor {
        case "'<f2'": element = .f16
        case "'<f4'": element = .f32
        case "'<f8'": element = .f64
        case "'<i4'": element = .i32
        case "'<i8'": element = .i64
        default:
            throw FormatError(
                .damaged,
                "its elements are \(JSONValue.string(descriptor.beginning(32)).text); float16, float32, float64, int32 or int64, little-endian, are read"
            )
        }
        guard order == "False" || order == "True" else {
            throw FormatError(.damaged, "its fortran_order is neither True nor False")
        }
        isFortran = order == "True"
        guard shape.hasPrefix("("), shape.hasSuffix(")") else { throw FormatError(.damaged, "its shape is no tuple") }
        for extent in shape.dropFirst().dropLast().split(separator: ",") {
            guard let extent = Int(extent.filter { $0 != " " }), extent >= 0 else {
                throw FormatError(.damaged, "its shape is no tuple of sizes")
            }
            self.shape.append(extent)
        }
        guard self.shape.count <= Limits.rank else {
            throw FormatError(.damaged, "it has \(self.shape.count) dimensions")
        }
    }

    /// What stands behind `'key':`, up to the comma or brace that ends it.
    private static func value(of key: String, in text: String) -> String? {
        guard let start = text.firstRange(of: "'\(key)':")?.upperBound else { return nil }
        var value = ""
        var depth = 0
        for character in text[start...] {
            if character == "(" { depth += 1 }
            if character == ")" { depth -= 1 }
            if depth == 0, character == "," || character == "}" { break }
            value.append(character)
        }
        return value.filter { $0 != " " }
    }
}
