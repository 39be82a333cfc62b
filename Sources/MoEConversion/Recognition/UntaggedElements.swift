import MoEFormat

extension PlacementBuilder {
    /// The result, with untagged two-byte elements of known weights settled or reported.
    func recognition(warnings: [String]) -> Recognition {
        var recognition = Recognition(
            placements: placements, banks: banks, model: model, warnings: warnings, suggestions: [],
            unrecognized: unrecognized.sorted())
        recognition.settleUntagged(tensors)
        return recognition
    }
}

extension Recognition {
    /// Opaque elements of two bytes in the place of a weight are bfloat16: what h5py writes for it without a tag. Integers
    /// of two bytes may be the same, viewed; that is never assumed, but said.
    fileprivate mutating func settleUntagged(_ tensors: [SourceTensor]) {
        var settled = 0
        var integers: Set<ExactName> = []
        for index in placements.indices
        where placements[index].role != .other && placements[index].role != .tokenExpertTable {
            switch placements[index].dtype {
            case .opaque(2):
                placements[index].dtype = .bf16
                settled += 1
            case .u16, .i16: integers.insert(ExactName(Self.pattern(tensors[index].name)))
            default: break
            }
        }
        if settled > 0 {
            warnings.append("\(settled) weights have untagged two-byte elements; they are taken as bfloat16")
        }
        guard !integers.isEmpty else { return }
        let everyMatrix = tensors.allSatisfy { $0.shape.count < 2 || $0.dtype == .u16 || $0.dtype == .i16 }
        warnings.append(
            "\(everyMatrix ? "the" : "some") weights are two-byte integers; if they are bfloat16 in disguise, say so with --reinterpret"
        )
        suggestions +=
            everyMatrix
            ? ["--reinterpret '*=bf16'"] : integers.sorted().prefix(8).map { "--reinterpret '\($0.text)=bf16'" }
    }

    /// A name with every number in it replaced by a wildcard.
    private static func pattern(_ name: String) -> String {
        var pattern = ""
        for character in name {
            if character.isASCII, character.isNumber {
                if pattern.last != "*" { pattern.append("*") }
            } else {
                pattern.append(character)
            }
        }
        return pattern
    }
}
