package import MoEFormat

/// The router's tensors of one layer, in memory of their own: the block that they were read from may go.
///
/// Matrices keep their stored dtype and orientation, vectors are f32.
package struct RouterTensors: Sendable {
    /// [choices + shared rows, hidden]
    let weight: GateWeight
    let noiseWeight: GateWeight?
    /// [groups, hidden]: the first gate of a hierarchical router.
    let groupWeight: GateWeight?
    let groupNoiseWeight: GateWeight?
    /// [choices + shared rows], or empty.
    let bias: [Float]
    /// [choices], or empty.
    let selectionBias: [Float]
    /// [hidden], or empty.
    let inputScale: [Float]
    /// [experts], or empty.
    let perExpertScale: [Float]
    let globalScale: Float
    let tokenExperts: TokenExpertTable?

    /// Takes the parts of a router block that a description needs.
    ///
    /// - Parameters:
    ///   - experts: experts with weights in the bank.
    ///   - hidden: length of the layer's input.
    ///   - name: the layer, for messages.
    /// - Throws: `FormatError` by R28 for a tensor that is missing, is there twice or does not fit.
    package init(
        _ parts: [StoredPart], router: RouterDescription, experts: Int, hidden: Int, name: String
    ) throws(FormatError) {
        guard max(experts, router.identityExperts, router.sharedInRouter) <= Limits.experts else {
            throw .limit("the router of \(name) has more than \(Limits.experts) experts")
        }
        let tensors = try RouterParts(parts, gateParts: router.gateParts(experts: experts), name: name)
        let choices = experts + router.identityExperts
        let rows = choices + router.sharedInRouter
        weight = try tensors.gate(.routerWeight, rows: rows, hidden: hidden).rounded(
            to: router.operandDtype, name: name)
        bias = try tensors.vector(.routerBias, count: rows) ?? []
        selectionBias = router.selectionBias == .none ? [] : try tensors.needed(.selectionBias, count: choices)
        inputScale = try tensors.vector(.routerInputScale, count: hidden) ?? []
        perExpertScale = router.perExpertScale ? try tensors.needed(.perExpertScale, count: experts) : []
        globalScale = try tensors.vector(.routerGlobalScale, count: 1)?.first ?? 1
        noiseWeight = router.noise == nil ? nil : try tensors.gate(.routerNoiseWeight, rows: rows, hidden: hidden)
        if router.kind == .hierarchical {
            let groups = experts / max(1, router.groupSize)
            groupWeight = try tensors.gate(.groupRouterWeight, rows: groups, hidden: hidden)
                .rounded(to: router.operandDtype, name: name)
            groupNoiseWeight =
                router.noise == nil ? nil : try tensors.gate(.groupRouterNoiseWeight, rows: groups, hidden: hidden)
        } else {
            groupWeight = nil
            groupNoiseWeight = nil
        }
        tokenExperts =
            router.kind == .hash
            ? try TokenExpertTable(tensors.part(.tokenExpertTable), topK: router.topK, name: name) : nil
    }

    /// Bytes that the value keeps in memory.
    package var byteCount: Int {
        let matrices = [weight, noiseWeight, groupWeight, groupNoiseWeight].reduce(0) { $0 + ($1?.byteCount ?? 0) }
        let floats = bias.count + selectionBias.count + inputScale.count + perExpertScale.count
        return matrices + floats * MemoryLayout<Float>.size + (tokenExperts?.byteCount ?? 0)
    }
}
