/// The `set_id` in the making: the hash of what the head says of the model, section after section: SPEC.md §13.2.
struct SetIdentity {
    private let hasher = ContentHasher()

    /// The kinds that count, in their order.
    static let kinds: [SectionKind] = SectionKind.allCases.filter { $0 != .pageHashes && $0 != .set }

    func add(_ section: [UInt8]) { unsafe section.withUnsafeBytes { unsafe hasher.update($0) } }

    var value: ContentHash { hasher.value }
}
