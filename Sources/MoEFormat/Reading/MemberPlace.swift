package import MoESystem

/// Where the members of a set are to be found.
package enum MemberPlace: Sendable {
    /// In the head's directory, by their names.
    case besideHead
    /// Among outputs that have no names yet.
    case outputs([AtomicOutput])

    /// Opens a member, which must not be beyond `count`.
    func open(_ number: Int, of count: Int, named name: SetName) throws(SystemError) -> ReadableFile {
        switch self {
        case .besideHead: try ReadableFile(opening: name.member(number, of: count))
        case .outputs(let outputs): try outputs[number - 1].reopened()
        }
    }
}
