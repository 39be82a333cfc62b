package import MoEFormat

package struct TensorMap: Sendable {
    package var router: JSONValue?
    package var function: JSONValue?
}
