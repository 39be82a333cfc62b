import MoESystem

/// How the files of a set are called: SPEC.md §13.1. Files hold no names; all names follow from the head's.
///
/// `mixtral.moe` has the members `mixtral-00001-of-00004.moe` …, in its own directory.
package struct SetName: Equatable, Sendable {
    /// The head's path as the caller gave it.
    package let head: String

    package init(head: String) { self.head = head }

    /// The path of member `number`, from 1 on, of `count`.
    package func member(_ number: Int, of count: Int) -> String {
        let (stem, suffix) = Self.split(head)
        return "\(stem)-\(Self.digits(number))-of-\(Self.digits(count))\(suffix.isEmpty ? Self.suffix : suffix)"
    }

    /// The name that a member's path follows from; nil for a path that is no member's.
    package init?(member path: String, _ number: Int, of count: Int) {
        let (stem, suffix) = Self.split(path)
        let ending = "-\(Self.digits(number))-of-\(Self.digits(count))"
        guard stem.hasSuffix(ending), !suffix.isEmpty else { return nil }
        head = stem.dropLast(ending.count) + suffix
    }

    /// Whether a file's name is that of a member of some set with this name.
    package func hasMember(named name: String) -> Bool {
        let (stem, suffix) = Self.split(Self.file(of: head))
        let ending = suffix.isEmpty ? Self.suffix : suffix
        // By bytes: file systems know no equivalent names.
        guard name.utf8.starts(with: (stem + "-").utf8), name.hasSuffix(ending) else { return false }
        let numbers = name.utf8.dropFirst(stem.utf8.count + 1).dropLast(Self.suffix.utf8.count)
        let isNumber = { (text: Substring.UTF8View) in
            text.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        }
        return numbers.count == 14 && numbers.dropFirst(5).starts(with: "-of-".utf8) && isNumber(numbers.prefix(5))
            && isNumber(numbers.suffix(5))
    }

    /// The paths of all files there are that are called like members of this set, of however many.
    package var existingMembers: [String] {
        let parts = PathParts(head)
        return DirectoryListing.names(in: parts.directory).filter(hasMember(named:)).sorted().map { parts.prefix + $0 }
    }

    /// The last component of a path.
    package static func file(of path: String) -> String {
        PathParts(path).name
    }

    private static let suffix = ".moe"

    private static func split(_ path: String) -> (stem: String, suffix: String) {
        let end = path.suffix(suffix.count)
        guard end.lowercased() == suffix, path.count >= suffix.count else { return (path, "") }
        return (String(path.dropLast(suffix.count)), String(end))
    }

    private static func digits(_ number: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, 5 - text.count)) + text
    }
}
