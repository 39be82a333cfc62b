import MoEFormat

extension BankDraft {
    /// The last component that is added to the path of a layer's vision experts.
    static let visionSuffix = "vision"

    /// The module that ERNIE 4.5 VL's own code has for vision experts, beside `text_moe`.
    static let visionModule = "vision_moe"

    var holdsVisionExperts: Bool { path.hasSuffix("." + Self.visionModule) }

    /// Whether these are the vision experts beside another draft's text experts, and shared ones stand beside both.
    func borrowsShared(of text: BankDraft) -> Bool {
        holdsVisionExperts && ExactName(text.path) == ExactName(path.dropLast(Self.visionModule.count) + "text_moe")
            && !(text.shared.isEmpty && text.stackedShared.isEmpty)
    }

    /// The draft, or in its place two: ERNIE 4.5 VL keeps text and vision experts in one list, each kind with a router of its own.
    func modalities(_ tensors: [SourceTensor], _ leaves: [LeafName]) -> [BankDraft] {
        func side(_ projection: String) -> Member? {
            sides.first { leaves[$0.leaf].projection == projection && leaves[$0.leaf].part == .weight }
        }
        guard let text = side("gate"), let vision = side("gate.weight_1"), let last = experts.map(\.expert).max() else {
            return [self]
        }
        let (a, b) = (tensors[text.tensor].shape, tensors[vision.tensor].shape)
        guard a.count == 2, b.count == 2, let count = zip(a, b).first(where: { $0 &+ $1 == last + 1 })?.0 else {
            return [self]
        }
        var first = self
        var second = BankDraft(path: path + "." + Self.visionSuffix)
        first.run = 0
        second.run = 1
        first.experts = experts.filter { $0.expert < count }
        second.experts = experts.filter { $0.expert >= count }.map {
            Member(expert: $0.expert - count, leaf: $0.leaf, tensor: $0.tensor)
        }
        first.sides.removeAll { $0.tensor == vision.tensor }
        second.sides = [Member(expert: 0, leaf: text.leaf, tensor: vision.tensor)]
        if let bias = sides.first(where: {
            SideNames.meaning(of: leaves[$0.leaf]) == .selectionBias && tensors[$0.tensor].shape.first == 2
        }) {
            first.sides.removeAll { $0.tensor == bias.tensor }
            first.paired = bias.tensor
            second.paired = bias.tensor
        }
        if !shared.isEmpty || !stackedShared.isEmpty {
            second.borrowsShared = true
        }
        return [first, second]
    }
}
