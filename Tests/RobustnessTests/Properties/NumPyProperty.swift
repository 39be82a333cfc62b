import CommandSupport

/// Whatever the bytes, they are an array whose shape, elements and bytes agree, or an error.
package enum NumPyProperty {
    @discardableResult
    package static func check(_ bytes: [UInt8]) -> Bool {
        guard let array = try? NumPyArray(bytes) else { return false }
        expect(array.shape.reduce(1, *) == array.count, "a shape has its elements")
        expect((array.floats?.count ?? array.integers?.count) == array.count, "an array gives all of its elements")
        return true
    }
}
